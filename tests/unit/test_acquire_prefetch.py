"""Prefetcher searches and downloads ahead of the workers in bounded queues and stops when cancelled."""

from __future__ import annotations

import threading

import pytest

from spotmap_build.acquire.prefetch import CONCURRENT_DOWNLOADS, CONCURRENT_SEARCHES, FILES_PER_WORKER, Prefetcher
from spotmap_build.acquire.youtube.download import Cancelled
from tests.support.patience import patience, wait_until


def drain(supply: Prefetcher[int, int]) -> list[int]:
    return [item for item in supply.ready() if item is not None]


def test_every_found_item_is_fetched_once() -> None:
    with Prefetcher(range(50), range(100, 120), find=lambda n: n, get=lambda n: -n, workers=2) as supply:
        assert sorted(drain(supply)) == sorted([-n for n in range(50)] + [-n for n in range(100, 120)])


def test_items_that_find_or_get_drop_do_not_come_out() -> None:
    with Prefetcher(
        range(10), (), find=lambda n: n if n % 2 else None, get=lambda n: n if n > 4 else None, workers=1
    ) as supply:
        assert sorted(drain(supply)) == [5, 7, 9]


def test_no_work_ends_immediately() -> None:
    with Prefetcher[int, int]((), (), find=lambda n: n, get=lambda n: n, workers=1) as supply:
        assert drain(supply) == []


def test_none_is_yielded_while_nothing_is_ready() -> None:
    go_on = threading.Event()

    def get(number: int) -> int:
        go_on.wait(patience())
        return number

    with Prefetcher((), [7], find=lambda n: n, get=get, workers=1) as supply:
        ready = supply.ready()
        assert next(ready) is None
        go_on.set()
        assert 7 in list(ready)


def test_number_of_prefetched_files_is_bounded() -> None:
    fetched: list[int] = []
    received: list[int] = []

    def get(number: int) -> int:
        fetched.append(number)
        return number

    with Prefetcher((), range(100), find=lambda n: n, get=get, workers=1) as supply:
        wait_until(lambda: len(fetched) >= FILES_PER_WORKER + CONCURRENT_DOWNLOADS, "the queue is full")
        # Each thread holds at most one item for which the queue has no room; each item taken makes room for one.
        for taken, item in enumerate((item for item in supply.ready() if item is not None), start=1):
            assert len(fetched) <= taken + FILES_PER_WORKER + CONCURRENT_DOWNLOADS
            received.append(item)
    assert sorted(received) == list(range(100))


def test_error_in_a_thread_is_raised_to_the_consumer() -> None:
    def get(number: int) -> int:
        raise OSError(28, "No space left on device")

    with (
        Prefetcher((), range(10), find=lambda n: n, get=get, workers=1) as supply,
        pytest.raises(OSError, match="No space"),
    ):
        drain(supply)


def test_leaving_early_stops_the_threads() -> None:
    at_work: set[threading.Thread] = set()

    def find(number: int) -> int:
        at_work.add(threading.current_thread())
        return number

    def get(number: int) -> int:
        at_work.add(threading.current_thread())
        return number

    with Prefetcher(range(10_000), (), find=find, get=get, workers=1) as supply:
        next(item for item in supply.ready() if item is not None)
    assert supply.cancelled.is_set()
    for thread in at_work:
        thread.join(patience())
        assert not thread.is_alive()


def test_cancelling_yields_ready_items_and_fetches_no_more() -> None:
    fetched: list[int] = []
    stop = threading.Event()

    def get(number: int) -> int:
        fetched.append(number)
        if number > FILES_PER_WORKER:
            stop.wait(patience())
            raise Cancelled
        return number

    with Prefetcher((), range(1, 100), find=lambda n: n, get=get, workers=1) as supply:
        wait_until(
            lambda: len(fetched) == FILES_PER_WORKER + CONCURRENT_DOWNLOADS,
            "the queue is full and the other downloads are running",
        )
        supply.cancelled.set()
        assert sorted(drain(supply)) == list(range(1, FILES_PER_WORKER + 1))
        stop.set()
    assert len(fetched) == FILES_PER_WORKER + CONCURRENT_DOWNLOADS


@pytest.mark.parametrize("is_taken", [True, False], ids=["while consuming", "after consuming"])
def test_error_after_cancelling_is_still_raised(is_taken: bool) -> None:
    started, stop = threading.Event(), threading.Event()
    failed = []

    def get(number: int) -> int:
        started.set()
        stop.wait(patience())
        failed.append(number)
        raise OSError(28, "No space left on device")

    def run_out_of_time() -> None:
        with Prefetcher((), range(10), find=lambda n: n, get=get, workers=1) as supply:
            assert started.wait(patience())
            supply.cancelled.set()
            stop.set()
            if is_taken:
                wait_until(lambda: bool(failed), "it has failed")
                drain(supply)

    with pytest.raises(OSError, match="No space"):
        run_out_of_time()


def test_error_in_a_thread_does_not_replace_the_one_that_ended_the_build() -> None:
    started = threading.Event()

    def get(number: int) -> int:
        started.set()
        raise OSError(28, "No space left on device")

    def be_interrupted() -> None:
        with Prefetcher((), [1], find=lambda n: n, get=get, workers=1):
            assert started.wait(patience())
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        be_interrupted()


def test_concurrent_searches_are_limited() -> None:
    lock, running, counts = threading.Lock(), 0, set()
    together = threading.Barrier(CONCURRENT_SEARCHES)

    def find(number: int) -> int:
        nonlocal running
        with lock:
            running += 1
            counts.add(running)
        # The maximum number of searches wait for each other: fewer would block, more would be counted.
        together.wait(patience())
        with lock:
            running -= 1
        together.wait(patience())
        return number

    with Prefetcher(range(20 * CONCURRENT_SEARCHES), (), find=find, get=lambda n: n, workers=4) as supply:
        drain(supply)
    assert counts == set(range(1, CONCURRENT_SEARCHES + 1))
