"""Fetch: from the sources that were asked for to one library."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import orjson

from spotmap_build.cache.keys import digest_bytes
from spotmap_build.errors import ConfigError
from spotmap_build.fetch.libraries.merge import merge
from spotmap_build.fetch.libraries.source import LibrarySource, LoadContext, Loaded

if TYPE_CHECKING:
    from spotmap_build.config import Config
    from spotmap_build.embed.decode import Probe
    from spotmap_build.model import Library, Track
    from spotmap_build.steps.run import Run


WITH_PATH: Final = ("folder", "table", "takeout", "exportify")
SOURCES: Final = ", ".join(("demo", "spotify", *(f"{kind}:PATH" for kind in WITH_PATH)))


@dataclass(frozen=True, slots=True)
class Fetched:
    """The library, and which kinds of source it came from."""

    loaded: Loaded
    title: str
    context: LoadContext

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
        config = run.config
        sources = [make_source(text, config) for text in config.sources]
        if not sources:
            raise ConfigError(
                "No source was given.",
                hint="Try: spotmap-build --source demo, or --source folder:~/Music. See spotmap-build --help.",
            )
        run.progress.begin("fetch", "reading the library")
        context = LoadContext(
            run.cache,
            _probe,
            threads=min(8, 2 * config.worker_count),
            advance=lambda done, _total: run.progress.advance(done),
            say=run.progress.say,
        )
        loaded = merge([source.load(context) for source in sources], config.layers)
        run.progress.end(_outcome(loaded.library))
        if loaded.problem is not None:
            run.progress.say(loaded.problem.message, level="warning")
        return Fetched(loaded, config.title or _title(config.sources), context)


def make_source(text: str, config: Config) -> LibrarySource:
    """The source that a text such as ``folder:/music`` means.

    Raises
    ------
    ConfigError: for an unknown kind, or one that lacks its path.
    """
    kind, _, path = text.partition(":")
    if kind == "demo":
        from spotmap_build.fetch.libraries.demo import DemoSource

        return DemoSource()
    if kind == "spotify":
        from spotmap_build.fetch.libraries.spotify.source import SpotifySource

        return SpotifySource.from_config(config)
    if kind not in WITH_PATH:
        raise ConfigError(f"There is no source '{kind}'.", hint=f"Sources are: {SOURCES}.")
    if not path:
        raise ConfigError(f"--source {kind} lacks its path.", hint=f"Say for example --source {kind}:PATH.")
    return _source_at(kind, Path(path))


def _source_at(kind: str, path: Path) -> LibrarySource:
    if kind == "folder":
        from spotmap_build.fetch.libraries.folder import FolderSource

        return FolderSource(path)
    if kind == "takeout":
        from spotmap_build.fetch.libraries.takeout import TakeoutSource

        return TakeoutSource(path)
    if kind == "exportify":
        from spotmap_build.fetch.libraries.exportify import ExportifySource

        return ExportifySource(path)
    from spotmap_build.fetch.libraries.table import TableSource

    return TableSource(path)


def _outcome(library: Library) -> str:
    outcome = f"{len(library.tracks)} tracks, {len(library.playlists)} playlists"
    if library.failures:
        codes = Counter(failure.code for failure in library.failures)
        reasons = ", ".join(f"{count} {code}" for code, count in sorted(codes.items()))
        outcome += f"; {len(library.failures)} cannot be used ({reasons})"
    return outcome


def _probe(path: Path) -> Probe:
    from spotmap_build.embed.decode import probe

    return probe(path)


def _title(sources: tuple[str, ...]) -> str:
    named = {"demo": "Demo library", "spotify": "My Spotify library"}
    names = [Path(path).stem if (path := text.partition(":")[2]) else named.get(text, text) for text in sources]
    return " + ".join(dict.fromkeys(names))
