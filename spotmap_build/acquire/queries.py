"""What is asked of YouTube Music to find a track, in which order. Pure."""

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
"""More names make a search narrower than the site's own list of artists."""
MOST: Final = 5
LONGEST: Final = 300
"""Characters of a query: a longer one is refused by the service, and finds no more."""
_LONGEST_TEXT: Final = 1_000
_SAYS_NOTHING: Final = re.compile(
    r"\s*[-–(\[]\s*(?:\d{4}\s+)?(?:digital(?:ly)?\s+)?remaster(?:ed)?(?:\s+version)?(?:\s+\d{4})?\s*[)\]]?\s*$"
    r"|\s*[(\[](?:explicit|album version|bonus track)[)\]]\s*$|\s*-\s*(?:album version|bonus track|original mix)\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Query:
    """One search. ``kind``: among which results; ``is_isrc``: whether the text is the recording's ISRC."""

    text: str
    kind: Literal["songs", "videos"] = "songs"
    is_isrc: bool = False


def queries(track: Track) -> tuple[Query, ...]:
    """Return the searches for a track, the most telling first; whoever asks them stops when one has settled it.

    The ISRC; title and artists; the same in Latin letters where they are in another script; title and album; and title
    and artist among videos, for what was never released as an album's audio. None where the track has no title.
    """
    own = repair(track.title[:_LONGEST_TEXT])
    title = _SAYS_NOTHING.sub("", own).strip() or own.strip()
    if not title:
        return ()
    artists = [repair(name[:_LONGEST_TEXT]).strip() for name in track.artists if name.strip()]
    by_artists = _words(title, *_unnamed(artists[:ARTISTS], title))
    asked = [Query(by_artists)]
    if not is_latin(by_artists):
        asked.append(Query(_words(anyascii(title), *(anyascii(name) for name in artists[:ARTISTS]))))
    if track.album and native(track.album) != native(title):
        asked.append(Query(_words(title, *artists[:1], repair(track.album[:_LONGEST_TEXT]))))
    asked.append(Query(_words(title, *artists[:1]), "videos"))
    if isrc := plain_isrc(track.isrc):
        asked.insert(0, Query(isrc, is_isrc=True))
    return tuple(dict.fromkeys(asked))[:MOST]


def _unnamed(artists: list[str], title: str) -> list[str]:
    """Guests whom the title names already are not said twice; the first artist is always said."""
    said = native(title)
    return [name for position, name in enumerate(artists) if position == 0 or native(name) not in said]


def _words(*parts: str) -> str:
    return printable(" ".join(" ".join(parts).split()))[:LONGEST].rstrip()
