"""Find the styles and moods that are characteristic of each track, among the embedder's tags. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from spotmap_build.cluster.term_matrix import VOICES, is_of_head, min_activation, term_of
from spotmap_build.cluster.wording import EMPTY, VAGUE, style_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

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


class _Style(NamedTuple):
    """A word of a track. ``sort_key``: the lowest is the most characteristic and comes first."""

    sort_key: float
    word: str
    strength: int
    is_of_head: bool


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
    found: list[dict[str, _Style]] = [{} for _ in range(len(tags))]
    usual = tags.mean(axis=0, dtype=np.float64)
    for column, tag in enumerate(tag_names):
        if style_name(tag) not in EMPTY:
            _add(found, tag, tags[:, column].astype(np.float64), float(usual[column]))
    return tuple(tuple((one.word, one.strength) for one in _chosen(sorted(own.values()))) for own in found)


def _chosen(own: list[_Style]) -> list[_Style]:
    """Select the words of one track (styles, moods and instruments), the most characteristic first."""
    styles = [one for one in own if not one.is_of_head][:MAX_STYLES]
    from_heads = [one for one in own if one.is_of_head][:MAX_HEAD_TAGS]
    return [*styles[:FIRST], *from_heads[:FIRST], *styles[FIRST:], *from_heads[FIRST:]]


def _add(found: list[dict[str, _Style]], tag: str, activations: Float64Array, usual: float) -> None:
    """Add a tag to the tracks that have it; of two tags with the same word, the stronger one counts."""
    term, is_heard = term_of(tag), is_of_head(tag)
    has_it = activations >= min_activation(term, usual)
    if term.word not in VOICES:  # pads and strings raise these a little, far above what is usual
        has_it |= activations >= max(MIN_ACTIVATION, RARE * usual)
    rows = np.flatnonzero(has_it)
    own = activations[rows]
    rising = np.sort(own)
    ranks = (rising.searchsorted(own, side="left") + rising.searchsorted(own, side="right")) / 2
    strengths = np.clip(np.ceil(LEVELS * ranks / max(1, len(rows))), 1, LEVELS).astype(int)
    # As in the names of clusters: how much more than usual, times how clearly.
    telling = np.log(np.maximum(own / usual, 1.01)) * np.sqrt(own) * (0.5 if term.word in VAGUE else 1.0)
    for row, sort_key, strength in zip(rows.tolist(), (-telling).tolist(), strengths.tolist(), strict=True):
        known = found[row].get(term.word)
        if known is None or sort_key < known.sort_key:
            found[row][term.word] = _Style(sort_key, term.word, strength, is_heard)
