"""Fetch: from the sources that were asked for to one library."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from spotmap_build.cache.keys import digest_bytes
from spotmap_build.errors import ConfigError
from spotmap_build.fetch.libraries.source import LibrarySource, LoadContext, Loaded, combine

if TYPE_CHECKING:
    from spotmap_build.embed.decode import Probe
    from spotmap_build.model import Library, Track
    from spotmap_build.steps.run import Run


@dataclass(frozen=True, slots=True)
class Fetched:
    """The library, and which kinds of source it came from."""

    loaded: Loaded
    title: str

    @property
    def library(self) -> Library:
        return self.loaded.library

    @property
    def track_count(self) -> int:
        return len(self.loaded.library.tracks)

    @property
    def usable_tracks(self) -> tuple[Track, ...]:
        """The tracks that the source could make something of."""
        unusable = {failure.track_id for failure in self.library.failures}
        return tuple(track for track in self.library.tracks if track.id not in unusable)

    @property
    def is_placed(self) -> bool:
        """Whether the source gives every track its place."""
        return any(track.position is not None for track in self.library.tracks)

    @property
    def playlists_digest(self) -> str:
        """Names everything about the playlists that can show on the map."""
        return digest_bytes(orjson.dumps(self.library.playlists))


def fetch(run: Run) -> Fetched:
    """Load every source and put them together.

    Raises
    ------
    ConfigError: no source was given, or one of an unknown kind. SourceError: one cannot be read.
    """
    with run.clock.stage("fetch"):
        sources = [make_source(text) for text in run.config.sources]
        if not sources:
            raise ConfigError(
                "No source was given.",
                hint="Try: spotmap-build --source demo, or --source folder:~/Music. See spotmap-build --help.",
            )
        run.progress.begin("fetch", "looking into new files")
        threads = min(8, 2 * run.config.worker_count)
        context = LoadContext(run.cache, _probe, threads, lambda done, _total: run.progress.advance(done))
        loaded = combine(source.load(context) for source in sources)
        library = loaded.library
        outcome = f"{len(library.tracks)} tracks, {len(library.playlists)} playlists"
        if library.failures:
            codes = Counter(failure.code for failure in library.failures)
            reasons = ", ".join(f"{count} {code}" for code, count in sorted(codes.items()))
            outcome += f"; {len(library.failures)} cannot be used ({reasons})"
        run.progress.end(outcome)
        return Fetched(loaded, run.config.title or _title(run.config.sources))


def make_source(text: str) -> LibrarySource:
    """The source that a text such as ``folder:/music`` means.

    Raises
    ------
    ConfigError: for an unknown kind, or one that lacks its path.
    """
    kind, _, path = text.partition(":")
    if kind == "demo":
        from spotmap_build.fetch.libraries.demo import DemoSource

        return DemoSource()
    if kind in {"folder", "table"} and not path:
        raise ConfigError(f"--source {kind} lacks its path.", hint=f"Say for example --source {kind}:PATH.")
    if kind == "folder":
        from spotmap_build.fetch.libraries.folder import FolderSource

        return FolderSource(Path(path))
    if kind == "table":
        from spotmap_build.fetch.libraries.table import TableSource

        return TableSource(Path(path))
    raise ConfigError(f"There is no source '{text}'.", hint="Sources are: demo, folder:PATH, table:PATH.")


def _probe(path: Path) -> Probe:
    from spotmap_build.embed.decode import probe

    return probe(path)


def _title(sources: tuple[str, ...]) -> str:
    names = [Path(path).stem if (path := text.partition(":")[2]) else "Demo library" for text in sources]
    return " + ".join(dict.fromkeys(names))
