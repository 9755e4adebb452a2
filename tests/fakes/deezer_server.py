"""A fake of Deezer's public API on 127.0.0.1: tracks by ISRC, id and search, and previews at signed URLs that expire.

In a test::

    with serve(DeezerServer(catalog)) as deezer:
        client = Deezer(deezer.api_url, ...)

As a process that prints the environment variable for spotmap-build::

    python -m tests.fakes.deezer_server --catalog tracks.json --port 8126
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tests.fakes.audio_files import tune, write_audio
from tests.fakes.http_server import HttpServer, Request, Response, serve_until_interrupted, serving
from tests.fakes.youtube_music_server import words_of

RATE_HZ = 16_000
PREVIEW_S = 3.0
"""Shorter than real previews (30 s), so that they are analyzed quickly."""
NO_DATA = {"error": {"type": "DataException", "message": "no data", "code": 800}}
QUOTA = {"error": {"type": "Exception", "message": "Quota limit exceeded", "code": 4}}


@dataclass(frozen=True)
class FakeTrack:
    """One recording. ``has_preview``: whether Deezer has a preview of it."""

    id: int
    title: str
    artists: tuple[str, ...] = ()
    album: str = ""
    duration_s: int = 200
    isrc: str = ""
    explicit: bool = False
    has_preview: bool = True


@lru_cache(maxsize=2_000)
def preview_of(track_id: int, folder: Path) -> bytes:
    """Return a tune that depends only on the id, as MP3."""
    return write_audio(
        folder / f"{track_id}.mp3", tune(PREVIEW_S, rate_hz=RATE_HZ, seed=track_id), rate_hz=RATE_HZ
    ).read_bytes()


@dataclass
class DeezerServer(HttpServer):
    """The catalog and the limits of the service.

    ``quota``: the number of requests it answers within ``quota_window_s``. ``expired``: the next so many preview URLs
    that it returns have already expired.
    """

    catalog: list[FakeTrack] = field(default_factory=list)
    folder: Path = Path()
    quota: int | None = None
    quota_window_s: float = 5.0
    expired: int = 0
    contents: dict[int, bytes] = field(default_factory=dict)
    """Replaces the preview of a track id."""
    preview_host: str = ""
    """Replaces this server in the URLs of previews."""

    @property
    def api_url(self) -> str:
        return f"{self.url}/"

    @property
    def environment(self) -> dict[str, str]:
        return {"SPOTMAP_DEEZER": self.api_url}

    def places(self, beginning: str) -> list[str]:
        """Return the requested paths that start with ``beginning``, in order."""
        return [request.place for request in self.requests if request.place.startswith(beginning)]

    def respond(self, request: Request) -> Response:
        if request.place.startswith("/preview/"):
            return self._preview(request)
        if self._is_over_quota():
            return _json(QUOTA)
        by_isrc = re.fullmatch(r"/track/isrc:(.+)", unquote(request.place))
        if by_isrc:
            found = [track for track in self.catalog if track.isrc == by_isrc[1]]
            return _json(self._row(found[0]) if found else NO_DATA)
        if request.place.startswith("/track/"):
            found = [track for track in self.catalog if str(track.id) == request.place.removeprefix("/track/")]
            return _json(self._row(found[0]) if found else NO_DATA)
        if request.place == "/search/track":
            found = self.find(request.query["q"])
            return _json({"data": [self._row(track) for track in found], "total": len(found)})
        return Response(b"Not found", "text/html", status=404)

    def find(self, text: str) -> list[FakeTrack]:
        """Return matching tracks, best first, ranked by the share of words in common with the query."""
        query_words = words_of(re.sub(r'\b(?:artist|track|album):(?=")', "", text))
        ranked = []
        for position, track in enumerate(self.catalog):
            words = words_of(" ".join((track.title, *track.artists, track.album)))
            score = len(query_words & words) / (len(query_words | words) or 1)
            if score:
                ranked.append((-score, position, track))
        return [track for _, _, track in sorted(ranked, key=lambda row: row[:2])[:25]]

    def _is_over_quota(self) -> bool:
        if self.quota is None:
            return False
        with self.lock:
            since_s = time.monotonic() - self.quota_window_s
            recent = [request for request in self.requests if request.at_s > since_s]
        return sum(not request.place.startswith("/preview/") for request in recent) > self.quota

    def _row(self, track: FakeTrack) -> dict[str, Any]:
        return {
            "id": track.id,
            "readable": True,
            "title": track.title,
            "isrc": track.isrc,
            "link": f"https://www.deezer.com/track/{track.id}",
            "duration": track.duration_s,
            "explicit_lyrics": track.explicit,
            "bpm": 0,
            "preview": self._address(track),
            "contributors": [{"id": number, "name": name} for number, name in enumerate(track.artists, 1)],
            "artist": {"id": 1, "name": track.artists[0] if track.artists else "", "type": "artist"},
            "album": {"id": track.id, "title": track.album, "type": "album"},
            "type": "track",
        }

    def _address(self, track: FakeTrack) -> str:
        if not track.has_preview:
            return ""
        with self.lock:
            is_expired, self.expired = self.expired > 0, max(0, self.expired - 1)
        signature = "hdnea=exp=0~hmac=old" if is_expired else "hdnea=exp=9999999999~hmac=new"
        return f"{self.preview_host or self.url}/preview/{track.id}.mp3?{signature}"

    def _preview(self, request: Request) -> Response:
        if "exp=0~" in request.path:
            return Response(b"Access denied", "text/html", status=403)
        track_id = int(request.place.removeprefix("/preview/").removesuffix(".mp3"))
        content = self.contents.get(track_id)
        return Response(preview_of(track_id, self.folder) if content is None else content, "audio/mpeg")


def _json(document: Any) -> Response:
    return Response(json.dumps(document).encode())


@contextmanager
def serve(server: DeezerServer, port: int = 0) -> Iterator[DeezerServer]:
    """Serve until the end of the block."""
    with serving(server, port):
        yield server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--catalog", type=Path, required=True, help="a JSON list of objects with FakeTrack's fields")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=Path(), help="where to write previews")
    arguments = parser.parse_args()
    rows = json.loads(arguments.catalog.read_text(encoding="utf-8"))
    catalog = [FakeTrack(**{**row, "artists": tuple(row.get("artists", ()))}) for row in rows]
    server = DeezerServer(catalog=catalog, folder=arguments.folder)
    serve_until_interrupted(server, arguments.port, "SPOTMAP_DEEZER", "/")


if __name__ == "__main__":
    main()
