"""Download the audio of one recording to a file, using yt-dlp in this process."""

from __future__ import annotations

import errno
import math
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from spotmap_build.acquire.youtube.abandonable import AbandonableThread, Pace
from spotmap_build.acquire.youtube.audio_files import check_audio_file
from spotmap_build.acquire.youtube.cookies import bad_cookies, copy_cookies
from spotmap_build.acquire.youtube.download_messages import (
    OUTDATED,
    error_for,
    live,
    no_audio,
    no_room,
    page_too_large,
    too_slow,
)
from spotmap_build.acquire.youtube.javascript import find_runtime
from spotmap_build.core.files import DISK_FULL, NOT_WRITABLE
from spotmap_build.core.retry import RetryPolicy
from spotmap_build.errors import ServiceError, SpotmapError, TrackError, Unanswered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FORMATS: Final = "bestaudio[ext=m4a]/bestaudio/best"
"""AAC in MP4 first, because every decoder supports it."""
FORMATS_ELSEWHERE: Final = "best[protocol~='^https?$']"
"""On another host, the URL must return the audio itself: a manifest of segments could point anywhere."""
RETRY: Final = RetryPolicy(attempts=3, first_pause_s=1.0)
PAGE_BYTES: Final = 16 << 20
"""Maximum size of a page that is read to find the audio; YouTube's pages have less than three megabytes."""
PIECE_BYTES: Final = 1 << 16
PAGES_BYTES: Final = 64 << 20
"""Maximum size of all pages for one video together."""
MIN_RATE_BYTES_S: Final = 2_000
"""Minimum transfer rate, an eighth of the audio's bit rate: a slower download would take too long."""
SHUTDOWN_TIMEOUT_S: Final = 1.0
"""How long a cancelled download may take to stop by itself."""
REQUEST_PAUSE_S: Final = 0.75
"""Between requests to YouTube, which limits their rate; finding the audio of a video takes several."""
DISK: Final = DISK_FULL | NOT_WRITABLE | {errno.EIO}
IN_PROGRESS: Final = frozenset({"is_live", "is_upcoming", "post_live"})


class Cancelled(Exception):
    """The download was cancelled."""


@dataclass(frozen=True, slots=True)
class DownloadSettings:
    """Source and limits of downloads.

    ``watch_url`` contains ``{video_id}``; on a host other than YouTube, the URL must return the audio itself.
    ``cookies`` is a file in Netscape format, which is read but never written. ``retry`` applies to requests without a
    response. A download that receives almost nothing for ``stall_s`` is aborted; the threshold respects a low
    ``max_rate_bytes_s``.
    """

    watch_url: str
    cookies: Path | None = None
    max_rate_bytes_s: int | None = None
    max_size_bytes: int = 100_000_000
    max_duration_s: int = 3 * 3_600
    socket_timeout_s: float = 20
    stall_s: float = 90
    retry: RetryPolicy = RETRY


def download(
    video_id: str, folder: Path, settings: DownloadSettings, *, cancelled: threading.Event | None = None
) -> Path:
    """Download the audio of a video into ``folder``, leaving no other files there. Thread-safe.

    ``cancelled`` is checked whenever data arrives; a silent connection ends after ``socket_timeout_s``.

    Raises
    ------
    TrackError
        This video is unavailable or unsuitable.
    ServiceRefused
        YouTube refuses further requests.
    ServiceError
        No connection, or YouTube has changed.
    OutputError
        The file cannot be written.
    ConfigError
        The cookies cannot be read.
    Cancelled
        ``cancelled`` was set.
    """
    cancelled = cancelled or threading.Event()
    try:
        # Partial files are deleted with this folder. Its parent may be deleted meanwhile.
        with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as work:
            downloaded = _fetch_with_retries(video_id, Path(work), settings, cancelled)
            check_audio_file(downloaded)
            return downloaded.replace(folder / f"{quote(video_id, safe='')}{downloaded.suffix}")
    except OSError as error:
        if cancelled.is_set():
            raise Cancelled from error
        reason = error.strerror or type(error).__name__
        if error.errno in DISK or not folder.is_dir():
            raise no_room(reason) from error
        raise TrackError("download", f"Its audio cannot be stored: {reason}.", retryable=True) from error


def _fetch_with_retries(video_id: str, work: Path, settings: DownloadSettings, cancelled: threading.Event) -> Path:
    def wait(pause_s: float) -> None:
        if cancelled.wait(pause_s):
            raise Cancelled

    return settings.retry.call(lambda: _fetch(video_id, work, settings, cancelled), retry_on=Unanswered, sleep=wait)


def _fetch(video_id: str, work: Path, settings: DownloadSettings, cancelled: threading.Event) -> Path:
    from yt_dlp.utils import DownloadCancelled

    url = settings.watch_url.replace("{video_id}", quote(video_id, safe=""))
    session = _session(settings)
    try:
        info = session.fetch(url, work, cancelled)
    # An extractor may raise any exception for unexpected data.
    except BaseException as error:
        _discard(session)
        if isinstance(error, SpotmapError | Cancelled) or not isinstance(error, Exception):
            raise
        if isinstance(error, DownloadCancelled) or cancelled.is_set():
            raise Cancelled from error
        raise _translated(error, settings, session.watch.warnings) from error
    return _file_of(info, work)


_own = threading.local()


def _session(settings: DownloadSettings) -> _Session:
    """Return this thread's session; after a failure, a new one."""
    session: _Session | None = getattr(_own, "session", None)
    if session is not None and session.settings == settings:
        return session
    if session is not None:
        _discard(session)
    _own.session = session = _Session(settings)
    return session


def _discard(session: _Session) -> None:
    _own.session = None
    session.close()


class _Session:
    """A yt-dlp instance reused for many videos, so that YouTube's script of several MB is fetched and prepared once.

    It runs in its own thread, which is abandoned if a download stalls.
    """

    def __init__(self, settings: DownloadSettings) -> None:
        import yt_dlp

        self.settings = settings
        self.watch = _Watch(settings)
        self._thread = AbandonableThread()
        self._downloader = yt_dlp.YoutubeDL(_parameters(settings, self.watch))
        self._downloader.cache = _Memory()
        self._downloader.urlopen = _Opener(self._downloader.urlopen, self.watch)

    def fetch(self, url: str, work: Path, cancelled: threading.Event) -> dict[str, Any] | None:
        """Download into ``work`` and return yt-dlp's info on the video. Raise whatever yt-dlp raises."""
        self.watch.begin(cancelled)
        self._downloader.params["paths"] = {"home": str(work), "temp": str(work)}
        try:
            info: dict[str, Any] | None = self._thread.call(
                lambda: self._downloader.extract_info(url), self.watch.check
            )
        except BaseException:
            self.watch.abandon()
            raise
        return info

    def close(self) -> None:
        """Close the connections once the current call is finished."""
        self._thread.close(self._close)

    def _close(self) -> None:
        # Closing would read the cookies again and write them back; they must not be written, and may be invalid.
        self._downloader.params["cookiefile"] = None
        self._downloader.close()


class _Opener:
    """A wrapper of yt-dlp's ``urlopen`` that counts received bytes and limits the size of pages."""

    def __init__(self, urlopen: Callable[[Any], Any], watch: _Watch) -> None:
        self._urlopen = urlopen
        self._watch = watch

    def __call__(self, request: Any) -> Any:
        from yt_dlp.networking.exceptions import HTTPError

        try:
            response = self._urlopen(request)
        except HTTPError as error:
            self._bound(error.response)
            raise
        self._bound(response)
        return response

    def _bound(self, response: Any) -> None:
        read = response.read

        def read_some(amount: int | None = None) -> bytes:
            piece: bytes = read(amount)
            self._watch.add_bytes(len(piece))
            return piece

        def read_bounded(amount: int | None = None) -> bytes:
            if amount is not None:
                return read_some(amount)
            pieces: list[bytes] = []
            while piece := read_some(PIECE_BYTES):
                pieces.append(piece)
                if len(pieces) * PIECE_BYTES > PAGE_BYTES:
                    response.close()
                    raise page_too_large(PAGE_BYTES)
            return b"".join(pieces)

        response.read = read_bounded


class _Memory:
    """An in-memory replacement of yt-dlp's cache of prepared scripts, with the same signatures."""

    enabled = True

    def __init__(self) -> None:
        self._values: dict[tuple[str, str], Any] = {}

    def load(self, section: str, key: str, dtype: str = "json", default: Any = None, *, min_ver: str = "") -> Any:  # noqa: ARG002
        return self._values.get((section, key), default)

    def store(self, section: str, key: str, data: Any, dtype: str = "json") -> None:  # noqa: ARG002
        self._values[section, key] = data


def _parameters(settings: DownloadSettings, watch: _Watch) -> dict[str, Any]:
    def pause_s(n: int) -> float:  # yt-dlp counts from 0
        return settings.retry.pause_s(n + 1)

    runtime = find_runtime()
    is_youtube = _is_youtube(settings.watch_url)
    return {
        "format": FORMATS if is_youtube else FORMATS_ELSEWHERE,
        "outtmpl": {"default": "audio.%(ext)s"},
        "allowed_extractors": ["youtube"] if is_youtube else ["generic"],
        "noplaylist": True,
        "match_filter": watch.check_info,
        "progress_hooks": [watch.on_progress],
        "logger": watch,
        "quiet": True,
        "noprogress": True,
        "overwrites": True,
        "continuedl": False,
        "updatetime": False,
        "fixup": "never",
        "geo_bypass": False,
        "retries": settings.retry.attempts - 1,
        "fragment_retries": settings.retry.attempts - 1,
        "extractor_retries": 0,  # see _fetch_with_retries: not all extractors support this
        "retry_sleep_functions": {"http": pause_s, "fragment": pause_s},
        "socket_timeout": settings.socket_timeout_s,
        "sleep_interval_requests": REQUEST_PAUSE_S if is_youtube else 0,
        "ratelimit": settings.max_rate_bytes_s,
        "cookiefile": copy_cookies(settings.cookies),
        "cachedir": False,
        "js_runtimes": {runtime.name: {"path": str(runtime.path)}} if runtime else {},
    }


class _Watch:
    """Monitors a download as yt-dlp's match filter, progress hook and (silent) logger.

    ``warnings``: yt-dlp's warnings since the download began.
    """

    def __init__(self, settings: DownloadSettings) -> None:
        self._settings = settings
        self.min_rate_bytes_s = min(MIN_RATE_BYTES_S, (settings.max_rate_bytes_s or math.inf) / 4)
        self._abandoned = threading.Event()
        self.begin(threading.Event())

    def begin(self, cancelled: threading.Event) -> None:
        """Reset for a new download."""
        self._cancelled = cancelled
        self._cancelled_at_s: float | None = None
        self._pace = Pace(self.min_rate_bytes_s * self._settings.stall_s, self._settings.stall_s)
        self._bytes_left = self._settings.max_size_bytes + PAGES_BYTES
        self.warnings: list[str] = []

    def abandon(self) -> None:
        """Mark the download as abandoned, so that it stops at its next callback."""
        self._abandoned.set()

    def check(self) -> None:
        """Check from the waiting thread whether to keep waiting.

        Raises
        ------
        Cancelled
            ``cancelled`` was set, and the download did not stop by itself.
        ServiceError
            The download has stalled.
        """
        if self._cancelled.is_set():
            now_s = time.monotonic()
            self._cancelled_at_s = self._cancelled_at_s or now_s
            if now_s - self._cancelled_at_s > SHUTDOWN_TIMEOUT_S:
                raise Cancelled
        if self._pace.is_too_slow():
            raise too_slow(self._settings.stall_s)

    def add_bytes(self, count: int) -> None:
        """Count received bytes of a page or of the audio."""
        self._pace.add_bytes(count)
        self._bytes_left -= count
        if self._bytes_left < 0:
            raise page_too_large(PAGES_BYTES)

    def check_info(self, info: dict[str, Any], *, incomplete: object = False) -> None:  # noqa: ARG002 - yt-dlp names it
        """Refuse live streams and overlong videos before anything is downloaded."""
        if info.get("live_status") in IN_PROGRESS:
            raise live()
        minutes = (info.get("duration") or 0) / 60
        if minutes * 60 > self._settings.max_duration_s:
            most = self._settings.max_duration_s / 60
            raise TrackError("too-long", f"The video lasts {minutes:.0f} minutes; the limit is {most:.0f}.")

    def on_progress(self, progress: dict[str, Any]) -> None:
        """Stop if the download is cancelled or too large."""
        self._stop_if_cancelled()
        size_bytes = max(progress.get("total_bytes") or 0, progress.get("downloaded_bytes") or 0)
        if size_bytes > self._settings.max_size_bytes:
            most = self._settings.max_size_bytes / 1e6
            raise TrackError("too-large", f"Its audio has {size_bytes / 1e6:.0f} MB; the limit is {most:.0f}.")

    def debug(self, _message: str) -> None:
        """Stop if the download is cancelled; yt-dlp calls this before each step."""
        self._stop_if_cancelled()

    def warning(self, message: str) -> None:
        self.warnings.append(message)

    def error(self, message: str) -> None:
        """Do nothing: the error is also raised as an exception."""

    def _stop_if_cancelled(self) -> None:
        from yt_dlp.utils import DownloadCancelled

        if self._cancelled.is_set() or self._abandoned.is_set():
            raise DownloadCancelled


def _is_youtube(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host in {"youtu.be", "youtube.com"} or host.endswith(".youtube.com")


def _translated(error: Exception, settings: DownloadSettings, warnings: list[str]) -> SpotmapError:
    from http.cookiejar import LoadError  # imported here because it loads ssl

    from yt_dlp.utils import YoutubeDLError

    for cause in _causes(error):
        if isinstance(cause, LoadError):
            return bad_cookies(settings.cookies, "not in Netscape's format")
        if isinstance(cause, OSError) and cause.errno in DISK and not isinstance(cause, ConnectionError):
            return no_room(cause.strerror or type(cause).__name__)
    if not isinstance(error, YoutubeDLError):
        return ServiceError(f"yt-dlp failed on YouTube's response ({type(error).__name__}).", hint=OUTDATED)
    return error_for(str(error), warnings)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all its causes, following both Python's and yt-dlp's ways of chaining."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        cause = waiting.pop()
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            exc_info = getattr(cause, "exc_info", None) or (None, None, None)
            waiting += [cause.__cause__, cause.__context__, getattr(cause, "cause", None), exc_info[1]]


def _file_of(info: dict[str, Any] | None, work: Path) -> Path:
    for entry in (info or {}).get("requested_downloads") or ():
        path = Path(entry.get("filepath") or work)
        if path.is_file() and path.parent == work:
            return path
    raise no_audio()
