"""The ways in which exports name a track of Spotify. Pure."""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import unquote_plus

from spotmap_build.cache.keys import digest_bytes

TRACK: Final = re.compile(
    r"(?:spotify:(?:user:[^:]*:)?track:|https?://open\.spotify\.com/(?:intl-\w+/)?track/|)([0-9A-Za-z]{22})(?:[?#].*)?",
    re.S,
)
LOCAL: Final = "spotify:local:"
EPISODE: Final = re.compile(r"(?:spotify:|https?://open\.spotify\.com/)(?:episode|show|chapter)[:/]")
ISRC: Final = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
SECONDS: Final = re.compile(r"[1-9][0-9]{0,5}")
ID_DIGITS: Final = 16


class LocalFile(NamedTuple):
    """A file of the person's own, as Spotify names it; empty where it says nothing."""

    title: str
    artist: str
    album: str
    duration_ms: int | None


def track_uri(text: str) -> str:
    """``spotify:track:…`` from a URI, an address of the web player or a bare id; empty where it names no track."""
    found = TRACK.fullmatch(text.strip())
    return f"spotify:track:{found.group(1)}" if found else ""


def is_episode(text: str) -> bool:
    """Whether a URI names speech: a podcast's episode, or a chapter of an audiobook."""
    return EPISODE.match(text.strip()) is not None


def local_file(uri: str) -> LocalFile:
    """What ``spotify:local:artist:album:title:seconds`` says: so Spotify calls a file of the person's own."""
    artist, album, title, seconds = (*map(unquote_plus, uri.removeprefix(LOCAL).split(":")), "", "", "", "")[:4]
    duration_ms = int(seconds) * 1000 if SECONDS.fullmatch(seconds) else None
    return LocalFile(title, artist, album, duration_ms)


def named_id(kind: str, title: str, artists: tuple[str, ...], album: str) -> str:
    """An id for a track that its source gives none: a fingerprint of what it is called."""
    return f"{kind}:" + digest_bytes("\n".join((title, *artists, album)).encode())[:ID_DIGITS]
