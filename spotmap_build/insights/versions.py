"""Group tracks that are versions of the same song: live, remastered, or the same recording on two albums. Pure.

Versions are grouped but not merged: each stays on the map, and a live recording may have a different position.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from spotmap_build.core.normalize import native
from spotmap_build.core.vocabulary import version_words
from spotmap_build.core.vocabulary.segments import find_words, is_noun

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array

SAME_RECORDING: Final = 0.97
"""Cosine above which two tracks with equal title and length are the same recording: another encoding differs less,
another performance more."""
SAME_LENGTH_MS: Final = 2_000
UNLIKE: Final = 0.0
"""Cosine (of vectors centered over the library) below which equal titles are different songs, such as two "Intro"s."""
GENERIC_TITLES: Final = frozenset(
    {"intro", "outro", "interlude", "prelude", "skit", "untitled", "track", "theme", "menu"}
)
"""Titles of many songs, for which only the same recording counts as a version."""
MAX_SAME_TITLE: Final = 200
"""A title that one artist has more often than this is a placeholder ("Unknown"), and its tracks are not compared."""

_SHOWN: Final = ("live", "remaster", "remix", "demo", "acoustic", "instrumental", "edit", "version")
"""The kinds of versions that are shown; if several apply, the first one."""
_MIXES: Final = frozenset({"mix", "mixes"})
_NAMES_GUESTS: Final = re.compile(r"(?:feat|ft|featuring)\b")
_BRACKETS: Final = re.compile(r"\s*[(\[{]([^()\[\]{}]*)[)\]}]")
_DASH: Final = re.compile(r"\s+[-–—/]\s+")


@dataclass(frozen=True, slots=True)
class Song:
    """Versions of one song.

    ``rows`` ascending; ``kinds`` in the same order: "live", "remaster", ..., empty for the plain version.
    """

    rows: tuple[int, ...]
    kinds: tuple[str, ...]


def group_versions(
    titles: Sequence[str],
    artists: Sequence[Sequence[str]],
    durations_ms: Sequence[int | None],
    unit_vectors: Float32Array,
) -> tuple[Song, ...]:
    """Find songs of which the library contains several versions.

    Two tracks are versions if their titles are equal without "(Live)", "- 2011 Remaster" and the like, they share an
    artist (or neither has one), and they do not sound different.

    Parameters
    ----------
    titles : sequence of str
        Titles of all rows, as given by the source.
    artists : sequence of sequences of str
        Artists of all rows, possibly none or several.
    durations_ms : sequence of int or None
        Durations of all rows; None if unknown.
    unit_vectors : numpy.ndarray
        Float32 ``[n, d]``, rows of length one (or zero), centered over the library.

    Returns
    -------
    tuple of Song
        Songs with most versions first.
    """
    from scipy.cluster.hierarchy import DisjointSet

    split = [split_title(title) for title in titles]
    blocks: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for row, (base, _) in enumerate(split):
        for artist in {_fold(name) for name in artists[row]} or {""}:
            if base:
                blocks[base, artist].append(row)
    songs: DisjointSet[int] = DisjointSet(range(len(titles)))
    for (base, _), rows in blocks.items():
        if 1 < len(rows) <= MAX_SAME_TITLE:
            for one, other in _versions_among(rows, durations_ms, unit_vectors, base in GENERIC_TITLES):
                songs.merge(one, other)
    groups = [sorted(rows) for rows in songs.subsets() if len(rows) > 1]
    found = [Song(tuple(rows), tuple(split[row][1] for row in rows)) for rows in groups]
    return tuple(sorted(found, key=lambda song: (-len(song.rows), song.rows)))


def split_title(title: str) -> tuple[str, str]:
    """Split a title into the song, folded for comparison, and the kind of version, empty for the plain version.

    Examples
    --------
    >>> split_title("Blue Train (Live)"), split_title("Blue Train - 2003 Remaster")
    (('blue train', 'live'), ('blue train', 'remaster'))
    """
    parts = [part.group(1) for part in _BRACKETS.finditer(title)]
    bare = _BRACKETS.sub(lambda part: "" if _kind(part.group(1)) else f" {part.group(1)}", title)
    head, *tails = _DASH.split(bare)
    kept = [head, *(tail for tail in tails if not _kind(tail))]
    kinds = [kind for part in (*parts, *tails) if (kind := _kind(part))]
    base = _fold(" ".join(kept))
    # A title that consists only of a version word ("Live") is kept as a title.
    return (base, kinds[0] if kinds else "") if base else (_fold(title), "")


@lru_cache(maxsize=16_384)
def _kind(text: str) -> str:
    """Return the kind of version that a suffix names; empty if it names none."""
    plain = native(text)
    found, words = find_words(plain), version_words()
    shown = {words.kinds[kind].shown for kind in found.kinds}
    if any(piece in plain for piece in words.remasters):
        shown.add("remaster")
    if not _MIXES.isdisjoint(found.rest):
        shown.add("remix")
    is_neutral = found.is_neutral and not set(found.rest) - words.fillers
    if is_neutral or any(map(is_noun, found.rest)) or _NAMES_GUESTS.match(plain):
        shown.add("version")
    return next((kind for kind in _SHOWN if kind in shown), "")


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).casefold()
    return " ".join("".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c)).split())


def _versions_among(
    rows: list[int], durations_ms: Sequence[int | None], unit_vectors: Float32Array, is_generic: bool
) -> list[tuple[int, int]]:
    """Return the pairs of rows that are versions."""
    similarity = unit_vectors[rows] @ unit_vectors[rows].T
    found = []
    for i, one in enumerate(rows):
        for j in range(i + 1, len(rows)):
            a, b = durations_ms[one], durations_ms[rows[j]]
            is_as_long = a is None or b is None or abs(a - b) <= SAME_LENGTH_MS
            is_same = bool(similarity[i, j] >= SAME_RECORDING) and is_as_long
            if is_same or (similarity[i, j] > UNLIKE and not is_generic):
                found.append((one, rows[j]))
    return found
