"""How Spotify and the record labels name tracks, and how long the names are that we give."""

from __future__ import annotations

import re
from typing import Final

SPOTIFY_TRACK: Final = "spotify:track:"
SPOTIFY_LOCAL: Final = "spotify:local:"
"""Begins the URI of a file of the person's own that Spotify lists."""
ISRC: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
"""International Standard Recording Code, without hyphens and in capitals."""
ID_DIGITS: Final = 16
"""64 bits of a digest: no two of a million tracks meet by chance (1 in 37 million)."""


def plain_isrc(text: str) -> str:
    """Return an ISRC without hyphens and spaces and in capitals; empty where the text is none.

    >>> plain_isrc("gb-aye-06 01498"), plain_isrc("none")
    ('GBAYE0601498', '')
    """
    plain = re.sub(r"[\s-]", "", text).upper()
    return plain if ISRC.fullmatch(plain) else ""
