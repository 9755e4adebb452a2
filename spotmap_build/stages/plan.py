"""The ``plan`` command: describe what a build would do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotmap_build.acquire.state import prepare_acquisition
from spotmap_build.acquire.timetable import Pace, estimate_previews, estimate_recordings
from spotmap_build.core.translation import format_count, gettext, ngettext, translate
from spotmap_build.progress import format_seconds
from spotmap_build.stages.embed import prepare_early_previews
from spotmap_build.stages.excerpts import count_excerpts, forecast
from spotmap_build.stages.fetch import count_library

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spotmap_build.acquire.state import Acquisition
    from spotmap_build.fetch.source import Fetched
    from spotmap_build.run import Run


def describe_plan(run: Run, fetched: Fetched) -> tuple[str, ...]:
    """Describe the library, the audio to analyze with an estimate of the time, and the output folder."""
    library = fetched.library
    sentences = [gettext("{sentence}.", sentence=count_library(library)), *map(translate, fetched.loaded.notices)]
    if fetched.is_placed or fetched.loaded.vectors is not None:
        sentences.append(gettext("No audio to analyze: the source provides its own vectors or positions."))
    else:
        sentences.extend(_work(run, fetched))
    if run.config.excerpts and (count := count_excerpts(library.tracks)):
        sentences.append(translate(forecast(count, run.config.excerpts)))
    if run.config.shard is None:
        sentences.append(gettext("The site would be written to {folder}.", folder=run.config.out))
    else:
        sentences.append(gettext("No site would be written: a shard only fills the cache."))
    return tuple(sentences)


def _work(run: Run, fetched: Fetched) -> Iterator[str]:
    """Yield how much there is to search, download and analyze, with estimates of the time."""
    config = run.config
    pace = Pace(config.searches_per_s, config.previews_per_s, config.download_pause_s, config.worker_count)
    whole = prepare_acquisition(run, fetched)
    previews = prepare_early_previews(run, fetched, whole)
    if previews is not None and not previews.is_complete:
        yield _describe_previews(previews, pace)
    if whole.searches or whole.missing:
        yield from _describe_recordings(whole, pace)
    elif previews is None or previews.is_complete:
        yield gettext("Every recording is already analyzed.")
    if config.time_limit_s is not None:
        limit = format_seconds(config.time_limit_s)
        yield gettext("Analysis stops early enough to publish a map after {limit}; the rest waits.", limit=limit)


def _describe_previews(previews: Acquisition, pace: Pace) -> str:
    count = len(previews.searches) + len(previews.missing)
    table = estimate_previews(count, count, pace)
    return gettext(
        "Previews: {previews} of 30 seconds from Deezer, about {total} (requests {asking}, analysis {listening}).",
        previews=format_count(count),
        total=format_seconds(table.total_s),
        asking=format_seconds(table.downloading_s),
        listening=format_seconds(table.analyzing_s),
    )


def _describe_recordings(whole: Acquisition, pace: Pace) -> Iterator[str]:
    searches, missing = len(whole.searches), len(whole.missing)
    remote = sum(track.is_remote for track in whole.missing)
    downloads, to_analyze = searches + remote, searches + missing
    table = estimate_recordings(searches, downloads, to_analyze, pace)
    if searches:
        yield ngettext(
            "{count} recording to find on YouTube Music, about {time}.",
            "{count} recordings to find on YouTube Music, about {time}.",
            searches,
            time=format_seconds(table.searching_s),
        )
    if downloads:
        hourly = downloads / table.downloading_s * 3600
        yield ngettext(
            "{count} recording to download, about {time} (YouTube's pace: about {hourly} an hour).",
            "{count} recordings to download, about {time} (YouTube's pace: about {hourly} an hour).",
            downloads,
            time=format_seconds(table.downloading_s),
            hourly=format_count(round(hourly)),
        )
    yield ngettext(
        "{count} recording to analyze with {embedder}, about {time}.",
        "{count} recordings to analyze with {embedder}, about {time}.",
        to_analyze,
        embedder=whole.spec.name,
        time=format_seconds(table.analyzing_s),
    )
    if downloads:
        yield gettext(
            "Whole recordings take about {time} in total, because these steps run in parallel. You can stop at any "
            "time: finished work is kept.",
            time=format_seconds(table.total_s),
        )
