"""A fake of YouTube's watch page on 127.0.0.1: ``/watch?v=ID`` returns audio, a different tune for each id.

yt-dlp downloads it with its generic extractor, which sends two requests: for the content type and for the content.

In a test::

    with serve(AudioServer()) as audio:
        download("abc", folder, DownloadSettings(audio.watch_url))

As a process that prints the environment variable for spotmap-build::

    python -m tests.fakes.audio_server --port 8125 --folder real/audio --bot-check-after 100
"""

from __future__ import annotations

import argparse
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from tests.fakes.audio_files import tune, write_audio
from tests.fakes.http_server import HttpServer, Request, Response, serve_until_interrupted, serving

RATE_HZ = 16_000
CONTENT_TYPES = {
    ".m4a": "audio/mp4",
    ".webm": "audio/webm",
    ".mp3": "audio/mpeg",
    ".opus": "audio/ogg",
    ".html": "text/html",
}
BOT_CHECK = "Sign in to confirm you're not a bot"


@lru_cache(maxsize=2_000)
def audio_of(video_id: str, suffix: str) -> bytes:
    """Return a tune of two to four seconds that depends only on the id."""
    seed = zlib.crc32(video_id.encode())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"audio{suffix}"
        codec = "libopus" if suffix == ".webm" else ""
        signal = tune(2 + seed % 100 / 50, rate_hz=RATE_HZ, seed=seed)
        return write_audio(path, signal, rate_hz=RATE_HZ, codec=codec).read_bytes()


@dataclass
class AudioServer(HttpServer):
    """What the server returns.

    ``suffixes``: file suffixes of ids whose audio is not ``.m4a``. ``folder``: real files ``ID.m4a`` to serve instead
    of tunes. ``contents``: bytes to serve for an id. ``missing``: ids that get a 404. ``bot_check_after``: the number
    of recordings served before it demands a bot check (in the status line, where yt-dlp's generic extractor looks).
    """

    suffixes: dict[str, str] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    folder: Path | None = None
    missing: set[str] = field(default_factory=set)
    bot_check_after: int | None = None
    served: list[str] = field(default_factory=list)
    """The distinct ids whose audio was served, in order."""

    @property
    def watch_url(self) -> str:
        return f"{self.url}/watch?v={{video_id}}"

    @property
    def environment(self) -> dict[str, str]:
        return {"SPOTMAP_WATCH_URL": self.watch_url}

    def respond(self, request: Request) -> Response:
        video_id = request.query.get("v", "")
        if request.place != "/watch" or not video_id or video_id in self.missing:
            return Response(b"Not found", "text/plain", status=404)
        with self.lock:
            if video_id not in self.served:
                if self.bot_check_after is not None and len(self.served) >= self.bot_check_after:
                    return Response(b"<title>Sorry</title>", "text/html", 403, BOT_CHECK)
                self.served.append(video_id)
        suffix = self.suffixes.get(video_id, ".m4a")
        real = self.folder / f"{video_id}{suffix}" if self.folder else None
        if video_id in self.contents:
            content = self.contents[video_id]
        elif real is not None and real.is_file():
            content = real.read_bytes()
        else:
            content = audio_of(video_id, suffix)
        return Response(content, CONTENT_TYPES[suffix])


@contextmanager
def serve(server: AudioServer, port: int = 0) -> Iterator[AudioServer]:
    """Serve until the end of the block."""
    with serving(server, port):
        yield server


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="real files, named ID.m4a")
    parser.add_argument("--bot-check-after", type=int)
    arguments = parser.parse_args()
    server = AudioServer(folder=arguments.folder, bot_check_after=arguments.bot_check_after)
    serve_until_interrupted(server, arguments.port, "SPOTMAP_WATCH_URL", "/watch?v={video_id}")


if __name__ == "__main__":
    main()
