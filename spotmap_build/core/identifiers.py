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
