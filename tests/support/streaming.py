"""Spotify, YouTube Music, YouTube and Deezer on 127.0.0.1: what a whole build of a streamed library talks to."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fakes import audio_server, deezer_server, spotify_server, youtube_music_server
from tests.fakes.audio_server import AudioServer
from tests.fakes.deezer_server import DeezerServer, FakeTrack
from tests.fakes.spotify_library import FakeLibrary
from tests.fakes.spotify_server import SpotifyServer
from tests.fakes.youtube_music_server import FakeRecording, YouTubeMusicServer
from tests.support.command import Outcome, spotmap

HASTE = {"SPOTMAP_SEARCHES_PER_S": "100", "SPOTMAP_DOWNLOAD_PAUSE_S": "0", "SPOTMAP_PREVIEWS_PER_S": "100"}
"""Politeness is for real services; a test of politeness leaves this out."""


def video_id(track: dict[str, Any]) -> str:
    """The id on YouTube of the recording of a track."""
    return hashlib.sha256(str(track["id"]).encode()).hexdigest()[:11]


def recordings_of(library: FakeLibrary) -> list[FakeRecording]:
    """What YouTube Music has for a library: the right recording of each track, of every fifth a live one as well."""
    rows = [row.get("track") for row in library.saved]
    rows += [row.get("item") for playlist in library.playlists for row in playlist.rows]
    tracks = {row["id"]: row for row in rows if row and row.get("id") and row.get("type") == "track" and row["name"]}
    return [recording for number, track in enumerate(tracks.values()) for recording in _recordings(track, number)]


def _recordings(track: dict[str, Any], number: int) -> Iterator[FakeRecording]:
    artists = tuple(artist["name"] for artist in track["artists"])
    duration_s = round(track["duration_ms"] / 1000)
    if number % 5 == 0:
        live = hashlib.sha256(f"live {track['id']}".encode()).hexdigest()[:11]
        yield FakeRecording(live, f"{track['name']} (Live)", artists, "On Stage", duration_s + 1)
    isrc = track["external_ids"].get("isrc", "")
    yield FakeRecording(video_id(track), track["name"], artists, track["album"]["name"], duration_s, isrc=isrc)


def previews_of(library: FakeLibrary) -> list[FakeTrack]:
    """What Deezer has for a library's saved tracks: each by its ISRC."""
    tracks = [row["track"] for row in library.saved]
    return [
        FakeTrack(
            1_000 + number,
            track["name"],
            tuple(artist["name"] for artist in track["artists"]),
            track["album"]["name"],
            round(track["duration_ms"] / 1000),
            track["external_ids"].get("isrc", ""),
        )
        for number, track in enumerate(tracks)
    ]


@dataclass
class Services:
    """The four services, and a folder in which somebody who is logged in builds."""

    spotify: SpotifyServer
    music: YouTubeMusicServer
    audio: AudioServer
    deezer: DeezerServer
    folder: Path
    audio_mode: str = "youtube"
    """What ``--audio`` is unless a test gives it: most are about whole recordings."""
    environment: dict[str, str] = field(init=False)
    """The variables that make the command use them, with a login of the time at which they were started."""

    def __post_init__(self) -> None:
        self.environment = {"SPOTMAP_AUDIO": self.audio_mode}
        for server in (self.spotify, self.music, self.audio, self.deezer):
            self.environment |= server.environment

    def build(self, *more: object, extra: dict[str, str] | None = None, timeout_s: float = 300) -> Outcome:
        """Build a map of the Spotify library with musicnn; what was asked before is forgotten."""
        return self.run(
            "--source", "spotify", "--embedder", "musicnn", "--log", "json", *more, extra=extra, timeout_s=timeout_s
        )

    def run(self, *arguments: object, extra: dict[str, str] | None = None, timeout_s: float = 600) -> Outcome:
        """Run the command as that person."""
        for server in (self.spotify, self.music, self.audio, self.deezer):
            server.asked.clear()
        self.audio.given.clear()
        environment = {**self.environment, **HASTE, **(extra or {})}
        return spotmap(*arguments, cwd=self.folder, extra=environment, timeout_s=timeout_s)

    def add(self, track: dict[str, Any]) -> None:
        """One more saved track, which YouTube Music has as well."""
        self.spotify.library.save(track)
        self.music.catalog.extend(_recordings(track, 1))


@contextmanager
def services(
    library: FakeLibrary,
    folder: Path,
    recordings: Iterable[FakeRecording] | None = None,
    *,
    previews: Iterable[FakeTrack] = (),
    audio_mode: str = "youtube",
) -> Iterator[Services]:
    """Serve a library until the end of the block."""
    catalog = recordings_of(library) if recordings is None else list(recordings)
    with ExitStack() as running:
        made = Path(running.enter_context(tempfile.TemporaryDirectory()))
        yield Services(
            running.enter_context(spotify_server.serve(SpotifyServer(library))),
            running.enter_context(youtube_music_server.serve(YouTubeMusicServer(catalog=catalog))),
            running.enter_context(audio_server.serve(AudioServer())),
            running.enter_context(deezer_server.serve(DeezerServer(catalog=list(previews), folder=made))),
            folder,
            audio_mode,
        )
