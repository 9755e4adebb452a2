"""Boundaries of unchanged groups are reused from the previous site; all others are computed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from spotmap_build.cache.store import Cache
from spotmap_build.config import Config
from spotmap_build.emit import boundaries as outlines
from spotmap_build.emit.boundaries import Boundaries, Boundary, boundary
from spotmap_build.progress import make_progress
from spotmap_build.run import Clock, Run
from spotmap_build.stages import boundaries as stage

Int64Array = npt.NDArray[np.int64]
POINTS: Int64Array = np.random.default_rng(3).integers(9_000, 30_000, (40, 2))


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    monkeypatch.setattr(stage, "served_generation", lambda _out: "a" * 16)
    config = Config(sources=("demo",), cache_dir=tmp_path / "cache", out=tmp_path / "site")
    with Cache.open(config.cache_dir) as cache:
        yield Run(config, cache, make_progress("json"), Clock())


def keep(run: Run, known: dict[str, Boundary] | None = None) -> Boundaries:
    made = Boundaries(known)
    made.of(POINTS, 0.8)
    stage.save_boundaries(run, made, "a" * 16)
    return made


def test_boundary_of_equal_points_is_not_computed_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(run)
    computed: list[int] = []

    def compute(points: Int64Array, share: float) -> Boundary:
        computed.append(len(points))
        return boundary(points, share)

    monkeypatch.setattr(outlines, "boundary", compute)
    known = stage.load_boundaries(run)
    assert known.of(POINTS, 0.8) == boundary(POINTS, 0.8)
    assert not computed
    for points, share in ((POINTS, 0.9), (POINTS[1:], 0.8), (POINTS + 1, 0.8), (POINTS[::-1], 0.8)):
        assert known.of(points, share) == boundary(points, share)
    assert computed == [40, 39, 40, 40]


def test_only_boundaries_in_use_are_kept_for_the_next_build(run: Run) -> None:
    first = keep(run)
    second = stage.load_boundaries(run)
    second.of(POINTS[:20], 0.8)
    assert len(first.used) == len(second.used) == 1
    assert first.used.keys() != second.used.keys()


@pytest.mark.parametrize("ring", [(0, 0, 70_000, 0, 5, 5), (0, 0, -1, 0, 5, 5)])
def test_boundary_outside_the_map_is_computed_again(run: Run, ring: tuple[int, ...]) -> None:
    name = next(iter(keep(run).used))
    keep(run, {name: Boundary((ring,), (0, 0))})
    assert stage.load_boundaries(run).of(POINTS, 0.8) == boundary(POINTS, 0.8)


def test_first_site_has_no_known_boundaries(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stage.load_boundaries(run).of(POINTS, 0.8) == boundary(POINTS, 0.8)
    monkeypatch.setattr(stage, "served_generation", lambda _out: "")
    assert stage.load_boundaries(run).used == {}
