"""Simulate two people with the corpus: how mixed their tracks are, and where a card places its tracks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from spotmap_build.insights.people import mixing
from spotmap_build.project.guests import place_guests
from spotmap_build.project.layout import NEIGHBOR_COUNT, fit_layout
from spotmap_build.project.neighbors import find_neighbors
from spotmap_build.project.preprocessing import prepare
from spotmap_build.project.shared_space import compare_sounds, decode_sounds, encode_sounds, to_shared_space

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from spotmap_build.model import Float32Array

    IntArray = npt.NDArray[np.intp]
    Deal = Callable[[int], tuple[IntArray, IntArray]]

EMBEDDER = "musicnn"


def print_two_libraries(vectors: Float32Array, games: Sequence[str], draws: int) -> None:
    """Print how mixed two halves are, dealt at random and by game, and how accurate the positions of guests are."""
    labels = np.asarray(games)

    def at_random(seed: int) -> tuple[IntArray, IntArray]:
        order = np.random.default_rng(seed).permutation(len(labels))
        return order[: len(order) // 2], order[len(order) // 2 :]

    def by_games(seed: int) -> tuple[IntArray, IntArray]:
        names = np.random.default_rng(seed).permutation(sorted(set(games)))
        is_first = np.isin(labels, names[: len(names) // 2])
        return np.flatnonzero(is_first), np.flatnonzero(~is_first)

    deals: dict[str, Deal] = {"at random": at_random, "by games": by_games}
    print("\n| dealt | the other person's among the ten nearest | by chance |\n|---|---|---|")
    for name, deal in deals.items():
        share, chance = np.mean([_mixed(vectors, *deal(seed)) for seed in range(draws)], axis=0)
        print(f"| {name} | {share:.2f} | {chance:.2f} |", flush=True)
    agreed = np.mean([_placed(vectors, labels, *at_random(seed)) for seed in range(draws)], axis=0)
    print("\nnearest on the map of the same game: guests {:.2f}, own {:.2f}, by chance {:.2f}".format(*agreed))


def _mixed(vectors: Float32Array, left: IntArray, right: IntArray) -> tuple[float, float]:
    unit = _compared(vectors, left, right)
    return mixing(unit[: len(left)], unit[len(left) :], seed=0)


def _compared(vectors: Float32Array, *people: IntArray) -> Float32Array:
    cards = [decode_sounds(encode_sounds(to_shared_space(vectors[rows], EMBEDDER))) for rows in people]
    return compare_sounds(np.concatenate(cards))


def _placed(
    vectors: Float32Array, labels: npt.NDArray[np.str_], own: IntArray, guests: IntArray
) -> tuple[float, float, float]:
    unit = prepare(vectors[own], "zscore")
    positions = fit_layout(unit, find_neighbors(unit, NEIGHBOR_COUNT, 0), 0)
    tree = cKDTree(positions)
    _, of_guests = tree.query(place_guests(_compared(vectors, own, guests), positions), k=1)
    _, of_own = tree.query(positions, k=2)
    mine, theirs = labels[own], labels[guests]
    return (
        float(np.mean(mine[of_guests] == theirs)),
        float(np.mean(mine[of_own[:, 1]] == mine)),
        float(np.mean([np.mean(mine == label) for label in theirs])),
    )
