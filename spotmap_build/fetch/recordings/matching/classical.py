"""Classical works: a movement is named by its catalogue number and its own number, in any language. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from rapidfuzz import fuzz

from spotmap_build.fetch.normalise import native
from spotmap_build.fetch.recordings.matching import numerals, people
from spotmap_build.fetch.recordings.matching.titles import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

_CATALOGUE: Final = re.compile(
    r"\b(bwv|hwv|kv|k|op|opus|d|rv|hob|woo|sz|twv|buxwv|wab|fp|wwv|trv|bux|wq|sv|rwv)\s"
    r"(?:[ivx]+\s)?(\d+[a-z]?)(?:\s(?:no|nr)\s(\d+))?(?:\s(\d+))?\b"
)
_NUMBER: Final = re.compile(r"\b(?:no|nr|number)\s(\d+)\b")
_CATALOGUES: Final = {"opus": "op", "kv": "k"}
_KEY: Final = re.compile(r"\bin ([a-g](?: (?:flat|sharp))?)(?: (?:major|minor|dur|moll)\b|$)")
_MOVEMENT: Final = re.compile(r"(?:^|[:,;\-–—/]\s*)\(?([IVX]{1,5}|\d{1,2})[.)]\s*(.*)$")
_AFTER_COLON: Final = re.compile(r":\s*([^:]+)$")
_WORK: Final = re.compile(
    r"\b(?:concerto|sonata|symphony|suite|quartet|trio|prelude|fugue|nocturne|etude|requiem|mass|partita|konzert|sinfonie"
    r"|sonate)\b"
)
_SAME_WORK: Final = 92
_SAME_MOVEMENT: Final = 80
"""Of 100: in how far the words have to agree."""


@dataclass(frozen=True, slots=True)
class Work:
    """``catalogue``: such as ("op", "9"); ``piece``: which of that opus; ``number``: of the work among its sort;
    ``movement``: its own number; ``name``: of the movement."""

    catalogue: tuple[str, str] | None
    piece: str
    number: str
    key: str
    movement: str
    name: str


def is_composer(name: str) -> bool:
    """Whether an artist is credited for having written the music, long ago."""
    tokens = native(name).split()
    return bool(tokens) and tokens[-1] in people.COMPOSERS and not {"quartet", "trio", "ensemble", "band"} & set(tokens)


def performers(artists: Sequence[str]) -> tuple[str, ...]:
    """The artists who play or sing."""
    return tuple(name for name in artists if not is_composer(name))


@lru_cache(maxsize=16_384)
def read_work(title: str) -> Work | None:
    """The work and movement that a title names; None where it is not a title of that sort."""
    plain = native(title.replace("/", " "))
    catalogue = _CATALOGUE.search(plain)
    numbered = _NUMBER.search(plain[: catalogue.start()] if catalogue else plain)
    if catalogue is None and not (numbered and _WORK.search(plain)):
        return None
    movement = _MOVEMENT.search(title)
    colon = _AFTER_COLON.search(title)
    name = movement[2] if movement else colon[1] if colon and not _CATALOGUE.search(native(colon[1])) else ""
    key = _KEY.search(plain)
    later = _NUMBER.search(plain[catalogue.end() :]) if catalogue else None
    piece = (catalogue[3] or catalogue[4] or (later[1] if later else "")) if catalogue else ""
    return Work(
        (_CATALOGUES.get(catalogue[1], catalogue[1]), catalogue[2]) if catalogue else None,
        piece,
        numbered[1] if numbered else "",
        key[1] if key else "",
        numerals.ROMAN.get(movement[1].lower(), movement[1]) if movement else "",
        _without_number(native(name.strip("\"“”'! "))),
    )


def same_movement(one: str, other: str) -> bool:
    """Whether two titles name the same movement of the same work.

    The catalogue numbers are the same, or where one title has none, the name of the work is; whatever else both give
    (number, key, movement) does not differ.
    """
    first, second = read_work(one), read_work(other)
    if first is None or second is None:
        return False
    if first.catalogue and second.catalogue:
        is_same_work = first.catalogue == second.catalogue
    else:
        is_same_work = fuzz.token_set_ratio(canonical(one), canonical(other)) >= _SAME_WORK
    pairs = (
        (first.piece, second.piece),
        (first.number, second.number),
        (first.key, second.key),
        (first.movement, second.movement),
    )
    differs = any(mine and theirs and mine != theirs for mine, theirs in pairs)
    return is_same_work and not differs and _same_movement_name(first, second)


def _same_movement_name(first: Work, second: Work) -> bool:
    if not first.name or not second.name:
        return first.name == second.name
    ratio = fuzz.token_set_ratio if first.movement and first.movement == second.movement else fuzz.ratio
    return ratio(first.name, second.name) >= _SAME_MOVEMENT


def _without_number(name: str) -> str:
    """A movement's name; "No. 2 in E flat major" is none."""
    return " ".join(_KEY.sub(" ", _NUMBER.sub(" ", name)).split())
