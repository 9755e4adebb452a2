"""Playlists in a music folder: how their entries are resolved to files, whatever program or system wrote them."""

from __future__ import annotations

import hashlib
import os
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from spotmap_build.cache.store import Cache
from spotmap_build.emit.list_folder import ListFile, update_folder
from spotmap_build.errors import SourceError, TrackError
from spotmap_build.fetch.folders import m3u
from spotmap_build.fetch.folders.file_finder import FileFinder
from spotmap_build.fetch.folders.folder import FolderSource
from spotmap_build.fetch.source import LibrarySource, LoadContext, Loaded
from spotmap_build.fetch.tables.table import TableSource
from spotmap_build.registry.formats import LIST_MANIFEST, MARKER_NAME

FILES = (
    "Artist One/Blue Album/01 First Light.mp3",
    "Artist Two/Red Album/02 Dusk.mp3",
    "Björk/01 Été.mp3",
    "#1 Crush.ogg",
)


@dataclass(frozen=True)
class Sound:
    """A probe result: the content of a file stands for its sound."""

    audio_digest: str
    duration_ms: int = 2_000


def probe(path: Path) -> Sound:
    content = path.read_bytes()
    if content.startswith(b"text"):
        raise TrackError("not-audio", "The file is no audio file.")
    return Sound(hashlib.sha256(content).hexdigest())


def put(folder: Path, *names: str) -> None:
    """Create files with distinct content."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


def load(source: LibrarySource, home: Path) -> Loaded:
    with Cache.open(home / "cache") as cache:
        return source.load(LoadContext(cache, probe, 1, lambda _done, _total: None))


def titles(loaded: Loaded) -> dict[str, list[str]]:
    """Return the titles in each playlist."""
    title_of = {track.id: track.title for track in loaded.library.tracks}
    return {
        playlist.name: [title_of[track_id] for track_id in playlist.track_ids] for playlist in loaded.library.playlists
    }


ENTRIES: dict[str, tuple[str | bytes, list[str]]] = {
    "plain relative paths": ("Björk/01 Été.mp3\n./Artist Two/Red Album/02 Dusk.mp3\n", ["Été", "Dusk"]),
    "percent-encoded": (
        "Artist%20One/Blue%20Album/01%20First%20Light.mp3\nBj%C3%B6rk/01%20%C3%89t%C3%A9.mp3\n",
        ["First Light", "Été"],
    ),
    "percent-encoded by Windows-1252": ("Bj%F6rk/01%20%C9t%E9.mp3\n", ["Été"]),
    "on a Windows drive": ("E:\\CB Stuff\\Music\\Artist One\\Blue Album\\01 First Light.mp3\r\n", ["First Light"]),
    "on a Windows drive, with slashes": ("C://Music/Artist One/Blue Album/01 First Light.mp3\r\n", ["First Light"]),
    "from the root of the drive": ("\\Artist Two\\Red Album\\02 Dusk.mp3\r\n", ["Dusk"]),
    "on a server": ("\\\\nas\\music\\Artist Two\\Red Album\\02 Dusk.mp3", ["Dusk"]),
    "with another root": ("/storage/emulated/0/Music/Artist Two/Red Album/02 Dusk.mp3", ["Dusk"]),
    "with another root, percent-encoded": ("/mnt/Artist%20Two/Red%20Album/02%20Dusk.mp3", ["Dusk"]),
    "in another order": ("Tracks/02 Dusk.mp3", ["Dusk"]),
    "mixed slashes": ("Artist Two\\Red Album/02 Dusk.mp3", ["Dusk"]),
    "file URLs": (
        "file:///E:/Music/Artist%20Two/Red%20Album/02%20Dusk.mp3\nfile://localhost/old/Bj%C3%B6rk/01 Été.mp3\n",
        ["Dusk", "Été"],
    ),
    "other file URLs": (
        "file://nas/Artist%20One/Blue%20Album/01%20First%20Light.mp3\nfile:/x/%231%20Crush.ogg\n",
        ["First Light", "#1 Crush"],
    ),
    "on network shares": (
        "smb://NAS/Music/Artist%20Two/Red%20Album/02%20Dusk.mp3\nnfs://nas/volume1/Björk/01 Été.mp3\n",
        ["Dusk", "Été"],
    ),
    "in quotation marks": ('"Björk/01 Été.mp3"\n"E:\\Artist Two\\Red Album\\02 Dusk.mp3"\n', ["Été", "Dusk"]),
    "folders with a trailing slash": ("Artist One/\nE:\\Music\\Artist Two\\\n", ["First Light", "Dusk"]),
    "decomposed": (unicodedata.normalize("NFD", "Björk/01 Été.mp3"), ["Été"]),
    "in another case": ("artist two/RED ALBUM/02 dusk.MP3\nBJÖRK/01 ÉTÉ.mp3\n", ["Dusk", "Été"]),
    "with another root, case and Unicode form": (unicodedata.normalize("NFD", "D:\\MUSIC\\björk\\01 été.mp3"), ["Été"]),
    "that begin like a comment": (
        "# my songs\n#1 Crush.ogg\n#EXTINF:3,A - B\n#x\nBjörk/01 Été.mp3\n",
        ["#1 Crush", "Été"],
    ),
    "folders": ("Artist One\n", ["First Light"]),
    "Windows folders": ("E:\\Music\\Artist Two\\Red Album\n", ["Dusk"]),
    "the folder itself": (".\n", ["#1 Crush", "First Light", "Dusk", "Été"]),
    "the folder above": ("..\n", ["#1 Crush", "First Light", "Dusk", "Été"]),
    "in UTF-8 with a byte order mark": (b"\xef\xbb\xbf" + "Björk/01 Été.mp3".encode(), ["Été"]),
    "in UTF-16": ("#EXTM3U\r\nBjörk\\01 Été.mp3\r\n".encode("utf-16"), ["Été"]),
    "in big-endian UTF-16": (b"\xfe\xff" + "Björk/01 Été.mp3\r\n".encode("utf-16-be"), ["Été"]),
    "in Windows-1252": ("Björk/01 Été.mp3".encode("cp1252"), ["Été"]),
    "with classic Mac line endings": ("Björk/01 Été.mp3\rArtist Two/Red Album/02 Dusk.mp3\r", ["Été", "Dusk"]),
    "in DOS code page 850": ("Björk\\01 Été.mp3".encode("cp850"), ["Été"]),
    "in Mac Roman": ("Artist Two/Red Album/02 Dusk.mp3\rBjörk/01 Été.mp3".encode("mac-roman"), ["Dusk", "Été"]),
    "misread and saved": (
        "Artist Two/Red Album/02 Dusk.mp3\nArtist One/Blue Album/01 FirstÂ\xa0Light.mp3",
        ["Dusk", "First Light"],
    ),
    "before they were converted": ("Artist Two/Red Album/02 Dusk.flac\nD:\\Björk\\01 Été.wav\n", ["Dusk", "Été"]),
    "with other signs": (
        "Artist Two/Red+Album/02_Dusk.mp3\nArtist One/Blue?Album/01 First: Light.flac",
        ["Dusk", "First Light"],
    ),
    "with entities": ("Bj&#246;rk/01 &Eacute;t&eacute;.mp3", ["Été"]),
    "from a moment on": (
        "Björk/01 Été.mp3#t=10\nfile:///x/Artist%20Two/Red%20Album/02%20Dusk.mp3?start=1",
        ["Été", "Dusk"],
    ),
    "of an old Mac": ("Macintosh HD:Users:me:Artist Two:Red Album:02 Dusk.mp3", ["Dusk"]),
    "with what fills a block": ("Björk/01 Été.mp3\0\0\n\x1a", ["Été"]),
    "twice": ("Björk/01 Été.mp3\nbjörk/01 été.mp3\n", ["Été"]),
}


@pytest.mark.parametrize(("content", "expected"), ENTRIES.values(), ids=ENTRIES.keys())
def test_playlist_entries_are_resolved_to_files(tmp_path: Path, content: str | bytes, expected: list[str]) -> None:
    music = tmp_path / "music"
    put(music, *FILES)
    (music / "list.m3u8").write_bytes(content if isinstance(content, bytes) else content.encode())
    loaded = load(FolderSource(music), tmp_path)
    assert titles(loaded)["list"] == expected
    assert len(loaded.library.tracks) == len(FILES)
    assert loaded.library.failures == ()
    assert loaded.notices == ()


@pytest.mark.parametrize(
    ("content", "depends_on_more"),
    [
        ("Björk/01 Été.mp3\nArtist One\n", False),
        ("", False),
        ("Björk/02 Été.mp3\n", True),
        ("/elsewhere/Björk/01 Été.mp3\n", True),
        ("..\n", True),
        ("#is this a song.mp3\n", True),
    ],
    ids=["inside", "empty", "missing", "elsewhere", "above", "a comment"],
)
def test_folder_depends_on_more_if_a_playlist_points_outside(
    tmp_path: Path, content: str, depends_on_more: bool
) -> None:
    put(tmp_path / "music", *FILES)
    (tmp_path / "music/list.m3u8").write_text(content)
    assert load(FolderSource(tmp_path / "music"), tmp_path).depends_on_more is depends_on_more


IN_TABLES = {name: entries for name, entries in ENTRIES.items() if name != "the folder above"}


@pytest.mark.parametrize(("content", "expected"), IN_TABLES.values(), ids=IN_TABLES.keys())
def test_playlist_as_a_table_resolves_the_same_files(tmp_path: Path, content: str | bytes, expected: list[str]) -> None:
    put(tmp_path / "music", *FILES)
    path = tmp_path / "music/list.m3u"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    library = load(TableSource(path), tmp_path).library
    assert {track.recording.path for track in library.tracks if track.recording} == {
        str(tmp_path / "music" / name)
        for name in FILES
        if any(name.endswith(f"{title}{name[-4:]}") for title in expected)
    }
    assert library.failures == ()


def test_entries_may_be_relative_to_the_music_root(tmp_path: Path) -> None:
    put(tmp_path / "music", *FILES)
    (tmp_path / "music/Playlists").mkdir()
    (tmp_path / "music/Playlists/a.m3u").write_text("Artist Two/Red Album/02 Dusk.mp3\n../bjo\u0308rk/01 Été.mp3\n")
    assert titles(load(FolderSource(tmp_path / "music"), tmp_path))["a"] == ["Dusk", "Été"]
    library = load(TableSource(tmp_path / "music/Playlists/a.m3u"), tmp_path).library
    assert all(track.recording for track in library.tracks)


def test_ambiguous_path_suffix_matches_no_file(tmp_path: Path) -> None:
    put(tmp_path / "music", "A/x/01.mp3", "B/x/01.mp3", "A/02.mp3", "old/A/02.mp3", "a/03.ogg", "A/03.ogg")
    (tmp_path / "music/l.m3u").write_text("E:\\x\\01.mp3\nE:\\Music\\A\\02.mp3\nE:\\A\\03.ogg\nE:\\a\\x\\01.mp3\n")
    loaded = load(FolderSource(tmp_path / "music"), tmp_path)
    ids = {track.recording.path: track.id for track in loaded.library.tracks if track.recording}
    (playlist,) = (each for each in loaded.library.playlists if each.name == "l")
    assert playlist.track_ids == tuple(
        ids[str(tmp_path / "music" / name)] for name in ("A/02.mp3", "A/03.ogg", "A/x/01.mp3")
    )
    assert loaded.notices == ("1 of 4 entries of l.m3u is a file that is not in this folder: E:\\x\\01.mp3.",)


def test_missing_files_are_one_notice_and_no_track(tmp_path: Path) -> None:
    put(tmp_path / "music", *FILES)
    (tmp_path / "music/l.m3u").write_text(
        "Björk/01 Été.mp3\nX:\\gone.mp3\n/no/gone.ogg\nlost\0.mp3\n/dev/zero\nhttps://example.org/a.mp3\n"
        "#EXTINF:1,A - B\nspotify:track:1\n" + "x" * 5_000
    )
    loaded = load(FolderSource(tmp_path / "music"), tmp_path)
    assert titles(loaded)["l"] == ["Été"]
    assert (len(loaded.library.tracks), loaded.library.failures) == (len(FILES), ())
    assert loaded.notices == (
        (
            "5 of 8 entries of l.m3u are files that are not in this folder, such as X:\\gone.mp3. "
            "2 of 8 entries of l.m3u are on the web or have no file, and cannot be in a folder's library."
        ),
    )


def test_files_outside_the_folder_are_probed_and_deduplicated_by_sound(tmp_path: Path) -> None:
    put(tmp_path / "music", "A/one.mp3")
    put(tmp_path / "elsewhere", "other.mp3", "A/one.mp3")
    (tmp_path / "elsewhere/text.mp3").write_text("text")
    (tmp_path / "music/again").symlink_to(tmp_path / "music/A", target_is_directory=True)
    (tmp_path / "music/l.m3u").write_text(
        f"../elsewhere/other.mp3\n{tmp_path}/elsewhere/A/one.mp3\nagain/one.mp3\n../elsewhere/text.mp3\n"
    )
    library = load(FolderSource(tmp_path / "music"), tmp_path).library
    assert [track.title for track in library.tracks] == ["one", "other", "text"]
    assert [(failure.code, failure.detail) for failure in library.failures] == [
        ("not-audio", "../elsewhere/text.mp3: The file is no audio file.")
    ]
    assert [len(playlist.track_ids) for playlist in library.playlists] == [3, 1]


def test_nested_and_cyclic_playlists_are_flattened(tmp_path: Path) -> None:
    put(tmp_path / "music", "a.mp3", "b.mp3", "c.mp3")
    (tmp_path / "music/one.m3u").write_text("two.m3u\na.mp3\n")
    (tmp_path / "music/two.m3u").write_text("b.mp3\nthree.m3u\n")
    (tmp_path / "music/three.m3u").write_text("c.mp3\nthree.m3u\n")
    (tmp_path / "music/four.m3u").write_text("five.m3u\na.mp3\n")
    (tmp_path / "music/five.m3u").write_text("four.m3u\nb.mp3\n")
    (tmp_path / "outside.m3u").write_text("a.mp3\n")
    (tmp_path / "music/live.m3u8").write_text("#EXT-X-VERSION:3\n")
    (tmp_path / "music/six.m3u").write_text("a.mp3\n../outside.m3u\nlive.m3u8\n")
    for number in range(1_100):  # more than the recursion limit
        (tmp_path / f"music/~{number}.m3u").write_text(f"~{number + 1}.m3u\n")
    loaded = load(FolderSource(tmp_path / "music"), tmp_path)
    found = titles(loaded)
    assert len(loaded.library.tracks) == 3
    assert found.pop("six") == ["a"]
    assert found == {"five": ["a", "b"], "one": ["b", "c", "a"], "three": ["c"], "two": ["b", "c"]}


def test_playlists_and_folders_coexist_and_identical_playlists_are_merged(tmp_path: Path) -> None:
    music = tmp_path / "music"
    put(music, "A/1.mp3", "A/2.mp3", "B/1.mp3", "B/2.mp3")
    (music / "mix.m3u").write_text("A/1.mp3\nB/1.mp3\n")
    (music / "mix.m3u8").write_text("#EXTM3U\nB/1.mp3\nA/1.mp3\n")
    (music / "party.m3u").write_text("A/1.mp3\nB/1.mp3\n")
    (music / "B/B.m3u").write_text("1.mp3\n2.mp3\n")
    (music / "A.m3u").write_text("A/1.mp3\nA/2.mp3\nB/2.mp3\n")
    loaded = load(FolderSource(music), tmp_path)
    names = [(playlist.name, len(playlist.track_ids)) for playlist in loaded.library.playlists]
    assert names == [("A", 3), ("mix", 2), ("B", 2), ("A (2)", 2)]
    assert len({playlist.id for playlist in loaded.library.playlists}) == 4
    assert loaded.notices == ("The playlists mix and party contain the same tracks and are shown as one.",)


def test_playlists_of_one_name_in_several_folders_are_told_apart(tmp_path: Path) -> None:
    music = tmp_path / "music"
    put(music, "Old/CD1/1.mp3", "New/CD1/2.mp3", "New/CD2/3.mp3")
    for folder, line in (("lists/Home", "../../Old/CD1/1.mp3"), ("lists/Away", "../../New/CD2/3.mp3")):
        (music / folder).mkdir(parents=True)
        (music / folder / "Evening.m3u").write_text(f"{line}\n../../New/CD1/2.mp3\n")
    assert titles(load(FolderSource(music), tmp_path)).keys() == {"Home / Evening", "Away / Evening", "Old", "New"}
    (music / "lists").rename(tmp_path / "lists")
    put(music, "New/loose.mp3")
    (music / "Old").rename(music / "New/Old")
    put(music, "New/Live/CD1/4.mp3")
    assert titles(load(FolderSource(music / "New"), tmp_path)).keys() == {"CD1", "CD2", "Old", "Live"}


def test_unusable_playlist_is_skipped_with_a_notice(tmp_path: Path) -> None:
    music = tmp_path / "music"
    put(music, "a.mp3", "b.mp3")
    (music / "dead.m3u").symlink_to("/nowhere/x.m3u")
    (music / "folder.m3u").mkdir()
    (music / "good.m3u").write_text("b.mp3\n")
    (music / "sub").mkdir()
    (music / "sub/gone.m3u").write_text("gone.mp3\n")
    (music / "huge.m3u").write_bytes(b"")
    os.truncate(music / "huge.m3u", 1 << 30)
    (music / "live.m3u8").write_text("#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:9.0,\na.mp3\n#EXT-X-ENDLIST\n")
    os.mkfifo(music / "pipe.m3u")
    loaded = load(FolderSource(music), tmp_path)
    assert titles(loaded) == {"good": ["b"]}
    assert loaded.notices == (
        "The playlist dead.m3u was left out: No such file or directory.",
        "The playlist huge.m3u was left out: it is larger than 16,777,216 bytes.",
        (
            "The playlist live.m3u8 was left out: it describes the stream of a single recording (HLS) and is not a "
            "playlist."
        ),
        "The playlist pipe.m3u was left out: it is a pipe, not a regular file.",
        "1 of 1 entries of sub/gone.m3u is a file that is not in this folder: gone.mp3.",
    )
    with pytest.raises(SourceError, match="HLS"):
        load(TableSource(music / "live.m3u8"), tmp_path)


def test_playlist_with_too_many_entries_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(m3u, "MAX_ENTRIES", 2_000)
    put(tmp_path / "music", "a.mp3")
    (tmp_path / "music/l.m3u").write_bytes(b"x\n" * 2_001)
    loaded = load(FolderSource(tmp_path / "music"), tmp_path)
    assert loaded.notices == ("The playlist l.m3u was left out: it has more than 2,000 entries.",)
    with pytest.raises(SourceError, match="more than 2,000"):
        load(TableSource(tmp_path / "music/l.m3u"), tmp_path)


def test_notices_about_many_playlists_are_limited(tmp_path: Path) -> None:
    put(tmp_path / "music", "a.mp3")
    for number in range(50):
        (tmp_path / f"music/{number}.m3u").write_text("gone.mp3\n")
    notices = load(FolderSource(tmp_path / "music"), tmp_path).notices
    assert len(notices) == 21
    assert notices[-1] == "30 more playlists were left out, or contain files that are not in this folder."


def test_file_name_that_is_not_utf_8_is_matched(tmp_path: Path) -> None:
    music = tmp_path / "music"
    music.mkdir()
    (music / os.fsdecode(b"Bj\xf6rk.mp3")).write_bytes(b"sound")
    for name, content in (("raw", b"Bj\xf6rk.mp3"), ("text", "BJÖRK.mp3".encode()), ("url", b"Bj%F6rk.mp3")):
        (music / f"{name}.m3u").write_bytes(content)
        assert list(titles(load(FolderSource(music), tmp_path))) == [name]
        (music / f"{name}.m3u").unlink()


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("...and So On/01 One.mp3", "..Hits/01 Two.mp3", "Plain/...Baby.mp3", "Plain/.5 Grey.mp3"), 4),
        (("a.WMA", "b.wv", "c.ape", "d.dsf", "e.mka", "f.m4b", "g.caf", "h.tta", "i.mp2", "j.mpc", "k.spx"), 11),
        (("a.dff", "b.weba", "c.3gp", "d.amr", "e.tak", "f.mkv", "g.aifc", "h.w64", "i.ac3", "j.dts", "k.mp+"), 11),
    ],
)
def test_music_is_found_whatever_its_name(tmp_path: Path, names: tuple[str, ...], found: int) -> None:
    put(tmp_path / "music", *names)
    loaded = load(FolderSource(tmp_path / "music"), tmp_path)
    assert len(loaded.library.tracks) == found
    assert loaded.notices == ()


def test_skipped_audio_files_are_counted(tmp_path: Path) -> None:
    put(
        tmp_path / "music",
        "a.mp3",
        "._a.mp3",
        "b.mid",
        "c.OFR",
        "d.aax",
        ".DS_Store",
        "notes.txt",
        ".AppleDouble/a.mp3",
    )
    put(
        tmp_path / "music",
        ".Trash-1000/files/x.mp3",
        "$RECYCLE.BIN/y.flac",
        ".git/z.ogg",
        ".stfolder/note",
        "#recycle/._y.mp3",
    )
    loaded = load(FolderSource(tmp_path / "music"), tmp_path)
    assert len(loaded.library.tracks) == 1
    assert loaded.notices == (
        "3 files are in formats that cannot be decoded (.aax, .mid, .ofr) and were left out.",
        "3 audio files are in folders of deleted or hidden files ($RECYCLE.BIN, .Trash-1000, .git) and were left out.",
    )


def test_playlist_that_only_its_program_can_read_is_reported(tmp_path: Path) -> None:
    put(tmp_path / "music", "a.mp3")
    (tmp_path / "music/l.fpl").write_bytes(bytes.fromhex("e1a09c91f83c7742852c3bcc1401d3f2") + b"\x07\0\0\0a.mp3\0")
    loaded = load(FolderSource(tmp_path / "music"), tmp_path)
    assert loaded.notices == (
        "The playlist l.fpl was left out: only foobar2000 can read its .fpl files: save the playlist there as .m3u8.",
    )


def test_trash_and_intermediate_results_are_no_music(tmp_path: Path) -> None:
    put(
        tmp_path / "music",
        "Trash/a.mp3",  # an album
        ".local/share/Trash/files/b.mp3",
        ".spotmap/cache/c.mp3",
        "site/.spotmap-staging/content/audio/0.m4a",
    )
    (tmp_path / "music/.local/share/Trash/info").mkdir()
    loaded = load(FolderSource(tmp_path / "music"), tmp_path)
    assert [track.title for track in loaded.library.tracks] == ["a"]
    (notice,) = loaded.notices
    assert notice.startswith("3 audio files are in folders of deleted or hidden files (.spotmap, .spotmap-staging, T")


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="this system has no /proc")
def test_state_of_the_system_is_no_library(tmp_path: Path) -> None:
    for place in ("/proc", "/proc/self", "/sys/kernel"):
        with pytest.raises(SourceError, match=f"{place} contains no music: there, the system"):
            load(FolderSource(Path(place)), tmp_path)
    put(tmp_path / "music", "a.mp3")
    (tmp_path / "music/linked").symlink_to("/proc/self")
    loaded = load(FolderSource(tmp_path / "music"), tmp_path)
    assert [track.title for track in loaded.library.tracks] == ["a"]
    assert loaded.library.omissions == ()


def test_library_of_a_whole_home_folder_has_a_notice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "homes/me/Music", "a.mp3")
    monkeypatch.setenv("HOME", str(tmp_path / "homes/me"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "homes/me"))
    (tmp_path / "link").symlink_to(tmp_path / "homes/me", target_is_directory=True)
    for root in ("homes", "homes/me", "link"):
        (notice,) = load(FolderSource(tmp_path / root), tmp_path).notices
        assert notice.startswith(f"{tmp_path / root} contains your home folder"), root
    assert load(FolderSource(tmp_path / "homes/me/Music"), tmp_path).notices == ()


@pytest.mark.parametrize(
    ("sheet", "is_reported"),
    [
        ('PERFORMER "One"\nFILE "a.mp3" WAVE\n  TRACK 01 AUDIO\n  TRACK 02 AUDIO\n', True),
        ("FILE D:\\Rips\\a.mp3 MP3\r\nTRACK 01 AUDIO\r\nTRACK 02 AUDIO\r\n", True),
        ('FILE "a.mp3" WAVE\n  TRACK 01 AUDIO\n', False),
        ('FILE "a.mp3" WAVE\n  TRACK 01 AUDIO\nFILE "b.mp3" WAVE\n  TRACK 02 AUDIO\n', False),
        ('FILE "gone.wav" WAVE\n  TRACK 01 AUDIO\n  TRACK 02 AUDIO\n', False),
        ('FILE "A.wav" WAVE\n  TRACK 01 AUDIO\n  TRACK 02 AUDIO\n', True),  # converted to MP3 afterwards
        (f'FILE "{"a" * 300}.wav" WAVE\n  TRACK 01 AUDIO\n  TRACK 02 AUDIO\n', False),
        ('FILE "\0.mp3" WAVE\n  TRACK 01 AUDIO\n  TRACK 02 AUDIO\n', False),
        ("no sheet", False),
    ],
)
def test_audio_file_with_a_multi_track_cue_sheet_is_reported(tmp_path: Path, sheet: str, is_reported: bool) -> None:
    put(tmp_path / "music", "a.mp3")
    (tmp_path / "music/a.CUE").write_text(sheet)
    loaded = load(FolderSource(tmp_path / "music"), tmp_path)
    assert len(loaded.library.tracks) == 1
    assert [notice.startswith("a.mp3 contains several tracks") for notice in loaded.notices] == [True] * is_reported


def test_files_that_builds_wrote_into_the_folder_are_ignored(tmp_path: Path) -> None:
    put(tmp_path / "music", "a.mp3", "b.mp3", "site/audio/0123456789abcdef.m4a", "site/audio/mine.m4a")
    (tmp_path / "music/site" / MARKER_NAME).write_text("{}")
    lists = [
        ListFile("cluster-1.m3u8", "clusters", "Soft", ".m3u8", b"../../a.mp3\n"),
        ListFile("cluster-2.m3u8", "clusters", "Loud", ".m3u8", b"../../b.mp3\n"),
    ]
    update_folder(tmp_path / "music/lists", lists)
    (tmp_path / "music/lists/clusters/Loud.m3u8").write_text("../../a.mp3\n../../b.mp3\n")
    (tmp_path / "music/lists/Own.m3u8").write_text("../b.mp3\n")
    loaded = load(FolderSource(tmp_path / "music"), tmp_path)
    assert sorted(track.title for track in loaded.library.tracks) == ["a", "b", "mine"]
    names = {playlist.name for playlist in loaded.library.playlists}
    assert names >= {"Loud", "Own"}, "edited or created by the user"
    assert "Soft" not in names


@pytest.mark.parametrize(
    "content", ["", "[]", '{"lists": [1]}', '{"lists": {"a": {}}}', '{"lists": {"a": {"file": 5}}}']
)
def test_invalid_list_manifest_is_ignored(tmp_path: Path, content: str) -> None:
    put(tmp_path / "music", "a.mp3")
    (tmp_path / "music" / LIST_MANIFEST).write_text(content)
    assert len(load(FolderSource(tmp_path / "music"), tmp_path).library.tracks) == 1


def test_lone_surrogates_in_a_playlist_match_no_file(tmp_path: Path) -> None:
    put(tmp_path / "music", "a.mp3")
    (tmp_path / "music/l.jspf").write_text(
        r'{"playlist": {"title": "L\ud800", "track": [{"location": "\udc00.mp3"}, {"location": "a.mp3"}]}}'
    )
    loaded = load(FolderSource(tmp_path / "music"), tmp_path)
    (playlist,) = loaded.library.playlists
    assert (playlist.name, len(playlist.track_ids)) == ("L\ufffd", 1)
    assert loaded.notices == ("1 of 2 entries of l.jspf is a file that is not in this folder: \ufffd.mp3.",)


def test_error_for_a_folder_without_music_says_what_it_contains(tmp_path: Path) -> None:
    put(tmp_path / "music", "b.mid", ".Trash/x.mp3")
    (tmp_path / "music/l.m3u").write_text("gone.mp3\n")
    with pytest.raises(SourceError) as refused:
        load(FolderSource(tmp_path / "music"), tmp_path)
    for words in ("contains no audio file", "cannot be decoded (.mid)", "(.Trash)", "entries of l.m3u"):
        assert words in refused.value.message


@pytest.mark.parametrize(
    ("names", "notice"),
    [
        (["album.zip"], "1 archive (.zip) was left out: unpack it if it contains music."),
        (
            ["A/x.RAR", "b.7z", "c.zip"],
            "3 archives (.7z, .rar, .zip) were left out: unpack them if they contain music.",
        ),
    ],
)
def test_archives_are_reported(tmp_path: Path, names: list[str], notice: str) -> None:
    put(tmp_path / "music", "a.mp3", *names)
    assert load(FolderSource(tmp_path / "music"), tmp_path).notices == (notice,)


def test_unreadable_folder_becomes_an_omission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "music", "open/a.mp3", "shut/closed/b.mp3")
    scandir = os.scandir

    def closed(path: str) -> object:
        if os.path.basename(path) == "closed":  # noqa: PTH119 - a text or a path
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", closed)
    loaded = load(FolderSource(tmp_path / "music"), tmp_path)
    (omission,) = loaded.library.omissions
    assert (omission.title, omission.code) == ("shut/closed", "unreadable")
    assert omission.detail == "shut/closed: the folder cannot be read: Permission denied."
    assert len(loaded.notices) == 1


def test_existing_name_counts_before_a_name_without_its_end(tmp_path: Path) -> None:
    names = ("Am/x.mp3", "B/Am#7.mp3", "C/y.mp3", "D/y.mp3#2.mp3", "E/z.mp3")
    put(tmp_path / "music", *names)
    lines = ("Am#7.mp3", "file:///old/Am#7.mp3", "C/y.mp3", "y.mp3#2.mp3", "z.mp3?t=1&amp;x=2", '"E/z.mp3#t=1"', "E#7")
    (tmp_path / "music/l.m3u8").write_text("\n".join(lines))
    loaded = load(FolderSource(tmp_path / "music"), tmp_path)
    found = {track.id: track.recording.path for track in loaded.library.tracks if track.recording}
    (playlist,) = (each for each in loaded.library.playlists if each.name == "l")
    wanted = [str(tmp_path / "music" / names[place]) for place in (1, 2, 3, 4)]
    assert [found[track_id] for track_id in playlist.track_ids] == wanted
    assert loaded.notices == (f"1 of {len(lines)} entries of l.m3u8 is a file that is not in this folder: E#7.",)
    table = load(TableSource(tmp_path / "music/l.m3u8"), tmp_path).library
    assert list(dict.fromkeys(track.recording.path for track in table.tracks if track.recording)) == wanted


LISTS = {
    "l.csv": "title,path\n0,{0}\n1,{1}\n",
    "l.json": '[{{"title": "0", "path": "{0}"}}, {{"title": "1", "path": "{1}"}}]',
    "l.m3u8": "{0}\n{1}\n",
    "l.pls": "[playlist]\nFile1={0}\nFile2={1}\n",
    "l.jspf": '{{"playlist": {{"track": [{{"location": "{0}"}}, {{"location": "{1}"}}]}}}}',
}


@pytest.mark.parametrize("name", LISTS)
def test_existing_file_counts_before_a_name_with_decoded_entities(tmp_path: Path, name: str) -> None:
    put(tmp_path, "AC&amp;DC.mp3", "AC&DC.mp3", "Tom & Jerry.mp3")
    (tmp_path / name).write_text(LISTS[name].format("AC&amp;DC.mp3", "Tom &amp; Jerry.mp3"))
    tracks = load(TableSource(tmp_path / name), tmp_path).library.tracks
    files = [Path(track.recording.path or "").name for track in tracks if track.recording]
    assert files == ["AC&amp;DC.mp3", "Tom & Jerry.mp3"]


def test_percent_encoded_lines_are_decoded_together(tmp_path: Path) -> None:
    names = ("Кино/Звезда.mp3", "Я.mp3", "Été.mp3")
    put(tmp_path / "music", *names, "ß.mp3")
    lines = [quote(name, encoding="cp1251") for name in names[:2]] + [quote(names[2])]
    (tmp_path / "music/l.m3u").write_text("\n".join(lines))
    found = titles(load(FolderSource(tmp_path / "music"), tmp_path))["l"]
    table = load(TableSource(tmp_path / "music/l.m3u"), tmp_path).library
    assert found == [track.title for track in table.tracks] == ["Звезда", "Я", "Été"]


def test_finding_a_very_common_file_name_takes_no_quadratic_time(tmp_path: Path) -> None:
    files = [tmp_path / str(number) / "01.mp3" for number in range(1_000)]
    finder = FileFinder(tmp_path, files)
    assert finder.find("E:/Music/7/01.mp3", tmp_path) == files[7]
    assert {finder.find(f"E:/Music/x{number}/01.mp3", tmp_path) for number in range(500)} == {None}


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("list.m3u8", "#EXTM3U\n#PLAYLIST:On the Road\nBjörk/01 Été.mp3\n"),
        (
            "list.xspf",
            "<playlist><title>On the Road</title><track><location>Bj%C3%B6rk/01%20%C3%89t%C3%A9.mp3</location></track>",
        ),
        ("On the Road.m3u", "Björk/01 Été.mp3\n"),
    ],
)
def test_playlist_title_is_used_and_otherwise_the_file_name(tmp_path: Path, file: str, content: str) -> None:
    music = tmp_path / "music"
    put(music, *FILES)
    (music / file).write_text(content, encoding="utf-8")
    assert titles(load(FolderSource(music), tmp_path))["On the Road"] == ["Été"]
