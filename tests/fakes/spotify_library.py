"""A library as Spotify's Web API, as of 2026, returns it to an app in development mode, with all fields and quirks."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]

ME = "somebody.at.home"
SOMEBODY_ELSE = "a_label_of_note"
NEWEST = datetime(2026, 5, 1, 12, tzinfo=UTC)
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def spotify_id(*names: object) -> str:
    """Return an id of 22 base-62 digits that depends only on the names."""
    number = int.from_bytes(hashlib.sha256(repr(names).encode()).digest())
    digits = []
    for _ in range(22):
        number, digit = divmod(number, 62)
        digits.append(_DIGITS[digit])
    return "".join(digits)


def artist_json(name: str) -> Json:
    """Return an artist as a track contains it."""
    known = spotify_id("artist", name)
    address = f"https://open.spotify.com/artist/{known}"
    return {
        "external_urls": {"spotify": address},
        "href": f"https://api.spotify.com/v1/artists/{known}",
        "id": known,
        "name": name,
        "type": "artist",
        "uri": f"spotify:artist:{known}",
    }


def track_json(
    title: str,
    artists: Sequence[str] = ("Vera Lindgren",),
    *,
    album: str = "First Light",
    duration_ms: int = 215_000,
    isrc: str = "",
    explicit: bool = False,
) -> Json:
    """Return a track whose id depends on its title and artists."""
    known = spotify_id("track", title, *artists)
    return {
        "album": {
            "album_type": "album",
            "artists": [artist_json(artists[0])] if artists else [],
            "id": spotify_id("album", album),
            "images": [],
            "name": album,
            "release_date": "2019-03-08",
            "release_date_precision": "day",
            "total_tracks": 11,
            "type": "album",
            "uri": f"spotify:album:{spotify_id('album', album)}",
        },
        "artists": [artist_json(name) for name in artists],
        "disc_number": 1,
        "duration_ms": duration_ms,
        "explicit": explicit,
        "external_ids": {"isrc": isrc or f"SEXYZ19{int(hashlib.sha256(known.encode()).hexdigest(), 16) % 100_000:05}"},
        "external_urls": {"spotify": f"https://open.spotify.com/track/{known}"},
        "href": f"https://api.spotify.com/v1/tracks/{known}",
        "id": known,
        "is_local": False,
        "is_playable": True,
        "name": title,
        "preview_url": None,
        "track_number": 3,
        "type": "track",
        "uri": f"spotify:track:{known}",
    }


def local_json(title: str, artist: str, *, album: str = "") -> Json:
    """Return a local file of three minutes in a playlist."""
    parts = ":".join(text.replace(" ", "+") for text in (artist, album, title))
    return {
        "album": {"album_type": None, "artists": [], "id": None, "images": [], "name": album, "release_date": None},
        "artists": [{"external_urls": {}, "href": None, "id": None, "name": artist, "type": "artist", "uri": None}],
        "duration_ms": 180_000,
        "explicit": False,
        "external_ids": {},
        "external_urls": {},
        "id": None,
        "is_local": True,
        "name": title,
        "type": "track",
        "uri": f"spotify:local:{parts}:180",
    }


def episode_json(title: str) -> Json:
    """Return a podcast episode in a playlist."""
    known = spotify_id("episode", title)
    return {
        "description": "Two people talk.",
        "duration_ms": 3_600_000,
        "explicit": False,
        "id": known,
        "name": title,
        "release_date": "2025-11-02",
        "show": {"id": spotify_id("show"), "name": "A Podcast", "type": "show"},
        "type": "episode",
        "uri": f"spotify:episode:{known}",
    }


def stamp(number: int) -> str:
    """Return when the row with this number was added: each row an hour before the previous one."""
    return (NEWEST - timedelta(hours=number)).strftime("%Y-%m-%dT%H:%M:%SZ")


def saved_row(track: Json | None, added_at: str) -> Json:
    """Return a row of saved tracks."""
    return {"added_at": added_at, "track": track}


def playlist_row(item: Json | None, added_at: str) -> Json:
    """Return a row of a playlist."""
    return {
        "added_at": added_at,
        "added_by": {"external_urls": {}, "id": ME, "type": "user", "uri": f"spotify:user:{ME}"},
        "is_local": bool(item and item.get("is_local")),
        "item": item,
        "primary_color": None,
        "track": item,
        "video_thumbnail": {"url": None},
    }


@dataclass
class FakePlaylist:
    """A playlist whose ``snapshot_id`` is derived from its rows."""

    name: str
    rows: list[Json]
    owner: str = ME
    collaborative: bool = False
    description: str = ""
    created_id: str = ""
    """The id of a playlist created with the Web API; otherwise the id is derived from the name."""

    @property
    def id(self) -> str:
        return self.created_id or spotify_id("playlist", self.name)

    @property
    def snapshot_id(self) -> str:
        return hashlib.sha256(repr((self.name, self.rows)).encode()).hexdigest()[:40]

    @property
    def json(self) -> Json:
        """The playlist as the list of playlists contains it."""
        href = f"https://api.spotify.com/v1/playlists/{self.id}/items"
        return {
            "collaborative": self.collaborative,
            "description": html.escape(self.description).replace("/", "&#x2F;"),
            "external_urls": {"spotify": f"https://open.spotify.com/playlist/{self.id}"},
            "id": self.id,
            "images": [],
            "items": {"href": href, "total": len(self.rows)},
            "name": self.name,
            "owner": {"display_name": "Some Body", "id": self.owner, "type": "user"},
            "public": False,
            "snapshot_id": self.snapshot_id,
            "tracks": {"href": href, "total": len(self.rows)},
            "type": "playlist",
            "uri": f"spotify:playlist:{self.id}",
        }


@dataclass
class FakeLibrary:
    """A user's saved tracks (newest first), playlists, and artists' genres (if ``genres`` is not empty)."""

    saved: list[Json] = field(default_factory=list)
    playlists: list[FakePlaylist] = field(default_factory=list)
    genres: dict[str, list[str]] = field(default_factory=dict)
    """Keyed by the artist's name."""
    user_id: str = ME

    @classmethod
    def of(cls, tracks: Iterable[Json], playlists: Iterable[FakePlaylist] = ()) -> FakeLibrary:
        """Return a library of these saved tracks, newest first."""
        rows = [saved_row(track, stamp(number)) for number, track in enumerate(tracks)]
        return cls(rows, list(playlists))

    @classmethod
    def with_numbers(cls, tracks: int, playlists: int = 0, *, playlist_tracks: int = 60) -> FakeLibrary:
        """Return a library of ``tracks`` saved tracks, and playlists of ``playlist_tracks`` of them each."""
        saved = [numbered_track(number) for number in range(tracks)]
        return cls.of(
            saved,
            [
                FakePlaylist(
                    f"Playlist {number}",
                    [
                        playlist_row(saved[(7 * number + row) % len(saved)], stamp(row))
                        for row in range(min(playlist_tracks, len(saved)))
                    ],
                )
                for number in range(playlists)
            ],
        )

    def save(self, track: Json, *, hours_later: int = 1) -> None:
        """Insert a track at the top of the saved tracks."""
        self.saved.insert(0, saved_row(track, stamp(-hours_later)))


def numbered_track(number: int) -> Json:
    """Return a made-up track; ten tracks share an artist, and every third track has two artists."""
    artists = [f"Artist {number // 10}"] + ([f"Artist {number // 10 + 1}"] if number % 3 == 0 else [])
    return track_json(
        f"Song {number}", artists, album=f"Album {number // 10}", duration_ms=120_000 + number % 200 * 1_000
    )


def odd_playlist() -> FakePlaylist:
    """Return a playlist of seven rows of which only one is an ordinary track."""
    untitled = track_json("", []) | {"name": "", "artists": [], "external_ids": {}}
    unavailable = track_json("Gone") | {"id": None, "uri": None}
    items = [track_json("Kept", ["Nina Aho"]), None, episode_json("Episode 7"), unavailable, untitled]
    rows = [playlist_row(item, stamp(number)) for number, item in enumerate(items)]
    rows.append(playlist_row(local_json("Demo Tape", "Me And You", album="Attic"), stamp(8)))
    rows.append({})
    return FakePlaylist("Odds and ends", rows)
