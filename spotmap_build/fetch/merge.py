"""Merge several sources into one library, combining tracks that are the same. Pure.

Two tracks are the same if

1. they have the same id (usually a Spotify URI); or
2. they have the same ISRC, and one title begins with the other, because an ISRC alone is sometimes wrong; or
3. folded title and artists are equal, and the durations are within two seconds. If a duration is unknown, the albums
   must be equal as well. An explicit and a clean version are different tracks.

Tracks that one source lists separately (such as a song on a single and on an album) are combined only if their ids are
equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, TypeVar

from spotmap_build.core.identifiers import SPOTIFY_TRACK
from spotmap_build.core.normalize import fold
from spotmap_build.core.translation import translatable
from spotmap_build.errors import ConfigError
from spotmap_build.fetch.playlist_names import distinct_playlists
from spotmap_build.fetch.source import Loaded
from spotmap_build.model import Failed, Library, Listening, Playlist, Recording, Track

Value = TypeVar("Value")

SAME_DURATION_MS: Final = 2_000
SAME_ISRC_DURATION_MS: Final = 10_000
"""Releases of one recording differ in the silence at the end; an edit differs by more."""
MAX_NAMESAKES: Final = 100
"""A name shared by more tracks ("Intro" by "Unknown artist") is no evidence, and would take quadratic time."""

_fold = lru_cache(maxsize=1 << 16)(fold)
"""Cached, because artists and albums repeat, and titles are folded at every step."""


@dataclass(frozen=True, slots=True)
class _Listing:
    """A track as listed by one of the sources."""

    part: int
    track: Track
    is_usable: bool


@dataclass(slots=True, eq=False)
class TrackGroup:
    """Listings of the same track; at most one per source, unless they have the same id."""

    listings: list[_Listing]
    parts: set[int]

    @property
    def tracks(self) -> list[Track]:
        """The track as listed by each source, in the order of the sources."""
        return [listing.track for listing in self.listings]


def merge(parts: Sequence[Loaded], layers: Sequence[str] = ()) -> Loaded:
    """Merge the libraries of several sources, in their order; playlists are not merged, but get distinct names.

    Parameters
    ----------
    parts : Sequence[Loaded]
        The result of each source.
    layers : Sequence[str]
        The owner's name for each source (``--as``); empty if all belong to one person.

    Raises
    ------
    ConfigError
        One of several sources provides positions or vectors, which are not comparable with the others; or the number
        of names differs from the number of sources.
    """
    named = name_parts(parts, layers)
    if len(named) == 1:
        return named[0]
    if any(part.vectors is not None or any(track.position for track in part.library.tracks) for part in named):
        raise ConfigError(
            "A table with its own vectors or x and y cannot be on the same map as other sources.",
            hint="Build it by itself, or omit those columns, so that its tracks are analyzed.",
        )
    renders = [part.render for part in named if part.render is not None]
    problems = [part.problem for part in named if part.problem is not None]
    library, own_files = _library([part.library for part in named], layers)
    notices = [notice for part in named for notice in part.notices]
    if own_files:
        are = "track is" if own_files == 1 else "tracks are"
        notices.append(f"{own_files:,} {are} also among your local files, and not downloaded.")
    return Loaded(
        kind="+".join(part.kind for part in named),
        library=library,
        render=renders[0] if renders else None,
        is_streamed=any(part.is_streamed for part in named),
        notices=tuple(dict.fromkeys(notices)),
        problem=problems[0] if problems else None,
        depends_on_more=any(part.depends_on_more for part in named),
    )


def name_parts(parts: Sequence[Loaded], layers: Sequence[str]) -> list[Loaded]:
    """Set the owner's name on the tracks of each source.

    Raises
    ------
    ConfigError
        The number of names differs from the number of sources.
    """
    if layers and len(layers) != len(parts):
        given = translatable("1 name") if len(layers) == 1 else translatable(f"{len(layers)} names")
        wanted = translatable("1 source") if len(parts) == 1 else translatable(f"{len(parts)} sources")
        raise ConfigError(
            f"--as gives {given} ({', '.join(layers)}) to {wanted}.",
            hint="Give one name for each --source, in their order, such as --as me,friend; "
            "repeat a name if two sources belong to one person.",
        )
    return [_on_layer(part, layers[number]) for number, part in enumerate(parts)] if layers else list(parts)


def _on_layer(part: Loaded, layer: str) -> Loaded:
    tracks = tuple(replace(track, layers=(layer,)) for track in part.library.tracks)
    return replace(part, library=replace(part.library, tracks=tracks))


def _library(libraries: Sequence[Library], layers: Sequence[str]) -> tuple[Library, int]:
    """Return the merged library, and the number of online tracks for which another source has a local file."""
    groups = group_same(libraries)
    merged = [merge_tracks(group.tracks) for group in groups]
    new_ids = {old.id: track.id for group, track in zip(groups, merged, strict=True) for old in group.tracks}
    playlists = [_with_ids(playlist, new_ids) for library in libraries for playlist in library.playlists]
    owners = [(layer,) for library, layer in zip(libraries, layers, strict=False) for _ in library.playlists]
    omissions = dict.fromkeys(omission for library in libraries for omission in library.omissions)
    failures = _failures(libraries, groups, new_ids)
    own_files = sum(_is_own_file(track, group) for group, track in zip(groups, merged, strict=True))
    return Library(tuple(merged), tuple(distinct_playlists(playlists, owners)), failures, tuple(omissions)), own_files


def group_same(libraries: Sequence[Library]) -> list[TrackGroup]:
    """Group equal tracks of several libraries, in the order in which they are first listed."""
    groups = _same_ids(libraries)
    for key, is_same in (
        (_isrc, _is_same_recording),
        (_name_and_album, _is_same_duration),
        (_name, _is_same_known_duration),
    ):
        groups = _join(groups, len(libraries), key, is_same)
    return groups


def _is_own_file(track: Track, group: TrackGroup) -> bool:
    is_file = track.recording is not None and track.recording.path is not None
    return is_file and any(listed.recording is None for listed in group.tracks)


def _same_ids(libraries: Iterable[Library]) -> list[TrackGroup]:
    groups: dict[str, TrackGroup] = {}
    for part, library in enumerate(libraries):
        unusable = {failure.track_id for failure in library.failures}
        for track in library.tracks:
            group = groups.setdefault(track.id, TrackGroup([], set()))
            group.listings.append(_Listing(part, track, track.id not in unusable))
            group.parts.add(part)
    return list(groups.values())


def _join(
    groups: list[TrackGroup],
    part_count: int,
    key: Callable[[Track], object],
    is_same: Callable[[Track, Track], bool],
) -> list[TrackGroup]:
    """Join groups from different sources that share a key and whose tracks are all the same by ``is_same``.

    ``key`` returns None for a track that it does not apply to.
    """
    namesakes: dict[object, list[TrackGroup]] = {}
    for group in groups:
        if len(group.parts) < part_count:
            for shared_key in dict.fromkeys(key(track) for track in group.tracks):
                namesakes.setdefault(shared_key, []).append(group)
    namesakes.pop(None, None)
    joined: dict[int, TrackGroup] = {}
    for alike in namesakes.values():
        if 1 < len(alike) <= MAX_NAMESAKES:
            _join_alike([_final(group, joined) for group in alike], is_same, joined)
    return [group for group in groups if id(group) not in joined]


def _join_alike(
    alike: list[TrackGroup], is_same: Callable[[Track, Track], bool], joined: dict[int, TrackGroup]
) -> None:
    kept: list[TrackGroup] = []
    for group in alike:
        if any(group is known for known in kept):
            continue
        for known in kept:
            if known.parts.isdisjoint(group.parts) and all(is_same(a, b) for a in known.tracks for b in group.tracks):
                known.listings = sorted(known.listings + group.listings, key=lambda listing: listing.part)
                known.parts |= group.parts
                joined[id(group)] = known
                break
        else:
            kept.append(group)


def _final(group: TrackGroup, joined: dict[int, TrackGroup]) -> TrackGroup:
    while id(group) in joined:
        group = joined[id(group)]
    return group


def _isrc(track: Track) -> str | None:
    return track.isrc.replace("-", "").replace(" ", "").upper() or None


def _name(track: Track) -> tuple[str, frozenset[str]] | None:
    title, artists = _fold(track.title), frozenset(map(_fold, track.artists)) - {""}
    return (title, artists) if title and artists else None


def _name_and_album(track: Track) -> tuple[object, str] | None:
    name = _name(track)
    return (name, _fold(track.album)) if name else None


def _is_same_recording(left: Track, right: Track) -> bool:
    shorter, longer = sorted((_fold(left.title), _fold(right.title)), key=len)
    is_title = bool(shorter) and f"{longer} ".startswith(f"{shorter} ")
    return is_title and _within(left, right, SAME_ISRC_DURATION_MS) is not False


def _is_same_duration(left: Track, right: Track) -> bool:
    return _within(left, right, SAME_DURATION_MS) is not False and not _is_clean_and_explicit(left, right)


def _is_same_known_duration(left: Track, right: Track) -> bool:
    return _within(left, right, SAME_DURATION_MS) is True and not _is_clean_and_explicit(left, right)


def _within(left: Track, right: Track, tolerance_ms: int) -> bool | None:
    """Return whether two durations agree; None if either is unknown."""
    if left.duration_ms is None or right.duration_ms is None:
        return None
    return abs(left.duration_ms - right.duration_ms) <= tolerance_ms


def _is_clean_and_explicit(left: Track, right: Track) -> bool:
    return {left.explicit, right.explicit} == {True, False}


def merge_tracks(tracks: Sequence[Track]) -> Track:
    """Combine listings of the same track: each field is that of the first listing that has a value."""
    if len(tracks) == 1:
        return tracks[0]
    counts = [track.play_count for track in tracks if track.play_count is not None]
    album = _first(track.album for track in tracks) or ""
    on_album = [track for track in tracks if _fold(track.album) == _fold(album)]
    placed = next((track for track in on_album if track.track_number), on_album[0])
    return replace(
        tracks[0],
        id=next((track.id for track in tracks if track.id.startswith(SPOTIFY_TRACK)), tracks[0].id),
        title=_first(track.title for track in tracks) or "",
        artists=_first(track.artists for track in tracks) or (),
        album=album,
        duration_ms=_first(track.duration_ms for track in tracks),
        isrc=_first(track.isrc for track in tracks) or "",
        explicit=next((track.explicit for track in tracks if track.explicit is not None), None),
        year=_first(track.year for track in tracks),
        track_number=placed.track_number,
        disc_number=placed.disc_number,
        album_id=_first(track.album_id for track in on_album) or "",
        added_at=_first(track.added_at for track in tracks) or "",
        genres=_union(track.genres for track in tracks),
        play_count=max(counts) if counts else None,
        listening=_listening(tracks),
        layers=_union(track.layers for track in tracks),
        art_digest=_first(track.art_digest for track in tracks) or "",
        art_url=_first(track.art_url for track in tracks) or "",
        recording=_recording(tracks),
        facets={name: value for track in reversed(tracks) for name, value in track.facets.items()},
    )


def _listening(tracks: Sequence[Track]) -> Listening | None:
    """Combine listening histories: earliest first day, latest last day, and the yearly counts with the most plays."""
    known = [track.listening for track in tracks if track.listening is not None]
    if not known:
        return None
    return Listening(
        min((history.first_on for history in known if history.first_on), default=""),
        max(history.last_on for history in known),
        max((history.by_year for history in known), key=lambda years: sum(plays for _, plays in years)),
    )


def _recording(tracks: Iterable[Track]) -> Recording | None:
    """Prefer a local file: it is available, and it is what its owner listens to."""
    recordings = [track.recording for track in tracks if track.recording is not None]
    return next((recording for recording in recordings if recording.path), recordings[0] if recordings else None)


def _first(values: Iterable[Value]) -> Value | None:
    """Return the first value that is not empty, or None."""
    return next((value for value in values if value), None)


def _union(values: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for group in values for value in group))


def _with_ids(playlist: Playlist, new_ids: dict[str, str]) -> Playlist:
    track_ids = dict.fromkeys(new_ids[track_id] for track_id in playlist.track_ids if track_id in new_ids)
    return replace(playlist, track_ids=tuple(track_ids))


def _failures(
    libraries: Iterable[Library], groups: Iterable[TrackGroup], new_ids: dict[str, str]
) -> tuple[Failed, ...]:
    """Return the first failure of each track that no source can use."""
    usable = {
        new_ids[group.listings[0].track.id] for group in groups if any(listing.is_usable for listing in group.listings)
    }
    failures: dict[str, Failed] = {}
    for library in libraries:
        for failure in library.failures:
            track_id = new_ids.get(failure.track_id, failure.track_id)
            if track_id not in usable:
                failures.setdefault(track_id, replace(failure, track_id=track_id))
    return tuple(failures.values())
