"""Format of the ids of YouTube recordings. Pure."""

from __future__ import annotations

import re
from typing import Final

PATTERN: Final = r"[A-Za-z0-9_-]{11}"
_VIDEO_ID: Final = re.compile(PATTERN)


def is_video_id(value: object) -> bool:
    """Return whether a value is an id. Only ids may become part of a URL, a file name or a page."""
    return isinstance(value, str) and _VIDEO_ID.fullmatch(value) is not None
