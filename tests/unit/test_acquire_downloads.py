"""Kept audio has a valid file name on every file system and is found again by its video id."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from spotmap_build.acquire.youtube.downloader import Downloader
from spotmap_build.cache.store import Cache
from spotmap_build.config import Config
from spotmap_build.errors import OutputError
from spotmap_build.model import Recording, Track
from spotmap_build.progress import make_progress
from spotmap_build.stages import Clock, Run

VIDEO = "QH3Fx41Jpl4"
OTHER = "-_aBcDeFg12"


@pytest.fixture
def downloader(tmp_path: Path) -> Iterator[Downloader]:
    with Cache.open(tmp_path / "cache") as cache:
        yield Downloader(Run(Config(keep_audio=tmp_path / "kept"), cache, make_progress("json"), Clock()))


def track(title: str, artists: tuple[str, ...] = ("Artist",), video_id: str = VIDEO) -> Track:
    return Track("a", title, artists, recording=Recording("0" * 64, video_id=video_id))


def keep(downloader: Downloader, kept: Track, folder: Path) -> str:
    """Keep the audio of a track and return its file name."""
    downloaded = folder / "downloaded" / "audio.m4a"
    downloaded.parent.mkdir()
    downloaded.write_bytes(b"sound")
    downloader.release(kept, downloaded)
    assert not downloaded.parent.exists()
    assert sorted(path.name for path in folder.iterdir()) == ["cache", "kept"], "no other files are left"
    (path,) = (folder / "kept").iterdir()
    assert path.read_bytes() == b"sound"
    return path.name


@pytest.mark.parametrize(
    ("title", "artists"),
    [
        ("Государственный академический симфонический оркестр " * 3, ("Светланов",)),
        ("とても長い曲名" * 12, ("歌手",)),
        ("🎵" * 100, ()),
        ("e\u0301" * 120, ()),
        ("x" * 20_000, ("y" * 20_000,)),
        ("../../../../etc/passwd", ("..",)),
        ("/etc/passwd", ()),
        ("..", ("...",)),
        ("-rf", ()),
        ("half \ud800 of \x1b[2J\0", ("\u202e",)),
        ("C:\\x\\y", ()),
        ("\n\r\t", ()),
        ("", ()),
        (f"Song [{OTHER}]", ("Artist",)),
    ],
)
def test_any_title_becomes_a_valid_file_name(
    downloader: Downloader, tmp_path: Path, title: str, artists: tuple[str, ...]
) -> None:
    name = keep(downloader, track(title, artists), tmp_path)
    assert len(os.fsencode(name)) <= 255
    assert name.isprintable()
    assert name.endswith(f" [{VIDEO}].m4a")
    assert downloader.stored_audio(track("")) == tmp_path / "kept" / name
    assert downloader.stored_audio(track("", video_id=OTHER)) is None


def test_file_name_has_artists_title_and_video_id(downloader: Downloader, tmp_path: Path) -> None:
    kept = track("What: is it?", ("One", "Two", "Three"))
    assert keep(downloader, kept, tmp_path) == f"One, Two - What_ is it_ [{VIDEO}].m4a"


def test_file_name_falls_back_to_the_video_id_if_it_is_too_long(
    downloader: Downloader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    move = shutil.move

    def move_short_names(source: Path, target: Path) -> object:
        if len(target.name) > 30:
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
        return move(source, target)

    monkeypatch.setattr(shutil, "move", move_short_names)
    assert keep(downloader, track("A title of some length"), tmp_path) == f"[{VIDEO}].m4a"


def test_folders_and_pipes_do_not_count_as_kept_audio(downloader: Downloader, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / f"a [{VIDEO}]").mkdir()
    os.mkfifo(tmp_path / "kept" / f"b [{VIDEO}].m4a")
    assert downloader.stored_audio(track("")) is None


def test_missing_download_folder_is_reported(downloader: Downloader, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="No such file"):
        downloader.fetch(track("Song"), tmp_path / "gone", threading.Event())
