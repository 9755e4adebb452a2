"""The demo: a small library of synthesized music, so that a first map needs no account, network or files.

Loading it is instant. The audio of each track is synthesized by :func:`render` when the track is embedded.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from spotmap_build.cache.keys import digest_bytes
from spotmap_build.demo.catalog import (
    PLAYLISTS,
    CatalogEntry,
    PlaylistPlan,
    album_island,
    catalog,
)
from spotmap_build.demo.harmony import Score
from spotmap_build.demo.listening import listening
from spotmap_build.errors import TrackError
from spotmap_build.fetch.source import Loaded
from spotmap_build.model import Library, Playlist, Recording, Track

if TYPE_CHECKING:
    from spotmap_build.config import Config
    from spotmap_build.fetch.source import LoadContext


@dataclass(frozen=True, slots=True)
class DemoSource:
    """``--source demo``."""

    @classmethod
    def from_config(cls, _config: Config) -> Self:
        """Return the source; the demo needs no setting."""
        return cls()

    def load(self, context: LoadContext) -> Loaded:  # noqa: ARG002 - no files and no cache needed
        """Return the demo library with the function that synthesizes its audio."""
        return Loaded("demo", load(), render=render)


RECIPE_VERSION = 1
"""Part of each recording's digest. Raise it when the same score sounds different, to invalidate the cache."""


def load() -> Library:
    """Return the demo library: 105 tracks in twelve styles, nine of them between two styles, and eight playlists.

    Every track carries its style as a facet, and how often and when its owner played it. Its recording is a recipe
    for :func:`render`.
    """
    entries = catalog()
    tracks = tuple(_track(entry) for entry in entries)
    return Library(tracks=tracks, playlists=tuple(_playlist(plan, entries) for plan in PLAYLISTS))


def render(recipe: str, folder: Path) -> Path:
    """Synthesize a recording from a track's ``recording.recipe`` into ``folder``; takes about 0.2 s of CPU time.

    Returns the path of a 16-bit PCM WAV file, mono or stereo, 16 or 22.05 kHz, 10 to 15 s long. Works in any process,
    because a recipe is self-contained.

    Raises
    ------
    TrackError
        Code ``not-written`` if the file cannot be written (a full disk, a read-only folder).
    """
    # Imported here, because loading the library must not load NumPy.
    from spotmap_build.demo.render import render_score, write_wav

    fields = json.loads(recipe)
    score = Score(**{**fields, "progression": tuple(fields["progression"])})
    path = folder / f"demo-{_digest(recipe)[:16]}.wav"
    try:
        write_wav(render_score(score), score.sample_rate_hz, path)
    except OSError as problem:
        raise TrackError(
            "not-written",
            f"The demo track's sound could not be written to {path}: {problem.strerror}.",
            retryable=True,
            hint="Free some disk space or choose another temporary folder (TMPDIR), then run the build again.",
        ) from problem
    return path


def _track(entry: CatalogEntry) -> Track:
    recipe = json.dumps(asdict(entry.score), sort_keys=True, separators=(",", ":"))
    play_count, played = listening(entry)
    return Track(
        id=f"demo:{entry.slug}",
        title=entry.title,
        artists=entry.album.artists,
        album=entry.album.name,
        duration_ms=entry.score.duration_ms,
        year=entry.album.year,
        track_number=entry.album.titles.index(entry.title) + 1,
        added_at=entry.added_on,
        play_count=play_count,
        listening=played,
        recording=Recording(digest=_digest(recipe), recipe=recipe),
        facets={"style": album_island(entry.album).replace("_", " ")},
    )


def _playlist(plan: PlaylistPlan, entries: tuple[CatalogEntry, ...]) -> Playlist:
    by_island: dict[str, list[CatalogEntry]] = {}
    for entry in entries:
        by_island.setdefault(album_island(entry.album), []).append(entry)
    picked = (by_island[island][position] for island, positions in plan.picks.items() for position in positions)
    return Playlist(id=f"demo:{plan.slug}", name=plan.name, track_ids=tuple(f"demo:{entry.slug}" for entry in picked))


def _digest(recipe: str) -> str:
    return digest_bytes(f"demo/{RECIPE_VERSION}\n{recipe}".encode())
