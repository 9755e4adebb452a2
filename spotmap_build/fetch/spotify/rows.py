"""Parse Spotify's JSON into our own rows. Pure.

Fields of a wrong type are treated as missing. Only what the map needs is kept; names and ids of people are never in a
row, and so never in the cache.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote_plus

import msgspec

from spotmap_build.core.dates import is_known_date
from spotmap_build.core.identifiers import SPOTIFY_LOCAL, SPOTIFY_TRACK, plain_isrc
from spotmap_build.core.image_addresses import smallest_sufficient_image
from spotmap_build.core.text import one_line, printable
from spotmap_build.core.translation import translatable
from spotmap_build.fetch.covers import EDGE_PX
from spotmap_build.fetch.spotify.playlist_changes import mark_in
from spotmap_build.fetch.tags import UNTITLED

EDITION: Final = 2
"""Raise when more fields of a response are kept. Rows of earlier editions are used until they are fetched again."""
Answer = Mapping[str, Any]
"""A response, as parsed JSON."""
MAX_TEXT_LENGTH: Final = 1_000
"""Maximum characters of names and ids, several times Spotify's longest."""
MAX_URI_LENGTH: Final = 40_000
"""For a local file, whose URI has three such names; a character can be encoded as twelve."""
MAX_ARTISTS: Final = 100
"""Maximum artists of a track; also maximum genres of an artist."""
MAX_ITEMS: Final = 1_000
"""Maximum rows of a page, for which 50 are requested."""
MAX_NUMBER: Final = 2**53 - 1

Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT_LENGTH)]
Uri = Annotated[str, msgspec.Meta(max_length=MAX_URI_LENGTH)]
Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_NUMBER)]
"""Types of cached values with limits; values outside were not written by this version."""
Kind = Literal["track", "local", "episode", "unknown", "empty"]

_ID: Final = re.compile(r"[0-9A-Za-z]{1,64}")
_URI: Final = re.compile(rf"{SPOTIFY_TRACK}([0-9A-Za-z]{{1,64}})")
_DATE: Final = re.compile(r"[1-9][0-9]{3}-[01][0-9]-[0-3][0-9][0-9T:.Z+-]{0,30}")
_YEAR: Final = re.compile(r"([1-9][0-9]{3})(?:-.*)?")
MAX_DURATION_MS: Final = 7 * 86_400_000
SAVED_TRACKS: Final = translatable("your saved tracks")
YOUR_PLAYLISTS: Final = translatable("your playlists")
THE_PLAYLIST: Final = translatable("the playlist “{name}”")
"""Names of lists in messages."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a list: a track, or something else.

    ``kind``: ``local`` is a local file, ``unknown`` a track without an id, ``empty`` an empty row. ``id``: a Spotify
    URI, empty for the last two. ``added_at``: when the row was added to its list.
    """

    kind: Kind
    id: Uri = ""
    title: Text = ""
    artists: tuple[Text, ...] = ()
    artist_ids: tuple[Text, ...] = ()
    album: Text = ""
    duration_ms: Count | None = None
    isrc: Text = ""
    explicit: bool | None = None
    year: Count | None = None
    added_at: Text = ""
    track_number: Count | None = None
    disc_number: Count | None = None
    album_id: Text = ""
    art: Text = ""
    """URL of an album cover, as returned by Spotify."""

    @property
    def place(self) -> tuple[str, str, str]:
        """Identity of the row in its list, independent of details that may change."""
        return (self.id, self.title if not self.id else "", self.added_at)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list: its ``rows``, the total number of rows, and whether it is the last page.

    ``edition``: that of the program that read it, see :data:`EDITION`.
    """

    rows: tuple[Row, ...]
    total: Count
    is_last: bool
    edition: Count = 0

    @property
    def count(self) -> int:
        """Number of rows on the page."""
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class ListedPlaylist:
    """A playlist as shown in the list of playlists.

    ``id``: empty if Spotify gives no valid one; such a playlist cannot be read. ``version``: changes with its content
    (Spotify's ``snapshot_id``); empty if missing. ``is_readable``: whether the app is expected to be allowed to read
    it. ``mark``: of the list from which a push created it (see :func:`mark_in`); empty for other playlists.
    """

    id: str
    name: str
    version: str
    is_readable: bool
    total: int
    mark: str = ""


@dataclass(frozen=True, slots=True)
class ListingPage:
    """A page of the list of playlists, like :class:`Page`."""

    rows: tuple[ListedPlaylist, ...]
    total: int
    is_last: bool

    @property
    def count(self) -> int:
        """Number of rows on the page."""
        return len(self.rows)


def is_list_of_items(value: object) -> bool:
    """Return whether the ``items`` of a page are a list of plausible length."""
    return isinstance(value, list) and len(value) <= MAX_ITEMS


def is_user_id(value: object) -> bool:
    """Return whether a value may be the ``id`` of a user or an artist; long-time users chose their own."""
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT_LENGTH and printable(value) == value


def read_page(answer: Answer, offset: int) -> Page:
    """Parse the page at ``offset`` of saved tracks or a playlist (``items[].track`` or ``items[].item``)."""
    rows = tuple(read_row(item) for item in _list(answer.get("items")))
    total, end = _read_total(answer), offset + len(rows)
    return Page(rows, end if total is None else total, _is_end(answer, end), EDITION)


def read_row(item: object) -> Row:
    """Parse one element of ``items``."""
    outer = _dict(item)
    inner = _dict(outer.get("item")) or _dict(outer.get("track"))
    if not inner:
        return Row("empty", added_at=_date(outer.get("added_at")))
    title, artists, artist_ids = _text(inner.get("name")), *_artists(inner)
    kind, uri = _identify(outer, inner, title, artists)
    album = _dict(inner.get("album"))
    duration_ms = _whole_number(inner.get("duration_ms"))
    return Row(
        kind=kind,
        id=uri,
        title=title or (UNTITLED if kind == "local" else ""),
        artists=artists,
        artist_ids=artist_ids,
        album=_text(album.get("name")),
        duration_ms=duration_ms if duration_ms and duration_ms <= MAX_DURATION_MS else None,
        isrc=plain_isrc(_text(_dict(inner.get("external_ids")).get("isrc"))),
        explicit=value if isinstance(value := inner.get("explicit"), bool) else None,
        year=_year(album.get("release_date")),
        track_number=_whole_number(inner.get("track_number")) or None,
        disc_number=_whole_number(inner.get("disc_number")) or None,
        album_id=known if isinstance(known := album.get("id"), str) and _ID.fullmatch(known) else "",
        added_at=_date(outer.get("added_at")),
        art=smallest_sufficient_image(album.get("images"), EDGE_PX),
    )


def read_listing(answer: Answer, is_user: Callable[[str], bool]) -> list[ListedPlaylist]:
    """Parse a page of the user's playlists. ``is_user``: whether an owner's id is the user's own."""
    listed = []
    for item in _list(answer.get("items")):
        playlist = _dict(item)
        spotify_id = playlist.get("id")
        version = _text(playlist.get("snapshot_id"))
        counted = _dict(playlist.get("items")) or _dict(playlist.get("tracks"))
        owner = _dict(playlist.get("owner")).get("id")
        is_own = isinstance(owner, str) and is_user(owner)
        listed.append(
            ListedPlaylist(
                id=spotify_id if isinstance(spotify_id, str) and _ID.fullmatch(spotify_id) else "",
                name=_text(playlist.get("name")) or UNTITLED,
                version=version if len(version) < MAX_TEXT_LENGTH else "",  # long ones may differ only after the limit
                is_readable=playlist.get("collaborative") is True or is_own,
                total=_whole_number(counted.get("total")) or 0,
                mark=mark_in(_text(playlist.get("description"))) if is_own else "",
            )
        )
    return listed


def read_listing_page(answer: Answer, offset: int, is_user: Callable[[str], bool]) -> ListingPage:
    """Parse the page at ``offset`` of the user's playlists; ``is_user`` as in :func:`read_listing`."""
    rows = tuple(read_listing(answer, is_user))
    total, end = _read_total(answer), offset + len(rows)
    return ListingPage(rows, end if total is None else total, _is_end(answer, end))


def read_genres(answer: Answer) -> tuple[str, ...]:
    """Return the genres of an artist; empty if Spotify no longer provides them."""
    genres = dict.fromkeys(text for genre in _list(answer.get("genres")) if (text := _text(genre)))
    return tuple(genres)[:MAX_ARTISTS]


def with_new_rows(known: Sequence[Row], known_total: int, front: Sequence[Row], total: int) -> tuple[Row, ...] | None:
    """Return the whole list if rows were only added at its front; None if it has to be fetched again.

    ``front``: the current first rows, at least one more than were added, if there are as many.
    """
    added = total - known_total
    if added < 0 or len(front) < min(total, added + 1):
        return None
    fresh, rest = front[:added], front[added:]
    known_places = {row.place for row in known}
    if any(row.place in known_places for row in fresh):
        return None
    if [row.place for row in rest] != [row.place for row in known[: len(rest)]]:
        return None
    return (*fresh, *known)


def _read_total(answer: Answer) -> int | None:
    """Return the total number of rows; None if missing."""
    return _whole_number(answer.get("total"))


def _is_end(answer: Answer, end: int) -> bool:
    """Return whether a page is the last: it says so, or all rows of the list (``end``) were received."""
    total = _read_total(answer)
    return answer.get("next", "") is None or (total is not None and end >= total)


def _identify(outer: dict[str, Any], inner: dict[str, Any], title: str, artists: Sequence[str]) -> tuple[Kind, str]:
    uri, spotify_id = _text(inner.get("uri")), inner.get("id")
    is_local = outer.get("is_local") is True or inner.get("is_local") is True or uri.startswith(SPOTIFY_LOCAL)
    if is_local:
        return "local", uri if uri.startswith(SPOTIFY_LOCAL) else _local_uri(inner, title, artists)
    found = _URI.fullmatch(uri)
    known_id = spotify_id if isinstance(spotify_id, str) and _ID.fullmatch(spotify_id) else found[1] if found else ""
    if _text(inner.get("type")) not in {"track", ""}:
        return "episode", f"spotify:episode:{known_id}" if known_id else ""
    return ("track", SPOTIFY_TRACK + known_id) if known_id else ("unknown", "")


def _local_uri(inner: dict[str, Any], title: str, artists: Sequence[str]) -> str:
    """Return the URI of a local file in Spotify's format: artist, album, title, seconds."""
    parts = (" ".join(artists)[:MAX_TEXT_LENGTH], _text(_dict(inner.get("album")).get("name")), title)
    seconds = (_whole_number(inner.get("duration_ms")) or 0) // 1000
    return SPOTIFY_LOCAL + ":".join((*(quote_plus(part) for part in parts), str(seconds)))


def _artists(inner: dict[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    artists = [_dict(artist) for artist in _list(inner.get("artists"))][:MAX_ARTISTS]
    names = tuple(name for artist in artists if (name := _text(artist.get("name"))))
    ids = (artist.get("id") for artist in artists)
    return names, tuple(known for known in ids if isinstance(known, str) and _ID.fullmatch(known))


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    """Normalize a text: without lone surrogates (which UTF-8 cannot encode) and control characters, limited in length.

    No real name comes near the limit, so truncation does not matter.
    """
    if not isinstance(value, str):
        return ""
    text = one_line(value[: 4 * MAX_TEXT_LENGTH].encode("utf-8", "replace").decode())
    return text[:MAX_TEXT_LENGTH].rstrip()


def _whole_number(value: object) -> int | None:
    """Return a nonnegative integer of plausible size; else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_NUMBER else None


def _year(value: object) -> int | None:
    found = _YEAR.fullmatch(_text(value))
    return int(found[1]) if found else None


def _date(value: object) -> str:
    text = _text(value)
    return text if _DATE.fullmatch(text) and is_known_date(text) else ""
