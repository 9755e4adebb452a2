"""Identifiers of tracks: Spotify URIs, ISRCs, and the length of our own IDs."""

from __future__ import annotations

import re
from typing import Final

SPOTIFY_TRACK: Final = "spotify:track:"
SPOTIFY_LOCAL: Final = "spotify:local:"
"""Prefix of the URI of a local file in a Spotify library."""
ISRC: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
"""International Standard Recording Code, in uppercase without hyphens."""
ID_DIGITS: Final = 16
"""64 bits of a digest: the probability of a collision among a million tracks is 1 in 37 million."""


def plain_isrc(text: str) -> str:
    """Return an ISRC in uppercase without hyphens and spaces; empty if the text is not an ISRC.

    >>> plain_isrc("gb-aye-06 01498"), plain_isrc("none")
    ('GBAYE0601498', '')
    """
    plain = re.sub(r"[\s-]", "", text).upper()
    return plain if ISRC.fullmatch(plain) else ""
