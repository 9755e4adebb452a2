"""When a cached answer expires, and when a failure is retried."""

from __future__ import annotations

import pytest

from spotmap_build.cache.freshness import MAX_WAIT_S, RETRY_DELAYS_S, Failure, FailureKind, Freshness, retry_later

NOW = 1_700_000_000


@pytest.mark.parametrize(
    ("fetched_s_ago", "fresh"),
    [(0, True), (100, True), (101, False), (-100, True), (-101, False)],
    ids=["now", "just within", "too old", "slightly in the future", "far in the future"],
)
def test_answer_is_fresh_for_its_maximum_age(fetched_s_ago: int, fresh: bool) -> None:
    assert Freshness(fetched_at_unix_s=NOW - fetched_s_ago, max_age_s=100).is_fresh(NOW) is fresh


@pytest.mark.parametrize(
    ("kind", "retry_at", "due"),
    [
        ("permanent", None, False),
        ("needs_person", None, False),
        ("retry_after", NOW + 1, False),
        ("retry_after", NOW, True),
        ("retry_after", NOW - 1, True),
        ("retry_after", NOW + MAX_WAIT_S, False),
        ("retry_after", NOW + MAX_WAIT_S + 1, True),
        ("retry_after", NOW + 20 * 365 * 86_400, True),
    ],
)
def test_only_a_failure_with_a_date_becomes_due(kind: FailureKind, retry_at: int | None, due: bool) -> None:
    assert Failure("gone", "It is gone.", kind, retry_at).is_due(NOW) is due


@pytest.mark.parametrize(("kind", "retry_at"), [("permanent", NOW), ("needs_person", NOW), ("retry_after", None)])
def test_failure_kind_and_retry_date_must_agree(kind: FailureKind, retry_at: int | None) -> None:
    with pytest.raises(ValueError, match="retry_at_unix_s"):
        Failure("gone", "It is gone.", kind, retry_at)


def test_retry_delays_grow_and_end_with_a_person() -> None:
    failure, waits = None, []
    for _ in RETRY_DELAYS_S:
        failure = retry_later("timeout", "No answer.", now_unix_s=NOW, previous=failure)
        assert failure.retry_at_unix_s is not None
        waits.append(failure.retry_at_unix_s - NOW)
    assert waits == sorted(set(RETRY_DELAYS_S))
    last = retry_later("timeout", "No answer.", now_unix_s=NOW, previous=failure)
    assert (last.kind, last.attempts) == ("needs_person", len(RETRY_DELAYS_S) + 1)
