"""Browser cookies, for recordings that YouTube shows only to logged-in users."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

from spotmap_build.core.files import read_bounded
from spotmap_build.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

MAX_COOKIES_BYTES: Final = 16 << 20


def copy_cookies(path: Path | None) -> io.StringIO | None:
    """Copy the cookies for one download, because yt-dlp writes back to the file and several downloads run in parallel.

    Raises
    ------
    ConfigError
        The file cannot be read.
    """
    if path is None:
        return None
    try:
        return io.StringIO(read_bounded(path, MAX_COOKIES_BYTES).decode())
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a text"
        raise bad_cookies(path, reason) from error


def bad_cookies(path: Path | None, reason: str) -> ConfigError:
    """Return the error for an unusable cookie file."""
    return ConfigError(
        f"The cookies in {path} cannot be used: {reason}.",
        hint="Export them from a browser as cookies.txt (Netscape format), or omit --cookies.",
    )
