"""Recorded cases: which of the search results of a track is its recording, if any."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.matching.cases import Case, read_cases
from benchmarks.matching.library import library
from spotmap_build.acquire.matching import DOUBTFUL_BELOW, decide

OFFICIAL_VIDEO = "MUSIC_VIDEO_TYPE_OMV"
DATA = Path(__file__).parent.parent / "data"
CASES = list(read_cases(DATA / "matcher_cases.jsonl"))
REPORTS = list(read_cases(DATA / "matcher_cases_reports.jsonl"))
"""Problems that users of similar programs reported."""
LISTS = [*read_cases(DATA / "matcher_lists.txt"), *read_cases(DATA / "matcher_catalogs.txt")]
"""Long lists of near matches; the second table is made after real catalogs."""


def taken(case: Case) -> str | None:
    match = decide(case.track, case.candidates)
    return match.candidate.video_id if match.candidate else None


@pytest.mark.parametrize("sort", sorted({case.sort for case in (*CASES, *REPORTS, *LISTS)}))
def test_recorded_cases_get_the_expected_answer(sort: str) -> None:
    answers = [(case, taken(case)) for case in (*CASES, *REPORTS, *LISTS) if case.sort == sort]
    wrong = [
        f"{case.id}: {answer}. {case.why}"
        for case, answer in answers
        if (answer not in case.expected if case.expected else answer is not None)
    ]
    assert wrong == []


@pytest.mark.parametrize("sort", sorted({case.sort for case in LISTS}))
def test_each_result_alone_is_accepted_or_refused(sort: str) -> None:
    wrong = [
        f"{case.id} {case.track.title}: {result.title}"
        for case in LISTS
        if case.sort == sort
        for result in case.candidates
        if (decide(case.track, [result]).candidate is not None) != (result.video_id in case.expected)
    ]
    assert wrong == []


def test_cases_cover_acceptance_and_refusal_of_each_kind() -> None:
    wanted = Counter(case.sort for case in CASES if case.expected)
    refused = Counter(case.sort for case in CASES if not case.expected)
    assert len(CASES) >= 200
    assert set(wanted) - set(refused) <= {"remaster"}
    assert set(refused) - set(wanted) <= {"absent", "podcast-local"}


def test_order_of_results_does_not_matter() -> None:
    differ = [
        case.id
        for case in CASES[::5]
        if decide(case.track, case.candidates[::-1]).candidate != decide(case.track, case.candidates).candidate
    ]
    assert differ == []


@pytest.mark.parametrize("sort", sorted({case.sort for case in CASES if case.expected}))
def test_no_other_result_is_accepted_without_the_right_one(sort: str) -> None:
    wrong = []
    for case in CASES:
        if case.sort == sort and case.expected:
            others = tuple(candidate for candidate in case.candidates if candidate.video_id not in case.expected)
            answer = decide(case.track, others).candidate
            # An official video is the same recording, but not the best answer.
            if answer is not None and answer.video_type != OFFICIAL_VIDEO:
                wrong.append(f"{case.id}: {answer.video_id}")
    assert wrong == []


def test_typical_library_is_matched_with_few_doubts() -> None:
    matches = [(case, decide(case.track, case.candidates)) for case in library(400, seed=11)]
    wrong = [
        case.track.title for case, match in matches if match.candidate and match.candidate.video_id not in case.expected
    ]
    assert wrong == []
    refused = [case.track.title for case, match in matches if not match.candidate and case.expected]
    assert len(refused) <= len(matches) * 0.005
    doubtful = [case.track.title for case, match in matches if match.candidate and match.confidence < DOUBTFUL_BELOW]
    assert len(doubtful) <= len(matches) * 0.02
