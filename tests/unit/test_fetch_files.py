"""Tags, file names, covers and folders: how FolderSource reads the metadata of audio files."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import av
import mutagen.id3
import numpy as np
import pytest
from mutagen.apev2 import APEv2
from mutagen.id3 import APIC, ID3, TDRC, TIT2, TPE1, TXXX
from mutagen.mp4 import MP4
from mutagen.oggvorbis import OggVorbis
from PIL import Image

from spotmap_build.cache.store import Cache
from spotmap_build.core.text import fold_space
from spotmap_build.embed.decode import probe, read_metadata
from spotmap_build.errors import TrackError
from spotmap_build.fetch.covers import EDGE_PX, thumbnail
from spotmap_build.fetch.folders.folder import FolderSource
from spotmap_build.fetch.folders.walk import walk
from spotmap_build.fetch.identify import FileFacts, Unusable, identify_files
from spotmap_build.fetch.source import LoadContext
from spotmap_build.fetch.tags import (
    Tags,
    parse_place,
    parse_year,
    place_from_name,
    read_tags,
    split_artists,
    title_from_name,
    with_container_words,
)
from spotmap_build.stages.fetch import library_title
from tests.fakes.audio_files import tune, write_audio
from tests.support.newer_decoder import newer_decoder

if TYPE_CHECKING:
    from spotmap_build.fetch.source import ProbeResult


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
        ("CD1 - 07 - Ryan - Solitude", "Solitude", ("Ryan",)),
        ("disc 2 07. Solitude", "Solitude", ()),
        ("[07] Solitude", "Solitude", ()),
        ("Ryan - Alone - 07 - Solitude", "Solitude", ("Ryan",)),
        ("Ryan - Alone - 07. Solitude - Live", "Solitude - Live", ("Ryan",)),
        ("Ryan - Alone - 07 Solitude", "Solitude", ("Ryan",)),
        ("Ryan - Alone - 12 - Solitude", "Solitude", ("Ryan",)),
        ("Ryan - Solitude - 1999", "Solitude - 1999", ("Ryan",)),
        ("Ryan - Solitude - 7 Inch Version", "Solitude - 7 Inch Version", ("Ryan",)),
        ("Ryan - Solitude - 12 inch mix", "Solitude - 12 inch mix", ("Ryan",)),
        ("Ryan - Solitude [dQw4w9WgXcQ]", "Solitude", ("Ryan",)),
        ("Solitude [Re-recorded]", "Solitude [Re-recorded]", ()),
        ("Solitude [Version2018]", "Solitude [Version2018]", ()),
        ("(500) Days", "(500) Days", ()),
        ("Disco 2000", "Disco 2000", ()),
        ("CD2 Solitude", "CD2 Solitude", ()),
        ("a\nb\tc", "a b c", ()),
        ("夜に駆ける", "夜に駆ける", ()),
        ("   ", "Untitled", ()),
        ("\udcff\udcfe", "\ufffd\ufffd", ()),
    ],
)
def test_title_and_artists_are_parsed_from_a_file_name(stem: str, title: str, artists: tuple[str, ...]) -> None:
    assert title_from_name(stem) == (title, artists)


@pytest.mark.parametrize(
    ("stem", "place"),
    [
        ("07 - Solitude", (None, 7)),
        ("1-07 Solitude", (1, 7)),
        ("2-03. Solitude", (2, 3)),
        ("01 Solitude", (None, 1)),
        ("CD 2 - 03 - Solitude", (2, 3)),
        ("[03] Solitude", (None, 3)),
        ("Ryan - Alone - 07 - Solitude", (None, 7)),
        ("Ryan_-_Alone_-_07_-_Solitude", (None, 7)),
        ("Ryan - Alone - 12. Solitude", (None, 12)),
        ("Ryan - Solitude - 7 Inch Version", (None, None)),
        ("1979", (None, None)),
        ("99 Luftballons", (None, None)),
        ("00 Intro", (None, None)),
        ("夜に駆ける", (None, None)),
    ],
)
def test_disc_and_track_number_are_parsed_from_a_file_name(stem: str, place: tuple[int | None, int | None]) -> None:
    assert place_from_name(stem) == place


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *[("7", 7), ("07/12", 7), (" 3 / 9 ", 3), ("3.0", 3), ("", None), ("A1", None), ("0", None), ("12345", None)],
        pytest.param("1" + " " * 1_000_000 + "x", None, id="input for catastrophic backtracking"),
    ],
)
def test_track_number_is_parsed(text: str, number: int | None) -> None:
    assert parse_place(text) == number


@pytest.mark.parametrize(("codec", "name"), [("flac", "a.flac"), ("libmp3lame", "a.mp3"), ("aac", "a.m4a")])
def test_track_and_disc_numbers_are_added_to_records_of_earlier_versions(
    tmp_path: Path, codec: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = with_metadata(tmp_path / name, codec, more={"track": "3/12", "disc": "2/2"})
    with monkeypatch.context() as earlier:
        earlier.setattr("spotmap_build.fetch.identify._encode", without_place)
        facts(path)
    found = facts(path)
    assert (found.track_number, found.disc_number) == (3, 2)


@dataclass(frozen=True)
class Sound:
    """A probe result."""

    audio_digest: str
    duration_ms: int = 1_000


def test_tracks_of_one_album_share_an_album_id(tmp_path: Path) -> None:
    albums = {"a/1": "Hits", "a/2": "Hits", "b/1": "Hits", "c/1": "Hits", "c/2": "X", "c/3": "Y", "d/1": ""}
    for name in albums:
        (tmp_path / "music" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "music" / f"{name}.mp3").write_text(name)

    def look(path: Path) -> Sound:
        return Sound(hashlib.sha256(path.read_bytes()).hexdigest())

    def words(path: Path) -> dict[str, str]:
        return {"title": path.stem, "album": albums[f"{path.parent.name}/{path.stem}"]}

    with Cache.open(tmp_path / "cache") as cache:
        context = LoadContext(cache, look, 1, lambda _done, _total: None, read_metadata=words)
        tracks = FolderSource(tmp_path / "music").load(context).library.tracks
    known = {
        f"{Path(track.recording.path).parent.name}/{track.title}": track.album_id
        for track in tracks
        if track.recording and track.recording.path
    }
    assert known["a/1"] == known["a/2"] != ""
    assert known["b/1"] not in {"", known["a/1"]}
    assert {known[name] for name in ("c/1", "c/2", "c/3", "d/1")} == {""}


def without_place(found: FileFacts) -> bytes:
    """Encode facts as versions before track numbers did."""
    row = asdict(found)
    del row["track_number"], row["disc_number"]
    return json.dumps(row).encode()


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("a  b", "a b"),
        ("\x00a\x1b\u202eb", "a b"),
        ("\n", ""),
        ("𝄞 clef", "𝄞 clef"),
        ("\U0001f469\u200d\U0001f3a4", "\U0001f469\u200d\U0001f3a4"),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0645"),
        ("\ufeffSo\u200bng\u202e", "Song"),
    ],
)
def test_whitespace_and_control_characters_are_folded_into_one_line(text: str, folded: str) -> None:
    assert fold_space(text) == folded


@pytest.mark.parametrize(
    ("text", "year"),
    [("1987", 1987), ("2004-05-01", 2004), ("May 1, 1999", 1999), ("", None), ("87", None), ("31337", None)],
)
def test_year_is_extracted_from_a_date(text: str, year: int | None) -> None:
    assert parse_year(text) == year


def test_file_without_tags_has_empty_tags(tmp_path: Path) -> None:
    path = tmp_path / "text.mp3"
    path.write_text("no music")
    assert read_tags(path).title == ""


NOTHING: Mapping[str, str] = {}
METADATA = {"title": "Tïtle", "artist": "Ärtist; Other", "album": "Album", "date": "1999"}


def with_metadata(path: Path, codec: str, kind: str = "", more: Mapping[str, str] = NOTHING) -> Path:
    """Write a short sound with container metadata."""
    with av.open(str(path), "w", format=kind or None) as container:
        stream: Any = container.add_stream(codec, rate=44_100, layout="stereo")
        container.metadata.update({**METADATA, **more})
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 8_192), np.float32), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, stream.bit_rate = 44_100, 0, 128_000
        resampler = av.AudioResampler(stream.format, "stereo", 44_100, stream.frame_size or 1024)
        for resampled in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(resampled))
        container.mux(stream.encode(None))
    return path


def facts(path: Path) -> FileFacts:
    """Identify a file and check that the second call reads it from the cache."""
    with Cache.open(path.parent / "cache") as cache:
        context = LoadContext(cache, probe, 1, lambda _done, _total: None, read_metadata=read_metadata)
        (found,) = identify_files([path], context)
        assert isinstance(found, FileFacts)
        blind = LoadContext(cache, lambda _path: pytest.fail("again"), 1, lambda _done, _total: None)
        assert identify_files([path], blind) == [found]
    return found


def test_undecodable_file_is_retried_once_per_decoder_version(
    tmp_path: Path,
) -> None:
    path = write_audio(tmp_path / "a.flac", np.zeros((2, 8_192), np.float32))
    tries = []

    def refuse(path: Path) -> ProbeResult:
        tries.append(path)
        raise TrackError("not-audio", "The codec is not known.")

    def look(probe: Callable[[Path], ProbeResult]) -> FileFacts | Unusable:
        with Cache.open(tmp_path / "cache") as cache:
            (found,) = identify_files([path], LoadContext(cache, probe, 1, lambda _done, _total: None))
        return found

    refused = Unusable("not-audio", "The codec is not known.")
    assert [look(refuse), look(refuse), len(tries)] == [refused, refused, 1]
    with newer_decoder():
        assert [look(refuse), look(refuse), len(tries)] == [refused, refused, 2]
        with newer_decoder():
            assert isinstance(look(probe), FileFacts)


@pytest.mark.parametrize(
    ("name", "codec", "year"),
    [
        ("a.wav", "pcm_s16le", 1999),
        ("a.mka", "flac", 1999),
        ("a.mkv", "aac", 1999),
        ("a.caf", "pcm_s16be", 1999),
        ("a.au", "pcm_s16be", None),
        ("a.wma", "wmav2", 1999),
        ("a.wv", "wavpack", 1999),
        ("a.tta", "tta", 1999),
        ("a.mov", "aac", 1999),
        ("a.m4b", "aac", 1999),
        ("a.flac", "flac", 1999),
        ("a.mp3", "libmp3lame", 1999),
    ],
)
def test_container_metadata_is_read_from_every_format(tmp_path: Path, name: str, codec: str, year: int | None) -> None:
    found = facts(with_metadata(tmp_path / name, codec, "ipod" if name.endswith("m4b") else ""))
    assert (found.title, found.artists, found.album, found.year) == ("Tïtle", ("Ärtist", "Other"), "Album", year)


@pytest.mark.parametrize("text", ["Tïtle".encode("cp1252"), "Tïtle".encode()])
def test_wav_info_chunk_is_decoded_in_any_encoding(tmp_path: Path, text: bytes) -> None:
    path = write_audio(tmp_path / "a.wav", np.zeros(9_000, np.float32))
    body = b"INFOINAM" + struct.pack("<I", len(text) + 1) + text + bytes(1 + (len(text) + 1) % 2)
    path.write_bytes(path.read_bytes() + b"LIST" + struct.pack("<I", len(body)) + body)
    assert facts(path).title == "Tïtle"


@pytest.mark.parametrize(("name", "codec"), [("a.mp3", "libmp3lame"), ("a.aac", "aac"), ("a.mp2", "mp2")])
@pytest.mark.parametrize("kind", ["APEv2", "ID3"])
def test_id3_and_ape_tags_are_read_from_unusual_formats(tmp_path: Path, name: str, codec: str, kind: str) -> None:
    path = write_audio(tmp_path / name, np.zeros(9_000, np.float32), codec=codec)
    mutagen.id3.delete(path)
    if kind == "APEv2":
        ape = APEv2()  # type: ignore[no-untyped-call]
        ape["Title"], ape["Artist"], ape["Year"] = "Song", ["One", "Two"], "2001"
        ape.save(path)
    else:
        tags = ID3()  # type: ignore[no-untyped-call]
        for frame in (TIT2(text="Song"), TPE1(text=["One", "Two"]), TDRC(text="2001")):  # type: ignore[no-untyped-call]
            tags.add(frame)  # type: ignore[no-untyped-call]
        tags.save(path)
    found = facts(path)
    assert (found.title, found.artists, found.year) == ("Song", ("One", "Two"), 2001)


def test_apev2_title_wins_over_a_truncated_id3v1_title(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.mp3", np.zeros(9_000, np.float32))
    mutagen.id3.delete(path)
    ape = APEv2()  # type: ignore[no-untyped-call]
    ape["Title"] = "A Title of More Letters Than Thirty"
    ape.save(path)
    with path.open("ab") as file:
        file.write(b"TAG" + b"A Title of More Letters Than T" + b"One".ljust(30, b"\0") + bytes(65))
    tags = read_tags(path)
    assert (tags.title, tags.artists) == ("A Title of More Letters Than Thirty", ("One",))


def test_matroska_track_and_album_titles_are_distinguished() -> None:
    words = {
        "album/title": "Album",
        "track/title": "Song",
        "title": "Disc",
        "album/artist": "All",
        "album/date_released": "1999",
    }
    assert with_container_words(Tags(), words) == Tags("Song", ("All",), "Album", 1999)
    assert with_container_words(Tags("Own", isrc="X"), {**words, "track/isrc": "us-1"}).isrc == "X"


@pytest.mark.parametrize(
    ("values", "artists"),
    [
        (["A; B"], ("A", "B")),
        (["A / B", "C;A"], ("A", "B", "C")),
        (["A\\\\B"], ("A", "B")),
        (["A // B | C"], ("A", "B", "C")),
        (["A\0B"], ("A", "B")),
        (["AC/DC"], ("AC/DC",)),
        (["Ella Fitzgerald/Louis Armstrong"], ("Ella Fitzgerald", "Louis Armstrong")),
        (["Love/Hate Club"], ("Love/Hate Club",)),
        (["Earth, Wind & Fire"], ("Earth, Wind & Fire",)),
        (["Tyler, The Creator"], ("Tyler, The Creator",)),
        ([" ", ";"], ()),
    ],
)
def test_several_artists_in_one_tag_are_split(values: list[str], artists: tuple[str, ...]) -> None:
    assert split_artists(values) == artists


def test_isrc_in_an_mp4_is_read(tmp_path: Path) -> None:
    path = with_metadata(tmp_path / "a.m4a", "aac")
    file = MP4(path)  # type: ignore[no-untyped-call]
    file["----:com.apple.iTunes:ISRC"] = [b"us-abc-01-00001"]
    file["----:com.apple.iTunes:originalyear"] = [b"1971"]
    file["\xa9day"] = ["2011"]
    file.save()  # type: ignore[no-untyped-call]
    tags = read_tags(path)
    assert (tags.isrc, tags.year) == ("USABC0100001", 1971)


@pytest.mark.parametrize(
    ("listed", "expected"), [(["Björk", "AC/DC"], ("Björk", "AC/DC")), (["Björk"], ("Björk feat. AC/DC",))]
)
def test_artists_list_tag_wins_over_a_combined_credit(
    tmp_path: Path, listed: list[str], expected: tuple[str, ...]
) -> None:
    path = write_audio(tmp_path / "a.mp3", np.zeros(9_000, np.float32))
    tags = ID3()  # type: ignore[no-untyped-call]
    tags.add(TPE1(encoding=3, text="Björk feat. AC/DC"))  # type: ignore[no-untyped-call]
    tags.add(TXXX(encoding=3, desc="ARTISTS", text=listed))  # type: ignore[no-untyped-call]
    tags.save(path)
    assert read_tags(path).artists == expected


def picture(width: int, height: int, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), (200, 40, 90)).save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_cover_becomes_a_small_webp(kind: str) -> None:
    with Image.open(io.BytesIO(thumbnail(picture(800, 400, kind)))) as small:
        assert small.format == "WEBP"
        assert small.size == (EDGE_PX, EDGE_PX // 2)


@pytest.mark.parametrize("image", [b"", b"not a picture", picture(40, 40)[:60], b"<svg onload='x'/>"])
def test_undecodable_picture_yields_no_thumbnail(image: bytes) -> None:
    assert thumbnail(image) == b""


def test_thumbnails_are_deterministic() -> None:
    assert thumbnail(picture(300, 300)) == thumbnail(picture(300, 300))


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def test_walk_finds_audio_in_order_and_skips_hidden_files(tmp_path: Path) -> None:
    expected = [touch(tmp_path / name) for name in ("a.OGG", "b/c.flac", "b/d/e.webm")]
    for name in ("._a.mp3", ".Trash-1000/x.mp3", "@eaDir/a.mp3/SYNOAUDIO.jpg", "notes.txt", "b/cover.jpg"):
        touch(tmp_path / name)
    listing = walk(tmp_path)
    assert listing.audio == expected
    assert listing.covers == {tmp_path / "b": tmp_path / "b/cover.jpg"}


def test_folder_with_an_audio_suffix_is_reported_unless_it_contains_music(tmp_path: Path) -> None:
    (tmp_path / "empty.mp3").mkdir()
    touch(tmp_path / "album.mp3/song.ogg")
    listing = walk(tmp_path)
    assert list(listing.misnamed) == [tmp_path / "empty.mp3"]


def test_symlink_to_a_parent_folder_does_not_loop(tmp_path: Path) -> None:
    touch(tmp_path / "a.ogg")
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    assert walk(tmp_path).audio == [tmp_path / "a.ogg"]


@pytest.mark.parametrize(
    ("sources", "title"),
    [
        (("folder:Dr. Dots",), "Dr. Dots"),
        (("folder:P.O.D./",), "P.O.D."),
        (("folder:./Vol. 2/../Vol. 2",), "Vol. 2"),
        (("folder:.",), "home"),
        (("folder:absent.d",), "absent"),
        (("exportify:Vol. 2",), "Vol. 2"),
        (("table:my.list.csv",), "my.list"),
        (("takeout:my_data.zip", "demo", "demo"), "my_data + Demo library"),
        (("folder:/",), "My library"),
        (("folder:B\udcf6\x1b[2J/",), "B\ufffd [2J"),
    ],
)
def test_map_title_is_the_folder_name_or_the_file_stem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sources: tuple[str, ...], title: str
) -> None:
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path / "home")
    for name in ("Dr. Dots", "P.O.D.", "Vol. 2", "B\udcf6\x1b[2J"):
        Path(name).mkdir()
    assert library_title(sources) == title


@pytest.mark.parametrize(
    ("encoding", "title", "artist"),
    [
        ("cp1251", "Звезда по имени Солнце", "Кино"),
        ("utf-8", "Été à Ísafjörður", "Sigur Rós"),
        ("cp932", "さくらの道", "山田花子"),
        ("gbk", "月亮代表我的心", "邓丽君"),
        ("cp949", "봄날의 강을 건너", "김하늘"),
        ("latin-1", "Été à Ísafjörður", "Sigur Rós"),
        ("cp1252", "Don’t “Stop” – Žižek", "Guns N’ Roses"),
        ("cp1250", "Miłość w Zakopanem", "Sławomir"),
        ("iso8859-2", "Miłość w Zakopanem", "Kasia Ślężak"),
        ("tis-620", "ก้อนหินก้อนนั้น", "โรส"),
        ("cp874", "คิดถึง", "บุรินทร์"),
        ("iso2022_jp", "さくらの道", "山田花子"),
        ("cp1252", "Don’t Stop Rockin’", "AC/DC"),
    ],
)
def test_mislabeled_latin_1_tags_are_decoded_in_their_real_encoding(
    tmp_path: Path, encoding: str, title: str, artist: str
) -> None:
    path = tmp_path / "a.mp3"
    tags = ID3()  # type: ignore[no-untyped-call]
    for frame, text in ((TIT2, title), (TPE1, artist)):
        tags.add(frame(encoding=0, text=text.encode(encoding).decode("latin-1")))  # type: ignore[no-untyped-call]
    tags.save(path)
    found = read_tags(path)
    assert (found.title, found.artists) == (title, (artist,))


UNICODE = (
    *("Concerto Nº 5 in A", "4×4", "÷", "+ - = ÷ ×", "¥$", "2ª parte", "A±B", "¹", "Dr. Octagon ²", "µ-Ziq", "µziq"),
    *(
        "Foo³",
        "10 m³",
        "a±b",
        "Nºcinco",
        "Love¸",
        "Foo×Bar",
        "foo×bar",
        "Foo¶",
        "½",
        "P!nk™",
        "Rock ’n’ Roll",
        "Ð",
        "Ø",
        "Þ",
        "Été",
        "Øya",
    ),
)


@pytest.mark.parametrize("encoding", [1, 3])
@pytest.mark.parametrize("title", UNICODE)
def test_correct_unicode_tags_are_kept(tmp_path: Path, title: str, encoding: int) -> None:
    for artist in ("Mozart", "Björk", title):
        tags = ID3()  # type: ignore[no-untyped-call]
        tags.add(TIT2(encoding=encoding, text=title))  # type: ignore[no-untyped-call]
        # Many programs store texts that are ASCII as Latin-1.
        tags.add(TPE1(encoding=0 if artist.isascii() else encoding, text=artist))  # type: ignore[no-untyped-call]
        tags.save(tmp_path / "a.mp3")
        found = read_tags(tmp_path / "a.mp3")
        assert (found.title, found.artists) == (title, (artist,))


def test_misread_tags_are_decoded_again_even_if_stored_as_unicode(tmp_path: Path) -> None:
    tags = ID3()  # type: ignore[no-untyped-call]
    tags.add(TIT2(encoding=3, text="Звезда по имени Солнце".encode("cp1251").decode("latin-1")))  # type: ignore[no-untyped-call]
    tags.save(tmp_path / "a.mp3")
    assert read_tags(tmp_path / "a.mp3").title == "Звезда по имени Солнце"


def test_encoding_is_detected_per_tag(tmp_path: Path) -> None:
    tags = ID3()  # type: ignore[no-untyped-call]
    tags.add(TIT2(encoding=0, text="Jóga".encode().decode("latin-1")))  # type: ignore[no-untyped-call]
    tags.add(TPE1(encoding=0, text="Björk"))  # type: ignore[no-untyped-call]
    tags.save(tmp_path / "a.mp3")
    found = read_tags(tmp_path / "a.mp3")
    assert (found.title, found.artists) == ("Jóga", ("Björk",))


def test_the_first_picture_that_is_an_image_is_the_cover(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    tags = ID3()  # type: ignore[no-untyped-call]
    for kind, data in ((3, b"damaged"), (4, b"GIF89a back"), (0, b"\xff\xd8\xff other")):
        tags.add(APIC(mime="image/png", type=kind, desc=str(kind), data=data))  # type: ignore[no-untyped-call]
    path.write_bytes((b"\xff\xfb\x90\x64" + bytes(413)) * 20)
    tags.save(path)
    assert read_tags(path).cover in {b"GIF89a back", b"\xff\xd8\xff other"}


def test_covers_of_older_ogg_files_are_read(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.ogg", tune(0.5))
    tags = OggVorbis(path)  # type: ignore[no-untyped-call]
    tags["coverart"] = base64.b64encode(b"\x89PNG picture").decode()
    tags.save()
    assert read_tags(path).cover == b"\x89PNG picture"
