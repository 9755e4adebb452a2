"""Plan: what a build would do, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotmap_build.steps.embed import prepare_listening

if TYPE_CHECKING:
    from spotmap_build.steps.fetch import Fetched
    from spotmap_build.steps.run import Run

SECONDS_A_TRACK = 2.7
"""Processor seconds for decoding, a network and the 41 features (measured: 698 s for 263 tracks of game music)."""


def describe_plan(run: Run, fetched: Fetched) -> tuple[str, ...]:
    """What there is, what would be listened to and how long that takes, and where the site would go."""
    library = fetched.library
    counts = f"{len(library.tracks)} tracks in {len(library.playlists)} playlists"
    unusable = f"; {len(library.failures)} of the tracks cannot be used" if library.failures else ""
    sentences = [f"{counts}{unusable}."]
    listening = prepare_listening(run, fetched)
    if listening is None:
        sentences.append("Nothing to listen to: the source brings its own vectors or places.")
    else:
        missing = len(listening.missing())
        minutes = missing * SECONDS_A_TRACK / run.config.worker_count / 60
        sentences.append(
            f"{missing} recordings to listen to with {listening.spec.name}, about {max(1, round(minutes))} min."
            if missing
            else "Every recording was listened to before."
        )
    sentences.append(f"The site would go to {run.config.out}.")
    return tuple(sentences)
