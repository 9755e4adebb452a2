"""Whole builds of a streamed library in which much goes wrong: the stories of ``benchmarks.streamed``, smaller."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from benchmarks.streamed.library import MadeUp, Oddities, make_up, serve
from benchmarks.streamed.proof import Checks, all_there, services_go_away
from tests.support.streaming import Services

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("streamed")]

COUNT = 20
BURST_COUNT = 1
"""Of errors of the quota; a build waits a quarter of a minute for each."""
ODD = Oddities(no_isrc=3, empty=2, wrong=2)


@pytest.mark.parametrize(
    "story", [partial(all_there, burst_count=BURST_COUNT), services_go_away], ids=["all there", "services go away"]
)
def test_every_track_is_accounted_for_and_nothing_is_asked_twice(
    tmp_path: Path, story: Callable[[MadeUp, Services], Checks]
) -> None:
    made = make_up(COUNT, ODD)
    with serve(made, tmp_path) as running:
        assert story(made, running).failures == []
