"""The report has a row for every track, and the maintenance commands say their figures in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spotmap_build.cache.maintenance import CheckReport, StageStats, Stats
from spotmap_build.cache.prune import PruneReport
from spotmap_build.describe import describe_check, describe_prune, describe_stats, format_bytes
from spotmap_build.errors import OutputError
from spotmap_build.model import Failed, Library, Track
from spotmap_build.report import ledger, write_report

LIBRARY = Library((Track("a", "Good", ("X",)), Track("b", "Bad")))
FAILURES = (Failed("b", "embed", "silent", "There is no sound in it.", retryable=False),)


def test_every_track_has_a_row_with_its_fate() -> None:
    good, bad = ledger(LIBRARY, FAILURES)
    assert (good["status"], good["code"], good["artists"]) == ("mapped", None, ["X"])
    assert (bad["status"], bad["stage"], bad["code"], bad["detail"]) == (
        "failed",
        "embed",
        "silent",
        FAILURES[0].detail,
    )


def test_the_report_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "report.json"
    write_report(path, LIBRARY, FAILURES, cache={"embed": {"hits": 1}}, seconds={"fetch": 0.1})
    document = json.loads(path.read_text())
    assert (document["tracks"], document["mapped"], document["failed"]) == (2, 1, 1)
    assert document["schema"] == "spotmap.report/1"
    assert [entry.name for entry in path.parent.iterdir()] == ["report.json"]


def test_a_report_that_cannot_be_written_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="report"):
        write_report(tmp_path / "file/report.json", LIBRARY, (), cache={}, seconds={})


@pytest.mark.parametrize(("size", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (3_100_000, "3.1 MB")])
def test_bytes_are_told_as_file_managers_do(size: int, text: str) -> None:
    assert format_bytes(size) == text


def test_maintenance_says_what_it_found() -> None:
    stats = Stats((StageStats("embed-v1", 12, 2, 34_000),), 5, 40_000, 7, 0)
    told = "\n".join(describe_stats(stats))
    assert "embed-v1" in told
    assert "2 of them failures" in told
    assert "7 B of damaged entries" in told
    assert "as it was written" in "\n".join(describe_check(CheckReport(1, 1, 1, (), (), ())))
    assert "ac/x" in "\n".join(describe_check(CheckReport(1, 1, 1, ("ac/x",), (), ())))
    assert "3 records dropped, 4 kept; 1.0 kB freed." in list(describe_prune(PruneReport(3, 2, 1000, 4)))
