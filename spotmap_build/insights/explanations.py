"""Explain why two tracks are neighbors, and how a track differs from a group, in words with numbers. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Any, Final, NamedTuple

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
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    from spotmap_build.model import Embeddings, Float32Array

    Rows = npt.NDArray[np.intp]

SAME_TEMPO: Final = 0.04
"""Relative difference below which tempos feel the same; double and half tempos are perceived as related."""
MAX_CHANCE: Final = 0.05
"""Maximum share of all pairs of the library with the same property; a more common one says little about a pair."""
MAX_REASONS: Final = 4
MIN_TEMPO_DIFFERENCE: Final = 0.01
"""Relative difference below which tempos count as equal, within the accuracy of the measurement."""
CLEAR_BEAT: Final = 28.0
"""Beat strength in percent below which a tempo is a guess."""
DIFFERENT: Final = 1.5
"""Minimum distance from a group's median, in standard deviations of the library, to be called different."""
BATCH_PAIRS: Final = 4096

_BOTH: Final = page_message("both {word} ({one} and {other})")
_IN_SHORT: Final = page_message("both {word}")
"""The page's wording if it omits the figures."""
_AGAINST: Final = page_message("{word} ({value} against {usual})")
_BUT_NOT: Final = page_message("{what}, not {word}")


class Reason(NamedTuple):
    """A property that two tracks share. ``chance``: share of all pairs of the library that share at least as much.

    The less likely of two reasons is the smaller one. A tuple, because a dataclass takes three times as long to create.
    """

    chance: float
    text: str


class Explainer:
    """Explains pairs of tracks of one library. Statistics of the library are computed once.

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
        self._are_kin = _are_kin(self._tag_names)
        self._tempi = sorted(self._features[:, self._column["tempo"]].tolist()) if "tempo" in self._column else []
        self._keys = _keys(self._features, self._column)
        self._reasons_of_keys: dict[tuple[int, int], Reason | None] = {}
        is_measure = [name in self._words and name not in {"tempo", "mode"} for name in self._names]
        self._is_measure = np.array(is_measure, dtype=bool)
        self._is_telling = np.array([name not in EMPTY | VAGUE for name in names], dtype=bool)

    def shared(self, left: int, right: int) -> tuple[Reason, ...]:
        """Return the rare properties that two rows share, the most remarkable first; empty if there are none."""
        return next(self.shared_by_each([(left, right)]))

    def shared_by_each(self, pairs: Sequence[tuple[int, int]]) -> Iterator[tuple[Reason, ...]]:
        """Yield the result of :meth:`shared` for many pairs.

        Shared properties are found for blocks of pairs, and only these are put into words, because most pairs share
        little.
        """
        for start in range(0, len(pairs), BATCH_PAIRS):
            block = np.array(pairs[start : start + BATCH_PAIRS], dtype=np.intp)
            found: list[list[Reason]] = [[] for _ in block]
            for shared in (self._shared_tags, self._shared_features, self._shared_tempi, self._shared_keys):
                for at, reason in shared(block[:, 0], block[:, 1]):
                    found[at].append(reason)
            for reasons in found:
                yield tuple(sorted(reasons)[:MAX_REASONS])

    def difference(self, row: int, group: Sequence[int]) -> tuple[str, ...]:
        """Return the differences of a row from a group, the largest first: "much faster (172 against 95 BPM)"."""
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
        return tuple(text for _, text in sorted(found, key=lambda item: (-item[0], item[1]))[:MAX_REASONS])

    def _shared_tags(self, lefts: Rows, rights: Rows) -> Iterator[tuple[int, Reason]]:
        """Yield the two strongest tags that both tracks of a pair clearly have and few pairs do, by pair index."""
        lower_rank = np.minimum(self._tag_ranks[lefts], self._tag_ranks[rights])
        lower = np.minimum(self._tags[lefts], self._tags[rights])
        chances = (1 - lower_rank) ** 2
        is_shared = self._is_telling & (lower >= CLEAR_TAG) & (chances <= MAX_CHANCE)
        pairs, columns = is_shared.nonzero()
        order = np.lexsort((columns, -lower[is_shared] * lower_rank[is_shared], pairs))
        pairs, columns = pairs[order], columns[order]
        firsts = np.flatnonzero(np.diff(pairs, prepend=-1))
        # Not "electronica" after "electronic".
        others = np.flatnonzero(~self._are_kin[columns[firsts].repeat(np.diff(firsts, append=len(pairs))), columns])
        seconds = others[np.flatnonzero(np.diff(pairs[others], prepend=-1))]
        for chosen in (firsts, seconds):
            at, column = pairs[chosen], columns[chosen]
            activations = (self._tags[rows[at], column] for rows in (lefts, rights))
            for pair, tag, left, right, chance in _side_by_side(at, column, *activations, chances[at, column]):
                text = _BOTH.format(word=self._tag_names[tag], one=f"{left:.0%}", other=f"{right:.0%}")
                yield pair, Reason(chance, text)

    def _shared_features(self, lefts: Rows, rights: Rows) -> Iterator[tuple[int, Reason]]:
        """Yield the features in which both tracks of a pair are extreme in the same direction, by pair index."""
        a, b = self._ranks[lefts], self._ranks[rights]
        # The probability that both tracks of a random pair are at least as extreme as the less extreme of these two.
        chances = np.minimum(1 - np.minimum(a, b), np.maximum(a, b)) ** 2
        pairs, columns = (self._is_measure & (chances <= MAX_CHANCE)).nonzero()
        is_high = (a + b > 1)[pairs, columns]
        values = (self._features[rows[pairs], columns] for rows in (lefts, rights))
        for at, column, high, left, right, chance in _side_by_side(
            pairs, columns, is_high, *values, chances[pairs, columns]
        ):
            words = self._words[self._names[column]]
            text = _BOTH.format(word=words.high if high else words.low, one=words.show(left), other=words.show(right))
            yield at, Reason(chance, text)

    def _shared_tempi(self, lefts: Rows, rights: Rows) -> Iterator[tuple[int, Reason]]:
        """Yield the tempos of pairs with nearly equal tempos and a clear beat, by pair index."""
        if not {"tempo", "beat_strength"} <= self._column.keys():
            return
        tempi, beats = (self._features[:, self._column[name]] for name in ("tempo", "beat_strength"))
        slow, fast = np.minimum(tempi[lefts], tempi[rights]), np.maximum(tempi[lefts], tempi[rights])
        ratios = np.divide(fast, slow, out=np.full(len(slow), np.inf), where=slow > 0)
        has_beat = np.minimum(beats[lefts], beats[rights]) >= CLEAR_BEAT
        pairs = (has_beat & (ratios <= 1 + SAME_TEMPO)).nonzero()[0]
        for at, left, right, ratio in _side_by_side(pairs, tempi[lefts[pairs]], tempi[rights[pairs]], ratios[pairs]):
            chance = self._share_of_tempi(left, max(ratio - 1, MIN_TEMPO_DIFFERENCE))
            if chance <= MAX_CHANCE:
                text = page_message("tempo {one} and {other} BPM").format(one=f"{left:.0f}", other=f"{right:.0f}")
                yield at, Reason(chance, text)

    def _share_of_tempi(self, tempo: float, apart: float) -> float:
        """Return the share of all tracks whose tempo differs from ``tempo`` by at most that share."""

        def away(other_tempo: float) -> float:
            return other_tempo / tempo - 1

        count = bisect_right(self._tempi, apart, key=away) - bisect_left(self._tempi, -apart, key=away)
        return count / len(self._tempi)

    def _shared_keys(self, lefts: Rows, rights: Rows) -> Iterator[tuple[int, Reason]]:
        """Yield the keys of pairs that are clearly in the same key or in relative keys, by pair index."""
        left_keys, right_keys = self._keys[lefts], self._keys[rights]
        pairs = (np.minimum(left_keys, right_keys) >= 0).nonzero()[0]
        for at, left, right in _side_by_side(pairs, left_keys[pairs], right_keys[pairs]):
            if (left, right) not in self._reasons_of_keys:
                self._reasons_of_keys[left, right] = self._reason_of_keys(left, right)
            reason = self._reasons_of_keys[left, right]
            if reason is not None and reason.chance <= MAX_CHANCE:
                yield at, reason

    def _reason_of_keys(self, left: int, right: int) -> Reason | None:
        left_key, right_key = divmod(left, 2), divmod(right, 2)
        relation = key_relation(*left_key, *right_key)
        if relation == "same":
            return Reason(self._share_of_key(left), page_message("both in {key}").format(key=key_name(*left_key)))
        if relation == "relative":
            sentence = page_message("relative keys, {one} and {other}")
            text = sentence.format(one=key_name(*left_key), other=key_name(*right_key))
            return Reason(self._share_of_key(right), text)
        return None

    def _share_of_key(self, key: int) -> float:
        """Return the share of all tracks that are clearly in this key."""
        return float(np.mean(self._keys == key))

    def _tag_differences(self, row: int, group: Sequence[int]) -> list[tuple[float, str]]:
        if not self._tags.shape[1]:
            return []
        usual = self._tags[list(group)].mean(axis=0, dtype=np.float64)  # a list, because a tuple would be a multi-index
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
    """Return the ranks of each column from 0 (lowest) to 1 (highest), ties with equal ranks: float32 ``[n, k]``."""
    from scipy.stats import rankdata

    n = len(values)
    if n < 2 or not values.shape[1]:
        return np.full(values.shape, 0.5, dtype=np.float32)
    return np.asarray((rankdata(values, axis=0) - 1) / (n - 1), dtype=np.float32)


def _keys(features: npt.NDArray[np.float64], column: Mapping[str, int]) -> npt.NDArray[np.intp]:
    """Return the key of each track, twice its pitch class plus one for major; -1 if it is not clear."""
    if not {"key", "mode", "key_clarity"} <= column.keys():
        return np.full(len(features), -1, dtype=np.intp)
    pitches, modes, clarity = (features[:, column[name]] for name in ("key", "mode", "key_clarity"))
    keys = 2 * (np.round(pitches).astype(np.intp) % 12) + (modes >= 0.5)
    return np.where(clarity >= CLEAR_KEY, keys, -1)


def _side_by_side(*columns: npt.NDArray[Any]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of columns as Python numbers; thousands of NumPy scalars take three times as long."""
    return zip(*(column.tolist() for column in columns), strict=True)


def _are_kin(tags: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Return which tags are too similar to be named together, such as one and itself: bool ``[k, k]``."""
    beginnings = np.array([tag[:6] for tag in tags], dtype=np.str_)
    return np.asarray(beginnings[:, np.newaxis] == beginnings)
