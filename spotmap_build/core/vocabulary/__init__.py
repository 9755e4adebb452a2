"""Words that titles, albums and credits are made of, in many languages: TOML files, each read when it is first needed.

``versions.toml``: which version of a song it is; ``titles.toml``: names that many songs have, numbers and parts;
``albums.toml``: editions, and versions that only the album tells; ``people.toml``: names that are nobody's own;
``classical.toml``: composers, sorts of works, tempi.
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
    """What says one thing.

    ``phrases``: whole words; ``pieces``: of other scripts, anywhere in a word; ``leads``: phrases after which only
    names follow.
    """

    phrases: tuple[str, ...] = ()
    pieces: tuple[str, ...] = ()
    leads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of version.

    ``label``: for a person; ``alone``: what says it only where nothing stands beside it; ``of_albums``: whether an
    album's name can say it of all that is on it; ``shown``: as what the map shows it among the versions of a song,
    empty where it is not one of these.
    """

    label: str
    shown: str = ""
    phrases: tuple[str, ...] = ()
    pieces: tuple[str, ...] = ()
    alone: tuple[str, ...] = ()
    of_albums: bool = False


@dataclass(frozen=True, slots=True)
class VersionWords:
    """Words that tell versions of a song.

    ``kinds``: by their name; ``neutral``: what does not matter; ``nouns``: words for "version"; ``fillers``: words
    that tell nothing; ``languages``: how each is called; ``remasters``: pieces of words; ``styles``: words that
    say how a song is played where they end what stands beside its name in another script; ``shows``: in which songs
    are sung again.
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
    """Titles that many songs have: ``whole``, or of at least one of ``heads`` with any of ``beside``."""

    heads: frozenset[str]
    beside: frozenset[str]
    whole: frozenset[str]


@dataclass(frozen=True, slots=True)
class WorkWords:
    """How a title names a film, series or game.

    ``quoted``: before quotation marks or a word of ``sorts``; ``leads``: before any name; ``pieces``: of other
    scripts, beside the name.
    """

    quoted: tuple[str, ...]
    leads: tuple[str, ...]
    sorts: tuple[str, ...]
    pieces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GuestWords:
    """Words before the names of guests: anywhere, where a bracket begins, and there if the guests are known."""

    featuring: tuple[str, ...]
    accompanied: tuple[str, ...]
    known: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TitleWords:
    """Numbers, parts and spellings in titles.

    ``numbers`` from zero on, ``tens`` from twenty on, ``ordinals`` and ``roman`` from one on; ``parts``: the words for
    each sort of part; ``spellings``: words that are written in two ways, and the one that is compared; ``swears``: what
    services write with stars.
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
        """Return the words that stand before the number of a part."""
        return frozenset(word for words in self.parts.values() for word in words)


@dataclass(frozen=True, slots=True)
class AlbumWords:
    """What names of albums say.

    Regular expressions: ``soundtracks``, ``editions``: how a name ends that says so; ``kinds``: by what a name says
    a kind of version. Words: ``collections``.
    """

    soundtracks: tuple[str, ...]
    editions: tuple[str, ...]
    collections: frozenset[str]
    kinds: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class PeopleWords:
    """Names that are no artist's, and words in names.

    ``various``, ``nobody``: names that stand for many and for nobody; ``impostors``: words in names of those who
    live on other people's songs; ``labels``: of companies; ``countries``: what tells two bands of one name apart;
    ``spellings``: words that are written in two ways, and the one that is compared.
    """

    impostors: Spellings
    various: frozenset[str]
    nobody: frozenset[str]
    countries: frozenset[str]
    labels: frozenset[str]
    spellings: dict[str, str]


@dataclass(frozen=True, slots=True)
class ClassicalWords:
    """Words for works of classical music.

    ``genres``: how the names of each sort of work begin; a ``$`` says that the word ends there. ``beside_...``:
    what stands only beside a tempo or a movement's name; ``ensembles``: words in names of those who play.
    """

    tempi: frozenset[str]
    beside_tempi: frozenset[str]
    movements: frozenset[str]
    beside_movements: frozenset[str]
    ensembles: frozenset[str]
    composers: frozenset[str]
    genres: dict[str, tuple[str, ...]]


@lru_cache(maxsize=1)
def version_words() -> VersionWords:
    """Read the words for versions of a song."""
    return _read("versions", VersionWords)


@lru_cache(maxsize=1)
def title_words() -> TitleWords:
    """Read the words for numbers and parts, and the titles that many songs have."""
    return _read("titles", TitleWords)


@lru_cache(maxsize=1)
def album_words() -> AlbumWords:
    """Read the words in names of albums."""
    return _read("albums", AlbumWords)


@lru_cache(maxsize=1)
def people_words() -> PeopleWords:
    """Read the words in names of people."""
    return _read("people", PeopleWords)


@lru_cache(maxsize=1)
def classical_words() -> ClassicalWords:
    """Read the words in titles of classical works."""
    return _read("classical", ClassicalWords)


def _read(name: str, words: type[Words]) -> Words:
    text = (resources.files(__name__) / f"{name}.toml").read_text(encoding="utf-8")
    return convert(parse_toml(text), words)
