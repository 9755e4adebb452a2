"""The preview serves the audio files of the library and no other files; tests send real requests."""

from __future__ import annotations

import http.client
import json
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from spotmap_build.emit.local_audio import LocalAudio, encode_local_audio, write_local_audio
from spotmap_build.emit.preview import AUDIO, PreviewServer, open_server
from spotmap_build.emit.preview_files import parse_range
from spotmap_build.model import Recording, Track
from tests.support.patience import patience

SOUND = bytes(range(256)) * 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A site, its audio files, and the list of audio files next to the site."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site/index.html").write_text("<html><head></head>the page</html>")
    (tmp_path / "music").mkdir()
    for name in ("a song.mp3", "b.flac", "gone.ogg"):
        (tmp_path / "music" / name).write_bytes(SOUND)
    (tmp_path / "music/secret.mp3").write_bytes(b"secret")
    listed = [("one", "a song.mp3"), ("a/../two?#%", "b.flac"), ("gone", "gone.ogg"), ("doc", "notes.txt")]
    tracks = [Track(key, "", recording=Recording("0", path=str(tmp_path / "music" / name))) for key, name in listed]
    write_local_audio(tmp_path / "site.audio.json", encode_local_audio([*tracks, Track("none", "")]))
    (tmp_path / "music/gone.ogg").unlink()
    return tmp_path


@pytest.fixture
def server(folder: Path) -> Iterator[PreviewServer]:
    with open_server(folder / "site", 0, audio=LocalAudio(folder / "site.audio.json")) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def get(
    server: PreviewServer, target: str, *, method: str = "GET", **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=patience())
    connection.request(method, target, headers=headers)
    response = connection.getresponse()
    return response, response.read()


def test_page_refers_to_the_audio_list_if_there_is_one(server: PreviewServer, folder: Path) -> None:
    assert f'<meta name="spotmap-audio" content="{AUDIO}"></head>'.encode() in get(server, "/")[1]
    (folder / "site.audio.json").unlink()
    assert b"spotmap-audio" not in get(server, "/")[1]


def test_audio_list_contains_the_playable_tracks(server: PreviewServer, folder: Path) -> None:
    listed = json.loads(get(server, AUDIO)[1])
    assert listed["one"] == str(folder / "music/a song.mp3")
    assert set(listed) == {"one", "a/../two?#%", "gone"}


def test_track_is_served_by_id_with_its_content_type(server: PreviewServer) -> None:
    response, content = get(server, f"{AUDIO}one")
    assert (response.status, content) == (200, SOUND)
    assert response.headers["Content-Type"] == "audio/mpeg"
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    response, content = get(server, AUDIO + quote("a/../two?#%", safe=""))
    assert (response.status, response.headers["Content-Type"], content) == (200, "audio/flac", SOUND)


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-", 0, 10_239),
        ("bytes=100-199", 100, 199),
        ("bytes=-10", 10_230, 10_239),
        ("bytes=5-999999", 5, 10_239),
    ],
)
def test_range_requests_are_supported(server: PreviewServer, header: str, first: int, last: int) -> None:
    response, content = get(server, f"{AUDIO}one", Range=header)
    assert response.status == 206
    assert response.headers["Content-Range"] == f"bytes {first}-{last}/{len(SOUND)}"
    assert content == SOUND[first : last + 1]


@pytest.mark.parametrize("header", ["items=0-1", "bytes=0-1,5-6", "bytes=9-1"])
def test_invalid_range_is_ignored(server: PreviewServer, header: str) -> None:
    response, content = get(server, f"{AUDIO}one", Range=header)
    assert (response.status, response.headers["Content-Range"], content) == (200, None, SOUND)


def test_range_beyond_the_end_is_refused(server: PreviewServer) -> None:
    response, content = get(server, f"{AUDIO}one", Range="bytes=10240-")
    assert (response.status, response.headers["Content-Range"], content) == (416, "bytes */10240", b"")


def test_head_request_returns_the_size(server: PreviewServer) -> None:
    response, content = get(server, f"{AUDIO}one", method="HEAD")
    assert (response.headers["Content-Length"], content) == ("10240", b"")


HOSTILE = (
    # Ids of tracks that do not exist or have no audio file.
    *("gone", "doc", "none", "secret", "secret.mp3", "ONE", "%20one", "one/", "one*", "*", "__proto__", "%"),
    # Path traversal, plain and encoded.
    *("..", ".", "/", "//", "../music/secret.mp3", "one/../secret.mp3", "../site.audio.json", "../../music/secret.mp3"),
    *("..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "..%252fmusic%252fsecret.mp3", "..%5c..%5cetc%5cpasswd"),
    *("%c0%ae%c0%ae/music/secret.mp3", "..;/music/secret.mp3", "....//music/secret.mp3", "one\\..\\b"),
    # Absolute paths and URLs.
    *("/etc/passwd", "%2fetc%2fpasswd", "file:///etc/passwd", "~/.ssh/id_rsa", "C:\\x", "music", "music/a%20song.mp3"),
    *("a%20song.mp3", "site.audio.json", "site.audio.json.js", "../site/index.html", "http://127.0.0.1/etc/passwd"),
    *("//127.0.0.1/share", "\\\\127.0.0.1\\share", "/proc/self/environ", "/dev/zero", "gone?path=/etc/passwd"),
    # Invalid and oversized text.
    *(
        "%00",
        "one%00",
        "one%00.mp3",
        "secret.mp3%00one",
        "%0d%0aLocation:%20/",
        "%ff%fe",
        "%C3%BF",
        "a" * 60_000,
        "%2e" * 20_000,
    ),
)
"""Hostile paths below the audio path, as sent in a request."""


def test_hostile_paths_return_404(server: PreviewServer) -> None:
    assert len(set(HOSTILE)) >= 50
    for name in HOSTILE:
        response, content = get(server, AUDIO + name)
        assert response.status == 404, name[:80]
        for private in (b"root:", b"secret", b"PATH=", SOUND[:16], b"a song"):
            assert private not in content, name[:80]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"])
def test_other_methods_are_refused(server: PreviewServer, method: str) -> None:
    response, content = get(server, f"{AUDIO}one", method=method)
    assert response.status in {405, 501}
    assert SOUND[:16] not in content


def test_named_pipe_in_place_of_an_audio_file_returns_404(server: PreviewServer, folder: Path) -> None:
    (folder / "music/b.flac").unlink()
    os.mkfifo(folder / "music/b.flac")
    assert get(server, AUDIO + quote("a/../two?#%", safe=""))[0].status == 404


def test_foreign_host_name_is_refused(server: PreviewServer) -> None:
    assert get(server, f"{AUDIO}one", Host="evil.example")[0].status == 403


def test_preview_without_an_audio_list_serves_no_audio(folder: Path) -> None:
    with open_server(folder / "site", 0) as running:
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        assert get(running, f"{AUDIO}one")[0].status == 404
        running.shutdown()


def test_audio_list_is_private_and_does_not_replace_foreign_files(folder: Path) -> None:
    listing = folder / "site.audio.json"
    script = folder / "site.audio.json.js"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (listing, script)] == [0o600, 0o600]
    assert script.read_bytes().startswith(b'spotmapReceive("audio.json",')
    write_local_audio(listing, b"")
    assert not listing.exists()
    assert not script.exists()
    script.write_text("a script of mine")
    listing.write_text("notes of mine")
    write_local_audio(listing, encode_local_audio([Track("a", "", recording=Recording("0", path="/a.mp3"))]))
    assert (listing.read_text(), script.read_text()) == ("notes of mine", "a script of mine")
    assert LocalAudio(listing).paths() == {}


@pytest.mark.parametrize(
    "name", ["a\u00a0b.mp3", "\U0001f469\u200d\U0001f4bb.mp3", "a\nb.mp3", "\u202ea.mp3", "\x1b[1m.mp3"]
)
def test_file_names_with_unusual_characters_can_be_played(tmp_path: Path, name: str) -> None:
    own = Track("a", "", recording=Recording("0", path=f"/music/{name}"))
    damaged = Track("b", "", recording=Recording("1", path="/music/\udcff.mp3"))
    write_local_audio(tmp_path / "list.json", encode_local_audio([own, damaged]))
    assert LocalAudio(tmp_path / "list.json").paths() == {"a": f"/music/{name}"}


def test_unchanged_audio_list_is_not_rewritten(folder: Path) -> None:
    listing = folder / "site.audio.json"
    before = listing.stat()
    write_local_audio(listing, listing.read_bytes())
    assert (listing.stat().st_ino, listing.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize(
    ("header", "size_bytes", "expected"),
    [
        (None, 10, None),
        ("bytes=0-0", 10, range(1)),
        ("bytes=-0", 10, range(0)),
        ("bytes=-20", 10, range(10)),
        ("bytes=3-2", 10, None),
        ("bytes=-", 10, None),
        ("bytes=0-1,3-4", 10, None),
        ("items=0-1", 10, None),
        ("bytes=a-b", 10, None),
        ("bytes=0-", 0, range(0)),
        ("bytes=" + "9" * 30 + "-", 10, None),
    ],
)
def test_range_headers_are_parsed_according_to_the_standard(
    header: str | None, size_bytes: int, expected: range | None
) -> None:
    assert parse_range(header, size_bytes) == expected
