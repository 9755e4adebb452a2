"""Playlist files (M3U, PLS, XSPF, JSPF and others) as sources of tracks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from mutagen.id3 import ID3, TIT2, TPE1

from spotmap_build.cache.keys import digest_bytes
from spotmap_build.cache.store import Cache
from spotmap_build.embed.decode import probe
from spotmap_build.emit.lists import ListFormat, TrackList, encode_list
from spotmap_build.fetch.folders.m3u import m3u_columns, parse_m3u
from spotmap_build.fetch.source import LoadContext, Loaded
from spotmap_build.fetch.tables.table import TableSource
from spotmap_build.model import Recording, Track
from tests.fakes.audio_files import tune, write_audio

URI = "spotify:track:" + "a" * 22


def load(folder: Path, content: str | bytes, name: str = "road_trip.m3u8") -> Loaded:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with Cache.open(folder / "cache") as cache:
        return TableSource(path).load(LoadContext(cache, probe, 1, lambda done, total: None))


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("[playlist]\n" + "".join(f"File{i}={i}.mp3\n" for i in (10, 2, 1)), ["1.mp3", "2.mp3", "10.mp3"]),
        ("<playlist><track><location>a</location><location>b</location></track><track/><track><location>c", ["a", "c"]),
        ("<asx><entry><ref href='a'/><ref href='b'></entry><entry><ref href='c'></asx>", ["a", "c"]),
        (
            '<!DOCTYPE x [<!ENTITY b "&a;&a;">]><playlist><track><location>&b;.mp3</location></track></playlist>',
            ["&b;.mp3"],
        ),
        (
            '{"playlist": {"track": [{"location": ["a", "b"]}, 7, {"location": "c"}, {"title": null}, {}]}}',
            ["a", "c"],
        ),
        ('{"playlist": {"track": "none"}}', []),
        ("<x:playlist xmlns:x='y'><x:track><x:location>a</x:location></x:track></x:playlist>", ["a"]),
        ("; by a player\n[playlist]\nFile1=1.mp3\n", ["1.mp3"]),
        ("[playlist]\n", []),
        ("<playlist>", []),
    ],
)
def test_playlist_formats_of_other_players_are_read_in_order(content: str, names: list[str]) -> None:
    assert [entry.line for entry in parse_m3u(content.encode()).entries] == names


def test_playlist_title_is_read() -> None:
    content = b"<playlist><title>On the road</title><trackList><track><title>x</title></track></trackList></playlist>"
    assert parse_m3u(content).name == "On the road"


@pytest.mark.parametrize("list_format", ["m3u8", "jspf"])
def test_exported_list_is_read_back(tmp_path: Path, list_format: ListFormat) -> None:
    tracks = (
        Track(
            "folder:1", "Song - Live", ("One",), album="First", duration_ms=217_000, recording=Recording("", "/a b.mp3")
        ),
        Track(URI, "Other", ("Two",), album="Second", duration_ms=3_000),
    )
    content = encode_list(TrackList("1", "clusters", "Mine", tracks), list_format)
    assert parse_m3u(content).name == "Mine"
    columns = m3u_columns(content, "list")
    assert (columns["title"], columns["artists"]) == (["Song - Live", "Other"], ["One", "Two"])
    assert columns["path"] == ["/a b.mp3", None]
    if list_format == "jspf":
        assert columns["album"] == ["First", "Second"]


@pytest.mark.parametrize(
    ("content", "albums"),
    [
        ("#EXTALB:First\n#EXTINF:1,A\na\nb\n#EXTALB:Second\nc\n", ["First", "First", "Second"]),
        (
            "<playlist><track><title>A</title><album>First</album></track><track><title>B</title></track></playlist>",
            ["First", None],
        ),
    ],
)
def test_album_tag_applies_to_the_following_entries(content: str, albums: list[str | None]) -> None:
    assert m3u_columns(content.encode(), "list")["album"] == albums


def test_web_page_is_not_a_playlist() -> None:
    page = parse_m3u(b"<!DOCTYPE html>\n<html><body>Not found</body></html>")
    assert page.entries == ()
    assert "web page" in page.fault


def entries(content: str | bytes) -> list[tuple[object, ...]]:
    columns = m3u_columns(content if isinstance(content, bytes) else content.encode(), "list")
    return list(zip(columns["title"], columns["artists"], columns["duration_ms"], columns["path"], strict=True))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("#EXTM3U\n#EXTINF:217,One - Song\nmusic/a.mp3\n", ("Song", "One", 217_000, "music/a.mp3")),
        (
            "\ufeff#EXTM3U\r\n#extinf:217 , One - Song\r\n..\\music\\a.mp3\r\n",
            ("Song", "One", 217_000, "../music/a.mp3"),
        ),
        ("#EXTINF:-1,One - Song\nhttps://example.org/a.mp3\n", ("Song", "One", None, None)),
        ("#EXTINF:0,Song without an artist\n", ("Song without an artist", None, None, None)),
        ('#EXTINF:217.4 tvg-name="a, b" x="",One - Song - Live\n', ("Song - Live", "One", 217_000, None)),
        ("#EXTINF:217 tvg-id=a x='a, b',One - Song\na.mp3", ("Song", "One", 217_000, "a.mp3")),
        ("#EXTINF:217,One \u2013 Song\na.mp3", ("Song", "One", 217_000, "a.mp3")),
        ("#EXTINF:217,One - Song \u2014 Live\na.mp3", ("Song \u2014 Live", "One", 217_000, "a.mp3")),
        ("#EXTART:One\n#EXTINF:217,Song\na.mp3", ("Song", "One", 217_000, "a.mp3")),
        ("#EXTINF:217,Two - Song\n#EXTART:One\na.mp3", ("Song", "Two", 217_000, "a.mp3")),
        ("#EXTART:One\na.mp3", (None, None, None, "a.mp3")),
        ("#EXTINF:217,One - \n", ("One -", None, 217_000, None)),
        ("a.mp3", (None, None, None, "a.mp3")),
        ("file:///music/a%20b.mp3", (None, None, None, "/music/a b.mp3")),
        (
            "#EXTINF:1,One - S\u00f3\n#EXTVLCOPT:x\n\n# note\na.mp3".encode("latin-1"),
            ("S\u00f3", "One", 1_000, "a.mp3"),
        ),
        ("http://[\n", (None, None, None, None)),
        ("#EXTINF:1,One - \u201cS\u201d\na.mp3".encode("cp1252"), ("\u201cS\u201d", "One", 1_000, "a.mp3")),
        ("#EXTINF:1,One - S\u00f3\r\na.mp3".encode("utf-16"), ("S\u00f3", "One", 1_000, "a.mp3")),
        ("Re: Stacks.mp3", (None, None, None, "Re: Stacks.mp3")),
        ("a\x85b\u2028c\x0cd.mp3", (None, None, None, "a\x85b\u2028c\x0cd.mp3")),
        ("#EXTINF:1,One - Song\nhttps://example.org/smb://a", ("Song", "One", 1_000, None)),
        ("RTSP://example.org/a", (None, None, None, None)),
        ("C://Music/a.mp3", (None, None, None, "C://Music/a.mp3")),
        (
            "[playlist]\r\nNumberOfEntries=1\r\nFile1=music\\a.mp3\r\nTitle1=One - Song\r\nLength1=217\r\n",
            ("Song", "One", 217_000, "music/a.mp3"),
        ),
        ("[Playlist]\nfile2 = a.mp3\nlength2=-1\nVersion=2", (None, None, None, "a.mp3")),
        ("[playlist]\nFile1=a.mp3\nLength1=217.4", (None, None, 217_000, "a.mp3")),
        (
            '{"playlist": {"track": [{"title": "Song - Live", "creator": "One", "duration": 217400.0, "location": ["file:///a%20b"]}]}}',
            ("Song - Live", "One", 217_000, "/a b"),
        ),
        (
            "<playlist><track><title>Song - Live</title><creator>One</creator></track></playlist>",
            ("Song - Live", "One", None, None),
        ),
        (
            '<?zpl?><smil><media src="a.mp3" trackTitle="Song" trackArtist="One" duration="217000"/></smil>',
            ("Song", "One", 217_000, "a.mp3"),
        ),
        (
            '<ASX><ENTRY><TITLE>One - Song</TITLE><REF HREF="a.mp3"/><DURATION VALUE="00:03:37.5"/></ENTRY></ASX>',
            ("Song", "One", 217_000, "a.mp3"),
        ),
        (
            (
                '<?xml version="1.0"?>\n<playlist version="1" xmlns="http://xspf.org/ns/0/"><title>Road</title><trackList>'
                "<track><location>file:///music/a%20b.mp3</location><title>S &amp; T</title><creator>One</creator>"
                "<duration>217400</duration><annotation>x</annotation></track></trackList></playlist>"
            ),
            ("S & T", "One", 217_000, "/music/a b.mp3"),
        ),
        (
            "<playlist><trackList><track><title><![CDATA[Song]]></title></track></trackList></playlist>",
            ("Song", None, None, None),
        ),
        (
            (
                '<?wpl version="1.0"?><smil><head><title>x</title></head><body><seq>'
                '<media src="..\\music\\a.mp3" tid="{}"/></seq></body></smil>'
            ),
            (None, None, None, "../music/a.mp3"),
        ),
        (
            (
                '<ASX VERSION="3.0"><TITLE>x</TITLE><Entry><Title>R&B</Title><Author>One</Author>'
                '<Ref HREF="a.mp3"/></Entry></ASX>'
            ),
            ("R&B", "One", None, "a.mp3"),
        ),
    ],
)
def test_entry_is_parsed_in_every_notation(content: str | bytes, expected: tuple[object, ...]) -> None:
    assert entries(content) == [expected]


def test_caption_belongs_to_the_line_below() -> None:
    found = entries("#EXTINF:1,A - One\n#EXTINF:2,A - Two\ntwo.mp3\nthree.mp3\n#EXTINF:4,A - Four\n")
    assert found == [
        ("One", "A", 1_000, None),
        ("Two", "A", 2_000, "two.mp3"),
        (None, None, None, "three.mp3"),
        ("Four", "A", 4_000, None),
    ]


def test_entries_with_files_are_analyzed_and_others_are_searched_for(tmp_path: Path) -> None:
    write_audio(tmp_path / "here.wav", tune(1))
    loaded = load(
        tmp_path,
        f"#PLAYLIST:On the Road\n#EXTINF:2,One - Here\nhere.wav\n#EXTINF:3,One - Gone\ngone.ogg\n"
        f"#EXTINF:200,One - Found\n{URI}\n#EXTINF:200,One - Nowhere\nhttps://example.org/\nhttps://example.org/x\n"
        "#EXTINF:2,One - Here\nhere.wav\n",
    )
    here, gone, found, nowhere, nameless = loaded.library.tracks
    assert here.recording is not None
    assert (here.title, here.artists) == ("Here", ("One",))
    assert (found.id, found.recording, found.duration_ms) == (URI, None, 200_000)
    assert (nowhere.title, nowhere.recording) == ("Nowhere", None)
    codes = {failure.track_id: failure.code for failure in loaded.library.failures}
    assert codes == {gone.id: "unreadable", nameless.id: "no-recording"}
    assert loaded.is_streamed
    (playlist,) = loaded.library.playlists
    assert playlist.name == "On the Road"
    assert playlist.track_ids == tuple(track.id for track in loaded.library.tracks)


def test_file_without_a_caption_is_named_by_its_tags_or_file_name(tmp_path: Path) -> None:
    write_audio(tmp_path / "01 - One - Song.wav", tune(1))
    loaded = load(tmp_path, "01 - One - Song.wav\n")
    (track,) = loaded.library.tracks
    assert (track.title, track.artists) == ("Song", ("One",))
    assert not loaded.is_streamed
    assert loaded.library.playlists[0].name == "road_trip"


def test_ids_do_not_depend_on_the_order_of_the_entries(tmp_path: Path) -> None:
    first, second = "#EXTINF:1,A - One\n", "#EXTINF:2,A - Two\n"
    before = {track.title: track.id for track in load(tmp_path, first + second).library.tracks}
    after = {track.title: track.id for track in load(tmp_path, second + first).library.tracks}
    assert before == after


@dataclass(frozen=True)
class Sound:
    """A probe result for files that contain only tags."""

    audio_digest: str
    duration_ms: int = 61_500


def captioned(folder: Path, lines: dict[str, tuple[str, str, str]]) -> list[tuple[str, tuple[str, ...]]]:
    """Load a playlist whose entries have captions and files whose tags have a title and artist, or nothing."""
    for name, (_, title, artist) in lines.items():
        tags = ID3()  # type: ignore[no-untyped-call]
        if title:
            tags.add(TIT2(encoding=3, text=title))  # type: ignore[no-untyped-call]
            tags.add(TPE1(encoding=3, text=artist))  # type: ignore[no-untyped-call]
        (folder / name).write_bytes((b"\xff\xfb\x90\x00" + bytes(413)) * 20)
        tags.save(folder / name)
    content = "#EXTM3U\n" + "".join(f"#EXTINF:9,{caption}\n{name}\n" for name, (caption, _, _) in lines.items())
    (folder / "l.m3u8").write_text(content + "#EXTINF:9,Five - Six\nhttps://example.org/\n")
    with Cache.open(folder / "cache") as cache:
        context = LoadContext(cache, lambda path: Sound(digest_bytes(path.name.encode())), 1, lambda done, total: None)
        tracks = TableSource(folder / "l.m3u8").load(context).library.tracks
    assert [track.duration_ms for track in tracks] == [*[61_500] * len(lines), 9_000]
    return [(track.title, track.artists) for track in tracks]


def test_tags_override_captions_and_reveal_whether_the_title_comes_first(tmp_path: Path) -> None:
    assert captioned(
        tmp_path,
        {
            "a.mp3": ("No\u00ebl blanc - Marie Roy", "Noe\u0308l Blanc", "Marie Roy"),
            "b.mp3": ("Speak - Live - Rising Hills", "Speak - Live", "Rising Hills"),
            "c.mp3": ("Silent - Live - Nobody", "", ""),
            "d.mp3": ("Whole Caption", "", ""),
        },
    ) == [
        ("Noe\u0308l Blanc", ("Marie Roy",)),
        ("Speak - Live", ("Rising Hills",)),
        ("Silent - Live", ("Nobody",)),
        ("Whole Caption", ()),
        ("Five", ("Six",)),
    ]


def test_captions_with_the_artist_first_are_kept(tmp_path: Path) -> None:
    assert captioned(
        tmp_path,
        {
            "a.mp3": ("Marie Roy - Wrong", "White", "Marie Roy"),
            "b.mp3": ("Nobody - Silent - Live", "", ""),
            "c.mp3": ("Same - Same", "Same", "Same"),
        },
    ) == [("White", ("Marie Roy",)), ("Silent - Live", ("Nobody",)), ("Same", ("Same",)), ("Six", ("Five",))]


def test_entry_on_an_unavailable_network_share_is_searched_by_name(tmp_path: Path) -> None:
    loaded = load(tmp_path, "#EXTINF:1,One - Song\nsmb://nas/music/a.mp3\n")
    (track,) = loaded.library.tracks
    assert (track.title, track.recording, loaded.library.failures, loaded.is_streamed) == ("Song", None, (), True)


def test_unreadable_files_are_reported_by_path(tmp_path: Path) -> None:
    library = load(tmp_path, "E:\\Music\\A\\01 - First Light.mp3\nB/Two - Dusk.mp3\n#EXTINF:1,C\nc.mp3\n").library
    assert [(track.title, track.artists) for track in library.tracks] == [
        ("First Light", ()),
        ("Dusk", ("Two",)),
        ("C", ()),
    ]
    assert [failure.detail for failure in library.failures] == [
        f"{name}: The file cannot be read: No such file or directory."
        for name in ("E:\\Music\\A\\01 - First Light.mp3", "B/Two - Dusk.mp3", "c.mp3")
    ]
