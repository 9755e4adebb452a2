"""What YouTube's watch page is for the build, on 127.0.0.1: ``/watch?v=ID`` gives audio, a tune of its own for each id.

yt-dlp takes it through its generic extractor, which asks twice: for the kind of the content, then for the content.

In a test::

    with serve(AudioServer()) as audio:
        download("abc", folder, DownloadSettings(audio.watch_url))

As a process, which prints the variable that makes the command use it::

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
from tests.fakes.http_server import Answer, Asked, HttpServer, serve_until_interrupted, serving

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
    """A tune of two to four seconds, always the same for an id."""
    seed = zlib.crc32(video_id.encode())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"audio{suffix}"
        codec = "libopus" if suffix == ".webm" else ""
        signal = tune(2 + seed % 100 / 50, rate_hz=RATE_HZ, seed=seed)
        return write_audio(path, signal, rate_hz=RATE_HZ, codec=codec).read_bytes()


@dataclass
class AudioServer(HttpServer):
    """What it serves. ``suffixes`` are of ids that come as another file than ``.m4a``; ``folder`` holds real files
    ``ID.m4a`` that are served instead of tunes; ``contents`` are bytes to serve for an id, whatever they are.

    ``missing`` ids are answered with 404. ``bot_check_after``: so many recordings are given away, then it asks for a
    person (as a status line: that is where yt-dlp's generic extractor looks).
    """

    suffixes: dict[str, str] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    folder: Path | None = None
    missing: set[str] = field(default_factory=set)
    bot_check_after: int | None = None
    given: list[str] = field(default_factory=list)
    """The ids that were asked for, each once, in order."""

    @property
    def watch_url(self) -> str:
        return f"{self.url}/watch?v={{video_id}}"

    @property
    def environment(self) -> dict[str, str]:
        return {"SPOTMAP_WATCH_URL": self.watch_url}

    def answer(self, asked: Asked) -> Answer:
        video_id = asked.query.get("v", "")
        if asked.place != "/watch" or not video_id or video_id in self.missing:
            return Answer(b"Not found", "text/plain", status=404)
        with self.lock:
            if video_id not in self.given:
                if self.bot_check_after is not None and len(self.given) >= self.bot_check_after:
                    return Answer(b"<title>Sorry</title>", "text/html", 403, BOT_CHECK)
                self.given.append(video_id)
        suffix = self.suffixes.get(video_id, ".m4a")
        real = self.folder / f"{video_id}{suffix}" if self.folder else None
        if video_id in self.contents:
            content = self.contents[video_id]
        elif real is not None and real.is_file():
            content = real.read_bytes()
        else:
            content = audio_of(video_id, suffix)
        return Answer(content, CONTENT_TYPES[suffix])


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
