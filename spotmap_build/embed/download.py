"""Resumable HTTP downloads: after a broken connection, a download continues where it stopped.

pooch is not used, because it restarts after each interruption and limits neither size nor time
(docs/decisions/0010-weights-without-pooch.md).
"""

from __future__ import annotations

import os
import time
from http import HTTPStatus
from http.client import HTTPException
from typing import TYPE_CHECKING, Final

import requests
import urllib3

from spotmap_build.core.http import (
    BodyTooLarge,
    Deadline,
    Limits,
    RedirectRefused,
    is_trustworthy_address,
    make_session,
    reason_of,
)
from spotmap_build.core.retry import RetryPolicy
from spotmap_build.core.text import printable
from spotmap_build.errors import WeightsError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

TIMEOUT_S: Final = 30
CONNECTION_S: Final = 1800
"""Maximum duration of one connection; the next one continues where it stopped."""
RETRY: Final = RetryPolicy(attempts=3, first_pause_s=1.0)
"""Limits consecutive attempts without a new byte. A connection that breaks often but makes progress may continue."""
PACE_WINDOW_S: Final = 120
PACE_WINDOW_BYTES: Final = 120_000
"""Bytes that must arrive in each window: 1 kB per second, slower than any connection worth waiting for."""
MAX_RECEIVED_FACTOR: Final = 10
"""Maximum number of bytes received in total, as a multiple of the file's size: a server may resend the whole file."""
CHUNK_BYTES: Final = 1 << 18
PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
HEADERS: Final = {"User-Agent": "spotmap-build", "Accept-Encoding": "identity"}


def download(url: str, part: Path, size_bytes: int, *, hint: str) -> None:
    """Download ``url`` to the file ``part``, continuing an earlier attempt, until it has ``size_bytes``.

    The caller has to verify the content.

    Raises
    ------
    WeightsError
        The address is not HTTPS or cannot be reached, the file is missing there, has another size or arrives too
        slowly. ``part`` keeps what was received.
    OSError
        ``part`` cannot be written.
    """
    _check_address(url, hint)
    if part.is_symlink() or (part.exists() and not 0 <= part.stat().st_size <= size_bytes):
        part.unlink()
    fetching = _Fetching(url, part, size_bytes, hint)
    fruitless, max_bytes, reason = 0, fetching.have_bytes, ""
    while fetching.have_bytes < size_bytes:
        if fruitless == RETRY.attempts:
            raise fetching.failure(reason)
        if fruitless:
            time.sleep(RETRY.pause_s(fruitless))
        reason = fetching.try_once()
        fruitless = 0 if fetching.have_bytes > max_bytes else fruitless + 1
        max_bytes = max(max_bytes, fetching.have_bytes)


def fetch_small(url: str, limit_bytes: int, *, hint: str) -> bytes:
    """Download a small file, with the retries of :func:`download`.

    Raises
    ------
    WeightsError
        The address is not HTTPS, it cannot be fetched, or is larger than ``limit_bytes``.
    """
    _check_address(url, hint)
    session = make_session(Limits(silence_s=TIMEOUT_S, body_bytes=limit_bytes), follow_redirects=True)

    def fetch() -> bytes:
        try:
            response = session.get(url, headers=HEADERS)
        except BodyTooLarge as error:
            raise WeightsError(f"{url} is larger than expected.", hint=hint) from error
        except (requests.RequestException, ValueError) as error:
            raise _Passing(_reason(error, url, hint)) from error
        reason = _refusal(response, url, hint)
        if reason:
            raise _Passing(reason)
        return response.content

    try:
        return RETRY.call(fetch, retry_on=_Passing)
    except _Passing as reason:
        raise WeightsError(f"{url} cannot be fetched: {reason}.", hint=hint) from reason


class _Fetching:
    """A download in progress, with the number of bytes received and its pace."""

    def __init__(self, url: str, part: Path, size_bytes: int, hint: str) -> None:
        self._url = url
        self._part = part
        self._size_bytes = size_bytes
        self._hint = hint
        self._session = make_session(Limits(silence_s=TIMEOUT_S), follow_redirects=True)
        self._received_bytes = 0
        self._window_start_s = time.monotonic()
        self._window_start_bytes = 0

    @property
    def have_bytes(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0

    def failure(self, reason: str) -> WeightsError:
        """Return the error that says why the download stops, and how much has arrived."""
        have_bytes = self.have_bytes
        arrived = f" {have_bytes:,} of {self._size_bytes:,} bytes have arrived." if have_bytes else ""
        return WeightsError(f"{self._url} cannot be fetched: {reason}.{arrived}", hint=self._hint)

    def try_once(self) -> str:
        """Receive over one connection; return the reason if it ended early, else an empty string."""
        have_bytes = self.have_bytes
        headers = HEADERS | ({"Range": f"bytes={have_bytes}-"} if have_bytes else {})
        try:
            with (
                Deadline(CONNECTION_S),
                self._session.get(self._url, headers=headers, stream=True) as response,
            ):
                return _refusal(response, self._url, self._hint) or self._receive(response, have_bytes)
        except (requests.RequestException, urllib3.exceptions.HTTPError, HTTPException, ValueError, _Cut) as error:
            return _reason(error, self._url, self._hint)

    def _receive(self, response: requests.Response, have_bytes: int) -> str:
        resumed = response.status_code == HTTPStatus.PARTIAL_CONTENT and _offset(response) == have_bytes
        missing = self._size_bytes - have_bytes if resumed else self._size_bytes
        if _number(response.headers.get("Content-Length", "")) not in (-1, missing):
            raise WeightsError(f"{self._url} does not have the expected size.", hint=self._hint)
        # A server without range requests sends the whole file again.
        with open(self._part, "ab" if resumed else "wb", opener=_open_no_link) as file:
            while missing:
                chunk = _read(response, min(CHUNK_BYTES, missing))
                if not chunk:
                    return "the connection was cut"
                file.write(chunk)
                missing -= len(chunk)
                self._keep_pace(len(chunk), file)
        return ""

    def _keep_pace(self, chunk_bytes: int, file: BinaryIO) -> None:
        """Raise if the server sends too slowly or too much, counted over all connections."""
        self._received_bytes += chunk_bytes
        if self._received_bytes > MAX_RECEIVED_FACTOR * self._size_bytes:
            file.flush()
            raise self.failure("the server keeps starting again")
        if time.monotonic() - self._window_start_s > PACE_WINDOW_S:
            if self._received_bytes - self._window_start_bytes < PACE_WINDOW_BYTES and file.tell() < self._size_bytes:
                file.flush()
                raise self.failure(f"less than {PACE_WINDOW_BYTES:,} bytes arrived in {PACE_WINDOW_S:g} s")
            self._window_start_s, self._window_start_bytes = time.monotonic(), self._received_bytes


class _Passing(Exception):
    """An attempt failed for the given reason; another one may succeed."""


class _Cut(Exception):
    """A connection ended while a body was read, as opposed to a disk that cannot be written."""


def _read(response: requests.Response, size_bytes: int) -> bytes:
    """Return the bytes that are available, at most ``size_bytes``, without waiting for more."""
    try:
        return response.raw.read1(size_bytes, decode_content=False) or b""
    except (OSError, ValueError) as error:
        raise _Cut(error) from error


def _open_no_link(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)


def _check_address(url: str, hint: str) -> None:
    if not is_trustworthy_address(url):
        raise WeightsError(
            f"{printable(url)} is not an HTTPS address (plain HTTP is allowed for this machine only).",
            hint=hint,
        )


def _number(text: str) -> int:
    """Return a header's number; -1 if it is missing or invalid."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else -1


def _offset(response: requests.Response) -> int:
    """Return the start of a partial response: 100 for ``Content-Range: bytes 100-199/200``, -1 if it is missing."""
    unit, _, rest = response.headers.get("Content-Range", "").partition(" ")
    return _number(rest.partition("-")[0]) if unit == "bytes" else -1


def _refusal(response: requests.Response, url: str, hint: str) -> str:
    """Describe an error response briefly, empty for success. Raises ``WeightsError`` if a retry cannot help."""
    if response.status_code in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
        return ""
    reason = f"the server answered {response.status_code} {printable(response.reason or '')[:100]}".rstrip()
    if response.status_code not in PASSING:
        raise WeightsError(f"{url} cannot be fetched: {reason}.", hint=hint)
    return reason


def _reason(error: Exception, url: str, hint: str) -> str:
    """Describe briefly why an attempt failed. Raises ``WeightsError`` if a retry cannot help."""
    if isinstance(error, RedirectRefused | requests.TooManyRedirects | ValueError):
        raise WeightsError(f"{url} cannot be fetched: {reason_of(error)}.", hint=hint) from error
    return reason_of(error)
