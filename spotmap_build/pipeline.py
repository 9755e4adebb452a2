"""The build: fetch -> embed -> project -> cluster -> emit. How each goes through the cache stands in ``steps``."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spotmap_build import steps
from spotmap_build.cache.errors import CacheReadOnly, CorruptEntry
from spotmap_build.cache.store import Cache
from spotmap_build.emit.site import check_output, publish
from spotmap_build.errors import CacheError, ConfigError, SourceError
from spotmap_build.progress import make_progress
from spotmap_build.report import write_report

if TYPE_CHECKING:
    from spotmap_build.config import Config
    from spotmap_build.emit.preview import Watch
    from spotmap_build.model import Failed
    from spotmap_build.progress import Progress

CORRUPTION_LIMIT: Final = 3
"""A damaged cache entry is put aside and computed anew; damage that keeps coming means a failing disk."""


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What a build came to."""

    mapped_count: int
    track_count: int
    failures: tuple[Failed, ...]
    embedded_count: int
    changed: bool
    seconds: float


def build(config: Config, progress: Progress) -> BuildResult:
    """Make the map and publish it; the old site stays as it is until the new one is complete.

    Raises
    ------
    SpotmapError: one of its kinds; nothing is published then, and nothing that was finished is lost.
    """
    check_output(config.out, force=config.force)
    with Cache.open(config.cache_dir) as cache:
        for _ in range(CORRUPTION_LIMIT):
            try:
                return _build(config, cache, progress)
            except CorruptEntry as error:
                progress.say(f"{error.message} It was put aside and is computed anew.", level="warning")
    raise CacheError(
        f"The cache {config.cache_dir} keeps giving back other bytes than were stored.",
        hint="The disk may be failing. Choose another place with --cache-dir.",
    )


def _build(config: Config, cache: Cache, progress: Progress) -> BuildResult:
    clock = steps.Clock()
    run = steps.Run(config, cache, progress, clock)

    fetched = steps.fetch(run)
    heard = steps.embed(run, fetched)
    if not heard.tracks:
        raise SourceError(_nothing_to_map(fetched.track_count, heard.failures), hint="Nothing was published.")
    placed = steps.project(run, heard)
    clustered = steps.cluster(run, fetched, heard, placed)
    site = steps.emit(run, fetched, heard, placed, clustered)

    published = publish(config.out, site.files, site.generation, force=config.force)
    with suppress(CacheReadOnly):  # a cache that cannot be written cannot be pruned either
        cache.write_root(f"{int(time.time()):012d}-{site.generation}", cache.used_keys)
    outcome = "as it was, nothing written" if published.is_unchanged else "published"
    progress.end(f"{config.out}{os.sep} {outcome}")
    write_report(
        config.report_path, fetched.library, heard.failures, cache=cache.counters.as_dict(), seconds=clock.seconds
    )
    return BuildResult(
        mapped_count=len(heard.tracks),
        track_count=fetched.track_count,
        failures=heard.failures,
        embedded_count=heard.embedded_count,
        changed=not published.is_unchanged,
        seconds=clock.total_s,
    )


def plan(config: Config, progress: Progress) -> tuple[str, ...]:
    """What a build would do, as sentences; looks into new files, but listens to nothing and publishes nothing."""
    check_output(config.out, force=config.force)
    with Cache.open(config.cache_dir) as cache:
        run = steps.Run(config, cache, progress, steps.Clock())
        fetched = steps.fetch(run)
        return steps.describe_plan(run, fetched)


def watch(config: Config) -> Watch:
    """What the preview is to look at, and the build that it is to run when something changes there.

    Raises
    ------
    ConfigError: no source lies in a file or folder that could change.
    """
    places = tuple(Path(place) for source in config.sources if (place := source.partition(":")[2]))
    if not places:
        raise ConfigError(
            "There is nothing to watch: no source is a file or folder.",
            hint='Put one into spotmap.toml: [build] sources = ["folder:~/Music"].',
        )
    from spotmap_build.emit.preview import Watch

    return Watch(places, lambda: _rebuild(config))


def _rebuild(config: Config) -> None:
    progress = make_progress(config.log)
    try:
        build(config, progress)
    finally:
        progress.close()


def _nothing_to_map(track_count: int, failures: tuple[Failed, ...]) -> str:
    codes = sorted({failure.code for failure in failures})
    first = f" The first: {failures[0].detail}" if failures else ""
    return f"None of the {track_count} tracks can be put on a map ({', '.join(codes)}).{first}"
