"""Spotify track identifiers in exports. Pure."""

from __future__ import annotations

import re
from typing import Final, NamedTuple
from urllib.parse import unquote_plus

from spotmap_build.cache.keys import digest_bytes
from spotmap_build.core.identifiers import ID_DIGITS, SPOTIFY_LOCAL, SPOTIFY_TRACK
from spotmap_build.model import Failed

TRACK: Final = re.compile(
    r"(?:spotify:(?:user:[^:]*:)?track:|https?://open\.spotify\.com/(?:intl-\w+/)?track/|)([0-9A-Za-z]{22})(?:[?#].*)?",
    re.S,
)
EPISODE: Final = re.compile(r"(?:spotify:|https?://open\.spotify\.com/)(?:episode|show|chapter)[:/]")
SECONDS: Final = re.compile(r"[1-9][0-9]{0,5}")
LOCAL_FILE: Final = (
    "It is a local file that Spotify only lists. To have it on the map, add the folder that contains it: "
    "--source folder:PATH."
)
TAKEN_DOWN: Final = "Spotify lists it without a title: it is no longer available."


class LocalFile(NamedTuple):
    """A local file of the user, as named by Spotify; empty where unknown."""

    title: str
    artist: str
    album: str
    duration_ms: int | None


def track_uri(text: str) -> str:
    """Return ``spotify:track:…`` for a URI, a web player URL or a bare id; empty if it is not a track."""
    found = TRACK.fullmatch(text.strip())
    return SPOTIFY_TRACK + found.group(1) if found else ""


def is_episode(text: str) -> bool:
    """Return whether a URI denotes a podcast episode, a show or an audiobook chapter."""
    return EPISODE.match(text.strip()) is not None


def local_file(uri: str) -> LocalFile:
    """Parse ``spotify:local:artist:album:title:seconds``, Spotify's URI of a local file."""
    artist, album, title, seconds = (*map(unquote_plus, uri.removeprefix(SPOTIFY_LOCAL).split(":")), "", "", "", "")[:4]
    duration_ms = int(seconds) * 1000 if SECONDS.fullmatch(seconds) else None
    return LocalFile(title, artist, album, duration_ms)


def named_id(kind: str, title: str, artists: tuple[str, ...], album: str) -> str:
    """Return an id for a track or playlist without one: a fingerprint of its names."""
    return f"{kind}:" + digest_bytes("\n".join((title, *artists, album)).encode())[:ID_DIGITS]


def not_playable(track_id: str, title: str, *, is_local: bool) -> Failed | None:
    """Return the failure of a listed track that cannot be searched for; None if it can."""
    if is_local:
        return Failed(track_id, "fetch", "local-file", LOCAL_FILE, needs_person=True)
    return None if title else Failed(track_id, "fetch", "taken-down", TAKEN_DOWN)
