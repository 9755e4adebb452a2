"""The ways in which exports name a track of Spotify. Pure."""

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
    "It is a file of your own that Spotify only lists. To have it on the map, add the folder that it lies in: "
    "--source folder:PATH."
)
TAKEN_DOWN: Final = "Spotify lists it without a title: it is not available any more."


class LocalFile(NamedTuple):
    """A file of the person's own, as Spotify names it; empty where it says nothing."""

    title: str
    artist: str
    album: str
    duration_ms: int | None


def track_uri(text: str) -> str:
    """``spotify:track:…`` from a URI, an address of the web player or a bare id; empty where it names no track."""
    found = TRACK.fullmatch(text.strip())
    return SPOTIFY_TRACK + found.group(1) if found else ""


def is_episode(text: str) -> bool:
    """Whether a URI names speech: a podcast's episode, or a chapter of an audiobook."""
    return EPISODE.match(text.strip()) is not None


def local_file(uri: str) -> LocalFile:
    """Return what ``spotify:local:artist:album:title:seconds`` says: so Spotify calls a file of the person's own."""
    artist, album, title, seconds = (*map(unquote_plus, uri.removeprefix(SPOTIFY_LOCAL).split(":")), "", "", "", "")[:4]
    duration_ms = int(seconds) * 1000 if SECONDS.fullmatch(seconds) else None
    return LocalFile(title, artist, album, duration_ms)


def named_id(kind: str, title: str, artists: tuple[str, ...], album: str) -> str:
    """Return an id for a track that its source gives none: a fingerprint of what it is called."""
    return f"{kind}:" + digest_bytes("\n".join((title, *artists, album)).encode())[:ID_DIGITS]


def not_playable(track_id: str, title: str, *, is_local: bool) -> Failed | None:
    """Why a track that Spotify lists cannot be looked for; None where it can."""
    if is_local:
        return Failed(track_id, "fetch", "local-file", LOCAL_FILE, needs_person=True)
    return None if title else Failed(track_id, "fetch", "taken-down", TAKEN_DOWN)
