"""The ``match`` command: find the recording of every track without downloading or analyzing any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spotmap_build.acquire.prefetch import Prefetcher
from spotmap_build.acquire.search import Finder, Found
from spotmap_build.core.translation import gettext

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spotmap_build.fetch.source import Fetched
    from spotmap_build.model import Failed, Match, Track
    from spotmap_build.run import Run


@dataclass(frozen=True, slots=True)
class Matched:
    """How the recording of each track was chosen, and the tracks that have none. ``problem`` as in ``Embedded``."""

    failures: tuple[Failed, ...]
    matches: Mapping[str, Match]
    problem: str


def match(run: Run, fetched: Fetched) -> Matched:
    """Match every track, using cached decisions."""
    with run.clock.stage("match"):
        finder = Finder(run, fetched)
        recordings = finder.load_known()
        pending = recordings.pending if recordings.pending and finder.service.is_open else []
        run.progress.begin("match", gettext("finding recordings"), total=len(pending))
        if pending:
            _search(run, finder, pending, recordings.found)
        found = [
            recordings.found.get(track.id) or Found(track, failure=finder.service.waiting_row(track.id, "match"))
            for track in fetched.usable_tracks
        ]
        failures = tuple(one.failure for one in found if one.failure is not None)
        outcome = gettext(
            "{found} of {total} tracks have a recording", found=len(found) - len(failures), total=len(found)
        )
        run.progress.end(outcome)
        return Matched(
            failures=(*fetched.library.failures, *failures),
            matches={one.track.id: one.match for one in found if one.match is not None},
            problem=finder.service.summary(),
        )


def _search(run: Run, finder: Finder, pending: list[Track], found: dict[str, Found]) -> None:
    done = 0

    def find(track: Track) -> None:
        nonlocal done
        found[track.id] = finder.find(track)
        done += 1

    supply: Prefetcher[Track, Track] = Prefetcher(pending, (), find=find, get=lambda _track: None, workers=1)
    with supply:
        for _ in supply.ready():
            run.progress.advance(done)
    finder.close()
