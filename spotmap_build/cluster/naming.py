"""Name regions and clusters by their distinctive terms: "Dub techno – deep, instrumental", not "Cluster 3". Pure.

Terms of all sources are weighted by a class-based TF-IDF (Grootendorst 2022): the share of a group's tracks with the
term, times the logarithm of the ratio to the library's share, times the strength of the term. A region is compared with
the library, a cluster with the rest of its region.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from string import ascii_lowercase
from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.cluster.wording import VAGUE
from spotmap_build.registry.features import words as words_of_features

if TYPE_CHECKING:
    import numpy.typing as npt
    from scipy.sparse import csr_array

    from spotmap_build.cluster.term_matrix import Kind, TermMatrix

    IndexArray = npt.NDArray[np.intp]

FALLBACK: Final = "Region"
MIN_SHARE: Final = 0.4
"""Minimum share of a group's tracks with a style or trait for the group to be named after it."""
MIN_LIFT: Final = 1.2
"""Minimum ratio to the share of the tracks it is compared with."""
ORIGIN_SHARE: Final = 0.5
"""Minimum share of a group's tracks by one artist, from one album or in one playlist to add it to the name."""
ORIGIN_LIFT: Final = 1.5
SECOND_STYLE: Final = 0.6
"""Minimum score of a second style in a name, relative to the first one."""
FEATURE_AWAY: Final = 0.6
"""Minimum distance of a group's median from that of the others, in standard deviations of the library, for an adjective
such as fast, dark or quiet."""
FEATURE_SIDE: Final = 0.7
"""Minimum share of the group's tracks on that side of the others' median."""
PRIOR_TRACKS: Final = 2.0
"""Number of average tracks added to every group (additive smoothing), so that three of five do not count as 60 %."""


@dataclass(frozen=True, slots=True)
class CandidateTerm:
    """A candidate for a name. ``share``: of the group's tracks with ``word``."""

    word: str
    kind: Kind
    share: float
    score: float


@dataclass(frozen=True, slots=True)
class Names:
    """Names of all regions and clusters, by number."""

    regions: tuple[str, ...]
    clusters: tuple[str, ...]


def name_levels(
    matrix: TermMatrix,
    regions: Sequence[Sequence[int]],
    clusters: Sequence[Sequence[int]],
    parents: Sequence[int],
    *,
    fixed_regions: Mapping[int, str] | None = None,
    fixed_clusters: Mapping[int, str] | None = None,
) -> Names:
    """Return a name for every region and every cluster, unique on each level.

    Terms are weighted as in class-based TF-IDF (Grootendorst, 2022). A cluster that makes up a whole region has the
    region's name, because the levels are never shown together.

    Parameters
    ----------
    matrix : TermMatrix
        The terms of every track.
    regions, clusters : sequence of sequences of int
        Rows of each group. Larger groups come first, because they choose names first.
    parents : sequence of int
        The region of every cluster.
    fixed_regions, fixed_clusters : mapping of int to str, optional
        Fixed names by number: given by hand, or kept from the last map.

    Returns
    -------
    Names
        Names of both levels, in the given order.
    """
    fixed_regions, fixed_clusters = fixed_regions or {}, dict(fixed_clusters or {})
    taken = {name.casefold() for name in fixed_regions.values()}
    library = np.arange(matrix.strengths.shape[0])

    @cache
    def terms_of_region(number: int) -> list[CandidateTerm]:
        rows = regions[number]
        return [*find_candidate_terms(matrix, rows, library), *_common_style(matrix, rows)]

    region_names = [
        fixed_regions[number] if number in fixed_regions else _choose_name(terms_of_region(number), taken)
        for number in range(len(regions))
    ]
    alone = {
        number: region_names[parent]
        for number, parent in enumerate(parents)
        if parents.count(parent) == 1 and number not in fixed_clusters
    }
    taken = {name.casefold() for name in fixed_clusters.values()}
    fixed_clusters |= {number: name for number, name in alone.items() if name.casefold() not in taken}
    taken |= {name.casefold() for name in fixed_clusters.values()}
    names = []
    for number, rows in enumerate(clusters):
        if number in fixed_clusters:
            names.append(fixed_clusters[number])
            continue
        parent = parents[number]
        within = find_candidate_terms(matrix, rows, regions[parent])
        overall = [*find_candidate_terms(matrix, rows, library), *_common_style(matrix, rows)]
        names.append(_choose_name(_merge_terms(within, overall, terms_of_region(parent)), taken))
    return Names(tuple(region_names), tuple(names))


def find_candidate_terms(
    matrix: TermMatrix, rows: Sequence[int], against: Sequence[int] | npt.NDArray[np.intp]
) -> list[CandidateTerm]:
    """Return terms that distinguish ``rows`` from the rest of ``against`` (which includes them), best first."""
    is_other = np.zeros(matrix.strengths.shape[0], dtype=bool)
    is_other[np.asarray(against, dtype=np.intp)] = True
    total = int(is_other.sum())
    is_all = total == len(is_other)
    counts = matrix.counts if is_all else _column_counts(matrix.strengths[is_other])
    inside = np.asarray(rows, dtype=np.intp)
    is_other[inside] = False
    return sorted(
        [
            *_word_terms(matrix, inside, counts / max(1, total)),
            *_feature_terms(matrix, inside, np.flatnonzero(is_other)),
        ],
        key=lambda term: (-term.score, term.word),
    )


def _word_terms(matrix: TermMatrix, inside: IndexArray, usual: npt.NDArray[np.float64]) -> Iterator[CandidateTerm]:
    own, count = matrix.strengths[inside], len(inside)
    own_count, own_sum = _column_counts(own), np.asarray(own.sum(axis=0)).ravel()
    share = (own_count + PRIOR_TRACKS * usual) / (count + PRIOR_TRACKS)
    library = matrix.counts / matrix.strengths.shape[0]
    for column in np.flatnonzero(own_count >= max(1, MIN_SHARE * count)).tolist():
        term = matrix.terms[column]
        lift = share[column] / usual[column]
        is_origin = term.kind == "origin"
        if share[column] < (ORIGIN_SHARE if is_origin else MIN_SHARE):
            continue
        # A term that is more frequent than in the region, but less than in the library, would be misleading.
        if lift < (ORIGIN_LIFT if is_origin else MIN_LIFT) or share[column] < library[column]:
            continue
        clarity = math.sqrt(own_sum[column] / own_count[column])
        score = float(share[column] * math.log(lift) * clarity) * (0.5 if term.word in VAGUE else 1.0)
        yield CandidateTerm(term.word, term.kind, float(own_count[column] / count), score)


def _feature_terms(matrix: TermMatrix, inside: IndexArray, others: IndexArray) -> Iterator[CandidateTerm]:
    """Return features (tempo, brightness, ...) as adjectives. Their score is low, since they are traits, not styles."""
    if not len(others):
        return
    words_of = words_of_features()
    for column, name in enumerate(matrix.feature_names):
        if name not in words_of:
            continue
        words = words_of[name]
        if name == "mode":
            share, usual = float(matrix.minor[inside].mean()), float(matrix.minor[others].mean())
            if abs(share - usual) >= 0.25 and max(share, 1 - share) >= FEATURE_SIDE:
                word, own_share = (words.low, share) if share > usual else (words.high, 1 - share)
                yield CandidateTerm(word, "trait", own_share, abs(share - usual) / 4)
            continue
        own, middle = matrix.scores[inside, column], float(np.median(matrix.scores[others, column]))
        away = float(np.median(own)) - middle
        side = float(np.mean(own > middle if away > 0 else own < middle))
        is_so_in_library = float(np.median(own)) * away > 0
        if abs(away) >= FEATURE_AWAY and side >= FEATURE_SIDE and is_so_in_library:
            yield CandidateTerm(words.high if away > 0 else words.low, "trait", side, min(abs(away), 3.0) / 8)


def _common_style(matrix: TermMatrix, rows: Sequence[int]) -> list[CandidateTerm]:
    """Return the most frequent style of a group even if it is not distinctive, which is better than no style."""
    counts = _column_counts(matrix.strengths[np.asarray(rows, dtype=np.intp)])
    styles = [column for column, term in enumerate(matrix.terms) if term.kind == "style" and counts[column]]
    best = max(styles, key=lambda column: counts[column], default=None)
    if best is None or 2 * counts[best] < len(rows):
        return []
    share = float(counts[best] / len(rows))
    return [CandidateTerm(matrix.terms[best].word, "style", share, 0.0)]


def _column_counts(matrix: csr_array) -> npt.NDArray[np.intp]:
    """Return the number of rows with an entry in each column."""
    return np.bincount(matrix.indices, minlength=matrix.shape[1])


def _merge_terms(
    within: list[CandidateTerm], overall: list[CandidateTerm], of_region: list[CandidateTerm]
) -> list[CandidateTerm]:
    """Return the terms of a cluster.

    Terms that distinguish it within its region count in full. Terms that distinguish it in the library count in full as
    well, or half if they apply to its whole region.
    """
    regional = {term.word for term in of_region}
    merged = {term.word: term for term in within}
    for term in overall:
        score = term.score * (0.5 if term.word in regional else 1.0)
        known = merged.get(term.word)
        merged[term.word] = replace(known, score=known.score + score) if known else replace(term, score=score)
    return sorted(merged.values(), key=lambda term: (-term.score, term.word))


def _choose_name(terms: list[CandidateTerm], taken: set[str]) -> str:
    """Return the best name that is not in ``taken``, and add it."""
    for chosen in _compositions(terms):
        text = _phrase(chosen)
        if text.casefold() not in taken:
            taken.add(text.casefold())
            return text
    base = next((_phrase(chosen) for chosen in _compositions(terms)), FALLBACK)
    text = next(text for number in itertools.count(1) if (text := _numbered(base, number)).casefold() not in taken)
    taken.add(text.casefold())
    return text


def _numbered(base: str, number: int) -> str:
    """Make a repeated name unique: "Region 1", or after the first one "Rock 2", or with a letter after "Volume 7"."""
    if base == FALLBACK:
        return f"{base} {number}"
    if not base[-1:].isdigit():
        return f"{base} {number + 1}"
    letters = ""
    while number >= 0:
        number, letter = number // 26 - 1, ascii_lowercase[number % 26]
        letters = letter + letters
    return f"{base} ({letters})"


def _compositions(terms: list[CandidateTerm]) -> Iterator[list[CandidateTerm]]:
    """Yield combinations of terms for a name, the best first: short ones, then longer ones in case these are taken."""
    # Scenes and attitudes never come first: they need a style or traits next to them.
    styles = sorted(_unlike([term for term in terms if term.kind == "style"]), key=lambda term: term.word in VAGUE)
    traits = _unlike([term for term in terms if term.kind == "trait"])
    origins = [term for term in terms if term.kind == "origin"][:1]
    if not terms:
        return
    heads = [style for style in styles[:1] if style.word not in VAGUE or not traits]
    if heads and len(styles) > 1 and styles[1].score >= SECOND_STYLE * styles[0].score:
        heads = sorted(styles[:2], key=lambda term: -term.share)
    yield [*heads, *traits[: 1 if origins and heads else 2], *origins]
    for count in (2, 3):
        yield [*heads, *traits[:count], *origins]
    for count in (2, 3):
        yield [*styles[:count], *traits[:3], *origins]
    for at in range(1, len(styles)):
        yield [styles[at], *traits[:2], *origins]


def _unlike(terms: list[CandidateTerm]) -> list[CandidateTerm]:
    """Remove terms that repeat an earlier one: "electronica" after "electronic", but not "slow" after "dark"."""
    kept: list[CandidateTerm] = []
    for term in terms:
        if not any(_stems(term.word) & _stems(other.word) for other in kept):
            kept.append(term)
    return kept


def _stems(words: str) -> set[str]:
    return {word[:6] for word in words.split()}


def _phrase(terms: Sequence[CandidateTerm]) -> str:
    """Format terms as a phrase: "Folk, acoustic – slow (The Battle for Wesnoth)"."""
    by_kind = {kind: [term.word for term in terms if term.kind == kind] for kind in ("style", "trait", "origin")}
    text = " – ".join(", ".join(by_kind[kind]) for kind in ("style", "trait") if by_kind[kind])
    origin = ", ".join(by_kind["origin"])
    if not text:
        return origin
    text = text[:1].upper() + text[1:]
    return f"{text} ({origin})" if origin else text
