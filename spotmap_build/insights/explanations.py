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
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from spotmap_build.model import Embeddings, Float32Array

    Rows = npt.NDArray[np.intp]

SAME_TEMPO: Final = 0.04
"""Tempi closer than this share feel the same; double and half are heard as related."""
MOST_CHANCE: Final = 0.05
"""What more than one pair in twenty of the library shares says little about this pair."""
MOST_REASONS: Final = 4
CLEAR_BEAT: Final = 28.0
"""Percent of beat strength below which a tempo is a guess."""
DIFFERENT: Final = 1.5
"""Spreads of the library that a track must lie away from a group's median to be called different."""
PAIRS_AT_ONCE: Final = 4096
NEARLY: Final = 1 + 1e-5
"""Times a bound: what is looked at closely, because many at once are rounded otherwise than one."""

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
        self._names = embeddings.feature_names
        self._column = {name: at for at, name in enumerate(embeddings.feature_names)}
        self._scores = standardize(embeddings.features)
        self._ranks = _ranks(self._features)
        self._tags = embeddings.tags
        self._tag_ranks = _ranks(embeddings.tags)
        names = [style_name(tag) for tag in embeddings.tag_names]
        self._words = words_of_features()
        self._tag_names = [TRAITS.get(name, name) for name in names]
        self._shares_of_keys: dict[tuple[int, bool], float] = {}
        is_measure = [name in self._words and name not in {"tempo", "mode"} for name in self._names]
        self._is_measure = np.array(is_measure, dtype=bool)
        self._is_telling = np.array([name not in EMPTY | VAGUE for name in names], dtype=bool)

    def shared(self, one: int, other: int) -> tuple[Reason, ...]:
        """Return what two rows have in common and few pairs do, the most remarkable first.

        None where they share nothing.
        """
        return next(self.shared_by_each([(one, other)]))

    def shared_by_each(self, pairs: Sequence[tuple[int, int]]) -> Iterator[tuple[Reason, ...]]:
        """Return the same as :meth:`shared` of many pairs, one after the other.

        Most pairs share little: what each may share is found for a block of pairs at once.
        """
        for start in range(0, len(pairs), PAIRS_AT_ONCE):
            block = np.array(pairs[start : start + PAIRS_AT_ONCE], dtype=np.intp)
            ones, others = block[:, 0], block[:, 1]
            tags, features = self._tags_to_ask(ones, others), self._features_to_ask(ones, others)
            tempo, key = self._are_to_ask_for_tempo(ones, others), self._are_to_ask_for_key(ones, others)
            for at, (one, other) in enumerate(block.tolist()):
                reasons = self._shared_tags(one, other, tags[at]) if tags[at] else []
                reasons += self._shared_features(one, other, features[at]) if features[at] else []
                reasons += self._shared_tempo(one, other) if tempo[at] else []
                reasons += self._shared_key(one, other) if key[at] else []
                remarkable = [reason for reason in reasons if reason.chance <= MOST_CHANCE]
                yield tuple(sorted(remarkable, key=lambda reason: (reason.chance, reason.text))[:MOST_REASONS])

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

    def _tags_to_ask(self, ones: Rows, others: Rows) -> list[list[int]]:
        """Return for each pair the tags that both clearly have and few pairs do, the strongest first."""
        lower_rank = np.minimum(self._tag_ranks[ones], self._tag_ranks[others])
        lower = np.minimum(self._tags[ones], self._tags[others])
        is_shared = self._is_telling & (lower >= CLEAR_TAG) & ((1 - lower_rank) ** 2 <= MOST_CHANCE)
        pairs, columns = is_shared.nonzero()
        order = np.lexsort((columns, -lower[is_shared] * lower_rank[is_shared], pairs))
        return _by_pair(pairs[order], columns[order], len(ones))

    def _features_to_ask(self, ones: Rows, others: Rows) -> list[list[int]]:
        """Return for each pair the features in which both may lie far out on one side."""
        a, b = self._ranks[ones], self._ranks[others]
        tail = np.minimum(1 - np.minimum(a, b), np.maximum(a, b))
        is_shared = self._is_measure & (tail**2 <= NEARLY * MOST_CHANCE)
        pairs, columns = is_shared.nonzero()
        return _by_pair(pairs, columns, len(ones))

    def _are_to_ask_for_tempo(self, ones: Rows, others: Rows) -> npt.NDArray[np.bool_]:
        """Tell of each pair whether both may have nearly one tempo."""
        if not {"tempo", "beat_strength"} <= self._column.keys():
            return np.zeros(len(ones), dtype=np.bool_)
        tempi, beats = (self._features[:, self._column[name]] for name in ("tempo", "beat_strength"))
        slow, fast = np.minimum(tempi[ones], tempi[others]), np.maximum(tempi[ones], tempi[others])
        has_beat = np.minimum(beats[ones], beats[others]) >= CLEAR_BEAT
        return (slow > 0) & has_beat & (fast <= NEARLY * (1 + SAME_TEMPO) * slow)

    def _are_to_ask_for_key(self, ones: Rows, others: Rows) -> npt.NDArray[np.bool_]:
        """Tell of each pair whether both are clearly in some key."""
        if not {"key", "mode", "key_clarity"} <= self._column.keys():
            return np.zeros(len(ones), dtype=np.bool_)
        clarity = self._features[:, self._column["key_clarity"]]
        return np.asarray(np.minimum(clarity[ones], clarity[others]) >= CLEAR_KEY)

    def _shared_tags(self, one: int, other: int, columns: Sequence[int]) -> list[Reason]:
        best = [columns[0]]
        # Not "electronica" after "electronic".
        best += [column for column in columns[1:] if not _is_kin(self._tag_names[column], self._tag_names[best[0]])][:1]
        return [
            Reason(
                _BOTH.format(
                    word=self._tag_names[column],
                    one=f"{self._tags[one, column]:.0%}",
                    other=f"{self._tags[other, column]:.0%}",
                ),
                float((1 - min(self._tag_ranks[one, column], self._tag_ranks[other, column])) ** 2),
            )
            for column in best
        ]

    def _shared_features(self, one: int, other: int, columns: Sequence[int]) -> list[Reason]:
        reasons = []
        for column in columns:
            words = self._words[self._names[column]]
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
        tempi = self._features[:, self._column["tempo"]]
        a, b = tempi[one], tempi[other]
        ratio = max(a, b) / min(a, b)
        if ratio <= 1 + SAME_TEMPO:
            near = float(np.mean(np.abs(tempi / a - 1) <= max(ratio - 1, 0.01)))
            return [Reason(page_message("tempo {one} and {other} BPM").format(one=f"{a:.0f}", other=f"{b:.0f}"), near)]
        return []

    def _shared_key(self, one: int, other: int) -> list[Reason]:
        of_one, of_other = self._key(one), self._key(other)
        relation = key_relation(*of_one, *of_other)
        names = key_name(*of_one), key_name(*of_other)
        if relation == "same":
            return [Reason(page_message("both in {key}").format(key=names[0]), self._share_of_key(one))]
        if relation == "relative":
            sentence = page_message("relative keys, {one} and {other}").format(one=names[0], other=names[1])
            return [Reason(sentence, self._share_of_key(other))]
        return []

    def _key(self, row: int) -> tuple[float, float]:
        return self._features.item(row, self._column["key"]), self._features.item(row, self._column["mode"])

    def _share_of_key(self, row: int) -> float:
        """Return the share of all tracks that are clearly in the key of ``row``."""
        pitch, mode = self._key(row)
        key = round(pitch), mode >= 0.5
        if key not in self._shares_of_keys:
            keys, modes, clarity = (self._features[:, self._column[name]] for name in ("key", "mode", "key_clarity"))
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


def _by_pair(pairs: Rows, columns: Rows, count: int) -> list[list[int]]:
    """Return the columns of each of ``count`` pairs; ``pairs`` are in order."""
    of_each: list[list[int]] = [[] for _ in range(count)]
    for pair, column in zip(pairs.tolist(), columns.tolist(), strict=True):
        of_each[pair].append(column)
    return of_each


def _is_kin(tag: str, other: str) -> bool:
    return tag[:6] == other[:6]
