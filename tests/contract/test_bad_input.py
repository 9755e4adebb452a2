"""Every file in a music folder is mapped or reported with a reason, whatever its content and name."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import psutil
import pytest

from tests.fakes.audio_files import tune, write_audio
from tests.support.command import Outcome, build, environment, report, run_in_new_interpreter
from tests.support.music import RATE_HZ, write_library, write_tune

# One worker, so that the folder is built once.
pytestmark = [pytest.mark.xdist_group("bad input"), pytest.mark.slow]

NASTY_NAMES = (
    'it\'s "quoted".wav',
    "<script>alert(1)</script>.wav".replace("/", "∕"),
    "<img src=x onerror=alert(1)>.wav",
    "emoji 🎷👩‍🎤.wav",
    "two\nlines.wav",
    "𝔉raktur 𠜎.wav",
    "${HOME} `id` %s {{ 7*7 }}.wav",
    "right\u202eto left.wav",
    "-rf.wav",
)


LINUX = sys.platform == "linux"
BAD_COVERS = {
    "program": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 60 60\n%%EndComments\nshowpage\n%%EOF\n",
    "damaged": b"DDS " + (124).to_bytes(4, "little") + bytes(120),
}


def truncated(content: bytes) -> bytes:
    return content[: len(content) // 2]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    """Build a folder with eight valid tunes and all kinds of invalid files."""
    home = tmp_path_factory.mktemp("bad")
    music = home / "music"
    write_library(music, 8)
    bad = music / "bad"
    bad.mkdir()
    (bad / "empty.ogg").touch()
    (bad / "text.mp3").write_text("This is no music.\n" * 100)
    (bad / "picture.flac").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(2000))
    (bad / "truncated.m4a").write_bytes(truncated(write_tune(home / "whole.m4a", 50, 8.0).read_bytes()))
    (bad / "directory.mp3").mkdir()
    (bad / "gone.wav").symlink_to(home / "nowhere.wav")
    write_tune(bad / "half a second.wav", 51, 0.4)
    write_audio(bad / "silence.wav", np.zeros(5 * RATE_HZ, np.float32), rate_hz=RATE_HZ)
    (bad / "noise.wav").write_bytes(np.random.default_rng(0).bytes(4000))
    os.mkfifo(bad / "pipe.mp3")
    for name, target in (("zero.wav", "/dev/zero"), ("random.ogg", "/dev/urandom"), ("kernel.flac", "/proc/kmsg")):
        (bad / name).symlink_to(target)
    with socket.socket(socket.AF_UNIX) as server:
        short = os.open(bad, os.O_RDONLY)  # the name of a socket has room for 100 bytes
        server.bind(f"/proc/self/fd/{short}/socket.aac" if LINUX else str(bad / "socket.aac"))
        os.close(short)
    (bad / "circle").symlink_to(music, target_is_directory=True)
    for number, name in enumerate(("pipe", *BAD_COVERS)):
        write_tune(music / "covers" / name / "tune.wav", 70 + number)
    os.mkfifo(music / "covers/pipe/cover.png")
    for name, picture in BAD_COVERS.items():
        (music / "covers" / name / "cover.jpg").write_bytes(picture)
    for number, name in enumerate(NASTY_NAMES):
        write_tune(music / "nasty" / name, 60 + number)
    (music / "nasty" / b"latin-\xe9.wav".decode("utf-8", "surrogateescape")).write_bytes(
        write_tune(home / "plain.wav", 80).read_bytes()
    )
    return home, build("folder:music", home)


def test_build_reports_every_file(built: tuple[Path, Outcome]) -> None:
    home, outcome = built
    assert outcome.status == 0, outcome.stderr
    document = report(home)
    found = [path for path in (home / "music").rglob("*") if path.suffix and path.stem != "cover"]
    assert document["tracks"] == len(document["ledger"]) == len(found)
    assert "Traceback" not in outcome.stderr


@pytest.mark.parametrize(
    ("title", "codes"),
    [
        ("empty", {"empty-file"}),
        ("text", {"not-audio"}),
        ("picture", {"not-audio", "damaged-audio"}),
        ("truncated", {"damaged-audio", "not-audio"}),
        ("directory", {"directory"}),
        ("gone", {"unreadable"}),
        ("half a second", {"too-short"}),
        ("silence", {"silent"}),
        ("noise", {"not-audio", "damaged-audio"}),
        ("pipe", {"unreadable"}),
        ("zero", {"unreadable"}),
        ("random", {"unreadable"}),
        ("kernel", {"empty-file"}),
        ("socket", {"unreadable"}),
    ],
)
def test_unusable_file_is_reported_with_a_reason(built: tuple[Path, Outcome], title: str, codes: set[str]) -> None:
    (row,) = (row for row in report(built[0])["ledger"] if row["title"] == title)
    assert row["status"] == "failed"
    assert row["code"] in codes
    assert len(row["detail"]) > 15


def test_unreadable_covers_and_cyclic_links_are_reported_without_losing_tracks(built: tuple[Path, Outcome]) -> None:
    stderr = built[1].stderr
    assert "3 cover pictures cannot be read" in stderr
    assert "bad/circle was already read under another name" in stderr
    mapped = [row for row in report(built[0])["ledger"] if row["status"] == "mapped" and row["title"] == "tune"]
    assert len(mapped) == 3


def test_files_with_unusual_names_are_mapped(built: tuple[Path, Outcome]) -> None:
    rows = report(built[0])["ledger"]
    mapped = {row["title"] for row in rows if row["status"] == "mapped"}
    for title in ('it\'s "quoted"', "<img src=x onerror=alert(1)>", "two lines", "𝔉raktur 𠜎", "latin-�"):
        assert title in mapped


def test_names_are_escaped_in_the_page(built: tuple[Path, Outcome]) -> None:
    page = (built[0] / "site/index.html").read_text()
    assert "<script>alert" not in page
    assert "onerror" not in page


def test_second_build_does_not_retry_failures(built: tuple[Path, Outcome]) -> None:
    again = build("folder:music", built[0])
    assert (again.status, again.analyzed_count) == (0, 0)


def test_newer_decoder_retries_undecodable_files_once(
    built: tuple[Path, Outcome],
) -> None:
    home, module = built[0], "tests.support.newer_decoder"
    before = {row["title"]: row["code"] for row in report(home)["ledger"] if row["status"] == "failed"}
    arguments = ("--source", "folder:music", "--embedder", "musicnn", "--log", "json")
    path = {"PYTHONPATH": os.pathsep.join(sys.path)}
    newer = run_in_new_interpreter(*arguments, cwd=home, extra=path, module=module)
    assert newer.status == 0, newer.stderr
    assert newer.analyzed_count > 0
    assert {row["title"]: row["code"] for row in report(home)["ledger"] if row["status"] == "failed"} == before
    assert run_in_new_interpreter(*arguments, cwd=home, extra=path, module=module).analyzed_count == 0


def test_three_hour_recording_is_analyzed_in_bounded_memory(tmp_path: Path) -> None:
    write_library(tmp_path / "music", 3)
    three_hours = tmp_path / "music" / "three hours.wav"
    with wave.open(str(three_hours), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        minute = (tune(60, rate_hz=RATE_HZ) * 32767).astype(np.int16).tobytes()
        for _ in range(180):
            file.writeframes(minute)
    peak_bytes = build_and_measure_memory(tmp_path)
    assert "three hours" in {row["title"] for row in report(tmp_path)["ledger"] if row["status"] == "mapped"}
    assert peak_bytes < 700_000_000, f"a process took {peak_bytes / 1e6:.0f} MB"


def build_and_measure_memory(folder: Path) -> int:
    """Build with one worker and return the peak resident memory (bytes) of any process of the build."""
    options = ("--source", "folder:music", "--embedder", "musicnn", "--jobs", "1")
    command = [sys.executable, "-m", "spotmap_build", *options]
    peak_bytes = 0
    with subprocess.Popen(command, cwd=folder, env=environment(), stderr=subprocess.DEVNULL) as running:
        while running.poll() is None:
            try:
                main = psutil.Process(running.pid)
                for process in (main, *main.children(recursive=True)):
                    peak_bytes = max(peak_bytes, process.memory_info().rss)
                running.wait(0.05)
            except (psutil.NoSuchProcess, subprocess.TimeoutExpired):
                continue
    assert running.returncode == 0
    return peak_bytes


def test_titles_in_the_site_data_are_plain_text(built: tuple[Path, Outcome]) -> None:
    (path,) = (built[0] / "site/data").glob("*/text.json")
    titles = json.loads(path.read_bytes())["titles"].split("\n")
    assert "two lines" in titles
    assert "<img src=x onerror=alert(1)>" in titles
