"""Why two tracks are neighbors, and how a track differs from a group, in words with numbers. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.cluster.wording import (
    CLEAR_KEY,
    CLEAR_TAG,
    EMPTY,
    TRAITS,
    VAGUE,
    key_name,
    key_relation,
    standardize,
    style_name,
)
from spotmap_build.core.language import page_message
from spotmap_build.registry.features import words as words_of_features

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotmap_build.model import Embeddings, Float32Array

SAME_TEMPO: Final = 0.04
"""Tempi closer than this share feel the same; double and half are heard as related."""
MOST_CHANCE: Final = 0.05
"""What more than one pair in twenty of the library shares says little about this pair."""
MOST_REASONS: Final = 4
CLEAR_BEAT: Final = 28.0
"""Percent of beat strength below which a tempo is a guess."""
DIFFERENT: Final = 1.5
"""Spreads of the library that a track must lie away from a group's median to be called different."""

_BOTH: Final = page_message("both {word} ({one} and {other})")
_IN_SHORT: Final = page_message("both {word}")
"""What the page makes of it where it leaves the figures out."""
_AGAINST: Final = page_message("{word} ({value} against {usual})")
_BUT_NOT: Final = page_message("{what}, not {word}")


@dataclass(frozen=True, slots=True)
class Reason:
    """Something that two tracks share. ``chance``: the share of all pairs of the library that share as much."""

    text: str
    chance: float


class Explainer:
    """Explains pairs of one library; what is the same for all pairs is computed once.

    Parameters
    ----------
    embeddings
        Tags and features of the mapped tracks; either may have no columns.
    """

    def __init__(self, embeddings: Embeddings) -> None:
        self._features = embeddings.features.astype(np.float64)
        self._column = {name: at for at, name in enumerate(embeddings.feature_names)}
        self._scores = standardize(embeddings.features)
        self._ranks = _ranks(self._features)
        self._tags = embeddings.tags
        self._tag_ranks = _ranks(embeddings.tags)
        names = [style_name(tag) for tag in embeddings.tag_names]
        self._words = words_of_features()
        self._tag_names = [TRAITS.get(name, name) for name in names]
        self._shares_of_keys: dict[tuple[int, bool], float] = {}
        self._is_telling = np.array([name not in EMPTY | VAGUE for name in names], dtype=bool)

    def shared(self, one: int, other: int) -> tuple[Reason, ...]:
        """Return what two rows have in common and few pairs do, the most remarkable first.

        None where they share nothing.
        """
        reasons = [*self._shared_tags(one, other), *self._shared_features(one, other)]
        reasons += [*self._shared_tempo(one, other), *self._shared_key(one, other)]
        remarkable = [reason for reason in reasons if reason.chance <= MOST_CHANCE]
        return tuple(sorted(remarkable, key=lambda reason: (reason.chance, reason.text))[:MOST_REASONS])

    def difference(self, row: int, group: Sequence[int]) -> tuple[str, ...]:
        """How a row differs from a group of rows, the greatest difference first: "much faster (172 against 95 BPM)"."""
        found: list[tuple[float, str]] = []
        for name, words in self._words.items():
            if name not in self._column or name == "mode":
                continue
            column = self._column[name]
            away = float(self._scores[row, column] - np.median(self._scores[list(group), column]))
            if abs(away) >= DIFFERENT:
                value, usual = self._features[row, column], float(np.median(self._features[list(group), column]))
                word = words.higher if away > 0 else words.lower
                found.append((abs(away), _AGAINST.format(word=word, value=words.show(value), usual=words.show(usual))))
        found += self._tag_differences(row, group)
        return tuple(text for _, text in sorted(found, key=lambda item: (-item[0], item[1]))[:MOST_REASONS])

    def _shared_tags(self, one: int, other: int) -> list[Reason]:
        lower_rank = np.minimum(self._tag_ranks[one], self._tag_ranks[other])
        lower = np.minimum(self._tags[one], self._tags[other])
        columns = np.flatnonzero(self._is_telling & (lower >= CLEAR_TAG) & ((1 - lower_rank) ** 2 <= MOST_CHANCE))
        best: list[int] = []
        for column in sorted(columns.tolist(), key=lambda column: -lower[column] * lower_rank[column]):
            # Not "electronica" after "electronic".
            if len(best) < 2 and not any(_is_kin(self._tag_names[column], self._tag_names[known]) for known in best):
                best.append(column)
        return [
            Reason(
                _BOTH.format(
                    word=self._tag_names[column],
                    one=f"{self._tags[one, column]:.0%}",
                    other=f"{self._tags[other, column]:.0%}",
                ),
                float((1 - lower_rank[column]) ** 2),
            )
            for column in best
        ]

    def _shared_features(self, one: int, other: int) -> list[Reason]:
        reasons = []
        for name, words in self._words.items():
            if name in {"tempo", "mode"} or name not in self._column:
                continue
            column = self._column[name]
            a, b = self._ranks[one, column], self._ranks[other, column]
            # The chance that both of a random pair lie as far out, on this side, as the nearer one of these two.
            tail = min(1 - min(a, b), max(a, b))
            chance = float(tail**2)
            if chance > MOST_CHANCE:
                continue
            word = words.high if a + b > 1 else words.low
            values = [words.show(self._features[row, column]) for row in (one, other)]
            reasons.append(Reason(_BOTH.format(word=word, one=values[0], other=values[1]), chance))
        return reasons

    def _shared_tempo(self, one: int, other: int) -> list[Reason]:
        if "tempo" not in self._column or not {"beat_strength"} <= self._column.keys():
            return []
        tempi = self._features[:, self._column["tempo"]]
        a, b = tempi[one], tempi[other]
        if min(a, b) <= 0 or min(self._features[[one, other], self._column["beat_strength"]]) < CLEAR_BEAT:
            return []
        ratio = max(a, b) / min(a, b)
        if ratio <= 1 + SAME_TEMPO:
            near = float(np.mean(np.abs(tempi / a - 1) <= max(ratio - 1, 0.01)))
            return [Reason(page_message("tempo {one} and {other} BPM").format(one=f"{a:.0f}", other=f"{b:.0f}"), near)]
        return []

    def _shared_key(self, one: int, other: int) -> list[Reason]:
        if not {"key", "mode", "key_clarity"} <= self._column.keys():
            return []
        keys, modes, clarity = (self._features[:, self._column[name]] for name in ("key", "mode", "key_clarity"))
        if min(clarity[one], clarity[other]) < CLEAR_KEY:
            return []
        relation = key_relation(keys[one], modes[one], keys[other], modes[other])
        names = key_name(keys[one], modes[one]), key_name(keys[other], modes[other])
        if relation == "same":
            return [Reason(page_message("both in {key}").format(key=names[0]), self._share_of_key(one))]
        if relation == "relative":
            sentence = page_message("relative keys, {one} and {other}").format(one=names[0], other=names[1])
            return [Reason(sentence, self._share_of_key(other))]
        return []

    def _share_of_key(self, row: int) -> float:
        """Return the share of all tracks that are clearly in the key of ``row``."""
        keys, modes, clarity = (self._features[:, self._column[name]] for name in ("key", "mode", "key_clarity"))
        key = round(keys[row]), bool(modes[row] >= 0.5)
        if key not in self._shares_of_keys:
            is_same = (np.round(keys) == key[0]) & ((modes >= 0.5) == key[1])
            self._shares_of_keys[key] = float(np.mean(is_same & (clarity >= CLEAR_KEY)))
        return self._shares_of_keys[key]

    def _tag_differences(self, row: int, group: Sequence[int]) -> list[tuple[float, str]]:
        if not self._tags.shape[1]:
            return []
        usual = self._tags[list(group)].mean(axis=0, dtype=np.float64)  # a tuple would be one place, not rows
        own = self._tags[row]
        usual, own = np.where(self._is_telling, usual, 0), np.where(self._is_telling, own, 0)
        column, common = int(np.argmax(own - usual)), int(np.argmax(usual - own))
        excess = float(own[column] - usual[column])
        if own[column] < CLEAR_TAG or own[column] < 2 * usual[column]:
            return []
        text = _AGAINST.format(word=self._tag_names[column], value=f"{own[column]:.0%}", usual=f"{usual[column]:.0%}")
        if usual[common] >= 2 * own[common] and usual[common] >= CLEAR_TAG:
            text = _BUT_NOT.format(what=text, word=self._tag_names[common])
        return [(DIFFERENT + 2 * excess, text)]


def _ranks(values: Float32Array | np.ndarray) -> Float32Array:
    """Every column as ranks from 0 (least) to 1 (most), equal values with equal ranks: float32 ``[n, k]``."""
    from scipy.stats import rankdata

    n = len(values)
    if n < 2 or not values.shape[1]:
        return np.full(values.shape, 0.5, dtype=np.float32)
    return np.asarray((rankdata(values, axis=0) - 1) / (n - 1), dtype=np.float32)


def _is_kin(tag: str, other: str) -> bool:
    return tag[:6] == other[:6]
