"""The cookies of a browser, for recordings that YouTube shows to nobody else."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from spotmap_build.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def copy_cookies(path: Path | None) -> io.StringIO | None:
    """Copy the cookies for one download: yt-dlp writes them back to where it read them, and several run at once.

    Raises
    ------
    ConfigError
        The file cannot be read.
    """
    if path is None:
        return None
    try:
        return io.StringIO(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else "not a text"
        raise bad_cookies(path, reason) from error


def bad_cookies(path: Path | None, reason: str) -> ConfigError:
    """Return the error of a file of cookies that is of no use."""
    return ConfigError(
        f"The cookies in {path} cannot be used: {reason}.",
        hint="Export them from a browser as cookies.txt (Netscape's format), or leave --cookies away.",
    )
