"""Searches and downloads run ahead of the workers, in bounded queues, and stop when they are told to."""

from __future__ import annotations

import threading
import time

import pytest

from spotmap_build.steps.sound.supply import FILES_AHEAD, SEARCHES_AT_ONCE, Supply


def drain(supply: Supply[int, int]) -> list[int]:
    return [item for item in supply.ready() if item is not None]


def test_everything_that_is_found_is_fetched_and_comes_out_once() -> None:
    with Supply(range(50), range(100, 120), find=lambda n: n, get=lambda n: -n, workers=2) as supply:
        assert sorted(drain(supply)) == sorted([-n for n in range(50)] + [-n for n in range(100, 120)])


def test_what_is_not_to_be_fetched_is_left_out_at_either_station() -> None:
    with Supply(
        range(10), (), find=lambda n: n if n % 2 else None, get=lambda n: n if n > 4 else None, workers=1
    ) as supply:
        assert sorted(drain(supply)) == [5, 7, 9]


def test_nothing_to_do_ends_at_once() -> None:
    with Supply[int, int]((), (), find=lambda n: n, get=lambda n: n, workers=1) as supply:
        assert drain(supply) == []


def test_nothing_ready_yet_is_said_so() -> None:
    go_on = threading.Event()

    def get(number: int) -> int:
        go_on.wait(10)
        return number

    with Supply((), [7], find=lambda n: n, get=get, workers=1) as supply:
        ready = supply.ready()
        assert next(ready) is None
        go_on.set()
        assert 7 in list(ready)


def test_no_more_files_are_fetched_than_the_workers_are_behind() -> None:
    fetched: list[int] = []

    def get(number: int) -> int:
        fetched.append(number)
        return number

    with Supply((), range(100), find=lambda n: n, get=get, workers=1) as supply:
        time.sleep(0.5)
        threads = 2
        assert len(fetched) <= FILES_AHEAD + threads
        assert sorted(drain(supply)) == list(range(100))


def test_an_error_of_a_station_is_raised_where_the_results_are_taken() -> None:
    def get(number: int) -> int:
        raise OSError(28, "No space left on device")

    with (
        Supply((), range(10), find=lambda n: n, get=get, workers=1) as supply,
        pytest.raises(OSError, match="No space"),
    ):
        drain(supply)


def test_leaving_early_stops_the_threads() -> None:
    asked: list[int] = []

    def find(number: int) -> int:
        asked.append(number)
        time.sleep(0.01)
        return number

    before = threading.active_count()
    with Supply(range(10_000), (), find=find, get=lambda n: n, workers=1) as supply:
        next(supply.ready())
    assert threading.active_count() == before
    assert supply.cancelled.is_set()
    assert len(asked) < 10_000


def test_at_most_so_many_searches_run_at_once() -> None:
    lock, running, most = threading.Lock(), 0, 0

    def find(number: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.005)
        with lock:
            running -= 1
        return number

    with Supply(range(40), (), find=find, get=lambda n: n, workers=4) as supply:
        drain(supply)
    assert most == SEARCHES_AT_ONCE
