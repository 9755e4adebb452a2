"""Fetch stage: load the requested sources and merge them into one library."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from spotmap_build import registry
from spotmap_build.acquire.overrides import mistaken_ids, read_overrides
from spotmap_build.core.text import fold_space, printable
from spotmap_build.core.translation import format_count, gettext, ngettext, translatable
from spotmap_build.errors import ConfigError, PluginError
from spotmap_build.fetch.guests import combine_with_guests
from spotmap_build.fetch.source import Fetched, LibrarySource, LoadContext, Loaded
from spotmap_build.fetch.validation import cut_long_texts, validate
from spotmap_build.registry import plugins, sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from spotmap_build.config import Config
    from spotmap_build.embed.decode import Probe
    from spotmap_build.model import Library
    from spotmap_build.registry.sources import SourceKind
    from spotmap_build.run import Run


def fetch(run: Run) -> Fetched:
    """Load all sources and merge them.

    Raises
    ------
    ConfigError
        No source was given, or one of an unknown kind.
    SourceError
        One cannot be read.
    """
    with run.clock.stage("fetch"):
        config = run.config
        chosen = [make_source(text, config) for text in config.sources]
        if not chosen:
            raise ConfigError(
                "No source was given.",
                hint="Start a map in this folder: spotmap-build init. Or try: spotmap-build --source demo, "
                "or --source folder:~/Music.",
            )
        run.progress.begin("fetch", gettext("reading the library"))
        context = LoadContext(
            run.cache,
            _probe,
            threads=min(8, 2 * config.worker_count),
            advance=lambda done, _total: run.progress.advance(done),
            say=run.progress.say,
            read_metadata=_read_metadata,
        )
        loaded = combine_with_guests([cut_long_texts(source.load(context)) for source in chosen], config.layers)
        run.progress.end(count_library(loaded.library))
        if loaded.problem is not None:
            run.progress.say(loaded.problem.message, level="warning")
        for notice in _choices_without_effect(config, loaded.library):
            run.progress.say(notice, level="warning")
        return Fetched(loaded, config.title or library_title(config.sources), context)


def _choices_without_effect(config: Config, library: Library) -> Iterator[str]:
    """Yield a notice if the person's choices name tracks by something else than their ids."""
    overrides = read_overrides(config.overrides)
    mistaken = mistaken_ids(overrides, {track.id for track in library.tracks}) if overrides else []
    if mistaken:
        where = f"{config.overrides.name}: '{printable(mistaken[0])}'"
        yield translatable(f"{where} is not the id of a track, so this choice has no effect. The report lists all ids.")


def make_source(text: str, config: Config) -> LibrarySource:
    """Parse a source such as ``folder:/music``.

    Raises
    ------
    ConfigError
        It is not valid.
    PluginError
        For one that a package adds, whose code fails.
    """
    kind, path = sources.parse(text)
    with plugins.attribute_errors(kind.package, f"source '{kind.name}'"):
        make: Callable[[Config | Path], LibrarySource] = registry.load(kind.make)
        source = make(Path(path)) if kind.takes_path else make(config)
    return _OfPackage(source, kind) if kind.package else source


@dataclass(frozen=True, slots=True)
class _OfPackage:
    """A source from an installed package. Errors in its code are attributed to that package."""

    source: LibrarySource
    kind: SourceKind

    def load(self, context: LoadContext) -> Loaded:
        """Load the library under the requested name."""
        with plugins.attribute_errors(self.kind.package, f"source '{self.kind.name}'"):
            loaded = self.source.load(context)
        try:
            valid = validate(loaded)
        except ValueError as fault:
            raise PluginError(
                f"The source '{self.kind.name}' of the package {self.kind.package} returned no valid library: {fault}.",
                hint=f"Report this to the authors of {self.kind.package}.",
            ) from fault
        return replace(valid, kind=self.kind.name)


def count_library(library: Library) -> str:
    """Return the numbers of tracks, playlists and unusable tracks."""
    tracks = ngettext("{count} track", "{count} tracks", len(library.tracks))
    playlists = ngettext("{count} playlist", "{count} playlists", len(library.playlists))
    counts = gettext("{tracks}, {playlists}", tracks=tracks, playlists=playlists)
    if library.failures:
        unusable = format_count(len(library.failures))
        counts = gettext("{counts}; {unusable} of the tracks cannot be used", counts=counts, unusable=unusable)
    return counts


def _probe(path: Path) -> Probe:
    from spotmap_build.embed.decode import probe

    return probe(path)


def _read_metadata(path: Path) -> dict[str, str]:
    from spotmap_build.embed.decode import read_metadata

    return read_metadata(path)


def library_title(given: tuple[str, ...]) -> str:
    """Return the default title of a map, made from its sources."""
    names = [
        _name(Path(path)) if (path := text.partition(":")[2]) else sources.find(text).title or text for text in given
    ]
    return " + ".join(dict.fromkeys(names))


def _name(path: Path) -> str:
    """Return the name of a library: that of its folder, or of its file without the suffix."""
    place = Path(os.path.normpath(path.absolute()))
    return fold_space(printable(place.name if place.is_dir() else place.stem)) or "My library"
