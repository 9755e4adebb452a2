"""While workers listen, what the map needs is loaded; nobody waits for it who does not go on to a map."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from spotmap_build.stages import meanwhile
from spotmap_build.stages.meanwhile import loading_for_the_map

LOAD = """
import sys
from spotmap_build.stages.meanwhile import loading_for_the_map
assert "numpy" not in sys.modules
with loading_for_the_map(lambda is_over: None):
    pass
print(*sorted({"numba", "hdbscan", "sklearn", "scipy", "contourpy", "umap"} & sys.modules.keys()))
"""


def nothing(is_over: Callable[[], bool]) -> None:
    """Read nothing ahead."""


@pytest.mark.slow
def test_the_packages_that_every_map_needs_are_loaded_at_the_end() -> None:
    done = subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["contourpy", "hdbscan", "numba", "scipy", "sklearn"]


def test_a_build_that_ends_while_listening_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    may_end = threading.Event()
    monkeypatch.setattr(meanwhile, "_load", may_end.wait)
    with pytest.raises(KeyboardInterrupt), loading_for_the_map(nothing):
        raise KeyboardInterrupt
    assert not may_end.is_set()
    may_end.set()


def test_a_build_that_starts_over_does_not_load_beside_what_is_still_loading(monkeypatch: pytest.MonkeyPatch) -> None:
    may_end, is_loaded = threading.Event(), threading.Event()

    def load() -> None:
        may_end.wait()
        is_loaded.set()

    monkeypatch.setattr(meanwhile, "_load", load)
    threading.Timer(0.05, may_end.set).start()
    with pytest.raises(ValueError, match="damaged"), loading_for_the_map(nothing):
        raise ValueError("damaged")
    assert is_loaded.is_set()


def test_a_package_that_is_missing_is_left_to_who_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spotmap_build.cluster.hdbscan", None)
    with loading_for_the_map(nothing):
        pass


def test_the_rest_of_the_time_is_for_reading_ahead_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meanwhile, "_load", lambda: None)
    has_begun, was_over = threading.Event(), []

    def read(is_over: Callable[[], bool]) -> None:
        was_over.append(is_over())
        has_begun.set()
        while not is_over():
            pass
        was_over.append(is_over())

    with loading_for_the_map(read):
        has_begun.wait()
    assert was_over == [False, True]


def test_what_fails_to_be_read_ahead_is_left_to_who_needs_it() -> None:
    def read(is_over: Callable[[], bool]) -> None:
        raise OSError("the disk fails")

    with loading_for_the_map(read):
        pass
