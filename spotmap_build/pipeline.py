"""The build: fetch -> embed -> project -> cluster -> insights -> covers, excerpts -> emit."""

from __future__ import annotations

import os
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from spotmap_build import stages
from spotmap_build.cache.errors import CacheReadOnly, CorruptEntry
from spotmap_build.cache.roots import site_name
from spotmap_build.cache.store import Cache
from spotmap_build.companion_files import SUMMARY, write_document
from spotmap_build.core.translation import gettext, translatable
from spotmap_build.emit.local_audio import encode_local_audio, write_local_audio
from spotmap_build.emit.site import publish
from spotmap_build.errors import CacheError, ConfigError, ServiceError, ServiceRefused, SourceError, SpotmapError
from spotmap_build.output_paths import check_output_paths
from spotmap_build.report import encode_map_cost, read_map_cost, write_report
from spotmap_build.run import Clock
from spotmap_build.summary import SUMMARY_MARK, BuildResult, ShardResult, markdown, names_of_missing, shard_markdown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from spotmap_build.config import Config
    from spotmap_build.ledger import Status
    from spotmap_build.model import Failed, Library
    from spotmap_build.progress import Progress

Result = TypeVar("Result")

CORRUPTION_LIMIT: Final = 3
"""A damaged cache entry is set aside and recomputed. The same entry damaged this often means a failing disk."""
SERVICE_CODES: Final = frozenset({ServiceError.code, ServiceRefused.code})
"""Codes of tracks for which a service could not be reached, or refused the request."""
DAMAGE_LIMIT: Final = 20
"""This many damaged entries in one build also mean a failing disk. There are fewer stages than that."""


@dataclass(frozen=True, slots=True)
class MatchResult:
    """The result of :func:`match`; the fields are those of :class:`~spotmap_build.summary.BuildResult`."""

    track_count: int
    failures: tuple[Failed, ...]
    notices: tuple[str, ...]
    problem: SpotmapError | None
    names: Mapping[str, str]


def build(config: Config, progress: Progress, *, limit_from_s: float | None = None) -> BuildResult:
    """Build the map and publish it. The old site is untouched until the new one is complete.

    ``limit_from_s``: when a time limit starts to count, on the ``time.monotonic`` clock; by default now.

    Raises
    ------
    SpotmapError
        The build failed. Nothing is published; finished work is in the cache.
    """
    check_output_paths(config)
    stages.check_page(config)
    if config.cache_is_beside_site:
        progress.say(gettext("The cache is {folder}, next to the site.", folder=config.cache_dir))
    return with_cache(config, progress, partial(_build, anchor=stages.read_anchor(config)), limit_from_s)


def _build(run: stages.Run, anchor: stages.Previous | None) -> BuildResult:
    fetched = stages.fetch(run)
    changed = False
    for embedded in stages.embed(run, fetched):
        result = _publish_map(run, fetched, embedded, anchor)
        changed = changed or result.changed
    result = replace(result, changed=changed, repeats_until_unix_s=_repeats_until(run, fetched, result))
    _summarize(run.config, markdown(result, fetched.title))
    return result


def _repeats_until(run: stages.Run, fetched: stages.Fetched, result: BuildResult) -> float:
    """Return until when another build would do the same; 0 if this one did work or depends on more than files."""
    has_cached_all = not any(counts.misses for counts in run.cache.counters.snapshot().values())
    did_nothing = has_cached_all and not (result.changed or result.embedded_count or result.problem)
    return run.cache.steady_until_unix_s if did_nothing and not fetched.loaded.depends_on_more else 0.0


def _publish_map(
    run: stages.Run, fetched: stages.Fetched, embedded: stages.Embedded, anchor: stages.Previous | None
) -> BuildResult:
    config = run.config
    if not embedded.tracks:
        _report(run, fetched.library, embedded)
        raise nothing_to_map(fetched, embedded)
    run.clock.begin_map()
    projected = stages.project(run, embedded, anchor)
    clusters = stages.cluster(run, fetched, embedded, projected)
    insights = stages.analyze(run, fetched, embedded, projected, clusters)
    covered = stages.add_covers(run, embedded)
    excerpted = stages.add_excerpts(run, fetched, embedded)
    site = stages.emit(
        run, fetched, covered.embedded, projected, clusters=clusters, insights=insights, excerpts=excerpted.digests
    )

    published = publish(config.out, site.files, site.generation, force=config.force)
    with suppress(CacheReadOnly):  # a read-only cache is not pruned, so it needs no record of used keys
        stages.save_map(run, embedded, projected, clusters, site.generation)
        _note_used_keys(run, site.generation)
    audio_notice = _list_local_audio(config, embedded)
    stages.make_poster(run, site, stages.describe_nearness(fetched))
    outcome = gettext("unchanged") if published.is_unchanged else gettext("published")
    early = gettext("(an early map)") if embedded.is_early else ""
    run.progress.end(f"{config.out}{os.sep} {outcome} {early}".rstrip())
    run.clock.end_map(len(embedded.tracks), projected.layout.value.made if projected.layout.is_new else None)
    map_rows = {**stages.describe_map(clusters.value, insights.value), **covered.report_rows}
    _report(run, fetched.library, embedded, map_rows=map_rows)
    of_tracks = (*fetched.loaded.notices, *embedded.notices, projected.previous_map.notice)
    notices = (*of_tracks, *insights.value.notices, *covered.notices, *excerpted.notices, audio_notice)
    return BuildResult(
        mapped_count=len(embedded.tracks),
        track_count=fetched.track_count,
        failures=embedded.failures,
        embedded_count=embedded.embedded_count,
        changed=not published.is_unchanged,
        seconds=run.clock.total_s,
        notices=tuple(filter(None, notices)),
        problem=fetched.loaded.problem,
        figures=insights.value.figures,
        names=names_of_missing(embedded.failures, fetched.library.tracks),
    )


def _note_used_keys(run: stages.Run, generation: str) -> None:
    """Record in the cache which keys this build used, so that ``prune`` keeps them."""
    build_id = f"{int(time.time()):012d}-{generation}"
    run.cache.write_root(build_id, run.cache.used_keys, site_name(run.config.out))


def _list_local_audio(config: Config, embedded: stages.Embedded) -> str:
    """Write the list of local audio files for the preview; return a notice if that fails, else ``""``."""
    place = config.local_audio_path
    try:
        write_local_audio(place, encode_local_audio(embedded.tracks))
    except OSError as error:
        return translatable(
            f"The preview cannot play your files: {place} cannot be written ({error.strerror or error})."
        )
    return ""


def analyze_shard(config: Config, progress: Progress, *, limit_from_s: float | None = None) -> ShardResult:
    """Analyze the shard of the library that ``config.shard`` names into the cache, without a map or a report.

    ``limit_from_s``: as for :func:`build`.

    Raises
    ------
    SpotmapError
        The build failed. Finished work is in the cache.
    """
    check_output_paths(config, publishes=False)
    return with_cache(config, progress, _analyze_shard, limit_from_s)


def _analyze_shard(run: stages.Run) -> ShardResult:
    assert run.config.shard is not None
    fetched = stages.fetch(run)
    *_, embedded = stages.embed(run, fetched)
    outcome = stages.shard_outcome(fetched, embedded, run.config.shard)
    result = ShardResult(
        shard=run.config.shard,
        track_count=outcome.track_count,
        failures=outcome.failures,
        embedded_count=embedded.embedded_count,
        seconds=run.clock.total_s,
        notices=tuple(filter(None, (*fetched.loaded.notices, embedded.problem))),
        problem=fetched.loaded.problem,
    )
    _summarize(run.config, shard_markdown(result, fetched.title))
    return result


def match(config: Config, progress: Progress) -> MatchResult:
    """Find the recording of every track and write the report, without downloading, analyzing or publishing anything."""
    check_output_paths(config, publishes=False)
    return with_cache(replace(config, shard=None), progress, _match)


def _match(run: stages.Run) -> MatchResult:
    fetched = stages.fetch(run)
    matched = stages.match(run, fetched)
    _report(run, fetched.library, matched, reached="matched")
    notices = tuple(filter(None, (*fetched.loaded.notices, matched.problem)))
    names = names_of_missing(matched.failures, fetched.library.tracks)
    return MatchResult(fetched.track_count, matched.failures, notices, fetched.loaded.problem, names)


def _report(
    run: stages.Run,
    library: Library,
    outcome: stages.Embedded | stages.Matched,
    *,
    reached: Status = "mapped",
    map_rows: Mapping[str, object] | None = None,
) -> None:
    costs = {
        "cache": run.cache.counters.as_dict(),
        "seconds": run.clock.seconds,
        **encode_map_cost(run.clock.map_cost or read_map_cost(run.config.report_path)),
    }
    extra = {**costs, **(map_rows or {})}
    previews = outcome.preview_ids if isinstance(outcome, stages.Embedded) else frozenset()
    write_report(
        run.config.report_path,
        library,
        outcome.failures,
        outcome.matches,
        reached=reached,
        preview_ids=previews,
        extra=extra,
        force=run.config.force,
    )


def _summarize(config: Config, text: str) -> None:
    if config.summary is not None:
        write_document(config.summary, (SUMMARY_MARK + text).encode(), SUMMARY, force=config.force)


def with_cache(
    config: Config, progress: Progress, work: Callable[[stages.Run], Result], limit_from_s: float | None = None
) -> Result:
    """Open the cache and do the work, starting over if an entry of the cache turns out to be damaged."""
    damaged: Counter[str] = Counter()
    # Starting over does not extend the time limit.
    started_s = time.monotonic() if limit_from_s is None else limit_from_s
    with Cache.open(config.cache_dir) as cache:
        while max(damaged.values(), default=0) < CORRUPTION_LIMIT and damaged.total() < DAMAGE_LIMIT:
            try:
                return work(stages.Run(config, cache, progress, Clock(started_s)))
            except CorruptEntry as error:
                damaged[error.message] += 1
                progress.say(f"{error.message} It was set aside and is recomputed.", level="warning")
            finally:
                stages.sweep()  # at the end, because audio fetched by a killed build is analyzed first
    raise CacheError(
        f"The cache {config.cache_dir} repeatedly returns other bytes than were stored.",
        hint="The disk may be failing. Choose another place with --cache-dir.",
    )


def plan(config: Config, progress: Progress) -> tuple[str, ...]:
    """Describe what a build would do, as sentences.

    New files are read, but nothing is analyzed or published.
    """
    check_output_paths(config)
    stages.check_page(config)
    return with_cache(config, progress, lambda run: stages.describe_plan(run, stages.fetch(run)))


def nothing_to_map(fetched: stages.Fetched, embedded: stages.Embedded) -> SpotmapError:
    """Return the error for an empty map; its class tells whether the library, the login or a service is the cause."""
    first = f" The first: {embedded.failures[0].detail}" if embedded.failures else ""
    message = f"No track can be put on a map.{first}"
    if fetched.loaded.problem is not None:
        return fetched.loaded.problem
    if embedded.waiting_count:
        return ConfigError(
            message, hint="Nothing was published. Give a longer --time-limit, or build again to continue."
        )
    if any(failure.code in {"waiting", *SERVICE_CODES} for failure in embedded.failures):
        more = "" if embedded.problem in message else f" {embedded.problem}"
        return ServiceError(
            f"{message}{more}", hint="Nothing was published. Check the connection, and build again later."
        )
    return SourceError(message, hint="Nothing was published.")
