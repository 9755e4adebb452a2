"""Fakes of Spotify, YouTube Music, YouTube and Deezer on 127.0.0.1: all services that a streamed library needs."""

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

UNTHROTTLED = {"SPOTMAP_SEARCHES_PER_S": "100", "SPOTMAP_DOWNLOAD_PAUSE_S": "0", "SPOTMAP_PREVIEWS_PER_S": "100"}
"""Raises the rate limits, which protect real services; tests of the rate limits leave this out."""


def video_id(track: dict[str, Any]) -> str:
    """Return the YouTube id of a track's recording."""
    return hashlib.sha256(str(track["id"]).encode()).hexdigest()[:11]


def recordings_of(library: FakeLibrary) -> list[FakeRecording]:
    """Return YouTube Music's recordings of a library: the right one for each track, and a live one for every fifth."""
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
    """Return Deezer's tracks for the saved tracks of a library, with the same ISRCs."""
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
    """The four services, and the folder in which a user who is logged in builds."""

    spotify: SpotifyServer
    music: YouTubeMusicServer
    audio: AudioServer
    deezer: DeezerServer
    folder: Path
    audio_mode: str = "youtube"
    """The default of ``--audio`` in tests: most of them are about full recordings."""
    environment: dict[str, str] = field(init=False)
    """The environment variables with which the command uses these services, logged in since their start."""

    def __post_init__(self) -> None:
        self.environment = {"SPOTMAP_AUDIO": self.audio_mode}
        for server in (self.spotify, self.music, self.audio, self.deezer):
            self.environment |= server.environment

    def build(self, *more: object, extra: dict[str, str] | None = None, timeout_s: float = 300) -> Outcome:
        """Build a map of the Spotify library with musicnn; clear the recorded requests first."""
        return self.run(
            "--source", "spotify", "--embedder", "musicnn", "--log", "json", *more, extra=extra, timeout_s=timeout_s
        )

    def run(self, *arguments: object, extra: dict[str, str] | None = None, timeout_s: float = 600) -> Outcome:
        """Run the command as that user; clear the recorded requests first."""
        for server in (self.spotify, self.music, self.audio, self.deezer):
            server.requests.clear()
        self.audio.served.clear()
        environment = {**self.environment, **UNTHROTTLED, **(extra or {})}
        return spotmap(*arguments, cwd=self.folder, extra=environment, timeout_s=timeout_s)

    def add(self, track: dict[str, Any]) -> None:
        """Add a saved track, which YouTube Music has as well."""
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
        preview_folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        yield Services(
            running.enter_context(spotify_server.serve(SpotifyServer(library))),
            running.enter_context(youtube_music_server.serve(YouTubeMusicServer(catalog=catalog))),
            running.enter_context(audio_server.serve(AudioServer())),
            running.enter_context(deezer_server.serve(DeezerServer(catalog=list(previews), folder=preview_folder))),
            folder,
            audio_mode,
        )
