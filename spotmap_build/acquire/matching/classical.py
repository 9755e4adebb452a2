"""Classical works: identify movements by catalog number and movement number, in any language. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from rapidfuzz import fuzz

from spotmap_build.acquire.matching import numerals
from spotmap_build.acquire.matching.ensembles import is_ensemble
from spotmap_build.acquire.matching.keys import read_key, without_key
from spotmap_build.acquire.matching.titles import canonical
from spotmap_build.acquire.matching.versions import read_segment
from spotmap_build.core.normalize import native
from spotmap_build.core.vocabulary import classical_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotmap_build.model import Track

_ABBREVIATIONS: Final = "|".join((*classical_words().catalogs, *classical_words().ambiguous_catalogs))
CATALOG: Final = re.compile(rf"\b({_ABBREVIATIONS})\s(?:[ivx]+\s)?(\d+[a-z]?)(?:\s(?:no|nr)\s(\d+))?(?:\s(\d+))?\b")
NUMBER: Final = re.compile(r"\b(?:no|nr|number)\s(\d+)\b")
_CATALOGS: Final = {"opus": "op", "kv": "k", "kk": "k"}
_RANGE: Final = re.compile(rf"\b(?:{_ABBREVIATIONS}|opp)\.? ?(\d+) ?[-–] ?(\d+)\b(?![.)] )", re.IGNORECASE)
"""The catalog numbers of a whole collection: "BWV 846-869", but not "Op. 68 - 2. Andante"."""
MOVEMENT: Final = re.compile(
    r"(?:^|[:,;\-–—/]\s*)\(?(?:([IVX]{1,5}|\d{1,2})[.)]|Var(?:iati(?:on|o)|iazione)?\.?\s([IVX]{1,5}|\d{1,2})\b\.?)\s*(.*)$"
)
COUNTED: Final = re.compile(r"(?:^|[:,;]\s*)(?:No|Nr|N°)\.?\s?(\d{1,2})()\b[,.:]?\s+(.*)$")
_IN_A_KEY: Final = re.compile(r"(?:in|en|op|,)\b", re.IGNORECASE)
_PART: Final = re.compile(r"\b(?:part|vol|chapter|act|book) (\d+)\b")
_LETTERED: Final = re.compile(r"^\s*(?:[a-z]|[IVX]{1,5}|\d{1,2})[.)]\s*")
_AFTER_COLON: Final = re.compile(r":\s*([^:]+)$")
BRACKET: Final = re.compile(r"[(\[]([^()\[\]]*)[)\]]")
_KINDS_LIKE_MOVEMENTS: Final = frozenset({"another version", "arrangement", "excerpt", "theme"})
"""Kinds of versions whose words also name movements: "Variation 3", "Choral", "Interlude"."""
_DASH: Final = re.compile(r"\s[-–—]\s")
_WORK: Final = re.compile(
    r"\b(?:concerto|sonata|symphony|suite|quartet|trio|prelude|fugue|nocturne|etude|requiem|mass|partita|konzert|sinfonie"
    r"|sonate)\b"
)
_RECORDED: Final = re.compile(
    r"[(\[](?:recorded (?:in )?)?((?:19|20)\d\d)"
    r"(?: (?:mono|stereo|studio|live|version|recording|aufnahme|enregistrement)\b[^)\]]*)?[)\]]",
    re.IGNORECASE,
)
_LISTED: Final = re.compile(r"\s*[,;&/]\s*|\s+(?:and|und|et|y|e)\s+")
_SAME_FAMILY: Final = 60
"""Minimum similarity (of 100) of spellings of one family name, such as "Tchaikovsky" and "Tschaikowsky"."""
_SAME_WORK: Final = 92
_SAME_MOVEMENT: Final = 80
"""Minimum similarity (of 100) of the words."""


@dataclass(frozen=True, slots=True)
class Work:
    """A work and its movement, as named in a title.

    ``catalogs``: catalog numbers such as ("op", "9"); some works have two. ``piece``: number within the opus.
    ``number``: number among the composer's works of its genre. ``key``: the tonic; ``mode``: "major" or "minor".
    ``movement``: number of the movement. ``name``: name of the movement. ``last_name``: name of its last named part
    ("Sequenz: f. Lacrimosa"). ``title``: the normalized title without marks of a version.
    """

    catalogs: frozenset[tuple[str, str]]
    piece: str
    number: str
    key: str
    mode: str
    movement: str
    name: str
    last_name: str
    title: str

    @property
    def genres(self) -> frozenset[str]:
        """Genres of the work, recognized in any language; several for "Prelude and Fugue"."""
        return frozenset(genre for genre, pattern in _genres().items() if pattern.search(self.title))


def is_composer(name: str) -> bool:
    """Return whether an artist is a classical composer."""
    tokens = native(name).split()
    return (
        bool(tokens)
        and tokens[-1] in classical_words().composers
        and not {"quartet", "trio", "ensemble", "band"} & set(tokens)
    )


def is_played_by_ensemble(artists: Sequence[str]) -> bool:
    """Return whether the artists include a classical composer, an orchestra, a choir or the like."""
    return any(is_composer(name) or is_ensemble(name) for name in artists)


def genre_of_word(word: str) -> bool:
    """Return whether a word denotes a genre of classical works, in any language."""
    return any(pattern.match(word) for pattern in _genres().values())


def composers(artists: Sequence[str], album: str) -> tuple[str, ...]:
    """Return the composers among the artists and in the album's name (before its colon, or as the whole name)."""
    before, colon, _ = album.partition(":")
    of_album = _LISTED.split(before)
    if not colon and not all(map(is_composer, of_album)):
        of_album = []
    return tuple(name.strip() for name in (*artists, *of_album) if is_composer(name))


def share_a_composer(left: Sequence[str], right: Sequence[str]) -> bool:
    """Return whether both sides have a composer in common; the family name may be spelled differently."""
    return any(_is_same_composer(native(mine).split(), native(theirs).split()) for mine in left for theirs in right)


def _is_same_composer(mine: list[str], theirs: list[str]) -> bool:
    if fuzz.ratio(mine[-1], theirs[-1]) < _SAME_FAMILY:
        return False
    initials, others = ({name[0] for name in names[:-1]} for names in (mine, theirs))
    return not initials or not others or bool(initials & others)


def performers(artists: Sequence[str]) -> tuple[str, ...]:
    """Return the artists who play or sing."""
    return tuple(name for name in artists if not is_composer(name))


def is_filed_by_composer(track: Track) -> bool:
    """Return whether the composer is the first artist and also starts the album's name ("Verdi: La traviata")."""
    before, colon, _ = track.album.partition(":")
    is_named = bool(colon) and is_composer(before) and bool(track.artists) and is_composer(track.artists[0])
    return is_named and native(before).split()[-1] == native(track.artists[0]).split()[-1]


@lru_cache(maxsize=16_384)
def read_work(title: str) -> Work | None:
    """Parse the work and movement that a title names; None if it is not the title of a classical work."""
    title = _RANGE.sub(_without_range, _without_versions(title))
    plain = native(title.replace("/", " "))
    catalogs = list(CATALOG.finditer(plain))
    numbered = NUMBER.search(plain[: catalogs[0].start()] if catalogs else plain)
    if not catalogs and not (numbered and _WORK.search(plain)):
        return None
    movement = MOVEMENT.search(title) or _counted_movement(title)
    last = last_part(title)
    name = movement[3] if movement else "" if CATALOG.search(native(last)) else last
    key, mode = read_key(plain)
    pieces = [found[3] or found[4] for found in catalogs if found[3] or found[4]]
    if catalogs and not pieces:
        pieces = NUMBER.findall(plain[catalogs[-1].end() :])
    work = Work(
        frozenset((_CATALOGS.get(found[1], found[1]), found[2]) for found in catalogs),
        pieces[0] if pieces else "",
        numbered[1] if numbered else "",
        key,
        mode,
        arabic(movement[1] or movement[2]) if movement else "",
        _without_number(native(name.strip("\"“”'! "))),
        _without_number(native(_LETTERED.sub("", last or name).strip("\"“”'! "))),
        plain,
    )
    is_certain = not {kind for kind, _ in work.catalogs} <= classical_words().ambiguous_catalogs
    is_distinctive = is_certain or work.piece or work.key or work.movement or work.genres
    return work if is_distinctive or not work.catalogs else None


def last_part(title: str) -> str:
    """Return the part after the last colon or, without one, after the last dash; empty if there is neither.

    A name that consists of several tempi is one part: "Op. 68 - Andante - Allegro".
    """
    title = _without_versions(title)
    if colon := _AFTER_COLON.search(title):
        return colon[1]
    parts = _DASH.split(title)[1:]
    start = len(parts) - 1
    while start > 0 and is_tempo(native(parts[start])) and is_tempo(native(parts[start - 1])):
        start -= 1
    return " - ".join(parts[max(start, 0) :])


def _without_versions(title: str) -> str:
    """Return a title without marks of a version: "(Live)", " - Remastered 2015"."""
    title = BRACKET.sub(lambda found: " " if _is_version(found[1]) else found[0], title)
    parts = _DASH.split(title)
    while len(parts) > 1 and _is_version(parts[-1]):
        parts.pop()
    return " - ".join(parts).strip()


def _is_version(segment: str) -> bool:
    """Return whether a segment marks a version and does not name a movement, such as "Interlude" or "Vivo"."""
    reading = read_segment(segment)
    may_be_name = is_tempo(native(segment)) or reading.mark.kinds & _KINDS_LIKE_MOVEMENTS
    return reading.sense != "unknown" and not may_be_name


def _counted_movement(title: str) -> re.Match[str] | None:
    """Match a numbered movement with a name, such as "No. 44, Hallelujah", but not "No. 2 in E flat"."""
    counted = COUNTED.search(title)
    return counted if counted and not _IN_A_KEY.match(counted[3]) and '"' not in counted[3] else None


def same_movement(one: str, other: str) -> bool:
    """Return whether two titles name the same movement of the same work.

    The catalog numbers must be the same or, if one title has none, the names of the works. Other details that both
    titles give (number, key, movement) must not differ.
    """
    first, second = read_work(one), read_work(other)
    if first is None or second is None:
        return False
    if first.catalogs and second.catalogs:
        is_same_work = bool(first.catalogs & second.catalogs) and _same_genre(first, second)
    else:
        is_same_work = fuzz.token_set_ratio(canonical(one), canonical(other)) >= _SAME_WORK
    return is_same_work and not _contradict(first, second) and _same_movement_name(first, second)


def has_same_number(one: str, other: str) -> bool:
    """Return whether two titles count the same movement of a work, or the same piece of an opus.

    On the same album and with the same length, it is the same, even if its name is in another language or left out
    ("IV. Presto", "IV. Finale"); but not if both name a tempo and the tempi differ.
    """
    first, second = read_work(one), read_work(other)
    if first is None or second is None:
        return _has_same_number_in_cycle(one, other)
    if not first.catalogs & second.catalogs or _contradict(first, second):
        return False
    if not (first.name or second.name or first.movement or second.movement):
        return first.piece == second.piece and (not first.genres or not second.genres or _same_genre(first, second))
    if first.name != first.last_name or second.name != second.last_name:
        return False  # a number of a section, which has movements of its own
    numbers = {work.movement or work.piece for work in (first, second)}
    is_counted = len(numbers) == 1 and "" not in numbers
    tempi = [set(work.name.split()) & classical_words().tempi for work in (first, second)]
    return bool(is_counted) and not (tempi[0] and tempi[1] and tempi[0].isdisjoint(tempi[1]))


def _has_same_number_in_cycle(one: str, other: str) -> bool:
    """Compare the numbers in titles without catalog numbers: "Má vlast: II. Vltava", "Má vlast: 2. Die Moldau"."""
    first, second = MOVEMENT.search(one), MOVEMENT.search(other)
    if first is None or second is None or part_numbers(one) != part_numbers(other):
        return False
    mine, theirs = (set(canonical(title[: found.start()]).split()) for title, found in ((one, first), (other, second)))
    is_same_cycle = len(mine & theirs) > 1 and (mine <= theirs or theirs <= mine)
    return is_same_cycle and arabic(first[1] or first[2]) == arabic(second[1] or second[2])


def works_contradict(one: str, other: str) -> bool:
    """Return whether two titles name different works, or different acts or movements of one."""
    first, second = read_work(one), read_work(other)
    if first is None or second is None:
        parts = {part_numbers(title) for title in (one, other)} - {""}
        return len(parts) > 1
    return _have_other_numbers(first, second) or _contradict(first, second)


def _have_other_numbers(first: Work, second: Work) -> bool:
    """Return whether one catalog counts two works; "Op. 14" and "H 48" of two catalogs may be the same."""
    shared = {catalog for catalog, _ in first.catalogs} & {catalog for catalog, _ in second.catalogs}
    return bool(shared) and not first.catalogs & second.catalogs


def _contradict(first: Work, second: Work) -> bool:
    """Return whether the titles give a detail of the work differently."""
    pairs = (
        (first.piece, second.piece),
        (first.number, second.number),
        (first.key, second.key),
        (first.mode, second.mode),
        (first.movement, second.movement),
        (part_numbers(first.title), part_numbers(second.title)),
    )
    return any(mine and theirs and mine != theirs for mine, theirs in pairs)


def _same_genre(first: Work, second: Work) -> bool:
    """Return whether both have the same genre, since a prelude and its fugue share a catalog number.

    If a genre is not given, the words have to agree.
    """
    if first.name and second.name:
        return True
    if first.genres and second.genres:
        return bool(first.genres & second.genres)
    if first.piece and first.key and (first.piece, first.key) == (second.piece, second.key):
        return True
    mine, theirs = (CATALOG.sub(" ", work.title).strip() for work in (first, second))
    return not mine or not theirs or fuzz.token_set_ratio(mine, theirs) >= _SAME_MOVEMENT


@lru_cache(maxsize=1)
def _genres() -> dict[str, re.Pattern[str]]:
    """Return the pattern of word stems of each genre; ``$`` in a stem marks the end of the word."""
    return {
        genre: re.compile(rf"\b(?:{'|'.join(stems)})".replace("$", r"\b"))
        for genre, stems in classical_words().genres.items()
    }


def _same_movement_name(first: Work, second: Work) -> bool:
    if not first.name or not second.name:
        is_one_piece = bool(first.piece) and first.piece == second.piece and not first.movement + second.movement
        name, whole = first.name or second.name, f"{first.title} {second.title}"
        is_in_both = is_tempo(name) or whole.count(name) > 1
        return first.name == second.name or (is_one_piece and is_in_both) or _same_in_set(first, second)
    if not _same_count(first, second):
        return False
    if first.last_name == second.last_name or _is_incipit(first.last_name, second.last_name):
        return True
    is_numbered = bool(first.movement) and first.movement == second.movement and bool(first.catalogs & second.catalogs)
    is_plain = first.name == first.last_name and second.name == second.last_name
    if is_numbered and is_plain and _telling(first.name) & _telling(second.name):
        return True
    ratio = fuzz.token_set_ratio if first.movement and first.movement == second.movement else fuzz.ratio
    return ratio(first.name, second.name) >= _SAME_MOVEMENT


def _same_count(first: Work, second: Work) -> bool:
    """Return whether a number after one movement's name is that of the other movement: "Kyrie (I)", "I. Kyrie"."""
    counts = [numerals.ROMAN.get(work.name.split()[-1], "") for work in (first, second)]
    if counts[0] == counts[1]:
        return True
    counted, other = (first, second) if counts[0] else (second, first)
    return not all(counts) and (not other.movement or other.movement in counts or other.movement == counted.movement)


def _telling(name: str) -> frozenset[str]:
    """Return the distinctive words of a movement's name."""
    words = classical_words()
    return frozenset(
        word for word in name.split() if len(word) > 3 and word not in words.tempi | words.beside_movements
    )


def _same_in_set(first: Work, second: Work) -> bool:
    """Return whether one title counts a piece as "Op. 23 No. 5" and the other as "Op. 23: V.", in the same key."""
    mine, theirs = (first.piece, first.movement), (second.piece, second.movement)
    return bool(first.key) and first.key == second.key and mine == theirs[::-1] and "" in mine


def year_of_recording(album: str) -> str:
    """Return the year in brackets that distinguishes recordings by the same performer: "Goldberg (1981)"."""
    found = _RECORDED.search(album)
    return found[1] if found else ""


def _is_incipit(one: str, other: str) -> bool:
    """Return whether one name begins with the other, at least two words, as arias are named by their first words."""
    short, long = sorted((one.split(), other.split()), key=len)
    return len(short) > 1 and long[: len(short)] == short and not is_tempo(" ".join(short))


def arabic(number: str) -> str:
    """Return a Roman numeral as digits, and any other number as it is."""
    return numerals.ROMAN.get(number.lower(), number)


def part_numbers(title: str) -> str:
    """Return the numbers of the acts, parts and volumes that a title names."""
    return " ".join(_PART.findall(canonical(title)))


def is_tempo(name: str) -> bool:
    """Return whether a normalized name has only words of a tempo."""
    return set(name.split()) <= classical_words().tempi


def _without_number(name: str) -> str:
    """Strip numbers and keys from a movement's name, leaving nothing of "No. 2 in E flat major"."""
    return without_key(NUMBER.sub(" ", name))


def _without_range(found: re.Match[str]) -> str:
    """Remove a range of catalog numbers; "Op. 27-2" is not one."""
    return "" if int(found[1]) < int(found[2]) else found[0]
