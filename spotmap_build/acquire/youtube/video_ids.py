"""What the id of a recording on YouTube looks like. Pure."""

from __future__ import annotations

import re
from typing import Final

PATTERN: Final = r"[A-Za-z0-9_-]{11}"
_VIDEO_ID: Final = re.compile(PATTERN)


def is_video_id(value: object) -> bool:
    """Tell whether something is an id: only such may become part of an address, a file's name or a page."""
    return isinstance(value, str) and _VIDEO_ID.fullmatch(value) is not None
