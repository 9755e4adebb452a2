"""The ``build`` command: skip the build if nothing has changed, otherwise run it and report the result."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from spotmap_build import unchanged
from spotmap_build.core.translation import gettext, translate
from spotmap_build.progress import format_seconds
from spotmap_build.unchanged import TOOK, Ending

if TYPE_CHECKING:
    from collections.abc import Callable

    from spotmap_build.config import Config
    from spotmap_build.progress import Progress
    from spotmap_build.summary import BuildResult, ShardResult

EXIT_MISSING_TRACKS: Final = 3


def build_unless_unchanged(config: Config, progress: Progress, limit_from_s: Callable[[], float] | None) -> Ending:
    """Run the build unless nothing has changed, and return its ending.

    ``limit_from_s`` returns the time from which ``--time-limit`` counts.
    """
    started_s = time.monotonic()
    state = unchanged.read_state(config)
    ending = unchanged.replay(state, config, progress) if state is not None else None
    took_s = time.monotonic() - started_s
    if ending is None:
        ending, took_s = _build(config, progress, state, limit_from_s)
    took = format_seconds(took_s)
    return replace(ending, lines=tuple((text.replace(TOOK, took), level) for text, level in ending.lines))


def _build(
    config: Config, progress: Progress, state: unchanged.State | None, limit_from_s: Callable[[], float] | None
) -> tuple[Ending, float]:
    """Run the build; return its ending and its duration in seconds."""
    from spotmap_build import pipeline
    from spotmap_build.summary import BuildResult

    recorded = unchanged.RecordingProgress(progress)
    make = pipeline.build if config.shard is None else pipeline.analyze_shard
    result = make(config, recorded, limit_from_s=limit_from_s() if limit_from_s else None)
    ending = _ending(config, result)
    if isinstance(result, BuildResult) and result.repeats_until_unix_s and state is not None:
        unchanged.save_note(state, config, recorded.events, ending, result.repeats_until_unix_s)
    return ending, result.seconds


def _ending(config: Config, result: BuildResult | ShardResult) -> Ending:
    from spotmap_build.config import default_config
    from spotmap_build.describe import preview_command, review_command
    from spotmap_build.summary import BuildResult, shard_lines, summary_lines

    review = review_command(config, default_config(os.environ))
    if isinstance(result, BuildResult):
        if not sys.stderr.isatty():  # a log may be public, where tracks that are not on the map should not appear
            result = replace(result, names={})
        lines = [
            *summary_lines(result, TOOK, config.report_path, review),
            gettext("View it with: {command}", command=preview_command(config)),
        ]
    else:
        lines = [
            *shard_lines(result, TOOK, review),
            gettext("Nothing was published: combine the shards with cache merge."),
        ]
    ending = [(line, "info") for line in lines]
    if result.problem is not None:
        ending += [(translate(result.problem.message), "error"), (translate(result.problem.hint), "info")]
        return Ending(tuple(ending), result.problem.exit_status)
    if config.max_failures.is_passed(len(result.missing), result.track_count):
        ending.append((gettext("More tracks are missing than --max-failures allows."), "error"))
        return Ending(tuple(ending), EXIT_MISSING_TRACKS)
    return Ending(tuple(ending), 0)
