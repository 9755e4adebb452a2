"""Search queries for a track on YouTube Music, in order. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from anyascii import anyascii

from spotmap_build.core.identifiers import plain_isrc
from spotmap_build.core.normalize import is_latin, native, repair
from spotmap_build.core.text import printable

if TYPE_CHECKING:
    from spotmap_build.model import Track

ARTISTS: Final = 2
"""More names would make a query narrower than the service's own artist credits."""
MAX_QUERIES: Final = 5
MAX_QUERY_LENGTH: Final = 300
"""Maximum characters of a query: the service refuses longer ones, and they find no more."""
_MAX_TEXT_LENGTH: Final = 1_000
_SAYS_NOTHING: Final = re.compile(
    r"\s*[-–(\[]\s*(?:\d{4}\s+)?(?:digital(?:ly)?\s+)?remaster(?:ed)?(?:\s+version)?(?:\s+\d{4})?\s*[)\]]?\s*$"
    r"|\s*[(\[](?:explicit|album version|bonus track)[)\]]\s*$|\s*-\s*(?:album version|bonus track|original mix)\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Query:
    """One search. ``kind``: type of results; ``is_isrc``: whether the text is the recording's ISRC."""

    text: str
    kind: Literal["songs", "videos"] = "songs"
    is_isrc: bool = False


def queries(track: Track) -> tuple[Query, ...]:
    """Return the searches for a track, the most reliable first. Callers stop once one gives a certain match.

    These are: the ISRC; title and artists; the same in Latin letters if they are in another script; title and album;
    and title and artist among videos, for recordings that were never released on an album. None if the track has no
    title.
    """
    own = repair(track.title[:_MAX_TEXT_LENGTH])
    title = _SAYS_NOTHING.sub("", own).strip() or own.strip()
    if not title:
        return ()
    artists = [repair(name[:_MAX_TEXT_LENGTH]).strip() for name in track.artists if name.strip()]
    by_artists = _words(title, *_unnamed(artists[:ARTISTS], title))
    searches = [Query(by_artists)]
    if not is_latin(by_artists):
        searches.append(Query(_words(anyascii(title), *(anyascii(name) for name in artists[:ARTISTS]))))
    if track.album and native(track.album) != native(title):
        searches.append(Query(_words(title, *artists[:1], repair(track.album[:_MAX_TEXT_LENGTH]))))
    searches.append(Query(_words(title, *artists[:1]), "videos"))
    if isrc := plain_isrc(track.isrc):
        searches.insert(0, Query(isrc, is_isrc=True))
    return tuple(dict.fromkeys(searches))[:MAX_QUERIES]


def _unnamed(artists: list[str], title: str) -> list[str]:
    """Drop guests whom the title already names; the first artist is always kept."""
    plain_title = native(title)
    return [name for position, name in enumerate(artists) if position == 0 or native(name) not in plain_title]


def _words(*parts: str) -> str:
    return printable(" ".join(" ".join(parts).split()))[:MAX_QUERY_LENGTH].rstrip()
