"""Fetch a file over HTTP so that a broken connection costs nothing that has already arrived."""

from __future__ import annotations

import time
from http.client import HTTPException
from typing import TYPE_CHECKING, Final
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from spotmap_build.errors import WeightsError

if TYPE_CHECKING:
    from http.client import HTTPResponse
    from pathlib import Path

TIMEOUT_S: Final = 30
FRUITLESS_TRIES: Final = 3
"""In a row, without a single new byte; a connection that is cut again and again but brings something goes on."""
PAUSE_S: Final = 0.5
CHUNK_BYTES: Final = 1 << 18
PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


def download(url: str, part: Path, size_bytes: int, *, hint: str) -> None:
    """Fetch ``url`` into the file ``part``, going on where an earlier try ended, until it has ``size_bytes``.

    What is in it then is for the caller to check.

    Raises
    ------
    WeightsError: the address cannot be reached, has no such file, or one of another size; ``part`` keeps what came.
    OSError: ``part`` cannot be written.
    """
    if part.exists() and part.stat().st_size > size_bytes:
        part.unlink()
    fruitless, reason = 0, ""
    while (have_bytes := part.stat().st_size if part.exists() else 0) < size_bytes:
        if fruitless == FRUITLESS_TRIES:
            arrived = f" {have_bytes:,} of {size_bytes:,} bytes have arrived." if have_bytes else ""
            raise WeightsError(f"{url} cannot be fetched: {reason}.{arrived}", hint=hint)
        if fruitless:
            time.sleep(PAUSE_S * 2**fruitless)
        reason = _try(url, part, have_bytes, size_bytes, hint=hint)
        gained = part.exists() and part.stat().st_size > have_bytes
        fruitless = 0 if gained else fruitless + 1


def fetch_small(url: str, limit_bytes: int, *, hint: str) -> bytes:
    """The content of a small file; tried again as :func:`download` does.

    Raises
    ------
    WeightsError: it cannot be fetched, or is larger than ``limit_bytes``.
    """
    reason = ""
    for attempt in range(FRUITLESS_TRIES):
        if attempt:
            time.sleep(PAUSE_S * 2**attempt)
        try:
            with _request(url, 0) as response:
                content = response.read(limit_bytes + 1)
        except (OSError, HTTPException) as error:
            reason = _reason(error, url, hint)
            continue
        if len(content) > limit_bytes:
            raise WeightsError(f"{url} is larger than it should be.", hint=hint)
        return bytes(content)
    raise WeightsError(f"{url} cannot be fetched: {reason}.", hint=hint)


def _try(url: str, part: Path, have_bytes: int, size_bytes: int, *, hint: str) -> str:
    """One connection's worth; gives the reason why it ended early, if it did."""
    try:
        response = _request(url, have_bytes)
    except (OSError, HTTPException) as error:
        return _reason(error, url, hint)
    with response:
        resumed = response.status == 206 and _offset(response) == have_bytes
        expected = size_bytes - have_bytes if resumed else size_bytes
        stated = response.headers.get("Content-Length")
        if stated is not None and stated.isdecimal() and int(stated) != expected:
            raise WeightsError(f"{url} has another size than it should have.", hint=hint)
        # A server that cannot go on in the middle sends all of it again.
        with part.open("ab" if resumed else "wb") as file:
            missing = expected
            while missing:
                try:
                    chunk = response.read(min(CHUNK_BYTES, missing))
                except (OSError, HTTPException) as error:
                    return _reason(error, url, hint)
                if not chunk:
                    return "the connection was cut"
                file.write(chunk)
                missing -= len(chunk)
    return ""


def _request(url: str, offset: int) -> HTTPResponse:
    headers = {"User-Agent": "spotmap-build"} | ({"Range": f"bytes={offset}-"} if offset else {})
    response: HTTPResponse = urlopen(Request(url, headers=headers), timeout=TIMEOUT_S)
    return response


def _offset(response: HTTPResponse) -> int:
    """Where a partial answer starts: ``Content-Range: bytes 100-199/200`` gives 100; -1 where it does not say."""
    unit, _, rest = response.headers.get("Content-Range", "").partition(" ")
    start = rest.partition("-")[0]
    return int(start) if unit == "bytes" and start.isdecimal() else -1


def _reason(error: OSError | HTTPException, url: str, hint: str) -> str:
    """In a few words, why a try failed; raises where trying again cannot help."""
    if isinstance(error, HTTPError):
        with error:
            if error.code not in PASSING:
                raise WeightsError(
                    f"{url} cannot be fetched: the server answers {error.code} {error.reason}.", hint=hint
                )
        return f"the server answers {error.code} {error.reason}"
    if isinstance(error, URLError):
        return f"no connection ({error.reason})"
    return f"the connection was cut ({error or type(error).__name__})"
