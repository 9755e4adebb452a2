"""While workers listen, what the map needs is loaded; nobody waits for it who does not go on to a map."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from spotmap_build.stages import preloading
from spotmap_build.stages.preloading import preload_for_map

LOAD = """
import sys
from spotmap_build.stages.preloading import preload_for_map
assert "numpy" not in sys.modules
with preload_for_map(lambda stop_requested: None, new_share=0.01, has_embeddings=lambda: True):
    pass
print(*sorted({"numba", "hdbscan", "sklearn", "scipy", "contourpy", "umap"} & sys.modules.keys()))
"""

LAY_OUT = """
import numpy as np
from spotmap_build.project.layout import fit_layout
from spotmap_build.project.neighbors import find_neighbors
from spotmap_build.project.umap_layout import compiled_functions
from spotmap_build.stages.preloading import preload_for_map
with preload_for_map(lambda stop_requested: None, new_share=0.5, has_embeddings=lambda: True):
    pass
loaded = [list(function.signatures) for function in compiled_functions()]
vectors = np.random.default_rng(0).normal(size=(300, 8)).astype(np.float32)
vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
fit_layout(vectors, find_neighbors(vectors, 15, seed=0), seed=0)
assert all(loaded), loaded
assert loaded == [list(function.signatures) for function in compiled_functions()]
"""


def nothing(stop_requested: Callable[[], bool]) -> None:
    """Read nothing ahead."""


def heard() -> bool:
    """Say that something was listened to."""
    return True


@pytest.mark.slow
def test_the_packages_that_every_map_needs_are_loaded_at_the_end() -> None:
    done = subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["contourpy", "hdbscan", "numba", "scipy", "sklearn"]


@pytest.mark.slow
def test_what_lays_out_a_map_of_many_new_tracks_is_compiled_at_the_end() -> None:
    subprocess.run([sys.executable, "-c", LAY_OUT], check=True)


def test_a_build_that_ends_while_listening_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    may_end = threading.Event()
    monkeypatch.setattr(preloading, "_import_packages", may_end.wait)
    with pytest.raises(KeyboardInterrupt), preload_for_map(nothing, new_share=0, has_embeddings=heard):
        raise KeyboardInterrupt
    assert not may_end.is_set()
    may_end.set()


def test_a_build_that_starts_over_does_not_load_beside_what_is_still_loading(monkeypatch: pytest.MonkeyPatch) -> None:
    may_end, is_loaded = threading.Event(), threading.Event()

    def load() -> None:
        may_end.wait()
        is_loaded.set()

    monkeypatch.setattr(preloading, "_import_packages", load)
    threading.Timer(0.05, may_end.set).start()
    with pytest.raises(ValueError, match="damaged"), preload_for_map(nothing, new_share=0, has_embeddings=heard):
        raise ValueError("damaged")
    assert is_loaded.is_set()


def test_a_package_that_is_missing_is_left_to_who_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spotmap_build.cluster.hdbscan", None)
    with preload_for_map(nothing, new_share=0, has_embeddings=heard):
        pass


def test_the_rest_of_the_time_is_for_reading_ahead_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preloading, "_import_packages", lambda: None)
    has_begun, stop_states = threading.Event(), []

    def read(stop_requested: Callable[[], bool]) -> None:
        stop_states.append(stop_requested())
        has_begun.set()
        while not stop_requested():
            pass
        stop_states.append(stop_requested())

    with preload_for_map(read, new_share=0, has_embeddings=heard):
        has_begun.wait()
    assert stop_states == [False, True]


def test_what_fails_to_be_prefetched_is_raised_where_it_is_needed() -> None:
    def read(stop_requested: Callable[[], bool]) -> None:
        raise OSError("the disk fails")

    with preload_for_map(read, new_share=0, has_embeddings=heard):
        pass


@pytest.mark.parametrize("is_heard", [False, True])
def test_what_lays_out_a_map_is_loaded_once_something_can_be_on_it(
    monkeypatch: pytest.MonkeyPatch, is_heard: bool
) -> None:
    asked = threading.Event()
    shares: list[float] = []

    def has_embeddings() -> bool:
        was_asked = asked.is_set()
        asked.set()
        return is_heard and was_asked

    monkeypatch.setattr(preloading, "_import_packages", lambda: None)
    monkeypatch.setattr(preloading, "_compile_umap", shares.append)
    has_read = threading.Event()
    with preload_for_map(lambda stop_requested: has_read.set(), new_share=1, has_embeddings=has_embeddings):
        asked.wait()
        if is_heard:
            has_read.wait()
    assert shares == ([1] if is_heard else [])
    assert has_read.is_set()
