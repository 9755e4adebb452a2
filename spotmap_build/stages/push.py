"""Push stage: select lists of the map, and create or update them as playlists on Spotify."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spotmap_build.cache.store import Cache
from spotmap_build.core.identifiers import SPOTIFY_TRACK
from spotmap_build.core.text import caption, one_line
from spotmap_build.errors import ConfigError
from spotmap_build.fetch.spotify.playlist_changes import MAX_TRACKS, WantedList
from spotmap_build.fetch.spotify.pushed import PushedLists
from spotmap_build.fetch.spotify.settings import SpotifySettings
from spotmap_build.stages.lists import CLUSTERS, MISFITS, NEW_PLAYLISTS, REGIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from spotmap_build.config import Config
    from spotmap_build.emit.lists import TrackList
    from spotmap_build.fetch.spotify.playlist_changes import Change
    from spotmap_build.fetch.spotify.token import Login
    from spotmap_build.model import Track

KINDS: Final[Mapping[str, str]] = {"clusters": CLUSTERS, "regions": REGIONS, "new": NEW_PLAYLISTS, "misfits": MISFITS}
"""Names of the kinds of lists on the command line."""
TITLES: Final[Mapping[str, str]] = {
    REGIONS: "{name} (region)",
    NEW_PLAYLISTS: "{name} (new)",
    MISFITS: "{name} (does not fit)",
}
"""Titles of playlists by kind, since a list of misfits must not have the name of their playlist."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """The changes of a push.

    ``left_out``: tracks that are not on Spotify; ``beyond``: tracks beyond the maximum size of a playlist;
    ``forgotten``: playlists of lists that no longer exist; ``titles``: of tracks by URI.
    """

    changes: tuple[Change, ...]
    left_out: int
    beyond: int
    forgotten: tuple[str, ...]
    titles: Mapping[str, str]

    @property
    def is_needed(self) -> bool:
        """Return whether anything would change."""
        return any(change.is_needed for change in self.changes)


def choose(lists: Sequence[TrackList], choice: Sequence[str]) -> tuple[TrackList, ...]:
    """Return the selected lists in the order of the map. They are given by kind (see ``KINDS``), id, or name.

    Raises
    ------
    ConfigError
        The map has no such list.
    """
    chosen = set()
    for word in choice:
        wanted = word.casefold()
        found = [track_list.id for track_list in lists if word == track_list.id] or [
            track_list.id
            for track_list in lists
            if wanted in {track_list.kind, track_list.name.casefold()} or KINDS.get(wanted) == track_list.kind
        ]
        if not found and wanted not in {*KINDS, *KINDS.values()}:
            near = difflib.get_close_matches(word, [track_list.name for track_list in lists], n=1)
            hint = f"Did you mean “{near[0]}”? " if near else ""
            raise ConfigError(
                f"The map has no list named “{word}”.",
                hint=f"{hint}To see the available lists: spotmap-build push --list",
            )
        chosen.update(found)
    return tuple(track_list for track_list in lists if track_list.id in chosen)


def push(
    config: Config,
    login: Login,
    lists: Sequence[TrackList],
    choice: Sequence[str],
    *,
    exact: bool,
    agree: Callable[[Proposal], bool],
    say: Callable[[str], object],
) -> None:
    """Push the selected lists to Spotify if the person confirms the changes.

    Raises
    ------
    SpotmapError
        ``ConfigError``: there is no such list. ``LoginError``, ``ServiceError``: Spotify refuses; completed changes are
        recorded.
    """
    from spotmap_build.fetch.spotify.push import Push  # loads spotipy

    chosen = choose(lists, choice)
    settings = SpotifySettings.from_config(config)
    memory = PushedLists(config.pushed_path, login.user_digest)
    tracks = {track_list.id: _on_spotify(track_list) for track_list in chosen}
    wanted = [WantedList(track_list.id, _name(track_list), tracks[track_list.id][:MAX_TRACKS]) for track_list in chosen]
    with Cache.open(config.cache_dir) as cache:
        pushing = Push(settings, login, memory, cache, exact=exact, say=say)
        changes = pushing.propose([track_list for track_list in wanted if track_list.tracks])
        proposal = Proposal(
            changes=changes,
            left_out=len(
                {track.id for track_list in chosen for track in track_list.tracks if not _is_on_spotify(track.id)}
            ),
            beyond=sum(len(of_list[MAX_TRACKS:]) for of_list in tracks.values()),
            forgotten=pushing.forgotten(track_list.id for track_list in lists),
            titles={track.id: _title(track) for track_list in lists for track in track_list.tracks},
        )
        if agree(proposal):
            pushing.apply_changes(changes)


def _on_spotify(track_list: TrackList) -> tuple[str, ...]:
    """Return the tracks of a list that are on Spotify, each once."""
    return tuple(dict.fromkeys(track.id for track in track_list.tracks if _is_on_spotify(track.id)))


def _name(track_list: TrackList) -> str:
    return TITLES.get(track_list.kind, "{name}").format(name=one_line(track_list.name))


def _is_on_spotify(track_id: str) -> bool:
    known = track_id.removeprefix(SPOTIFY_TRACK)
    return known != track_id and known.isascii() and known.isalnum()


def _title(track: Track) -> str:
    return caption(track.artists, track.title)
