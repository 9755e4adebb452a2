"""Parse album names: what they say about all tracks on the album, and whether two albums are the same. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from spotmap_build.acquire.matching.classical import is_composer
from spotmap_build.acquire.matching.numerals import ROMAN
from spotmap_build.acquire.matching.titles import canonical, take_apart
from spotmap_build.acquire.matching.transliteration import comparable, sound_alike
from spotmap_build.core.normalize import native
from spotmap_build.core.vocabulary import album_words, version_words

if TYPE_CHECKING:
    from spotmap_build.acquire.matching.versions import Mark

_REMIXES: Final = re.compile(r"\bremixes\b")
"""An album called "Remixes" also has the original; one called "Remix" may have only the remix."""
_SOUNDTRACK: Final = re.compile(
    r"\b(?:soundtrack|ost|motion picture|original score|musical|cast (?:recording|album)"
    r"|music from (?:the (?:\w+ ){0,4}(?:series|show)|season))\b"
)
_NUMBER: Final = re.compile(r"\d{1,2}")
_SEASON: Final = re.compile(r"\b(?:season|staffel|saison|temporada|stagione|seizoen) (\d{1,2})\b")
_COUNTED: Final = re.compile(r"^(?:season|part|vol|volume|episode|chapter|act|disc|book|staffel|saison|temporada) ")
"""Beginnings of the last part of an album's name that do not make it a name of its own."""
_LIVE_SUBTITLE: Final = re.compile(
    r"^live\s*:|[:(\[–—-]\s*live\b(?! (?:to|for|your|like|free|fast|forever|and let)\b)"
    r"|\w(?<!\blong)(?<!\bwe)(?<!\bto)(?<!\bi)(?<!\byou)(?<!\bthey)(?<!\bhow)(?<!\bnot)\s+live\s*:",
    re.IGNORECASE,
)
_MONTH: Final = (
    r"(?:jan|f[eé][bv]|m[aä]r|maar|a[pbv]r|ma[iyj]|mei|ju[nli]|giu|lug|aug|ag[ou]|ao[uû]|sep|set|o[ckt]t|out|nov|d[eéi][cz])"
    r"[^\W\d]{0,8}\.?"
)
"""The beginning of a month's name in the languages of western Europe."""
_DAY: Final = re.compile(
    r"(?<!\d)(?:(?:19|20)\d\d[./-](?:0?[1-9]|1[0-2])[./-](?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])[./-](?:0?[1-9]|[12]\d|3[01])[./-](?:(?:19|20)\d\d|\d\d))(?!\d)"
    rf"|\b{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? (?:19|20)\d\d\b"
    rf"|\b\d{{1,2}}(?:st|nd|rd|th|er|\.)? (?:de )?{_MONTH} (?:de )?(?:19|20)\d\d\b",
    re.IGNORECASE,
)
"""The day of a concert, as in names of official bootlegs: "2003.07.11 - Mansfield"."""
_EDITION_OF_COUNTRY: Final = re.compile(r"\b(?:edition|release|pressing|deluxe)\b", re.IGNORECASE)
"""A "Japanese Edition" has the same recordings, a "Japanese Version" has different ones."""


@dataclass(frozen=True, slots=True)
class Album:
    """A parsed album name.

    ``name``: without the edition. ``after_composer``: the same without a composer before a colon. ``kinds``: kinds of
    versions that apply to all its tracks. ``subtitle``: the last part of a name that has several ("The Hobbit: An
    Unexpected Journey"). ``works``: the name, the subtitle, and what it is from ('Salt (From "The Sea")').
    ``may_be_live``: whether the name has a word that is frequent in names of live albums.
    """

    name: str
    kinds: frozenset[str]
    after_composer: str = ""
    subtitle: str = ""
    works: tuple[str, ...] = ()
    is_soundtrack: bool = False
    may_be_live: bool = False


@lru_cache(maxsize=8_192)
def read_album(album: str, song: str = "") -> Album:
    """Parse an album's name.

    ``song``: the name of the track (as ``Title.full``). If the album is named after it, the name says nothing about the
    kind of its tracks: "Radio Sessions" may be the title of a song.
    """
    if not album.strip():
        return Album("", frozenset())
    title = take_apart(album)
    name = _counted(canonical(_without_edition(title.full)), album)
    marks = tuple(mark for mark in title.marks if not _is_edition(mark))
    kinds = _kinds("" if name == song else name, marks)
    if _LIVE_SUBTITLE.search(album) or (name != song and _DAY.search(album)):
        kinds |= {"live"}
    if "stereo" in native(album).split():
        kinds -= {"mono"}  # both mixes
    if _REMIXES.search(native(album)):
        kinds -= {"remix"}
    if _EDITION_OF_COUNTRY.search(album):
        kinds = frozenset(kind for kind in kinds if kind in version_words().kinds)
    is_soundtrack = bool(title.works or _endings()[0].search(title.full) or _SOUNDTRACK.search(native(album)))
    subtitle = _subtitle(album)
    works = tuple(filter(None, (name, subtitle, *title.works)))
    may_be_live = name != song and " " in name and _live_hints().search(name) is not None
    return Album(name, kinds, _after_composer(album), subtitle, works, is_soundtrack, may_be_live)


def _after_composer(album: str) -> str:
    """Return an album's name without the composer before a colon: "Reich: Drumming"; empty if there is none."""
    before, _, name = album.partition(": ")
    return canonical(_without_edition(take_apart(name).full)) if name and is_composer(before) else ""


def _counted(name: str, album: str) -> str:
    """Return an album's name with the season from its brackets: "North Wall (Music from Season 2)"."""
    season = _SEASON.search(native(album))
    written = f"season {season[1]}" if season else ""
    return name if written in name or (season and season[0] in name) else f"{name} {written}"


def _is_edition(mark: Mark) -> bool:
    """Return whether a mark has a word for a version but only names an edition of the album: "2CD Version"."""
    return mark.kinds <= {"another version", "session"} and _endings()[1].fullmatch(f" {native(mark.said)}") is not None


def _subtitle(album: str) -> str:
    """Return the part after the last colon if it is a name: "An Unexpected Journey", not "Original Soundtrack"."""
    before, _, last = album.rpartition(":")
    if not before.strip():
        return ""
    name = _without_edition(f"0 {take_apart(last).full}").removeprefix("0").split()
    is_name = len(name) > 1 and not _COUNTED.search(" ".join(name))
    is_distinctive = not set(name) <= album_words().collections | version_words().fillers
    return " ".join(name) if is_name and is_distinctive else ""


def _without_edition(name: str) -> str:
    """Strip trailing words for an edition or a soundtrack from a name in the form of ``Title.full``."""
    soundtrack, edition = _endings()
    for pattern in (soundtrack, edition, soundtrack, edition):
        shorter = pattern.sub("", name)
        if set(shorter.split()) - version_words().fillers:
            name = shorter
    return name


def is_same_album(mine: Album, theirs: Album) -> bool:
    """Return whether two names denote the same album in any edition; False if either is unknown."""
    if not mine.name or not theirs.name or mine.kinds != theirs.kinds:
        return False
    if mine.name.replace(" ", "") == theirs.name.replace(" ", ""):
        return True
    if mine.after_composer == theirs.name or theirs.after_composer == mine.name:
        return True
    return not comparable(mine.name, theirs.name) and sound_alike(mine.name, theirs.name)


def is_same_live_album(mine: Album, theirs: Album) -> bool:
    """Return whether two live recordings are on the same album, whose name may say or omit that it is live."""
    both = (replace(album, kinds=album.kinds | {"live"}) for album in (mine, theirs))
    return is_same_album(*both)


def share_a_work(mine: Album, theirs: Album) -> bool:
    """Return whether two albums name a common work, such as a film.

    If they share only the subtitle, the names before it need a common word: "Glass River: Piano Suite" has nothing to
    do with "Frozen Sea: Piano Suite".
    """
    shared = frozenset(map(canonical, mine.works)) & frozenset(map(canonical, theirs.works))
    subtitle = canonical(mine.subtitle)
    if shared != {subtitle} or subtitle != canonical(theirs.subtitle):
        return bool(shared)
    words = set(mine.name.split()) & set(theirs.name.split())
    return not words <= {*subtitle.split(), *version_words().fillers}


def is_part_of(mine: Album, theirs: Album) -> bool:
    """Return whether one name contains all words of the other: "Frozen", "Disney's Frozen", but not "Frozen 2".

    Also if one of them names the other's film: 'Salt (From "The Sea")', "The Sea (Soundtrack)".
    """
    if share_a_work(mine, theirs):
        return True
    left, right = set(mine.name.split()), set(theirs.name.split())
    is_counted = any(_NUMBER.fullmatch(word) or word in ROMAN for word in left ^ right)
    return (not is_counted and (left <= right or right <= left)) or not comparable(mine.name, theirs.name)


def _kinds(name: str, marks: tuple[Mark, ...]) -> frozenset[str]:
    kinds = {kind for mark in marks for kind in mark.kinds}
    kinds.update(kind for kind, pattern in _kinds_of_albums() if pattern.search(name))
    words = version_words()
    return frozenset(kind for kind in kinds if kind not in words.kinds or words.kinds[kind].of_albums)


@lru_cache(maxsize=1)
def _endings() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of name endings for a soundtrack and for an edition."""
    words = album_words()
    editions = (*words.editions, *words.editions_of_albums)
    soundtrack, edition = (re.compile(f"(?:{'|'.join(each)})$") for each in (words.soundtracks, editions))
    return soundtrack, edition


@lru_cache(maxsize=1)
def _live_hints() -> re.Pattern[str]:
    return re.compile("|".join(album_words().live_hints))


@lru_cache(maxsize=1)
def _kinds_of_albums() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((kind, re.compile("|".join(patterns))) for kind, patterns in album_words().kinds.items())
