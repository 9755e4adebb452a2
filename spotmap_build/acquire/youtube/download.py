"""Downloads: the audio of one recording as a file, through yt-dlp in this process."""

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

from spotmap_build.acquire.youtube.attended import OwnThread, Pace
from spotmap_build.acquire.youtube.audio_files import check_audio_file
from spotmap_build.acquire.youtube.cookies import bad_cookies, copy_cookies
from spotmap_build.acquire.youtube.download_messages import (
    OUTDATED,
    Unreached,
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
from spotmap_build.errors import ServiceError, SpotmapError, TrackError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FORMATS: Final = "bestaudio[ext=m4a]/bestaudio/best"
"""AAC in MP4 first: everything decodes it."""
FORMATS_ELSEWHERE: Final = "best[protocol~='^https?$']"
"""On another host the address gives the audio itself: what only lists where its pieces are may name any place."""
RETRY: Final = RetryPolicy(attempts=3, first_pause_s=1.0)
PAGE_BYTES: Final = 16 << 20
"""The largest page that is read to find the audio; YouTube's have less than three megabytes."""
PIECE_BYTES: Final = 1 << 16
PAGES_BYTES: Final = 64 << 20
"""Of all pages of one video together."""
LEAST_RATE_BYTES_S: Final = 2_000
"""An eighth of what the sound itself takes: whoever gives less never comes to an end."""
SHUTDOWN_TIMEOUT_S: Final = 1.0
"""How long a cancelled download may take to stop by itself."""
REQUEST_PAUSE_S: Final = 0.75
"""Between requests to YouTube, of which it takes several to find a video's audio: it counts them."""
DISK: Final = DISK_FULL | NOT_WRITABLE | {errno.EIO}
IN_PROGRESS: Final = frozenset({"is_live", "is_upcoming", "post_live"})


class Cancelled(Exception):
    """The download was to stop, and did."""


@dataclass(frozen=True, slots=True)
class DownloadSettings:
    """Where to download from, and how much of it at most.

    ``watch_url`` holds ``{video_id}``; on another host than YouTube's, the address must give the audio itself.
    ``cookies`` is a file in Netscape's format; it is read, never written. ``retry`` is for what was not answered. A
    download in which hardly anything comes for ``stall_s`` is given up; a ``max_rate_bytes_s`` that asks for as little
    is no reason.
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
    """Download the audio of a video into ``folder``; nothing but the returned file is left there. Safe for threads.

    ``cancelled`` is looked at whenever something arrives; a silent connection ends after ``socket_timeout_s``.

    Raises
    ------
    TrackError
        This video cannot be had, or is none that we want.
    ServiceRefused
        YouTube wants no more requests.
    ServiceError
        No connection, or YouTube has changed.
    OutputError
        No room.
    ConfigError
        The cookies cannot be read.
    Cancelled
        As was asked for.
    """
    cancelled = cancelled or threading.Event()
    try:
        # What was left half done goes with the folder, even if the whole folder is deleted meanwhile.
        with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as work:
            arrived = _persistently(video_id, Path(work), settings, cancelled)
            check_audio_file(arrived)
            return arrived.replace(folder / f"{quote(video_id, safe='')}{arrived.suffix}")
    except OSError as error:
        if cancelled.is_set():
            raise Cancelled from error
        reason = error.strerror or type(error).__name__
        if error.errno in DISK or not folder.is_dir():
            raise no_room(reason) from error
        raise TrackError("download", f"Its audio cannot be stored: {reason}.", retryable=True) from error


def _persistently(video_id: str, work: Path, settings: DownloadSettings, cancelled: threading.Event) -> Path:
    def wait(pause_s: float) -> None:
        if cancelled.wait(pause_s):
            raise Cancelled

    return settings.retry.call(lambda: _fetch(video_id, work, settings, cancelled), retry_on=Unreached, sleep=wait)


def _fetch(video_id: str, work: Path, settings: DownloadSettings, cancelled: threading.Event) -> Path:
    from yt_dlp.utils import DownloadCancelled

    url = settings.watch_url.replace("{video_id}", quote(video_id, safe=""))
    session = _session(settings)
    try:
        info = session.fetch(url, work, cancelled)
    # Extractors stumble over what they do not expect with any exception there is.
    except BaseException as error:
        _forget(session)
        if isinstance(error, SpotmapError | Cancelled) or not isinstance(error, Exception):
            raise
        if isinstance(error, DownloadCancelled) or cancelled.is_set():
            raise Cancelled from error
        raise _translated(error, settings, session.watch.warnings) from error
    return _file_of(info, work)


_own = threading.local()


def _session(settings: DownloadSettings) -> _Session:
    """Return this thread's session, made again after every failure."""
    session: _Session | None = getattr(_own, "session", None)
    if session is not None and session.settings == settings:
        return session
    if session is not None:
        _forget(session)
    _own.session = session = _Session(settings)
    return session


def _forget(session: _Session) -> None:
    _own.session = None
    session.close()


class _Session:
    """yt-dlp for one video after the other: YouTube's script has some MB, and is fetched and prepared only once.

    It works in a thread of its own, which is left when nothing comes any more.
    """

    def __init__(self, settings: DownloadSettings) -> None:
        import yt_dlp

        self.settings = settings
        self.watch = _Watch(settings)
        self._thread = OwnThread()
        self._downloader = yt_dlp.YoutubeDL(_parameters(settings, self.watch))
        self._downloader.cache = _Memory()
        self._downloader.urlopen = _Opener(self._downloader.urlopen, self.watch)

    def fetch(self, url: str, work: Path, cancelled: threading.Event) -> dict[str, Any] | None:
        """Download into ``work``; gives what is known of the video. Raises whatever yt-dlp raises."""
        self.watch.begin(cancelled)
        self._downloader.params["paths"] = {"home": str(work), "temp": str(work)}
        try:
            info: dict[str, Any] | None = self._thread.call(lambda: self._downloader.extract_info(url), self.watch.look)
        except BaseException:
            self.watch.leave()
            raise
        return info

    def close(self) -> None:
        """Close its connections, once it is finished."""
        self._thread.close(self._close)

    def _close(self) -> None:
        # It would read the cookies to write them back; nothing is written here, and they may be what is wrong.
        self._downloader.params["cookiefile"] = None
        self._downloader.close()


class _Opener:
    """yt-dlp's way to open an address, so that every answer is counted, and no page is larger than any that helps."""

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
            self._watch.arrived(len(piece))
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
    """yt-dlp's cache (of prepared scripts), with its own signatures, that leaves nothing on the disk."""

    enabled = True

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Any] = {}

    def load(self, section: str, key: str, dtype: str = "json", default: Any = None, *, min_ver: str = "") -> Any:  # noqa: ARG002
        return self._kept.get((section, key), default)

    def store(self, section: str, key: str, data: Any, dtype: str = "json") -> None:  # noqa: ARG002
        self._kept[section, key] = data


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
        "match_filter": watch.look_at,
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
        "extractor_retries": 0,  # see _persistently: some extractors do not try again at all
        "retry_sleep_functions": {"http": pause_s, "fragment": pause_s},
        "socket_timeout": settings.socket_timeout_s,
        "sleep_interval_requests": REQUEST_PAUSE_S if is_youtube else 0,
        "ratelimit": settings.max_rate_bytes_s,
        "cookiefile": copy_cookies(settings.cookies),
        "cachedir": False,
        "js_runtimes": {runtime.name: {"path": str(runtime.path)}} if runtime else {},
    }


class _Watch:
    """Looks at a download while it goes on: as yt-dlp's filter, its progress hook and its logger, which prints nothing.

    ``warnings`` are what yt-dlp warned of since the download began.
    """

    def __init__(self, settings: DownloadSettings) -> None:
        self._settings = settings
        self.least_rate_bytes_s = min(LEAST_RATE_BYTES_S, (settings.max_rate_bytes_s or math.inf) / 4)
        self._left = threading.Event()
        self.begin(threading.Event())

    def begin(self, cancelled: threading.Event) -> None:
        """Note that another download begins."""
        self._cancelled = cancelled
        self._cancelled_at_s: float | None = None
        self._pace = Pace(self.least_rate_bytes_s * self._settings.stall_s, self._settings.stall_s)
        self._bytes_left = self._settings.max_size_bytes + PAGES_BYTES
        self.warnings: list[str] = []

    def leave(self) -> None:
        """Note that nobody waits for it any more: it is to stop at its next sign of life."""
        self._left.set()

    def look(self) -> None:
        """Look, from the thread that waits, whether it is still worth waiting.

        Raises
        ------
        Cancelled
            As was asked for.
        ServiceError
            Nothing comes any more, or hardly anything.
        """
        if self._cancelled.is_set():
            now_s = time.monotonic()
            self._cancelled_at_s = self._cancelled_at_s or now_s
            if now_s - self._cancelled_at_s > SHUTDOWN_TIMEOUT_S:
                raise Cancelled
        if self._pace.is_too_slow():
            raise too_slow(self._settings.stall_s)

    def arrived(self, count: int) -> None:
        """Note what arrives, of a page or of the audio."""
        self._pace.arrived(count)
        self._bytes_left -= count
        if self._bytes_left < 0:
            raise page_too_large(PAGES_BYTES)

    def look_at(self, info: dict[str, Any], *, incomplete: object = False) -> None:  # noqa: ARG002 - yt-dlp names it
        """Refuse what is not a track, before anything of it is downloaded."""
        if info.get("live_status") in IN_PROGRESS:
            raise live()
        minutes = (info.get("duration") or 0) / 60
        if minutes * 60 > self._settings.max_duration_s:
            most = self._settings.max_duration_s / 60
            raise TrackError("too-long", f"The video lasts {minutes:.0f} minutes; {most:.0f} are the most.")

    def on_progress(self, progress: dict[str, Any]) -> None:
        """Stop when that is wished, or when it is too much."""
        self._stop_if_cancelled()
        size_bytes = max(progress.get("total_bytes") or 0, progress.get("downloaded_bytes") or 0)
        if size_bytes > self._settings.max_size_bytes:
            most = self._settings.max_size_bytes / 1e6
            raise TrackError("too-large", f"Its audio has {size_bytes / 1e6:.0f} MB; {most:.0f} are the most.")

    def debug(self, _message: str) -> None:
        """Stop if that is wished: yt-dlp says what it is about to do."""
        self._stop_if_cancelled()

    def warning(self, message: str) -> None:
        self.warnings.append(message)

    def error(self, message: str) -> None:
        """Ignore: the same is raised as an exception."""

    def _stop_if_cancelled(self) -> None:
        from yt_dlp.utils import DownloadCancelled

        if self._cancelled.is_set() or self._left.is_set():
            raise DownloadCancelled


def _is_youtube(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host in {"youtu.be", "youtube.com"} or host.endswith(".youtube.com")


def _translated(error: Exception, settings: DownloadSettings, warnings: list[str]) -> SpotmapError:
    from http.cookiejar import LoadError  # which loads ssl: not in a build that downloads nothing

    from yt_dlp.utils import YoutubeDLError

    for cause in _causes(error):
        if isinstance(cause, LoadError):
            return bad_cookies(settings.cookies, "not in Netscape's format")
        if isinstance(cause, OSError) and cause.errno in DISK and not isinstance(cause, ConnectionError):
            return no_room(cause.strerror or type(cause).__name__)
    if not isinstance(error, YoutubeDLError):
        return ServiceError(f"yt-dlp stumbled over YouTube's answer ({type(error).__name__}).", hint=OUTDATED)
    return error_for(str(error), warnings)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that led to it, by whichever of yt-dlp's and Python's ways it is chained."""
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
