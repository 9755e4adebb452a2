"""Parsers for the values of settings, whether from a flag, the environment or a file.

Each parser takes the raw value and the base folder for relative paths. For an invalid value it raises a ``ValueError``
whose message continues a sentence that begins with the setting's name: "must be ...".
"""

from __future__ import annotations

import errno
import math
import os
import re
from dataclasses import dataclass
from datetime import date, time
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from spotmap_build.core.text import one_line, without_login

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_TEXT_LENGTH: Final = 4096
"""Maximum length of a value in characters; no valid path is longer."""
MAX_SHOWN_LENGTH: Final = 200
A_VIDEO: Final = "aaaaaaaaaaa"
MAX_DURATION_S: Final = 30 * 86_400
_AMOUNT: Final = r"\d{1,9}(?:\.\d{1,9})?"
_DURATION: Final = re.compile(
    rf"(?:({_AMOUNT}) ?d)? ?(?:({_AMOUNT}) ?h)? ?(?:({_AMOUNT}) ?m(?:in)?)? ?(?:({_AMOUNT}) ?s)?"
)
_SHARD: Final = re.compile(r"([0-9]{1,6})/([0-9]{1,6})")
MAX_SHARDS: Final = 100_000
_BREAKS_AN_ADDRESS: Final = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class FailureBound:
    """How many tracks may be missing before the build exits with status 3: a count, or a share of the library."""

    count: int | None = None
    share: float | None = None

    def is_passed(self, failed: int, total: int) -> bool:
        """Return whether ``failed`` of ``total`` tracks are too many."""
        if self.count is not None:
            return failed > self.count
        return self.share is not None and total > 0 and failed / total > self.share


NO_BOUND: Final = FailureBound()


@dataclass(frozen=True, slots=True)
class Shard:
    """One of ``count`` equal shares of a library's tracks, counted from 1. The division is the same on all machines."""

    index: int
    count: int

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def holds(self, name: str) -> bool:
        """Return whether the item with this name (any text) is in this share."""
        from hashlib import blake2b  # not loaded for --help

        drawn = blake2b(name.encode(errors="surrogatepass"), digest_size=8, person=b"shard").digest()
        return int.from_bytes(drawn, "big") % self.count == self.index - 1


def read_text(value: object, _base: Path) -> str:
    """Return a text unchanged."""
    if not isinstance(value, str):
        raise ValueError("must be a text")
    _check_unicode(value)
    return value


def read_title(value: object, base: Path) -> str:
    """Return a title on one line, without control characters."""
    return one_line(read_text(value, base))


def _check_unicode(*texts: str) -> None:
    """Refuse undecodable bytes, which only file names may hold: other texts appear on a page in UTF-8."""
    try:
        for text in texts:
            text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("must be a text in UTF-8") from error


def read_path(value: object, base: Path) -> Path:
    """Return the path of a file or folder, which need not exist."""
    if not isinstance(value, (str, os.PathLike)) or not str(value):
        raise ValueError("must be the path of a file or folder")
    return _anchored(str(value), base)


def read_sources(value: object, base: Path) -> tuple[str, ...]:
    """Return one or several sources, with absolute paths."""
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, (list, tuple)) or not all(isinstance(item, str) and item for item in values):
        raise ValueError("must be a source such as 'folder:~/Music', or a list of them")
    return tuple(_anchored_source(item, base) for item in values)


def _anchored_source(source: str, base: Path) -> str:
    kind, _, path = source.partition(":")
    is_drive = len(kind) == 1  # C:\Music, without a kind before it
    return f"{kind}:{_anchored(path, base)}" if path and not is_drive else source


def _anchored(path: str, base: Path) -> Path:
    if "\0" in path:
        raise ValueError("must be a path, which cannot contain a NUL character")
    try:
        place = base / Path(path).expanduser()
    except RuntimeError as error:
        raise ValueError("must be a path; the home folder that it starts with is unknown") from error
    try:
        place.lstat()
    except OSError as error:  # other errors are reported when the path is used
        if error.errno == errno.ENAMETOOLONG:
            raise ValueError("must be a path; this one, or a name in it, is too long") from error
    return place


def whole_number(maximum: int) -> Callable[[object, Path], int]:
    """Return a parser for whole numbers from 0 to ``maximum``."""

    def read(value: object, _base: Path) -> int:
        try:
            number = value if isinstance(value, int) else int(_short(value))
        except ValueError:
            number = -1
        if not 0 <= number <= maximum or isinstance(value, bool):
            raise ValueError(f"must be a whole number from 0 to {maximum}")
        return number

    return read


def number(minimum: float, maximum: float) -> Callable[[object, Path], float]:
    """Return a parser for numbers from ``minimum`` to ``maximum``."""

    def read(value: object, _base: Path) -> float:
        try:
            found = float(_short(value))
        except ValueError:
            found = math.nan
        if not minimum <= found <= maximum or isinstance(value, bool):
            raise ValueError(f"must be a number from {minimum:g} to {maximum:g}")
        return found

    return read


def read_flag(value: object, _base: Path) -> bool:
    """Parse a boolean: true/false, yes/no, on/off, 1/0."""
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if isinstance(value, bool):
        return value
    word = _short(value).lower()
    if word not in words:
        raise ValueError("must be true or false")
    return words[word]


def choice(*allowed: str) -> Callable[[object, Path], str]:
    """Return a parser that accepts only these words."""

    def read(value: object, _base: Path) -> str:
        if value not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return str(value)

    return read


def read_failure_bound(value: object, _base: Path) -> FailureBound:
    """Parse ``10`` or ``5%``."""
    try:
        text = _short(value).strip()
        if text.endswith("%"):
            share = float(text[:-1]) / 100
            if 0 <= share <= 1:
                return FailureBound(share=share)
        elif not isinstance(value, bool) and int(text) >= 0:
            return FailureBound(count=int(text))
    except ValueError:
        pass
    raise ValueError("must be a number of tracks such as 10, or a share such as 5%")


def read_executor(value: object, _base: Path) -> str:
    """Parse ``dask://HOST:PORT``."""
    text = _short(value)
    try:
        address = urlsplit(text)
        is_right = address.scheme == "dask" and address.hostname and address.port and address.username is None
    except ValueError:
        is_right = False
    if not is_right or address.path or address.query or address.fragment or _BREAKS_AN_ADDRESS.search(text):
        raise ValueError("must be the address of a Dask scheduler, such as dask://10.0.0.5:8786")
    return text


def read_shard(value: object, _base: Path) -> Shard:
    """Parse ``2/8``, the second of eight shares."""
    found = _SHARD.fullmatch(_short(value).strip())
    index, count = map(int, found.groups()) if found else (0, 0)
    if not 1 <= index <= count <= MAX_SHARDS:
        raise ValueError(f"must be a share such as 1/8 (from 1/8 to 8/8), with at most {MAX_SHARDS:,} shares")
    return Shard(index, count)


def read_names(value: object, _base: Path) -> tuple[str, ...]:
    """Parse comma-separated names, or a list of names."""
    values = value.split(",") if isinstance(value, str) else value
    if not isinstance(values, (list, tuple)) or not all(isinstance(item, str) and one_line(item) for item in values):
        raise ValueError("must be comma-separated names, such as me,friend")
    _check_unicode(*values)
    return tuple(map(one_line, values))


def parse_size(value: object, _base: Path | None = None) -> int:
    """Parse ``500M``, ``2G`` or ``1.5GB`` to bytes, in powers of 1,000.

    Raises
    ------
    ValueError
        The value is no size.
    """
    powers = {"K": 1, "M": 2, "G": 3, "T": 4}
    try:
        amount = _short(value).upper().removesuffix("B")
        power = powers.get(amount[-1:], 0)
        size = int(float(amount[:-1] if power else amount) * 1000**power)
    except (ValueError, OverflowError):
        size = -1
    if not 0 <= size <= 1 << 62 or isinstance(value, bool):
        raise ValueError("must be a size such as 500M or 2G")
    return size


def parse_duration(value: object, _base: Path | None = None) -> float:
    """Parse ``2h``, ``90m``, ``1h 30m``, ``45s`` or a number of seconds; return seconds, at least 1.

    Raises
    ------
    ValueError
        The value is no duration.
    """
    text = "" if isinstance(value, bool) else _short(value).strip().lower()
    found = _DURATION.fullmatch(f"{text}s" if re.fullmatch(_AMOUNT, text) else text)
    amounts = found.groups() if found else ()
    seconds = sum(float(amount or 0) * unit for amount, unit in zip(amounts, (86_400, 3_600, 60, 1), strict=False))
    if not 1 <= seconds <= MAX_DURATION_S:
        raise ValueError("must be a time such as 2h, 90m or 1h 30m")
    return seconds


def read_watch_url(value: object, _base: Path) -> str:
    """Return the URL template of a video, which contains ``{video_id}``."""
    if not isinstance(value, str) or "{video_id}" not in value:
        raise ValueError("must be an address that contains {video_id}")
    _check_address(value.replace("{video_id}", A_VIDEO))
    return value


def read_url(value: object, _base: Path) -> str:
    """Return the base URL of a service, with a trailing slash."""
    if not isinstance(value, str):
        raise ValueError("must be an address that starts with https://")
    _check_address(value)
    return value if value.endswith("/") else value + "/"


def read_site_url(value: object, _base: Path) -> str:
    """Return the URL of the published site, with a trailing slash."""
    expected = "must be the address of the published site's folder, such as https://me.github.io/music/"
    if not isinstance(value, str) or len(value) > MAX_TEXT_LENGTH or _BREAKS_AN_ADDRESS.search(value):
        raise ValueError(expected)
    try:
        address = urlsplit(value)
        is_folder = address.scheme in ("http", "https") and address.hostname and not (address.query or address.fragment)
    except ValueError:
        is_folder = False
    if not is_folder or address.username is not None:
        raise ValueError(expected)
    folder = value.removesuffix("index.html")
    return folder if folder.endswith("/") else folder + "/"


def _check_address(url: str) -> None:
    from spotmap_build.core.http import is_trustworthy_address

    if _BREAKS_AN_ADDRESS.search(url) or not is_trustworthy_address(url):
        raise ValueError("must be an address that starts with https:// (http:// is allowed only on this machine)")


def shown(value: object) -> str:
    """Format a value for an error message: on one line, without a login, truncated if it is long."""
    try:
        text = without_login(_as_toml(value))
    except (ValueError, RecursionError):
        text = "a number of thousands of digits"
    return text if len(text) <= MAX_SHOWN_LENGTH else f"{text[:MAX_SHOWN_LENGTH]}..."


def _as_toml(value: object) -> str:
    """Format a value as in a settings file, so that a person recognizes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_as_toml, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} = {_as_toml(item)}' for key, item in value.items())}}}"
    return str(value) if isinstance(value, (int, float, date, time)) else repr(str(value))


def _short(value: object) -> str:
    """Return a value as text, refusing long ones: Python raises an error for numbers of thousands of digits."""
    if isinstance(value, int) and value.bit_length() > MAX_TEXT_LENGTH:
        raise ValueError("must be shorter")
    text = str(value)
    if len(text) > MAX_TEXT_LENGTH:
        raise ValueError("must be shorter")
    return text
