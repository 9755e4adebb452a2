"""``python -m benchmarks.matching``: the accuracy of the matcher. See ``benchmarks/README.md``."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.matching.cases import Case, read_cases
from spotmap_build.acquire.matching import DOUBTFUL_BELOW, decide

if TYPE_CHECKING:
    from collections.abc import Iterable

OUTCOMES = ("right", "wrongly refused", "wrong accepted")


def main() -> int:
    arguments = _arguments()
    if arguments.library:
        from benchmarks.matching.library import library

        cases: Iterable[Case] = library(arguments.library, arguments.seed)
    else:
        cases = read_cases(arguments.cases)
    return _run(list(cases), arguments.show)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.matching", description=__doc__)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--cases", type=Path, metavar="FILE", help="a table of cases, JSON lines")
    which.add_argument("--library", type=int, metavar="N", help="generate an ordinary library of N tracks")
    parser.add_argument("--seed", type=int, default=1, help="of the generated library  [%(default)s]")
    parser.add_argument("--show", type=int, default=50, metavar="N", help="number of failures to list  [%(default)s]")
    return parser.parse_args()


def _run(cases: list[Case], show: int) -> int:
    counts: dict[str, Counter[str]] = {}
    failures: list[str] = []
    doubtful = 0
    started = time.process_time()
    for case in cases:
        match = decide(case.track, case.candidates)
        taken = match.candidate.video_id if match.candidate else None
        outcome = _outcome(case, taken)
        counts.setdefault(case.sort, Counter())[outcome] += 1
        doubtful += taken is not None and match.confidence < DOUBTFUL_BELOW
        if outcome != "right" and len(failures) < show:
            failures.append(_failure(case, taken, outcome, match.evidence))
    seconds = time.process_time() - started
    total = sum(counts.values(), Counter[str]())
    for sort, outcomes in sorted(counts.items()):
        print(_line(sort, outcomes))
    print(_line("all", total))
    candidates = sum(len(case.candidates) for case in cases)
    print(f"doubtful: {doubtful}; {len(cases) / seconds:.0f} decisions/s of {candidates / len(cases):.1f} candidates")
    print("\n".join(failures))
    return 1 if total["wrong accepted"] else 0


def _outcome(case: Case, taken: str | None) -> str:
    if taken is None:
        return "wrongly refused" if case.expected else "right"
    return "right" if taken in case.expected else "wrong accepted"


def _line(sort: str, outcomes: Counter[str]) -> str:
    return f"{sort:24}" + "".join(f"  {outcomes[outcome]:6} {outcome}" for outcome in OUTCOMES)


def _failure(case: Case, taken: str | None, outcome: str, evidence: tuple[str, ...]) -> str:
    track = case.track
    wanted = f"{track.title!r} {list(track.artists)} {track.album!r} {track.duration_ms} ms, explicit: {track.explicit}"
    lines = [f"\n{outcome}: {case.id} [{case.sort}] {wanted}", f"    {'; '.join(evidence)} -- {case.why}"]
    for candidate in case.candidates:
        if candidate.video_id in case.expected or candidate.video_id == taken:
            sign = "taken" if candidate.video_id == taken else "right"
            said = f"{candidate.title!r} {list(candidate.artists)} {candidate.album!r} {candidate.duration_s} s"
            lines.append(f"    {sign}: {said}, by ISRC: {candidate.from_isrc}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
