"""Decoding covers is isolated: no program starts, nothing hangs, and memory is bounded, whatever the picture."""

from __future__ import annotations

import io
import os
import signal
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest
from PIL import Image

from spotmap_build.cache.store import Cache
from spotmap_build.core.files import NotRegularFile
from spotmap_build.fetch import thumbnails as module
from spotmap_build.fetch.covers import thumbnail
from spotmap_build.fetch.folders.folder import FolderSource
from spotmap_build.fetch.source import LoadContext
from spotmap_build.fetch.tags import MAX_TAGS_BYTES, read_tags
from spotmap_build.fetch.thumbnails import Thumbnails, UnreadablePicture
from tests.fakes.pictures import MEGABYTE, png_of_nothing
from tests.support.patience import patience

EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 60 60\n%%EndComments\nshowpage\n%%EOF\n"


def picture(kind: str = "PNG", size: tuple[int, int] = (300, 200), mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert(mode).save(buffer, kind)
    return buffer.getvalue()


def animation(frames: int) -> bytes:
    buffer = io.BytesIO()
    first, *rest = (Image.new("P", (40, 40), number % 256) for number in range(frames))
    first.save(buffer, "GIF", save_all=True, append_images=rest, duration=10)
    return buffer.getvalue()


UNREADABLE = {
    "EPS": EPS,
    "EPS with a preview": b"\xc5\xd0\xd3\xc6" + struct.pack("<II", 30, len(EPS)) + bytes(18) + EPS,
    "DDS without a pixel format": b"DDS " + struct.pack("<I", 124) + bytes(120),
    "damaged AVIF": b"\0\0\0\x20ftypavif\0\0\0\0avifmif1miaf" + bytes(200),
    "PSD": b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 4, 4, 8, 3) + bytes(12) + bytes(50),
    "TIFF": picture("TIFF"),
    "ICO": picture("ICO", (32, 32)),
    "PDF": b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\n",
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "40,000 x 40,000": png_of_nothing(40_000, 40_000),
    "bomb": png_of_nothing(7_500, 7_500, zlib.compress(bytes(MEGABYTE))),
    "negative BMP": b"BM" + struct.pack("<IHHIIiiHH", 54, 0, 0, 54, 40, -(2**31), -(2**31), 1, 24) + bytes(24),
    "truncated PNG": picture("PNG")[:200],
    "truncated WebP": picture("WEBP")[:60],
    "truncated GIF": picture("GIF")[:20],
    "nothing": b"",
}


@pytest.fixture(scope="module")
def thumbnails() -> Iterator[Thumbnails]:
    with Thumbnails() as opened:
        yield opened


@pytest.mark.parametrize("name", UNREADABLE)
def test_unsupported_picture_is_not_decoded(thumbnails: Thumbnails, name: str) -> None:
    with pytest.raises(UnreadablePicture) as caught:
        thumbnails.make(UNREADABLE[name])
    assert caught.value.is_final


GOOD: dict[str, Callable[[], bytes]] = {
    **{kind: partial(picture, kind) for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP")},
    "transparent": partial(picture, "PNG", mode="RGBA"),
    "animation": partial(animation, 2_000),
}


@pytest.mark.parametrize("name", GOOD)
def test_worker_process_returns_the_same_thumbnail(thumbnails: Thumbnails, name: str) -> None:
    content = GOOD[name]()
    assert thumbnails.make(content) == thumbnail(content) != b""


def test_oversized_picture_is_not_sent_to_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    before = started()
    monkeypatch.setattr(module, "MAX_SOURCE_BYTES", 10)
    with Thumbnails() as thumbnails, pytest.raises(UnreadablePicture):
        thumbnails.make(picture())
    assert started() == before


def started() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline())]


def test_worker_that_dies_or_hangs_fails_one_cover(monkeypatch: pytest.MonkeyPatch) -> None:
    before = set(started())
    with Thumbnails() as pool:
        for signal_number in (signal.SIGKILL, signal.SIGSTOP):
            monkeypatch.setattr(module, "DEADLINE_S", patience())
            assert pool.make(picture())
            (process,) = set(started()) - before
            process.send_signal(signal_number)
            if signal_number == signal.SIGSTOP:  # it will never answer
                monkeypatch.setattr(module, "DEADLINE_S", 0.1)
            with pytest.raises(UnreadablePicture):
                pool.make(picture("BMP", (2_000, 1_000)))
    assert set(started()) <= before


def test_thumbnails_are_given_up_if_no_worker_can_start(monkeypatch: pytest.MonkeyPatch) -> None:
    starts = []

    class Stillborn:
        def __init__(self) -> None:
            starts.append(1)
            raise OSError("no processes left")

    monkeypatch.setattr(module, "_Worker", Stillborn)
    with Thumbnails() as pool:
        for _ in range(30):
            with pytest.raises(UnreadablePicture) as caught:
                pool.make(picture())
            assert not caught.value.is_final
    assert len(starts) == module.MAX_LOST_PROCESSES


LARGE_COVERS = """
import resource, sys, io, threading
from PIL import Image
from spotmap_build.fetch.thumbnails import Thumbnails
if __name__ == "__main__":
    buffer = io.BytesIO()
    Image.new("RGB", (7000, 7000), (9, 90, 200)).save(buffer, "PNG", compress_level=1)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with Thumbnails() as thumbnails:
        threads = [threading.Thread(target=lambda: print(len(thumbnails.make(buffer.getvalue())))) for _ in range(2)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kilobytes on Linux only")
def test_concurrent_large_covers_take_the_memory_of_one(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(LARGE_COVERS)
    done = subprocess.run(
        [sys.executable, tmp_path / "main.py"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    *sizes, peak_kb = map(int, done.stdout.split())
    assert min(sizes) > 0
    assert peak_kb < 550 * 1024


def sound(path: Path) -> object:
    class Found:
        duration_ms = 1_000
        audio_digest = path.name.encode().hex().ljust(64, "0")

    return Found()


def load(folder: Path, cache: Cache) -> tuple[list[bool], tuple[str, ...]]:
    """Return which tracks have a cover, and the notices."""
    loaded = FolderSource(folder).load(LoadContext(cache, sound, 2, lambda _done, _total: None))  # type: ignore[arg-type]
    return [bool(track.art_digest) for track in loaded.library.tracks], loaded.notices


def tagged(path: Path, cover: bytes) -> None:
    from mutagen.id3 import APIC, ID3, TIT2

    tags = ID3()  # type: ignore[no-untyped-call]
    tags.add(TIT2(text="Song"))  # type: ignore[no-untyped-call]
    tags.add(APIC(mime="image/jpeg", type=3, data=cover))  # type: ignore[no-untyped-call]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((b"\xff\xfb\x90\x64" + bytes(413)) * 20)
    tags.save(path)


def test_no_program_is_started_for_a_cover(tmp_path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    programs, music = tmp_path / "programs", tmp_path / "music"
    programs.mkdir()
    for name in ("gs", "gswin32c", "gswin64c", "convert", "magick", "xdg-open"):
        (programs / name).write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    tagged(music / "a/one.mp3", EPS)
    tagged(music / "b/two.mp3", b"")
    (music / "b/cover.jpg").write_bytes(EPS)
    covers, notices = load(music, cache)
    assert covers == [False, False]
    assert notices == ("2 cover pictures cannot be read and were left out: in one.mp3, cover.jpg…",)
    assert not (tmp_path / "started").exists()
    assert load(music, cache) == (covers, notices), "a later build reports it as well"


def test_covers_that_are_not_regular_files_are_left_out(tmp_path: Path, cache: Cache) -> None:
    for name in ("pipe", "zero", "kernel", "good"):
        tagged(tmp_path / f"music/{name}/one.mp3", b"")
    os.mkfifo(tmp_path / "music/pipe/cover.jpg")
    (tmp_path / "music/zero/cover.png").symlink_to("/dev/zero")
    (tmp_path / "music/kernel/folder.jpg").symlink_to("/proc/kmsg")
    (tmp_path / "music/good/front.webp").write_bytes(picture("WEBP"))
    covers, notices = load(tmp_path / "music", cache)
    assert covers == [True, False, False, False]
    assert notices[0].startswith("3 cover pictures cannot be read")


def test_record_of_a_readable_cover_has_no_new_field(tmp_path: Path, cache: Cache) -> None:
    tagged(tmp_path / "music/one.mp3", picture())
    covers, notices = load(tmp_path / "music", cache)
    assert (covers, notices) == ([True], ())
    (record,) = (tmp_path / "cache/ac").glob("identify-v1/*/*.json")
    assert "unreadable" not in record.read_text()


def test_tags_are_read_from_regular_files_up_to_a_limit(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp3")
    with pytest.raises(NotRegularFile):
        read_tags(tmp_path / "pipe.mp3")
    with (tmp_path / "huge.mp3").open("wb") as file:
        file.write(b"ID3\x04\0\0\x7f\x7f\x7f\x7f")
        file.truncate(300 * MEGABYTE)
    tags = read_tags(tmp_path / "huge.mp3")
    assert (tags.title, tags.cover) == ("", b"")
    assert MAX_TAGS_BYTES < 300 * MEGABYTE
