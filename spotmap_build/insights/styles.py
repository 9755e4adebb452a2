"""Which styles and moods stand out in each track, of those that the embedder names. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from spotmap_build.cluster.term_matrix import VOICES, is_of_head, least_activation, term_of
from spotmap_build.cluster.wording import EMPTY, VAGUE, style_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from spotmap_build.model import Float32Array

    Float64Array = npt.NDArray[np.float64]

MOST_STYLES: Final = 6
"""Of one track."""
MOST_OF_HEADS: Final = 4
"""Moods and instruments of one track, besides its styles."""
FIRST: Final = 2
"""Of either, so many come before all others: a card shows the first four words."""
LEVELS: Final = 9
"""Strengths are 1 to this."""
RARE: Final = 3.0
"""A tag that reaches so many times its mean over the library stands out in a track, be it faint: "country" and
"blues" have a hundredth in most music, and a tenth where they are meant."""
FAINTEST: Final = 0.03
"""The activation under which a tag says nothing even so."""


class _Style(NamedTuple):
    """A word that a track has, and how little it stands out there: the least stands out most, and so comes first."""

    little: float
    word: str
    strength: int
    is_of_head: bool


def find_styles(tags: Float32Array, tag_names: Sequence[str]) -> tuple[tuple[tuple[str, int], ...], ...]:
    """Find the styles and moods that each track has clearly more of than the library as a whole, most telling first.

    They are called as in the names of clusters. Activations of different tags cannot be compared, so a strength is the
    track's rank among those that have the style: 9 for the strongest ninth, 1 for the weakest.

    Parameters
    ----------
    tags : Float32Array
        Activations, float32 ``[n, k]``.
    tag_names : Sequence[str]
        Names of their columns.

    Returns
    -------
    tuple of tuple of (str, int)
        Words and strengths of each track; empty where there are no tags.
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
    """Choose the words of one track, of all that it has, most telling first: styles, and what heads hear."""
    styles = [one for one in own if not one.is_of_head][:MOST_STYLES]
    heard = [one for one in own if one.is_of_head][:MOST_OF_HEADS]
    return [*styles[:FIRST], *heard[:FIRST], *styles[FIRST:], *heard[FIRST:]]


def _add(found: list[dict[str, _Style]], tag: str, activations: Float64Array, usual: float) -> None:
    """Add a tag to the tracks that have it; where two tags are called alike, the stronger counts."""
    term, is_heard = term_of(tag), is_of_head(tag)
    has_it = activations >= least_activation(term, usual)
    if term.word not in VOICES:  # pads and strings raise these a little, far above what is usual
        has_it |= activations >= max(FAINTEST, RARE * usual)
    rows = np.flatnonzero(has_it)
    own = activations[rows]
    rising = np.sort(own)
    ranks = (rising.searchsorted(own, side="left") + rising.searchsorted(own, side="right")) / 2
    strengths = np.clip(np.ceil(LEVELS * ranks / max(1, len(rows))), 1, LEVELS).astype(int)
    # As in the names of clusters: how much more than usual, times how clearly.
    telling = np.log(np.maximum(own / usual, 1.01)) * np.sqrt(own) * (0.5 if term.word in VAGUE else 1.0)
    for row, little, strength in zip(rows.tolist(), (-telling).tolist(), strengths.tolist(), strict=True):
        known = found[row].get(term.word)
        if known is None or little < known.little:
            found[row][term.word] = _Style(little, term.word, strength, is_heard)
