"""The report has a row for every track, and the maintenance commands say their figures in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from spotmap_build.cache.maintenance import CheckReport, StageStats, Stats
from spotmap_build.cache.prune import PruneReport
from spotmap_build.describe import describe_check, describe_prune, describe_stats, format_bytes
from spotmap_build.errors import OutputError
from spotmap_build.model import Candidate, Considered, Failed, Library, Match, Omission, Track
from spotmap_build.report import ledger, write_report

LIBRARY = Library((Track("a", "Good", ("X",)), Track("b", "Bad")))
FAILURES = (Failed("b", "embed", "silent", "There is no sound in it.", retryable=False),)


def test_every_track_has_a_row_with_its_fate() -> None:
    good, bad = ledger(LIBRARY, FAILURES, {}, reached="mapped")
    assert (good["status"], good["code"], good["artists"]) == ("mapped", None, ["X"])
    assert (bad["status"], bad["stage"], bad["code"], bad["detail"]) == (
        "failed",
        "embed",
        "silent",
        FAILURES[0].detail,
    )


def test_a_row_says_which_recording_was_chosen_and_what_else_was_there() -> None:
    other = Considered(Candidate("lllllllllll", "Good (Live)", ("X",), duration_s=200), 0.4, "a live recording")
    match = Match(Candidate("ggggggggggg", "Good", ("X",), duration_s=180), 0.98765, ("the same title",), (other,))
    row, _ = ledger(LIBRARY, (), {"a": match}, reached="mapped")
    assert row["match"] == {
        "video_id": "ggggggggggg",
        "title": "Good",
        "artists": ["X"],
        "duration_s": 180,
        "score": 0.988,
        "evidence": ["the same title"],
        "considered": [
            {
                "video_id": "lllllllllll",
                "title": "Good (Live)",
                "artists": ["X"],
                "duration_s": 200,
                "score": 0.4,
                "reason": "a live recording",
            }
        ],
    }


def test_no_recording_at_all_is_a_match_without_a_video() -> None:
    row, _ = ledger(LIBRARY, (), {"a": Match(None, 0.7, ("only live recordings",))}, reached="mapped")
    assert (row["match"]["video_id"], row["match"]["evidence"]) == (None, ["only live recordings"])


def test_what_is_left_out_and_what_is_no_track_is_excluded() -> None:
    library = Library(LIBRARY.tracks, omissions=(Omission("spotify:episode:1", "A talk", "episode", "A podcast."),))
    left_out = Failed("b", "match", "excluded", "Left out by overrides.toml.")
    rows = ledger(library, (left_out,), {}, reached="matched")
    assert [row["status"] for row in rows] == ["matched", "excluded", "excluded"]
    assert rows[2]["title"] == "A talk"
    assert {*rows[0]} == {*rows[2]}


def test_when_a_failure_is_tried_again_is_told_as_a_date() -> None:
    later = Failed("b", "download", "waiting", "", retryable=True, retry_at_unix_s=1_800_000_000)
    assert ledger(LIBRARY, (later,), {}, reached="mapped")[1]["retry_at"] == "2027-01-15T08:00:00+00:00"


def test_the_report_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "report.json"
    write_report(path, LIBRARY, FAILURES, {}, extra={"seconds": {"fetch": 0.1}})
    document = json.loads(path.read_text())
    assert (document["tracks"], document["mapped"], document["failed"]) == (2, 1, 1)
    assert document["schema"] == "spotmap.report/1"
    assert document["seconds"] == {"fetch": 0.1}
    assert [entry.name for entry in path.parent.iterdir()] == ["report.json"]


def test_a_report_that_cannot_be_written_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="report"):
        write_report(tmp_path / "file/report.json", LIBRARY, (), {}, extra={})


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
