"""Packages and data for the map are loaded while workers analyze audio; a build that ends early does not wait."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable

import pytest

from spotmap_build.stages import preloading
from spotmap_build.stages.preloading import preload_for_map

PRELOAD = """
import sys
from spotmap_build.stages.preloading import preload_for_map
assert "numpy" not in sys.modules
with preload_for_map(lambda stop_requested: None, new_share=0.01, has_embeddings=lambda: True):
    pass
print(*sorted({"numba", "hdbscan", "sklearn", "scipy", "contourpy", "umap"} & sys.modules.keys()))

import numpy as np
from spotmap_build.project.layout import fit_layout
from spotmap_build.project.neighbors import find_neighbors
from spotmap_build.project.umap_layout import compiled_functions
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
    """Prefetch nothing."""


def something_is_embedded() -> bool:
    """Say that a track was analyzed."""
    return True


@pytest.mark.slow
def test_needed_packages_are_preloaded_and_layout_functions_are_compiled_if_many_tracks_are_new() -> None:
    done = subprocess.run([sys.executable, "-c", PRELOAD], stdout=subprocess.PIPE, text=True, check=True)
    assert done.stdout.split() == ["contourpy", "hdbscan", "numba", "scipy", "sklearn"]


def test_interrupted_build_does_not_wait_for_preloading(monkeypatch: pytest.MonkeyPatch) -> None:
    may_end = threading.Event()
    monkeypatch.setattr(preloading, "_import_packages", may_end.wait)
    with pytest.raises(KeyboardInterrupt), preload_for_map(nothing, new_share=0, has_embeddings=something_is_embedded):
        raise KeyboardInterrupt
    assert not may_end.is_set()
    may_end.set()


def test_restarted_build_waits_for_preloading(monkeypatch: pytest.MonkeyPatch) -> None:
    may_end, is_loaded = threading.Event(), threading.Event()

    def load() -> None:
        may_end.wait()
        is_loaded.set()

    monkeypatch.setattr(preloading, "_import_packages", load)
    threading.Timer(0.05, may_end.set).start()
    with (
        pytest.raises(ValueError, match="damaged"),
        preload_for_map(nothing, new_share=0, has_embeddings=something_is_embedded),
    ):
        raise ValueError("damaged")
    assert is_loaded.is_set()


@pytest.fixture
def thread_errors(monkeypatch: pytest.MonkeyPatch) -> list[BaseException | None]:
    """Collect the exceptions that end threads; without this they are only warnings."""
    errors: list[BaseException | None] = []
    monkeypatch.setattr(threading, "excepthook", lambda unhandled: errors.append(unhandled.exc_value))
    return errors


def test_missing_package_is_ignored_while_preloading(
    monkeypatch: pytest.MonkeyPatch, thread_errors: list[BaseException | None]
) -> None:
    monkeypatch.setitem(sys.modules, "spotmap_build.cluster.hdbscan", None)
    with preload_for_map(nothing, new_share=0, has_embeddings=something_is_embedded):
        pass
    assert thread_errors == []


def test_prefetching_stops_when_the_workers_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preloading, "_import_packages", lambda: None)
    has_started, stop_states = threading.Event(), []

    def read(stop_requested: Callable[[], bool]) -> None:
        stop_states.append(stop_requested())
        has_started.set()
        while not stop_requested():
            pass
        stop_states.append(stop_requested())

    with preload_for_map(read, new_share=0, has_embeddings=something_is_embedded):
        has_started.wait()
    assert stop_states == [False, True]


def test_error_while_prefetching_is_ignored(
    monkeypatch: pytest.MonkeyPatch, thread_errors: list[BaseException | None]
) -> None:
    monkeypatch.setattr(preloading, "_import_packages", lambda: None)
    has_started = threading.Event()

    def read(stop_requested: Callable[[], bool]) -> None:
        has_started.set()
        raise OSError("the disk fails")

    with preload_for_map(read, new_share=0, has_embeddings=something_is_embedded):
        has_started.wait()
    assert thread_errors == []


@pytest.mark.parametrize("is_embedded", [False, True])
def test_layout_is_compiled_only_once_a_track_is_embedded(monkeypatch: pytest.MonkeyPatch, is_embedded: bool) -> None:
    was_queried = threading.Event()
    shares: list[float] = []

    def has_embeddings() -> bool:
        was_queried_before = was_queried.is_set()
        was_queried.set()
        return is_embedded and was_queried_before

    monkeypatch.setattr(preloading, "_import_packages", lambda: None)
    monkeypatch.setattr(preloading, "_compile_umap", shares.append)
    has_read = threading.Event()
    with preload_for_map(lambda stop_requested: has_read.set(), new_share=1, has_embeddings=has_embeddings):
        was_queried.wait()
        if is_embedded:
            has_read.wait()
    assert shares == ([1] if is_embedded else [])
    assert has_read.is_set()
