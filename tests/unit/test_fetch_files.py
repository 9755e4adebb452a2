"""What files say of themselves is read as people mean it, whatever their names and tags hold."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from spotmap_build.fetch.covers import EDGE_PX, thumbnail
from spotmap_build.fetch.tags import fold_space, parse_year, read_tags, title_from_name
from spotmap_build.fetch.walk import walk


@pytest.mark.parametrize(
    ("stem", "title", "artists"),
    [
        ("Solitude", "Solitude", ()),
        ("07 - Solitude", "Solitude", ()),
        ("07. Solitude", "Solitude", ()),
        ("1-07 Solitude", "Solitude", ()),
        ("Ryan - Solitude", "Solitude", ("Ryan",)),
        ("03 - Ryan - Solitude - Part 2", "Solitude - Part 2", ("Ryan",)),
        ("into_the_shadows", "into the shadows", ()),
        ("1979", "1979", ()),
        ("99 Luftballons", "99 Luftballons", ()),
        ("1.5 Degrees", "1.5 Degrees", ()),
        ("24-7", "24-7", ()),
        ("07 - 99 Luftballons", "99 Luftballons", ()),
        ("07 Solitude", "Solitude", ()),
        ("a\nb\tc", "a b c", ()),
        ("夜に駆ける", "夜に駆ける", ()),
        ("   ", "Untitled", ()),
        ("\udcff\udcfe", "\ufffd\ufffd", ()),
    ],
)
def test_title_and_artists_from_a_file_name(stem: str, title: str, artists: tuple[str, ...]) -> None:
    assert title_from_name(stem) == (title, artists)


@pytest.mark.parametrize(
    ("text", "folded"), [("a  b", "a b"), ("\x00a\u202eb", "a b"), ("\n", ""), ("𝄞 clef", "𝄞 clef"), ("👩‍🎤", "👩 🎤")]
)
def test_text_becomes_one_line(text: str, folded: str) -> None:
    assert fold_space(text) == folded


@pytest.mark.parametrize(
    ("text", "year"),
    [("1987", 1987), ("2004-05-01", 2004), ("May 1, 1999", 1999), ("", None), ("87", None), ("31337", None)],
)
def test_a_year_is_found_in_a_date(text: str, year: int | None) -> None:
    assert parse_year(text) == year


def test_a_file_without_tags_has_empty_tags(tmp_path: Path) -> None:
    path = tmp_path / "text.mp3"
    path.write_text("no music")
    assert read_tags(path).title == ""


def picture(width: int, height: int, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (200, 40, 90)).save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_cover_becomes_a_small_webp(kind: str) -> None:
    with Image.open(io.BytesIO(thumbnail(picture(800, 400, kind)))) as small:
        assert small.format == "WEBP"
        assert small.size == (EDGE_PX, EDGE_PX // 2)


@pytest.mark.parametrize("image", [b"", b"not a picture", picture(40, 40)[:60], b"<svg onload='x'/>"])
def test_a_picture_that_cannot_be_read_is_no_cover(image: bytes) -> None:
    assert thumbnail(image) == b""


def test_thumbnails_are_the_same_every_time() -> None:
    assert thumbnail(picture(300, 300)) == thumbnail(picture(300, 300))


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def test_a_walk_finds_audio_in_order_and_skips_hidden_files(tmp_path: Path) -> None:
    expected = [touch(tmp_path / name) for name in ("a.OGG", "b/c.flac", "b/d/e.webm")]
    for name in ("._a.mp3", ".Trash-1000/x.mp3", "@eaDir/a.mp3/SYNOAUDIO.jpg", "notes.txt", "b/cover.jpg"):
        touch(tmp_path / name)
    listing = walk(tmp_path)
    assert listing.audio == expected
    assert listing.covers == {tmp_path / "b": tmp_path / "b/cover.jpg"}


def test_a_folder_named_like_a_file_is_accounted_for_unless_it_holds_music(tmp_path: Path) -> None:
    (tmp_path / "empty.mp3").mkdir()
    touch(tmp_path / "album.mp3/song.ogg")
    listing = walk(tmp_path)
    assert list(listing.misnamed) == [tmp_path / "empty.mp3"]


def test_a_link_back_to_the_top_does_not_go_round_for_ever(tmp_path: Path) -> None:
    touch(tmp_path / "a.ogg")
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    assert walk(tmp_path).audio == [tmp_path / "a.ogg"]
