"""Libraries of music programs in XML: Apple Music and iTunes, Rekordbox, Traktor."""

from __future__ import annotations

import plistlib
import re
from pathlib import Path
from urllib.parse import quote

import pytest

from spotmap_build.cache.keys import digest_bytes
from spotmap_build.cache.store import Cache
from spotmap_build.errors import SourceError, TrackError
from spotmap_build.fetch.source import LoadContext, Loaded, ProbeResult
from spotmap_build.fetch.tables.music_libraries import MAX_DEPTH, read_music_library
from spotmap_build.fetch.tables.table import TableSource
from spotmap_build.model import Track

APPLE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple Computer//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>Major Version</key><integer>1</integer>
<key>Music Folder</key><string>file:///Users/me/Music/</string>
<key>Tracks</key>
<dict>
  <key>101</key><dict>
    <key>Track ID</key><integer>101</integer><key>Name</key><string>Salt &#38; Road</string>
    <key>Artist</key><string>Ada Finch</string><key>Album</key><string>Coast</string>
    <key>Genre</key><string>Folk</string><key>Total Time</key><integer>217400</integer>
    <key>Disc Number</key><integer>1</integer><key>Track Number</key><integer>7</integer>
    <key>Year</key><integer>1999</integer><key>Date Added</key><date>2010-03-04T05:06:07Z</date>
    <key>Play Count</key><integer>12</integer><key>Play Date UTC</key><date>2020-01-02T03:04:05Z</date>
    <key>Rating</key><integer>80</integer><key>Track Type</key><string>File</string>
    <key>Location</key><string>file://localhost{music}/a%20b.mp3</string>
  </dict>
  <key>102</key><dict>
    <key>Track ID</key><integer>102</integer><key>Name</key><string>Cloud</string>
    <key>Artist</key><string>Bo</string><key>Explicit</key><true/><key>Year</key><integer>0</integer>
    <key>Rating</key><integer>60</integer><key>Rating Computed</key><true/>
    <key>Track Type</key><string>Remote</string><key>Apple Music</key><true/>
  </dict>
  <key>103</key><dict>
    <key>Track ID</key><integer>103</integer><key>Name</key><string>Talk</string><key>Podcast</key><true/>
  </dict>
</dict>
<key>Playlists</key>
<array>
  <dict><key>Name</key><string>Library</string><key>Master</key><true/><key>Playlist Items</key>
    <array><dict><key>Track ID</key><integer>101</integer></dict></array></dict>
  <dict><key>Name</key><string>Music</string><key>Distinguished Kind</key><integer>4</integer><key>Playlist Items</key>
    <array><dict><key>Track ID</key><integer>101</integer></dict></array></dict>
  <dict><key>Name</key><string>Evening</string><key>Smart Info</key><data>AQEAAw==</data><key>Playlist Items</key>
    <array><dict><key>Track ID</key><integer>102</integer></dict>
      <dict><key>Track ID</key><integer>101</integer></dict>
      <dict><key>Track ID</key><integer>103</integer></dict></array></dict>
  <dict><key>Name</key><string>Empty</string></dict>
</array>
</dict></plist>
"""
REKORDBOX = """<?xml version="1.0" encoding="UTF-8"?>
<DJ_PLAYLISTS Version="1.0.0"><PRODUCT Name="rekordbox" Version="6.7.7" Company="AlphaTheta"/>
<COLLECTION Entries="2">
  <TRACK TrackID="101" Name="Salt &amp; Road" Artist="Ada Finch" Album="Coast" Genre="Folk" Kind="MP3 File"
    TotalTime="217" DiscNumber="1" TrackNumber="7" Year="1999" AverageBpm="128.00" DateAdded="2010-03-04"
    PlayCount="12" Rating="204" Label="Shore" Location="file://localhost{music}/a%20b.mp3">
    <TEMPO Inizio="0.025" Bpm="128.00" Metro="4/4" Battito="1"/><POSITION_MARK Name="" Type="0" Start="0.1" Num="-1"/>
  </TRACK>
  <TRACK TrackID="102" Name="Cloud" Artist="Bo" Year="0" Rating="0" Location=""/>
</COLLECTION>
<PLAYLISTS><NODE Type="0" Name="ROOT" Count="2">
  <NODE Name="Sets" Type="0" Count="1"><NODE Name="Evening" Type="1" KeyType="0" Entries="2">
    <TRACK Key="102"/><TRACK Key="101"/></NODE></NODE>
  <NODE Name="By place" Type="1" KeyType="1" Entries="1">
    <TRACK Key="file://localhost{music}/a%20b.mp3"/></NODE>
</NODE></PLAYLISTS></DJ_PLAYLISTS>
"""
TRAKTOR = """<?xml version="1.0" encoding="UTF-8" standalone="no" ?>
<NML VERSION="19"><HEAD COMPANY="www.native-instruments.com" PROGRAM="Traktor"></HEAD>
<COLLECTION ENTRIES="2">
  <ENTRY MODIFIED_DATE="2021/9/1" TITLE="Salt &amp; Road" ARTIST="Ada Finch">
    <LOCATION DIR="{folders}/:" FILE="a b.mp3" VOLUME="Macintosh HD" VOLUMEID="Macintosh HD"></LOCATION>
    <ALBUM TRACK="7" TITLE="Coast"></ALBUM>
    <INFO BITRATE="320000" GENRE="Folk" LABEL="Shore" PLAYCOUNT="12" PLAYTIME="217" RANKING="204"
      IMPORT_DATE="2010/3/4" LAST_PLAYED="2020/1/2" RELEASE_DATE="1999/1/1"></INFO>
    <TEMPO BPM="128.000000"></TEMPO></ENTRY>
  <ENTRY TITLE="Cloud" ARTIST="Bo"><INFO RANKING="0"></INFO></ENTRY>
</COLLECTION>
<PLAYLISTS><NODE TYPE="FOLDER" NAME="$ROOT"><SUBNODES COUNT="1"><NODE TYPE="PLAYLIST" NAME="Evening">
  <PLAYLIST ENTRIES="1" TYPE="LIST"><ENTRY><PRIMARYKEY TYPE="TRACK" KEY="Macintosh HD{folders}/:a b.mp3"></PRIMARYKEY>
  </ENTRY></PLAYLIST></NODE></SUBNODES></NODE></PLAYLISTS></NML>
"""


class Sound:
    duration_ms = None

    def __init__(self, path: Path) -> None:
        self.audio_digest = digest_bytes(path.name.encode())


def probe(path: Path) -> ProbeResult:
    if not path.exists():
        raise TrackError("missing-file", "The file does not exist.")
    return Sound(path)


def load(folder: Path, content: str, name: str) -> Loaded:
    (folder / name).write_text(content)
    with Cache.open(folder / "cache") as cache:
        return TableSource(folder / name).load(LoadContext(cache, probe, 1, lambda done, total: None))


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Return a folder with an audio file."""
    folder = tmp_path / "my music"
    folder.mkdir()
    (folder / "a b.mp3").write_bytes(b"a sound")
    return folder


def filled(content: str, music: Path) -> str:
    return content.format(music=quote(str(music)), folders=str(music).replace("/", "/:"))


def described(track: Track) -> tuple[object, ...]:
    path = track.recording.path if track.recording else None
    facts = (track.title, track.artists, track.album, track.genres, track.year, track.track_number, track.play_count)
    return (*facts, track.duration_ms and track.duration_ms // 1000, track.added_at[:10], path)


@pytest.mark.parametrize(
    ("content", "name"), [(APPLE, "Library.xml"), (REKORDBOX, "rekordbox.xml"), (TRAKTOR, "collection.nml")]
)
def test_library_of_a_music_program_is_read(tmp_path: Path, music: Path, content: str, name: str) -> None:
    loaded = load(tmp_path, filled(content, music), name)
    local, cloud = loaded.library.tracks
    facts = ("Salt & Road", ("Ada Finch",), "Coast", ("Folk",), 1999, 7, 12, 217, "2010-03-04")
    assert described(local) == (*facts, str(music / "a b.mp3"))
    assert (cloud.title, cloud.artists, cloud.year, cloud.recording) == ("Cloud", ("Bo",), None, None)
    assert (local.facets["rating"], "rating" in cloud.facets) == (4, False)
    assert loaded.is_streamed, "a track without a file is searched for"
    lists = {playlist.name: set(playlist.track_ids) for playlist in loaded.library.playlists}
    assert local.id in lists["Evening"]
    assert lists.keys() <= {"Evening", "By place"}
    assert loaded.library.failures == ()


def test_apple_library_without_what_is_no_music(tmp_path: Path, music: Path) -> None:
    loaded = load(tmp_path, filled(APPLE, music), "Library.xml")
    local, cloud = loaded.library.tracks
    assert (local.explicit, cloud.explicit) == (None, True)
    assert local.listening is not None
    assert local.listening.last_on == "2020-01-02"
    (playlist,) = loaded.library.playlists
    assert set(playlist.track_ids) == {local.id, cloud.id}
    assert loaded.notices == ("Library.xml: a podcast, film, radio station or the like is left out.",)


def test_moved_library_finds_its_files(tmp_path: Path) -> None:
    (tmp_path / "Media").mkdir()
    (tmp_path / "Media/a b.mp3").write_bytes(b"a sound")
    for content, name in ((APPLE, "Library.xml"), (TRAKTOR, "collection.nml")):
        elsewhere = filled(content, Path("/gone/Media"))
        track = load(tmp_path, elsewhere, name).library.tracks[0]
        assert track.recording is not None
        assert track.recording.path == str(tmp_path / "Media/a b.mp3")


@pytest.mark.parametrize(
    ("volume", "paths"),
    [
        ("C:", ("C:/Music/a.mp3",)),
        ("Macintosh HD", ("/Music/a.mp3", "/Volumes/Macintosh HD/Music/a.mp3")),
        ("", ("/Music/a.mp3",)),
    ],
)
def test_volume_of_traktor_becomes_a_path(volume: str, paths: tuple[str, ...]) -> None:
    entry = f'<ENTRY><LOCATION VOLUME="{volume}" DIR="/:Music/:" FILE="a.mp3"/></ENTRY>'
    library = read_music_library(f"<NML><COLLECTION>{entry}</COLLECTION></NML>")
    assert library is not None
    assert library.rows[0]["paths"] == paths


@pytest.mark.parametrize("content", ["", "x", "<html><body>a</body></html>", "<playlist/>", "<plists/>"])
def test_other_document_is_refused(tmp_path: Path, content: str) -> None:
    with pytest.raises(SourceError, match="not the library of Apple Music, Rekordbox or Traktor") as raised:
        load(tmp_path, content, "a.xml")
    assert "CSV" in raised.value.hint


@pytest.mark.parametrize("content", [APPLE, REKORDBOX, TRAKTOR])
def test_every_beginning_of_a_library_is_read(content: str) -> None:
    first = read_music_library(content)
    assert first is not None
    for end in range(content.index("<", 140), len(content), 7):
        part = read_music_library(content[:end])
        assert part is None or len(part.rows) <= len(first.rows) + 1


def test_deeply_nested_and_expanding_library_stays_small() -> None:
    bomb = '<!DOCTYPE plist [<!ENTITY a "&b;&b;"><!ENTITY b "&c;&c;">]>'
    deep = "<dict><key>a</key>" * 100 * MAX_DEPTH
    tracks = "<dict><key>Tracks</key><dict><key>1</key><dict><key>Name</key><string>&a;</string></dict></dict></dict>"
    library = read_music_library(f"{bomb}<plist>{tracks}</plist>")
    assert library is not None
    assert [row["title"] for row in library.rows] == ["&a;"]
    nested = read_music_library(f"<plist>{deep}</plist>")
    assert nested is not None
    assert nested.rows == []


def test_playlists_before_the_tracks_are_read_too() -> None:
    """Programs that write property lists with a library sort the keys."""
    as_written, sorted_by_key = APPLE, plistlib.dumps(plistlib.loads(APPLE.encode())).decode()
    assert sorted_by_key.index("Playlists") < sorted_by_key.index("Tracks")
    playlists = [
        {row["title"]: row.get("playlists") for row in library.rows}
        for library in map(read_music_library, (as_written, sorted_by_key))
        if library is not None
    ]
    assert playlists == [{"Salt & Road": ["Evening"], "Cloud": ["Evening"]}] * 2


def apple_playlist(name: str, track: int, place: str = "", above: str = "", more: str = "") -> str:
    ids = (("Playlist Persistent ID", place), ("Parent Persistent ID", above))
    said = "".join(f"<key>{key}</key><string>{value}</string>" for key, value in (("Name", name), *ids) if value)
    items = f"<array><dict><key>Track ID</key><integer>{track}</integer></dict></array>"
    return f"<dict>{said}{more}<key>Playlist Items</key>{items}</dict>"


FOLDER = "<key>Folder</key><true/>"
APPLE_FOLDERS = "".join(
    (
        apple_playlist("Sets", 101, "A", more=FOLDER),
        apple_playlist("Evening", 101, "B", "A"),
        apple_playlist("Old", 102, "C", "A", more=FOLDER),
        apple_playlist("Evening", 102, "D", "C"),
        apple_playlist("Evening", 103, "E", "C"),
        apple_playlist("Morning", 101, "F", "C"),
    )
)
REKORDBOX_FOLDERS = """<NODE Type="0" Name="ROOT"><NODE Name="Sets" Type="0">
  <NODE Name="Evening" Type="1"><TRACK Key="101"/></NODE>
  <NODE Name="Old" Type="0"><NODE Name="Evening" Type="1"><TRACK Key="102"/></NODE>
    <NODE Name="Empty" Type="1"/><NODE Name="Evening" Type="1"><TRACK Key="103"/></NODE>
    <NODE Name="Morning" Type="1"><TRACK Key="101"/></NODE></NODE></NODE></NODE>"""
TRAKTOR_FOLDERS = re.sub(
    r'<NODE Name="(\w+)" Type="1">(.*?)</NODE>',
    r'<NODE TYPE="PLAYLIST" NAME="\1"><PLAYLIST>\2</PLAYLIST></NODE>',
    REKORDBOX_FOLDERS,
).replace("TRACK Key=", "PRIMARYKEY KEY=")


@pytest.mark.parametrize(
    "content",
    [
        "<plist><dict><key>Tracks</key><dict>"
        + "".join(f"<key>{n}</key><dict><key>Track ID</key><integer>{n}</integer></dict>" for n in (101, 102, 103))
        + f"</dict><key>Playlists</key><array>{APPLE_FOLDERS}</array></dict></plist>",
        "<DJ_PLAYLISTS><COLLECTION>"
        + "".join(f'<TRACK TrackID="{n}"/>' for n in (101, 102, 103))
        + f"</COLLECTION><PLAYLISTS>{REKORDBOX_FOLDERS}</PLAYLISTS></DJ_PLAYLISTS>",
        "<NML><COLLECTION>"
        + "".join(f'<ENTRY><LOCATION FILE="{n}"/></ENTRY>' for n in (101, 102, 103))
        + f"</COLLECTION><PLAYLISTS>{TRAKTOR_FOLDERS}</PLAYLISTS></NML>",
    ],
    ids=["Apple", "Rekordbox", "Traktor"],
)
def test_playlists_of_one_name_stay_apart_by_their_folders(content: str) -> None:
    library = read_music_library(content)
    assert library is not None
    assert [row.get("playlists") for row in library.rows] == [
        ["Sets / Evening", "Morning"],
        ["Old / Evening"],
        ["Old / Evening (2)"],
    ]


def test_folders_of_an_apple_library_that_contain_each_other_end() -> None:
    circle = apple_playlist("One", 101, "A", "B", FOLDER) + apple_playlist("Two", 101, "B", "A", FOLDER)
    lists = apple_playlist("Evening", 101, "C", "A") + apple_playlist("Evening", 101, "D", "B")
    tracks = "<key>Tracks</key><dict><key>101</key><dict><key>Track ID</key><integer>101</integer></dict></dict>"
    library = read_music_library(
        f"<plist><dict>{tracks}<key>Playlists</key><array>{circle}{lists}</array></dict></plist>"
    )
    assert library is not None
    assert library.rows[0]["playlists"] == ["One / Evening", "Two / Evening"]


def test_library_that_ends_in_the_middle_is_reported(tmp_path: Path) -> None:
    whole = APPLE.format(music=tmp_path)
    notice = "library.xml ends in the middle, so tracks or playlists are missing. Export it again."
    assert notice not in load(tmp_path, whole, "library.xml").notices
    assert notice in load(tmp_path, whole[: whole.index("<key>102</key>")], "library.xml").notices


def test_library_without_music_is_refused_with_what_was_left_out(tmp_path: Path) -> None:
    podcast = "<key>103</key><dict><key>Name</key><string>Talk</string><key>Podcast</key><true/></dict>"
    with pytest.raises(SourceError, match="contains no music") as caught:
        load(tmp_path, f"<plist><dict><key>Tracks</key><dict>{podcast}</dict></dict></plist>", "library.xml")
    assert "Export the library again as XML. library.xml: a podcast" in caught.value.hint
