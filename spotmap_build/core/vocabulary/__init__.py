"""Words in titles, album names and credits, in many languages: TOML files, each loaded on first use.

``versions.toml``: versions of a song; ``titles.toml``: common titles, numbers and parts; ``albums.toml``: editions, and
versions that only the album name states; ``people.toml``: names that do not identify an artist; ``classical.toml``:
composers, kinds of works, tempi.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import TypeVar

from spotmap_build.core.documents import convert, parse_toml

Words = TypeVar("Words")


@dataclass(frozen=True, slots=True)
class Spellings:
    """Ways to write one meaning.

    ``phrases``: whole words; ``pieces``: parts of words in non-Latin scripts; ``leads``: phrases followed only by
    names.
    """

    phrases: tuple[str, ...] = ()
    pieces: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of version.

    ``label``: name for display; ``shown``: its name in the map's list of a song's versions, empty if it is not listed
    there; ``alone``: phrases that indicate the kind only without other words; ``of_albums``: whether an album's name
    can state the kind for all of its tracks.
    """

    label: str
    shown: str = ""
    phrases: tuple[str, ...] = ()
    pieces: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    of_albums: bool = False


@dataclass(frozen=True, slots=True)
class VersionWords:
    """Words that distinguish versions of a song.

    ``kinds``: kinds of versions by name; ``neutral``: words that are irrelevant to the version; ``nouns``: words for
    "version"; ``fillers``: words without information; ``languages``: the names of each language; ``remasters``: how
    words for a remaster begin; ``styles``: words for a style or place of performance, at the end of the Latin text
    next to a title in another script; ``shows``: shows in which artists perform existing songs.
    """

    kinds: dict[str, Kind]
    neutral: Spellings
    nouns: Spellings
    fillers: frozenset[str]
    languages: dict[str, tuple[str, ...]]
    remasters: tuple[str, ...]
    styles: frozenset[str]
    shows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CommonWords:
    """Titles that many songs share: those in ``whole``, and any of ``heads`` with optional words of ``beside``."""

    heads: frozenset[str]
    beside: frozenset[str]
    whole: frozenset[str]


@dataclass(frozen=True, slots=True)
class WorkWords:
    """Words by which a title refers to a film, series or game.

    ``quoted``: words before a quoted name or a word of ``sorts``; ``leads``: words before any name; ``pieces``: parts
    of words in non-Latin scripts next to the name.
    """

    quoted: tuple[str, ...]
    leads: tuple[str, ...]
    sorts: tuple[str, ...]
    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GuestWords:
    """Words before guests: anywhere, at the start of brackets, or at the start of brackets with known guests."""

    featuring: tuple[str, ...]
    accompanied: tuple[str, ...]
    known: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TitleWords:
    """Numbers, parts and spellings in titles.

    ``numbers`` start at zero, ``tens`` at twenty, ``ordinals`` and ``roman`` at one; ``parts``: the words for each kind
    of part; ``spellings``: variant spellings, and the spelling used for comparison; ``swears``: words that services
    censor with asterisks.
    """

    common: CommonWords
    spellings: dict[str, str]
    works: WorkWords
    guests: GuestWords
    numbers: tuple[str, ...]
    tens: tuple[str, ...]
    ordinals: tuple[str, ...]
    roman: tuple[str, ...]
    parts: dict[str, tuple[str, ...]]
    swears: tuple[str, ...]

    @property
    def numbered(self) -> frozenset[str]:
        """Return the words that precede the number of a part."""
        return frozenset(word for words in self.parts.values() for word in words)


@dataclass(frozen=True, slots=True)
class AlbumWords:
    """Patterns and words in album names.

    ``soundtracks``, ``editions``: regular expressions for the end of a name; ``editions_of_albums``: those that are
    no edition in a song's title; ``kinds``: regular expressions for each kind of version; ``collections``: words in
    names of collections; ``live_hints``: regular expressions for words that are frequent in names of live albums.
    """

    soundtracks: tuple[str, ...]
    editions: tuple[str, ...]
    editions_of_albums: tuple[str, ...]
    collections: frozenset[str]
    live_hints: tuple[str, ...]
    kinds: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class PeopleWords:
    """Names that do not identify an artist, and words in names.

    ``various``: names for many artists; ``nobody``: names for an unknown artist; ``impostors``: words in names of
    artists who rework the songs of others; ``labels``: words in names of companies; ``countries``: suffixes that
    distinguish bands of the same name; ``spellings``: variant spellings, and the spelling used for comparison;
    ``renamed``: all names of each artist who has several.
    """

    impostors: Spellings
    various: frozenset[str]
    nobody: frozenset[str]
    countries: frozenset[str]
    labels: frozenset[str]
    spellings: dict[str, str]
    renamed: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class ClassicalWords:
    """Words for works of classical music.

    ``genres``: prefixes of the names of each kind of work, where ``$`` marks the end of the word; ``beside_...``: words
    that occur only next to a tempo, the name of a movement or that of an ensemble; ``pieces``: words for a part of an
    opera; ``catalogs``: abbreviations before the number of a work; ``ensembles``: words in names of performers;
    ``attributes_of_ensembles``: words that such names may leave out; ``bodies``: a regular expression for the words of
    each kind of ensemble; ``places``: the forms of each place in names of ensembles.
    """

    tempi: frozenset[str]
    beside_tempi: frozenset[str]
    movements: frozenset[str]
    beside_movements: frozenset[str]
    pieces: frozenset[str]
    catalogs: tuple[str, ...]
    ambiguous_catalogs: frozenset[str]
    ensembles: frozenset[str]
    beside_ensembles: frozenset[str]
    attributes_of_ensembles: frozenset[str]
    composers: frozenset[str]
    genres: dict[str, tuple[str, ...]]
    bodies: dict[str, str]
    places: dict[str, frozenset[str]]


@lru_cache(maxsize=1)
def version_words() -> VersionWords:
    """Load the words for versions of a song."""
    return _read("versions", VersionWords)


@lru_cache(maxsize=1)
def title_words() -> TitleWords:
    """Load the words for numbers and parts, and the titles that many songs share."""
    return _read("titles", TitleWords)


@lru_cache(maxsize=1)
def album_words() -> AlbumWords:
    """Load the words in album names."""
    return _read("albums", AlbumWords)


@lru_cache(maxsize=1)
def people_words() -> PeopleWords:
    """Load the words in names of people."""
    return _read("people", PeopleWords)


@lru_cache(maxsize=1)
def classical_words() -> ClassicalWords:
    """Load the words in titles of classical works."""
    return _read("classical", ClassicalWords)


def _read(name: str, words: type[Words]) -> Words:
    text = (resources.files(__name__) / f"{name}.toml").read_text(encoding="utf-8")
    return convert(parse_toml(text), words)
