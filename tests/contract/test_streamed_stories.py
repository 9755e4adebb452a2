"""Builds of a streamed library with many faults: smaller versions of the scenarios in ``benchmarks.streamed``."""

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
"""Number of quota errors; a build waits 15 seconds for each."""
ODD = Oddities(no_isrc=3, empty=2, wrong=2)


@pytest.mark.parametrize(
    "scenario", [partial(all_there, burst_count=BURST_COUNT), services_go_away], ids=["all there", "services go away"]
)
def test_every_track_is_reported_and_no_request_is_repeated(
    tmp_path: Path, scenario: Callable[[MadeUp, Services], Checks]
) -> None:
    songs = make_up(COUNT, ODD)
    with serve(songs, tmp_path) as running:
        assert scenario(songs, running).failures == []
