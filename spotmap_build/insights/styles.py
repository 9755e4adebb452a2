"""Find the styles and moods that are characteristic of each track, among the embedder's tags. Pure."""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.cluster.term_matrix import VOICES, is_of_head, min_activation, term_of
from spotmap_build.cluster.wording import EMPTY, VAGUE, style_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from spotmap_build.cluster.term_matrix import Term
    from spotmap_build.model import Float32Array

    Float64Array = npt.NDArray[np.float64]

MAX_STYLES: Final = 6
"""Of one track."""
MAX_HEAD_TAGS: Final = 4
"""Maximum number of moods and instruments of a track, in addition to its styles."""
FIRST: Final = 2
"""Number of words of each kind that come first, because a card shows the first four words."""
LEVELS: Final = 9
"""Strengths range from 1 to this."""
RARE: Final = 3.0
"""Multiple of the library's mean from which a tag is characteristic even if it is weak: "country" and "blues" are at
0.01 in most music, and at 0.1 where they apply."""
MIN_ACTIVATION: Final = 0.03
"""Minimum activation in that case."""

_ENTRY: Final = np.dtype(
    [("row", np.int64), ("sort_key", np.float64), ("word", np.int64), ("strength", np.int64), ("is_of_head", np.bool_)]
)
"""A word of a track, by number. The lowest ``sort_key`` is the most characteristic."""


def find_styles(tags: Float32Array, tag_names: Sequence[str]) -> tuple[tuple[tuple[str, int], ...], ...]:
    """Find styles and moods that are clearly stronger in a track than in the library, the most characteristic first.

    Their wording is that of cluster names. Activations of different tags are not comparable, so the strength is the
    track's rank among those with the style: 9 for the strongest ninth, 1 for the weakest.

    Parameters
    ----------
    tags : Float32Array
        Activations, float32 ``[n, k]``.
    tag_names : Sequence[str]
        Names of their columns.

    Returns
    -------
    tuple of tuple of (str, int)
        Words and strengths of each track; empty without tags.
    """
    if tags.shape[1] == 0 or len(tags) == 0:
        return ()
    usual = tags.mean(axis=0, dtype=np.float64)
    terms = [term_of(tag) for tag in tag_names]
    words = sorted({term.word for term in terms})
    found = [
        _measure(tags[:, column].astype(np.float64), float(usual[column]), terms[column], words, is_of_head(tag))
        for column, tag in enumerate(tag_names)
        if style_name(tag) not in EMPTY
    ]
    if not found:
        return ((),) * len(tags)
    entries = np.concatenate(found)
    entries = entries[np.lexsort([entries[name] for name in ("word", "sort_key", "row")])]
    ends = np.searchsorted(entries["row"], np.arange(len(tags) + 1)).tolist()
    word_numbers, strengths, from_head = (entries[name].tolist() for name in ("word", "strength", "is_of_head"))
    return tuple(
        tuple((words[word_numbers[at]], strengths[at]) for at in _chosen(range(start, end), word_numbers, from_head))
        for start, end in pairwise(ends)
    )


def _chosen(own: Iterable[int], word_numbers: Sequence[int], from_head: Sequence[bool]) -> list[int]:
    """Select entries of one track (styles, moods and instruments), the most characteristic first.

    Of two tags with the same word, the stronger one counts.
    """
    of_words: dict[int, int] = {}
    for at in own:
        of_words.setdefault(word_numbers[at], at)
    styles = [at for at in of_words.values() if not from_head[at]][:MAX_STYLES]
    from_heads = [at for at in of_words.values() if from_head[at]][:MAX_HEAD_TAGS]
    return [*styles[:FIRST], *from_heads[:FIRST], *styles[FIRST:], *from_heads[FIRST:]]


def _measure(
    activations: Float64Array, usual: float, term: Term, words: Sequence[str], from_head: bool
) -> npt.NDArray[np.void]:
    """Return the entries of one tag: the tracks that have it, and how strongly."""
    has_it = activations >= min_activation(term, usual)
    if term.word not in VOICES:  # pads and strings raise these a little, far above what is usual
        has_it |= activations >= max(MIN_ACTIVATION, RARE * usual)
    rows = np.flatnonzero(has_it)
    own = activations[rows]
    rising = np.sort(own)
    ranks = (rising.searchsorted(own, side="left") + rising.searchsorted(own, side="right")) / 2
    entries = np.zeros(len(rows), _ENTRY)
    entries["row"], entries["word"], entries["is_of_head"] = rows, bisect_left(words, term.word), from_head
    entries["strength"] = np.clip(np.ceil(LEVELS * ranks / max(1, len(rows))), 1, LEVELS)
    # As in the names of clusters: how much more than usual, times how clearly.
    weight = 0.5 if term.word in VAGUE else 1.0
    entries["sort_key"] = -np.log(np.maximum(own / usual, 1.01)) * np.sqrt(own) * weight
    return entries
