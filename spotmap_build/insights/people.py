"""Compare the libraries of two people by their embedding vectors. Pure: arrays in, facts out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.atlas import Pair, People
from spotmap_build.core.language import page_message
from spotmap_build.project.neighbors import find_neighbors, nearest_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from spotmap_build.model import Float32Array

    IntArray = npt.NDArray[np.intp]

NEAREST: Final = 10
MIN_OWN_TRACKS: Final = 20
"""Minimum number of tracks that only one of two people has. With fewer, chance changes the figure by more than 0.1."""
MAX_LIKED: Final = 20
MAX_PER_ARTIST: Final = 2
MAX_PEOPLE_IN_PAIRS: Final = 5
"""Maximum number of people who are compared in pairs; with more, each is compared with the first one only."""


def compare_people(
    unit_vectors: Float32Array, rows_of: Mapping[str, Sequence[int]], artists: Sequence[str], seed: int
) -> People:
    """Compare the libraries of several people.

    Parameters
    ----------
    unit_vectors : numpy.ndarray
        Float32 ``[n, d]``, rows of length one.
    rows_of : mapping of str to sequence of int
        Rows of each person; a row can belong to several people.
    artists : sequence of str
        The first artist of each row.
    seed : int
        Seed of the approximate neighbor search in large libraries.
    """
    names = list(rows_of)
    pairs = combinations(names, 2) if len(names) <= MAX_PEOPLE_IN_PAIRS else ((names[0], name) for name in names[1:])
    return People(
        centers={name: center(unit_vectors, rows_of[name]) for name in names},
        pairs=tuple(
            _pair(unit_vectors, {one: rows_of[one], other: rows_of[other]}, artists, seed) for one, other in pairs
        ),
    )


def center(unit_vectors: Float32Array, rows: Sequence[int]) -> int:
    """Return the row among ``rows`` with the highest mean similarity to all of them."""
    own = np.unique(np.asarray(rows, dtype=np.intp))
    mean = unit_vectors[own].mean(axis=0, dtype=np.float64)
    return int(own[np.argmax(np.round(unit_vectors[own].astype(np.float64) @ mean, 9))])


def _pair(
    unit_vectors: Float32Array, rows_of_two: Mapping[str, Sequence[int]], artists: Sequence[str], seed: int
) -> Pair:
    one, other = rows_of_two
    ones, others = (np.unique(np.asarray(rows, dtype=np.intp)) for rows in rows_of_two.values())
    only_one, only_other = np.setdiff1d(ones, others), np.setdiff1d(others, ones)
    both = len(ones) - len(only_one)
    is_enough = min(len(only_one), len(only_other)) >= MIN_OWN_TRACKS
    found = mixing(unit_vectors[only_one], unit_vectors[only_other], seed) if is_enough else None
    return Pair(
        one=one,
        other=other,
        sentence=_sentence(both, found),
        mixing=found and round(found[0], 4),
        chance=found and round(found[1], 4),
        for_one=would_like(unit_vectors, ones, only_other, artists),
        for_other=would_like(unit_vectors, others, only_one, artists),
    )


def mixing(one: Float32Array, other: Float32Array, seed: int) -> tuple[float, float]:
    """Return the share of nearest neighbors that belong to the other person, and its expected value by chance.

    This is the complement of the nearest-neighbor statistic for two samples (Schilling, "Multivariate two-sample tests
    based on nearest neighbors", 1986; Henze, 1988): the share of the :data:`NEAREST` nearest tracks that belong to the
    other sample, over all tracks. If tracks were assigned to both at random, it would be 2 a b / (n (n - 1)) for a and
    b tracks, n = a + b. It is 0 if the samples are completely separated.

    Examples
    --------
    >>> import numpy as np
    >>> east, north = np.eye(2, dtype=np.float32).repeat(30, axis=0).reshape(2, 30, 2)
    >>> mixing(east, north, seed=0)[0], round(mixing(east, east, seed=0)[1], 2)
    (0.0, 0.51)
    """
    together = np.concatenate([one, other])
    count = len(together)
    is_other = np.arange(count) >= len(one)
    nearest = find_neighbors(together, NEAREST, seed).indices
    found = float((is_other[nearest] != is_other[:, None]).mean())
    return found, 2 * len(one) * len(other) / (count * (count - 1))


def would_like(unit_vectors: Float32Array, own: IntArray, foreign: IntArray, artists: Sequence[str]) -> tuple[int, ...]:
    """Return the foreign rows where one's own rows are densest, the best first, with few per artist.

    The density at a track is measured by the similarity of its :data:`NEAREST` nearest own rows.
    """
    if not len(own) or not len(foreign):
        return ()
    _, similarities = nearest_rows(unit_vectors[foreign], unit_vectors[own], NEAREST)
    density = np.round(similarities.mean(axis=1, dtype=np.float64), 6)
    taken: Counter[str] = Counter()
    liked: list[int] = []
    for row in foreign[np.lexsort((foreign, -density))].tolist():
        taken[artists[row]] += 1
        if taken[artists[row]] <= MAX_PER_ARTIST or not artists[row]:
            liked.append(row)
        if len(liked) == MAX_LIKED:
            break
    return tuple(liked)


def _sentence(both: int, found: tuple[float, float] | None) -> str:
    if both == 1:
        shared = page_message("1 track is in both libraries.")
    else:
        shared = page_message("{count} tracks are in both libraries.").format(count=f"{both:,}")
    if found is None:
        few = page_message("One library has too few tracks of its own to compare the rest.")
        return f"{shared} {few}"
    share, chance = found
    of_others = page_message(
        "Of the {count} tracks that sound most like a track of one person only, {share} are the other person's; with "
        "the same tracks divided at random, it would be {chance}."
    ).format(share=f"{share:.0%}", count=NEAREST, chance=f"{chance:.0%}")
    return f"{shared} {of_others}"
