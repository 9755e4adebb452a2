"""What is known of the tracks that a name could be made of: styles, traits, artists, albums, playlists. Pure.

Whatever the source of a word, it becomes the same thing, a *term* that a track has (with some strength) or has not, so
that terms of all sources can be weighed against each other.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from spotmap_build.cluster.wording import CLEAR_TAG, EMPTY, TRAITS, standardize, style_name
from spotmap_build.registry.heads import FAMILIES

if TYPE_CHECKING:
    import numpy.typing as npt

    from spotmap_build.model import Embeddings, Float32Array, Playlist, Track

    Int64Array = npt.NDArray[np.int64]

Kind = Literal["style", "trait", "origin"]
"""``style``: what sort of music it is; ``trait``: how it is; ``origin``: whose it is (artist, album, playlist)."""

ABOVE_USUAL: Final = 1.25
"""A tag is a track's own only well above its mean over the library: "electronic" at 0.2 is a game's base rate."""
CERTAIN: Final = 0.5
"""Activation from which a tag is in a track, be it in all others as well: a library may be of one style."""
LEAST_TRACKS: Final = 3
"""A word that fewer tracks have names no region."""
GIVEN: Final = 0.5
"""Strength of what people said (genres, playlists), on the scale of activations: as sure as a very clear tag."""

VOICES: Final = frozenset({"female voice", "male voice"})
CLEAR_VOICE: Final = 0.25
"""Pads and strings raise these tags as well."""
LEAST_PLAYLISTS: Final = 3
"""Playlists that must have a word in their names, for it to mean a kind of music: two may share it by accident."""
USUAL_SHARE: Final = 0.8
"""Of all playlists that have a word, from which on it is how their owner names playlists, and no kind of music."""
IDLE_WORDS: Final = frozenset(
    re.findall(
        r"\w+",
        "and best das der die favorites favourites for from les liked mix music new old playlist songs the top track "
        "tracks various vol volume with year your",
    )
)
"""Words of playlists' names (of three letters or more) that say nothing of the music."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word that a name may be made of, and where it comes from."""

    word: str
    kind: Kind


@dataclass(frozen=True, slots=True, eq=False)
class TermMatrix:
    """What names are made of.

    ``strengths``: scipy CSR ``[n, terms]``, 0..1, absent where a track has not the term; ``scores``: float32 ``[n,
    f]``, the features as z-scores; ``minor``: float32 ``[n]``, 1 in a minor key, nothing where unknown; ``counts``:
    int64 ``[terms]``, how many tracks of the library have each.
    """

    terms: tuple[Term, ...]
    strengths: Any
    counts: Int64Array
    scores: Float32Array
    feature_names: tuple[str, ...]
    minor: Float32Array


def build_term_matrix(
    embeddings: Embeddings, tracks: Sequence[Track], playlists: Sequence[tuple[Playlist, Sequence[int]]]
) -> TermMatrix:
    """Build the matrix of terms from everything that a build knows.

    Parameters
    ----------
    embeddings : Embeddings
        Tags and features, either without columns where there are none.
    tracks : Sequence[Track]
        Of the same rows; their genres, artists and albums are used.
    playlists : Sequence[tuple[Playlist, Sequence[int]]]
        Each with its rows.
    """
    rows_of: defaultdict[Term, list[int]] = defaultdict(list)
    strengths_of: defaultdict[Term, list[float]] = defaultdict(list)
    for term, rows, strengths in [*_heard(embeddings.tags, embeddings.tag_names), *_said(tracks), *_listed(playlists)]:
        rows_of[term] += rows
        strengths_of[term] += strengths
    least = min(LEAST_TRACKS, len(tracks))
    terms = tuple(
        sorted(
            (term for term, rows in rows_of.items() if rows and len(set(rows)) >= least),
            key=lambda term: (term.kind, term.word),
        )
    )
    matrix = _matrix([(rows_of[term], strengths_of[term]) for term in terms], len(tracks))
    names = embeddings.feature_names
    minor = 1 - embeddings.features[:, names.index("mode")] if "mode" in names else np.zeros(0, dtype=np.float32)
    counts = np.bincount(matrix.indices, minlength=len(terms))
    return TermMatrix(terms, matrix, counts, standardize(embeddings.features), names, minor)


def _heard(tags: Float32Array, tag_names: Sequence[str]) -> Iterable[tuple[Term, list[int], list[float]]]:
    """Tags that are clearly in a track, and more than in the library as a whole."""
    usual = tags.mean(axis=0, dtype=np.float64) if len(tags) else np.zeros(tags.shape[1])
    for column, tag in enumerate(tag_names):
        if style_name(tag) in EMPTY:
            continue
        term = term_of(tag)
        rows = np.flatnonzero(tags[:, column] >= least_activation(term, float(usual[column])))
        yield term, rows.tolist(), tags[rows, column].astype(float).tolist()


def term_of(tag: str) -> Term:
    """Return what a tag of the embedder, or a genre, is called on the map."""
    name = style_name(tag)
    return Term(name, "trait") if is_of_head(tag) else _style_or_trait(name)


def is_of_head(tag: str) -> bool:
    """Tell whether a tag is a mood or an instrument that a head hears, and no style."""
    return tag.partition("---")[0] in FAMILIES


def least_activation(term: Term, usual: float) -> float:
    """Return the activation from which a track clearly has a term; ``usual`` is its mean over the library."""
    floor = CLEAR_VOICE if term.word in VOICES else CLEAR_TAG
    return max(floor, min(ABOVE_USUAL * usual, CERTAIN))


def _said(tracks: Sequence[Track]) -> Iterable[tuple[Term, list[int], list[float]]]:
    by_genre: defaultdict[str, list[int]] = defaultdict(list)
    by_origin: defaultdict[str, list[int]] = defaultdict(list)
    for row, track in enumerate(tracks):
        for genre in track.genres:
            by_genre[genre].append(row)
        for name in (*track.artists[:1], track.album):
            by_origin[name].append(row)
    rows_of: defaultdict[Term, list[int]] = defaultdict(list)
    for genre, rows in by_genre.items():
        if (name := style_name(genre)) not in EMPTY:
            rows_of[_style_or_trait(name)] += rows
    for name, rows in by_origin.items():
        if name.strip():
            rows_of[Term(name.strip(), "origin")] += rows
    return _given(rows_of)


def _listed(playlists: Sequence[tuple[Playlist, Sequence[int]]]) -> Iterable[tuple[Term, list[int], list[float]]]:
    """Return the names of playlists, and words that several of them have in common ("chill night", "to chill")."""
    rows_of: defaultdict[Term, list[int]] = defaultdict(list)
    by_word: defaultdict[str, set[int]] = defaultdict(set)
    for number, (playlist, rows) in enumerate(playlists):
        if playlist.name.strip():
            rows_of[Term(playlist.name.strip(), "origin")] += rows
        for word in re.findall(r"[^\W\d_]{3,}", playlist.name.lower()):
            if word not in IDLE_WORDS:
                by_word[word].add(number)
    for word, numbers in by_word.items():
        if LEAST_PLAYLISTS <= len(numbers) < USUAL_SHARE * len(playlists):
            rows_of[_style_or_trait(word)] += [row for number in sorted(numbers) for row in playlists[number][1]]
    return _given(rows_of)


def _style_or_trait(name: str) -> Term:
    return Term(TRAITS[name], "trait") if name in TRAITS else Term(name, "style")


def _given(rows_of: dict[Term, list[int]]) -> Iterable[tuple[Term, list[int], list[float]]]:
    return ((term, rows, [GIVEN] * len(rows)) for term, rows in rows_of.items())


def _matrix(columns: Sequence[tuple[list[int], list[float]]], n: int) -> Any:
    """CSR ``[n, columns]``; of what a track has twice, the stronger."""
    from scipy.sparse import csr_matrix

    counts = [len(rows) for rows, _ in columns]
    rows = np.fromiter((row for rows, _ in columns for row in rows), dtype=np.int64, count=sum(counts))
    values = np.fromiter((value for _, values in columns for value in values), np.float32, count=sum(counts))
    terms = np.repeat(np.arange(len(columns)), counts)
    order = np.lexsort((values, terms, rows))
    rows, terms, values = rows[order], terms[order], values[order]
    is_last = np.append((np.diff(rows) != 0) | (np.diff(terms) != 0), len(rows) > 0)[: len(rows)]
    return csr_matrix((values[is_last], (rows[is_last], terms[is_last])), shape=(n, len(columns)))
