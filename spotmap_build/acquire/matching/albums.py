"""Taking an album's name apart: what it says of everything on it, and whether two albums are one. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from spotmap_build.acquire.matching.titles import take_apart
from spotmap_build.acquire.matching.transliteration import comparable, sound_alike
from spotmap_build.core.normalize import native
from spotmap_build.core.vocabulary import version_words

if TYPE_CHECKING:
    from spotmap_build.acquire.matching.versions import Mark

_REMIXES: Final = re.compile(r"\bremixes\b")
"""A single with several remixes has the original too; one called "Remix" may have nothing else."""
_EDITIONS: Final = frozenset({"ep", "single", "lp", "cd", "album", "deluxe", "edition", "soundtrack"})
_LIVE: Final = re.compile(
    r"^live$"
    r"|^live (?:at|in|from|on|und|et|and loud|sessions?|acoustic|album|tour|concert|recordings?|vol|\d+)\b"
    r"|\blive (?:at|from|in concert|session|sessions|recordings?|album|tour|in [a-z]+|\d{4})\b"
    r"|(?<!\blong)(?<!\bto)(?<!\bi)(?<!\bwe)(?<!\byou)(?<!\bthey)(?<!\bhow)(?<!\bnot) live$"
    r"|\bunplugged\b|\bmtv\b|\bin concert\b|^concert\b|\bconcerts?$|\bim konzert\b"
    r"|\b(?:en|ao|dal) vivo\b|\ben directo\b|\ben concierto\b"
    r"|\b(?:bbc|peel|kexp|spotify|itunes|audiotree|daytrotter|tiny desk)\b.*\bsessions?\b"
    r"|концерт|らいぶ|라이브|콘서트|演唱会|现场"
)
"""Where "live" is no verb: a place, a year or a concert stands beside it, or it ends the name."""
_LIVE_SUBTITLE: Final = re.compile(
    r"[:(\[–—-]\s*live\b(?! (?:to|for|your|like|free|fast|forever|and let)\b)", re.IGNORECASE
)
_OTHERS: Final = (
    (
        "acoustic",
        re.compile(r"\bacoustic (?:sessions?|versions?|album|ep|live|covers|hits|vol|\d+)\b|\bacoustic$|\bunplugged\b"),
    ),
    (
        "instrumental",
        re.compile(r"\binstrumentals?$|^instrumentals\b|\binstrumental (?:versions?|hits|album|vol|\d+)\b"),
    ),
    ("karaoke", re.compile(r"\bkaraoke\b|カラオケ|からおけ|караоке|노래방|\bsing along\b|\bbacking tracks?\b")),
    ("demo", re.compile(r"\bdemos$|\bdemo (?:tapes?|sessions?|recordings?)\b|^demos\b|\bthe demos\b")),
    ("cover", re.compile(r"\btribute\b|\bcovers?$|\bcovers of\b|^covers\b|\bplays?\b.*\bhits\b|\bin the style of\b")),
    ("nightcore", re.compile(r"\bnightcore\b")),
    ("sped up", re.compile(r"\bsped up\b")),
    ("slowed", re.compile(r"\bslowed\b")),
    ("re-recording", re.compile(r"\bre ?record(?:ed|ings?)\b|\b(?:revisited|reimagined)$")),
    ("arrangement", re.compile(r"\b(?:piano|string|orchestral|lullaby|choral) (?:versions?|renditions)\b")),
)


@dataclass(frozen=True, slots=True)
class Album:
    """An album's name without its edition, and what it says of all that is on it."""

    name: str
    kinds: frozenset[str]


@lru_cache(maxsize=8_192)
def read_album(album: str, song: str = "") -> Album:
    """Take an album's name apart.

    ``song``: the name of the track (as ``Title.full``). Of an album that is called after it, the name says nothing more
    about what is on it: "Radio Sessions" may just be a song.
    """
    if not album.strip():
        return Album("", frozenset())
    title = take_apart(album)
    tokens = title.full.split()
    while len(tokens) > 1 and tokens[-1] in _EDITIONS:
        tokens.pop()
    name = " ".join(tokens)
    kinds = _kinds("" if name == song else name, title.marks)
    if _LIVE_SUBTITLE.search(album):
        kinds |= {"live"}
    if _REMIXES.search(native(album)):
        kinds -= {"remix"}
    return Album(name, kinds)


def is_same_album(mine: Album, theirs: Album) -> bool:
    """Whether two names are those of one album, whatever the edition; not where one is not known."""
    if not mine.name or not theirs.name or mine.kinds != theirs.kinds:
        return False
    if mine.name.replace(" ", "") == theirs.name.replace(" ", ""):
        return True
    return not comparable(mine.name, theirs.name) and sound_alike(mine.name, theirs.name)


def _kinds(name: str, marks: tuple[Mark, ...]) -> frozenset[str]:
    kinds = {kind for mark in marks for kind in mark.kinds}
    kinds.update(kind for kind, pattern in _OTHERS if pattern.search(name))
    if _LIVE.search(name):
        kinds.add("live")
    return frozenset(kind for kind, words in version_words().kinds.items() if words.of_albums and kind in kinds)
