"""Plan: what a build would do, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotmap_build.acquire.state import prepare_acquisition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from spotmap_build.acquire.state import Acquisition
    from spotmap_build.fetch.source import Fetched
    from spotmap_build.run import Run

SECONDS_A_TRACK = 2.7
"""Processor seconds for decoding, a network and the 41 features (measured: 698 s for 263 tracks of game music)."""

SEARCHES_A_TRACK = 1.3
"""Most tracks are found by the first query, some take several."""


def describe_plan(run: Run, fetched: Fetched) -> tuple[str, ...]:
    """What there is, what would be listened to and how long that takes, and where the site would go."""
    library = fetched.library
    counts = f"{len(library.tracks)} tracks in {len(library.playlists)} playlists"
    unusable = f"; {len(library.failures)} of the tracks cannot be used" if library.failures else ""
    sentences = [f"{counts}{unusable}."]
    if fetched.is_placed or fetched.loaded.vectors is not None:
        sentences.append("Nothing to listen to: the source brings its own vectors or places.")
    else:
        sentences.extend(_work(prepare_acquisition(run, fetched)))
    sentences.append(f"The site would go to {run.config.out}.")
    return tuple(sentences)


def _work(acquisition: Acquisition) -> Iterator[str]:
    """What there is to search for, to download and to listen to, and how long that takes."""
    config = acquisition.run.config
    searches = len(acquisition.pending)
    if searches:
        seconds = searches * SEARCHES_A_TRACK / config.searches_per_s
        yield f"{searches} recordings to find on YouTube Music, {_about(seconds)}."
    missing = len(acquisition.missing)
    remote = sum(track.is_remote for track in acquisition.missing)
    if remote:
        yield f"{remote} recordings to download."
    if missing + searches:
        seconds = (missing + searches) * SECONDS_A_TRACK / config.worker_count
        yield f"{missing + searches} recordings to listen to with {acquisition.spec.name}, {_about(seconds)}."
    else:
        yield "Every recording was listened to before."


def _about(seconds: float) -> str:
    return f"about {max(1, round(seconds / 60))} min"
