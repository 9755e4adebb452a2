"""Compare whether two recordings are the same version of a song. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spotmap_build.acquire.matching.transliteration import sound_alike
from spotmap_build.acquire.matching.versions import LENGTHS, TOGETHER, settle
from spotmap_build.core.normalize import is_latin, native
from spotmap_build.core.vocabulary import version_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spotmap_build.acquire.matching.albums import Album
    from spotmap_build.acquire.matching.transliteration import sound_alike
from spotmap_build.acquire.matching.versions import Mark

_EXPLICIT: Final = frozenset({"explicit"})
_EXACT: Final = frozenset({"arrangement", "excerpt", "mixed", "talk", "medley", "8D", "theme", "another version"})
"""Kinds for which every word of the mark is significant."""


@dataclass(frozen=True, slots=True)
class Side:
    """What one side says about its version.

    ``kinds`` by the title; ``names``: the words that tell one version of a kind from another; ``album_kinds`` and
    ``album_name``: what the album says of everything on it; ``said``: the marks as written.
    """

    kinds: frozenset[str]
    names: frozenset[str]
    album_kinds: frozenset[str]
    album_name: str
    said: str = ""

    @property
    def occasion(self) -> frozenset[str]:
        """Which concert it is, by the title or, where that tells nothing, by the name of the live album."""
        of_album = frozenset(self.album_name.split()) if "live" in self.album_kinds else frozenset[str]()
        return _telling(self.names | of_album)


def side_of(marks: tuple[Mark, ...], album: Album) -> Side:
    """One side, by the marks of its title and by its album. "Explicit" is compared by its flag."""
    if not marks:
        return Side(frozenset(), frozenset(), album.kinds, album.name)
    compared = [mark for mark in marks if mark.kinds != _EXPLICIT]
    return Side(
        settle(frozenset[str]().union(*(mark.kinds for mark in compared)) - _EXPLICIT),
        frozenset[str]().union(*(mark.names for mark in compared)),
        album.kinds,
        album.name,
        " ".join(mark.said for mark in compared),
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """Why it is another version. ``may_be_unsaid``: titles may omit this, so an ISRC can override it."""

    sentence: str
    may_be_unsaid: bool = False


def compare_versions(wanted: Side, offered: Side, *, same_album: bool) -> Difference | None:
    """Return what makes the candidate another version than the track; None if it is the same."""
    if _are_edits_of_one_mix(wanted, offered):
        return None if same_album else _compare_albums(wanted, offered)
    extra = offered.kinds - wanted.kinds - wanted.album_kinds
    if extra:
        return Difference(f"{describe(extra)}, and the library's is not", extra <= LENGTHS)
    lacking = wanted.kinds - offered.kinds - offered.album_kinds
    if same_album and lacking == {"cover"}:  # cover versions are rarely marked on the performer's own album
        return None
    if lacking:
        return Difference(f"the library's is {describe(lacking)}, and this is not", lacking <= LENGTHS)
    if not same_album:
        difference = _compare_albums(wanted, offered)
        if difference is not None:
            return difference
    return _compare_occasions(wanted, offered, same_album=same_album)


def describe(kinds: Iterable[str]) -> str:
    """Describe kinds of versions: "a live recording, an acoustic version"."""
    known = version_words().kinds
    return ", ".join(known[kind].label if kind in known else f"the {kind}" for kind in sorted(kinds))


def _are_edits_of_one_mix(wanted: Side, offered: Side) -> bool:
    """Return whether one side divides the other's mark: "Monster Mix - Radio Edit", "Monster Mix Radio Edit"."""
    if wanted.kinds ^ offered.kinds != {"remix"} or wanted.names != offered.names or not _telling(wanted.names):
        return False
    joined = wanted if "remix" in offered.kinds else offered
    return bool(joined.kinds & LENGTHS) and "mix" in native(joined.said).split()


def _compare_occasions(wanted: Side, offered: Side, *, same_album: bool) -> Difference | None:
    """Compare versions of the same kind by remixer, place or date."""
    if is_latin(wanted.said) != is_latin(offered.said) and sound_alike(wanted.said, offered.said):
        return None
    kinds = wanted.kinds | offered.kinds | wanted.album_kinds
    if same_album and kinds & {"live", "session"} and not (wanted.names and offered.names):
        return None
    if "live" in kinds:
        return _compare_concerts(wanted, offered)
    return _compare_names(wanted, offered) if wanted.kinds else None


def _compare_albums(wanted: Side, offered: Side) -> Difference | None:
    """Compare the kinds that the albums imply for all tracks, except covers, which are recognized by the artists."""
    if "mixed" in wanted.kinds | wanted.album_kinds and wanted.album_name and offered.album_name:
        return Difference("from another DJ's mix", may_be_unsaid=True)
    hidden = offered.album_kinds - offered.kinds - wanted.kinds - wanted.album_kinds - {"cover"}
    if hidden:
        return Difference(f"by its album {describe(hidden)}, and the library's is not")
    expected = wanted.album_kinds - {"cover"}
    if expected and not expected & (offered.kinds | offered.album_kinds):
        sentence = f"the library's is by its album {describe(expected)}, and this is not"
        return Difference(sentence, may_be_unsaid=expected == {"session"})
    return None


def _compare_concerts(wanted: Side, offered: Side) -> Difference | None:
    if _numbers(wanted.names) and _numbers(offered.names) and not _numbers(wanted.names) & _numbers(offered.names):
        return Difference("another live recording")
    mine, theirs = wanted.occasion, offered.occasion
    if mine and theirs and (_within(mine, theirs) or _within(theirs, mine)):
        return None
    if wanted.names and _within(_telling(wanted.names), theirs):
        return None
    if mine and theirs:
        return Difference("another live recording")
    return Difference("perhaps another live recording", may_be_unsaid=True) if mine or theirs else None


def _compare_names(wanted: Side, offered: Side) -> Difference | None:
    mine, theirs = _telling(wanted.names), _telling(offered.names)
    kinds = wanted.kinds
    if mine == theirs or _possessive(mine) == _possessive(theirs):
        return None
    if kinds & _EXACT or (TOGETHER in mine) != (TOGETHER in theirs) or _numbers(mine) != _numbers(theirs):
        return Difference("another version of the song")
    if mine and theirs:
        return None if _within(mine, theirs) or _within(theirs, mine) else Difference(f"another one: {describe(kinds)}")
    return Difference(f"perhaps another one: {describe(kinds)}", may_be_unsaid=True)


def _numbers(names: frozenset[str]) -> frozenset[str]:
    return frozenset(name for name in names if name.isdecimal())


def _telling(names: frozenset[str]) -> frozenset[str]:
    return names - version_words().fillers - frozenset(version_words().nouns.phrases) - {"live"}


def _within(few: frozenset[str], many: frozenset[str]) -> bool:
    return bool(few) and _possessive(few) <= _possessive(many)


def _possessive(names: frozenset[str]) -> frozenset[str]:
    return frozenset(name[:-1] if len(name) > 3 and name.endswith("s") else name for name in names)
