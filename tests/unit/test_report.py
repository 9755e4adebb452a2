"""The report has a row for every track; documents are replaced safely; maintenance reports are in words."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import msgspec
import pytest

from spotmap_build.cache.maintenance import CheckReport, StageStats, Stats
from spotmap_build.cache.merge import MergeReport
from spotmap_build.cache.prune import PruneReport
from spotmap_build.companion_files import REPORT, SUMMARY, DocumentKind, check_document, write_document
from spotmap_build.describe import describe_check, describe_merge, describe_prune, describe_stats, format_bytes
from spotmap_build.errors import OutputError
from spotmap_build.ledger import make_ledger
from spotmap_build.model import Candidate, Considered, Failed, Library, Match, Omission, Track
from spotmap_build.report import write_report

LIBRARY = Library((Track("a", "Good", ("X",)), Track("b", "Bad")))
FAILURES = (Failed("b", "embed", "silent", "There is no sound in it.", retryable=False),)


def write(path: Path, library: Library, failures: tuple[Failed, ...], **extra: object) -> None:
    write_report(path, library, failures, {}, reached="mapped", preview_ids=frozenset(), extra=extra, force=False)


def test_every_track_has_a_row_with_its_status() -> None:
    good, bad = make_ledger(LIBRARY, FAILURES, {}, reached="mapped")
    assert (good.status, good.code, good.artists) == ("mapped", None, ("X",))
    assert (bad.status, bad.stage, bad.code, bad.detail) == (
        "failed",
        "embed",
        "silent",
        FAILURES[0].detail,
    )


def test_row_has_the_chosen_recording_and_the_alternatives() -> None:
    other = Considered(Candidate("lllllllllll", "Good (Live)", ("X",), duration_s=200), 0.4, "a live recording")
    match = Match(Candidate("ggggggggggg", "Good", ("X",), duration_s=180), 0.98765, ("the same title",), (other,))
    row, _ = make_ledger(LIBRARY, (), {"a": match}, reached="mapped")
    assert msgspec.to_builtins(row.match) == {
        "video_id": "ggggggggggg",
        "title": "Good",
        "artists": ("X",),
        "duration_s": 180,
        "score": 0.988,
        "evidence": ("the same title",),
        "considered": (
            {
                "video_id": "lllllllllll",
                "title": "Good (Live)",
                "artists": ("X",),
                "duration_s": 200,
                "score": 0.4,
                "reason": "a live recording",
            },
        ),
    }


def test_missing_recording_is_a_match_without_a_video() -> None:
    row, _ = make_ledger(LIBRARY, (), {"a": Match(None, 0.7, ("only live recordings",))}, reached="mapped")
    assert row.match is not None
    assert (row.match.video_id, row.match.evidence) == (None, ("only live recordings",))


def test_excluded_tracks_and_omissions_have_the_status_excluded() -> None:
    library = Library(LIBRARY.tracks, omissions=(Omission("spotify:episode:1", "A talk", "episode", "A podcast."),))
    left_out = Failed("b", "match", "excluded", "Left out by overrides.toml.")
    rows = make_ledger(library, (left_out,), {}, reached="matched")
    assert [row.status for row in rows] == ["matched", "excluded", "excluded"]
    assert rows[2].title == "A talk"


def test_retry_time_is_a_date() -> None:
    later = Failed("b", "download", "waiting", "", retryable=True, retry_at_unix_s=1_800_000_000)
    assert make_ledger(LIBRARY, (later,), {}, reached="mapped")[1].retry_at == "2027-01-15T08:00:00+00:00"


def test_report_is_written_atomically(tmp_path: Path) -> None:
    path = tmp_path / "new folder" / "report.json"
    write(path, LIBRARY, FAILURES, seconds={"fetch": 0.1})
    document = json.loads(path.read_text())
    assert (document["tracks"], document["mapped"], document["failed"]) == (2, 1, 1)
    assert document["schema"] == "spotmap.report/1"
    assert document["seconds"] == {"fetch": 0.1}
    assert [entry.name for entry in path.parent.iterdir()] == ["report.json"]


def test_unwritable_report_is_an_output_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="report"):
        write(tmp_path / "file/report.json", LIBRARY, ())


@pytest.mark.parametrize(("size", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (3_100_000, "3.1 MB")])
def test_sizes_are_formatted_in_decimal_units(size: int, text: str) -> None:
    assert format_bytes(size) == text


def test_maintenance_reports_are_in_words() -> None:
    stats = Stats((StageStats("embed-v1", 12, 2, 34_000),), 5, 40_000, 7, 0, 2_000_000)
    text = "\n".join(describe_stats(stats))
    assert "embed-v1" in text
    assert "2 of them failures" in text
    assert "7 B of damaged entries" in text
    assert "2.0 MB are a copy of the store" in text
    assert "Every entry is intact." in "\n".join(describe_check(CheckReport(1, 1, 1, (), ())))
    assert "ac/x" in "\n".join(describe_check(CheckReport(1, 1, 1, ("ac/x",), ())))
    merged = list(describe_merge(MergeReport(added=1200, replaced=1, known=2, damaged=1, copied_bytes=1000)))
    assert merged[0] == "1,200 entries added, 1 replaced by better ones (1.0 kB); 2 were already there."
    assert "1 entry of the other cache is damaged" in merged[1]
    assert "3 records dropped, 4 kept; 1.0 kB freed." in list(describe_prune(PruneReport(3, 1000, 4)))


WRITTEN_BY_BUILDS = {
    REPORT: [
        b'{\n  "schema": "spotmap.report/1",\n  "tracks": 0\n}',
        b'{"schema":"spotmap.report/7"}',
        b"",
        b"\n",
    ],
    SUMMARY: [b"<!-- spotmap.summary/1 -->\n## x\n", b"## My map\n\n**1 of 2** tracks are on the map.\n", b""],
}
FOREIGN = [
    b"export PATH=/bin\n",
    b"ssh-rsa AAAA me",
    b"{}",
    b'{"schema": "other", "x": "spotmap.report/1"}',
    b"## My notes\n",
    b"## x\nmine\n\n**12 of 12** tracks are on the map.\n",
    b"\0" * 5000,
    b" " * 5000 + b"mine",
    b"mine <!-- spotmap.summary/1 -->",
]


@pytest.mark.parametrize("kind", [REPORT, SUMMARY], ids=["report", "summary"])
def test_only_documents_written_by_a_build_are_replaced(tmp_path: Path, kind: DocumentKind) -> None:
    path, link = tmp_path / "file", tmp_path / "link"
    link.symlink_to(path)
    write_document(path, b"new", kind, force=False)
    for content in WRITTEN_BY_BUILDS[kind]:
        path.write_bytes(content)
        write_document(path, b"newer", kind, force=False)
        assert path.read_bytes() == b"newer"
    for content in FOREIGN + [
        mark for other in WRITTEN_BY_BUILDS if other is not kind for mark in WRITTEN_BY_BUILDS[other] if mark.strip()
    ]:
        path.write_bytes(content)
        for place in (path, link):
            with pytest.raises(OutputError, match="not written by a build") as caught:
                write_document(place, b"new", kind, force=False)
            assert kind.option in caught.value.hint
            assert "--force" in caught.value.hint
        assert path.read_bytes() == content
        assert link.is_symlink()
        write_document(path, b"new", kind, force=True)
        assert path.read_bytes() == b"new"


@pytest.mark.parametrize("force", [False, True])
def test_document_does_not_replace_special_files_or_block_on_them(tmp_path: Path, force: bool) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").write_text("")
    (tmp_path / "device").symlink_to("/dev/null")
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.iterdir())
    for name in ("pipe", "loop", "file/x", "device", "folder", "n" * 300, "new/" + "n" * 300, "a\0b"):
        with pytest.raises(OutputError, match="cannot be written"):
            write_document(tmp_path / name, b"new", REPORT, force=force)
    assert sorted(tmp_path.iterdir()) == before


def test_symlink_at_the_temporary_name_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (tmp_path / f".r.json.{os.getpid()}.tmp").symlink_to(victim)
    write_document(tmp_path / "r.json", b"new", REPORT, force=False)
    assert victim.read_text() == "mine"
    assert (tmp_path / "r.json").read_text() == "new"


def test_mode_of_a_document_follows_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_document(tmp_path / "r.json", b"new", REPORT, force=False)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "r.json").stat().st_mode) == 0o640


def test_summary_is_appended_to_the_step_summary_of_github(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    write_document(page, b"## Map\n", SUMMARY, force=False)
    assert page.read_text() == "# Before\n## Map\n"
    with pytest.raises(OutputError, match="not written by a build"):
        write_document(page, b"{}", REPORT, force=False)
    monkeypatch.setattr(os, "access", lambda *_: False)  # a runner's folder may be read-only while its file is writable
    write_document(page, b"again\n", SUMMARY, force=False)
    assert page.read_text() == "# Before\n## Map\nagain\n"
    with pytest.raises(OutputError, match="Permission denied"):
        check_document(tmp_path / "r.json", REPORT, force=False)
