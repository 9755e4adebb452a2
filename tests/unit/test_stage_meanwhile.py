"""While workers listen, what the map needs is loaded; nobody waits for it who does not go on to a map."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from spotmap_build.stages import meanwhile
from spotmap_build.stages.meanwhile import loading_for_the_map

LOAD = """
import sys
from spotmap_build.stages.meanwhile import loading_for_the_map
assert "numpy" not in sys.modules
with loading_for_the_map():
    pass
print(*sorted({"numba", "hdbscan", "sklearn", "scipy", "contourpy", "umap"} & sys.modules.keys()))
"""


@pytest.mark.slow
def test_the_packages_that_every_map_needs_are_loaded_at_the_end() -> None:
    done = subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["contourpy", "hdbscan", "numba", "scipy", "sklearn"]


def test_a_build_that_ends_while_listening_does_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    may_end = threading.Event()
    monkeypatch.setattr(meanwhile, "_load", may_end.wait)
    with pytest.raises(KeyboardInterrupt), loading_for_the_map():
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
    with pytest.raises(ValueError, match="damaged"), loading_for_the_map():
        raise ValueError("damaged")
    assert is_loaded.is_set()


def test_a_package_that_is_missing_is_left_to_who_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "spotmap_build.cluster.hdbscan", None)
    with loading_for_the_map():
        pass
