"""Download the audio of recordings from YouTube, and remember failures."""

from __future__ import annotations

import re
import shutil
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spotmap_build.acquire.search import failure_row, stored_failure, youtube_disabled_reason
from spotmap_build.acquire.services import Service
from spotmap_build.cache.freshness import Failure
from spotmap_build.cache.keys import Key
from spotmap_build.core.files import MAX_NAME_BYTES, portable_name
from spotmap_build.core.rate_limiting import RateLimiter
from spotmap_build.errors import OutputError, ServiceError, TrackError
from spotmap_build.model import Failed, Track

if TYPE_CHECKING:
    from spotmap_build.run import Run

DOWNLOAD_VERSION: Final = 1
MAX_NAME_LENGTH: Final = 120
"""Maximum characters of a kept file's name before the id."""
_ID_IN_NAME: Final = re.compile(r"\[([A-Za-z0-9_-]{11})\]")


class Downloader:
    """Downloads recordings. Thread-safe."""

    def __init__(self, run: Run) -> None:
        self.service = Service(run, "YouTube", disabled_reason=youtube_disabled_reason(run))
        self._run = run
        pause_s = run.config.download_pause_s
        self._limiter = RateLimiter(1 / pause_s) if pause_s else None

    def stored_failure(self, track: Track) -> Failed | None:
        """Return a stored failure that forbids to try this recording now."""
        video_id = track.known_recording.video_id
        return None if video_id is None else stored_failure(self._run, self._key(video_id), track.id)

    def stored_audio(self, track: Track) -> Path | None:
        """Return the recording's audio if an earlier build kept it."""
        folder, video_id = self._run.config.keep_audio, track.known_recording.video_id
        try:
            if folder is None or not folder.is_dir():
                return None
            # The id is in the last brackets; titles may contain brackets as well.
            named = (path for path in sorted(folder.iterdir()) if _ID_IN_NAME.findall(path.name)[-1:] == [video_id])
            return next((path for path in named if path.is_file()), None)
        except OSError as error:
            raise OutputError(
                f"The kept audio in {folder} cannot be read: {error.strerror or error}.",
                hint="Fix that, or choose another --keep-audio.",
            ) from error

    def fetch(self, track: Track, scratch: Path, cancelled: threading.Event) -> Path | Failed:
        """Download the audio of a track's recording to its own subfolder of ``scratch``.

        Raises
        ------
        OutputError
            The file cannot be written; the build cannot continue.
        Cancelled
            ``cancelled`` was set.
        """
        from spotmap_build.acquire.youtube.download import Cancelled, DownloadSettings, download
        from spotmap_build.acquire.youtube.download_messages import no_room

        video_id = track.known_recording.video_id
        assert video_id is not None
        if not self.service.is_open:
            return self.service.waiting_row(track.id, "download")
        if self._limiter is not None:
            self._limiter.wait(cancelled.wait)
        if cancelled.is_set():
            raise Cancelled
        config = self._run.config
        settings = DownloadSettings(config.watch_url, config.cookies, config.max_rate_bytes_s)
        started = time.monotonic()
        try:
            folder = Path(tempfile.mkdtemp(dir=scratch))
        except OSError as error:
            raise no_room(error.strerror or type(error).__name__) from error
        try:
            path = download(video_id, folder, settings, cancelled=cancelled)
        except TrackError as error:
            self.service.breaker.record_success()  # an error such as "private video" shows that the service responds
            shutil.rmtree(folder, ignore_errors=True)
            return self._store_failure(track, video_id, error, time.monotonic() - started)
        except ServiceError as error:
            shutil.rmtree(folder, ignore_errors=True)
            self.service.breaker.record_failure(error)
            return self.service.failed_row(track.id, "download", error)
        self.service.breaker.record_success()
        return path

    def release(self, track: Track, path: Path) -> None:
        """Delete the audio after its analysis, or keep it with ``--keep-audio``.

        Raises
        ------
        OutputError
            It cannot be moved to the folder for kept audio.
        """
        folder = self._run.config.keep_audio
        if folder is not None:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                _store_audio(path, folder, track)
            except OSError as error:
                raise OutputError(
                    f"The audio of '{track.title}' cannot be kept in {folder}: {error.strerror or error}.",
                    hint="Choose another --keep-audio, or free some disk space.",
                ) from error
        shutil.rmtree(path.parent, ignore_errors=True)

    def _store_failure(self, track: Track, video_id: str, error: TrackError, seconds: float) -> Failed:
        """Store a failed download.

        Temporary failures are retried when due, others when something changes (an override, cookies).
        """
        key = self._key(video_id)
        if error.retryable:
            failure = self._run.cache.put_transient_failure(key, error.track_code, error.message, seconds)
        else:
            failure = Failure(error.track_code, error.message, "needs_person" if error.needs_person else "permanent")
            self._run.cache.put_failure(key, failure, seconds)
        return failure_row(track.id, "download", failure)

    def _key(self, video_id: str) -> Key:
        with_cookies = self._run.config.cookies is not None
        return Key("download", DOWNLOAD_VERSION, {"video_id": video_id, "with_cookies": with_cookies})


def _store_audio(path: Path, folder: Path, track: Track) -> None:
    tail = f"[{track.known_recording.video_id}]{path.suffix}"
    try:
        shutil.move(path, folder / _file_name(track, tail))
    except OSError:  # every file system accepts this shorter name
        shutil.move(path, folder / tail)


def _file_name(track: Track, tail: str) -> str:
    """Return ``Artist - Title [id].m4a`` as a portable file name of limited length."""
    words = " - ".join(part for part in (", ".join(track.artists[:2]), track.title) if part)
    name = portable_name(words[:MAX_NAME_LENGTH], MAX_NAME_BYTES - len(f" {tail}".encode()))
    return f"{name or 'track'} {tail}"
