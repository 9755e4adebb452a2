"""The terms from which names are made: styles, traits, artists, albums, playlists. Pure.

Words of all sources become *terms* that a track has with some strength, so that they can be weighted in the same way.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from spotmap_build.cluster.wording import CLEAR_TAG, EMPTY, TRAITS, standardize, style_name
from spotmap_build.registry.heads import FAMILIES

if TYPE_CHECKING:
    import numpy.typing as npt
    from scipy.sparse import csr_array

    from spotmap_build.model import Embeddings, Float32Array, Playlist, Track

    Int64Array = npt.NDArray[np.int64]

Kind = Literal["style", "trait", "origin"]
"""``style``: kind of music; ``trait``: its character; ``origin``: artist, album or playlist."""

ABOVE_USUAL: Final = 1.25
"""Minimum activation relative to the library's mean. "electronic" at 0.2, for example, is the base rate of games."""
CERTAIN: Final = 0.5
"""Activation that is sufficient even if all other tracks have the tag, since a library may have only one style."""
MIN_TRACKS: Final = 3
"""Minimum number of tracks with a word for it to be used in names."""
METADATA_STRENGTH: Final = 0.5
"""Strength of terms from people (genres, playlists) on the scale of activations: that of a very clear tag."""

VOICES: Final = frozenset({"female voice", "male voice"})
CLEAR_VOICE: Final = 0.25
"""Tags that pads and strings also activate."""
MIN_PLAYLISTS: Final = 3
"""Minimum number of playlists with a word in their names for it to be a term; two can share it by accident."""
USUAL_SHARE: Final = 0.8
"""Share of all playlists above which a word is a naming habit of their owner rather than a kind of music."""
STOP_WORDS: Final = frozenset(
    re.findall(
        r"\w+",
        "and best das der die favorites favourites for from les liked mix music new old playlist songs the top track "
        "tracks various vol volume with year your",
    )
)
"""Words in playlist names (of three letters or more) that do not describe music."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word for names, and its source."""

    word: str
    kind: Kind


TermColumn = tuple[Term, list[int], list[float]]
"""A term, the rows of its tracks, and its strength in each."""


@dataclass(frozen=True, slots=True, eq=False)
class TermMatrix:
    """The terms of all tracks.

    ``strengths``: scipy CSR ``[n, terms]``, 0..1, absent for tracks without the term; ``scores``: float32 ``[n, f]``,
    features as z-scores; ``minor``: float32 ``[n]``, 1 for a minor key, NaN if unknown; ``counts``: int64 ``[terms]``,
    number of tracks with each term.
    """

    terms: tuple[Term, ...]
    strengths: csr_array
    counts: Int64Array
    scores: Float32Array
    feature_names: tuple[str, ...]
    minor: Float32Array


def build_term_matrix(
    embeddings: Embeddings, tracks: Sequence[Track], playlists: Sequence[tuple[Playlist, Sequence[int]]]
) -> TermMatrix:
    """Build the term matrix from tags, features, metadata and playlists.

    Parameters
    ----------
    embeddings : Embeddings
        Tags and features; either may have no columns.
    tracks : Sequence[Track]
        Tracks of the same rows, with their genres, artists and albums.
    playlists : Sequence[tuple[Playlist, Sequence[int]]]
        Playlists with the rows of their tracks.
    """
    rows_of: defaultdict[Term, list[int]] = defaultdict(list)
    strengths_of: defaultdict[Term, list[float]] = defaultdict(list)
    for term, rows, strengths in [
        *_tag_terms(embeddings.tags, embeddings.tag_names),
        *_metadata_terms(tracks),
        *_playlist_terms(playlists),
    ]:
        rows_of[term] += rows
        strengths_of[term] += strengths
    min_tracks = min(MIN_TRACKS, len(tracks))
    terms = tuple(
        sorted(
            (term for term, rows in rows_of.items() if rows and len(set(rows)) >= min_tracks),
            key=lambda term: (term.kind, term.word),
        )
    )
    matrix = _matrix([(rows_of[term], strengths_of[term]) for term in terms], len(tracks))
    names = embeddings.feature_names
    minor = 1 - embeddings.features[:, names.index("mode")] if "mode" in names else np.zeros(0, dtype=np.float32)
    counts = np.bincount(matrix.indices, minlength=len(terms))
    return TermMatrix(terms, matrix, counts, standardize(embeddings.features), names, minor)


def _tag_terms(tags: Float32Array, tag_names: Sequence[str]) -> Iterable[TermColumn]:
    """Yield tags that are clearly active in a track, and more than in the library as a whole."""
    usual = tags.mean(axis=0, dtype=np.float64) if len(tags) else np.zeros(tags.shape[1])
    for column, tag in enumerate(tag_names):
        if style_name(tag) in EMPTY:
            continue
        term = term_of(tag)
        rows = np.flatnonzero(tags[:, column] >= min_activation(term, float(usual[column])))
        yield term, rows.tolist(), tags[rows, column].astype(float).tolist()


def term_of(tag: str) -> Term:
    """Return the term for a tag of the embedder or a genre."""
    name = style_name(tag)
    return Term(name, "trait") if is_of_head(tag) else _style_or_trait(name)


def is_of_head(tag: str) -> bool:
    """Return whether a tag is a mood or an instrument from a classifier head rather than a style."""
    return tag.partition("---")[0] in FAMILIES


def min_activation(term: Term, usual: float) -> float:
    """Return the activation from which a track clearly has a term; ``usual`` is its mean over the library."""
    floor = CLEAR_VOICE if term.word in VOICES else CLEAR_TAG
    return max(floor, min(ABOVE_USUAL * usual, CERTAIN))


def _metadata_terms(tracks: Sequence[Track]) -> Iterable[TermColumn]:
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
    return _with_strength(rows_of)


def _playlist_terms(
    playlists: Sequence[tuple[Playlist, Sequence[int]]],
) -> Iterable[TermColumn]:
    """Yield the names of playlists, and words that several names have in common ("chill night", "to chill")."""
    rows_of: defaultdict[Term, list[int]] = defaultdict(list)
    by_word: defaultdict[str, set[int]] = defaultdict(set)
    for number, (playlist, rows) in enumerate(playlists):
        if playlist.name.strip():
            rows_of[Term(playlist.name.strip(), "origin")] += rows
        for word in re.findall(r"[^\W\d_]{3,}", playlist.name.lower()):
            if word not in STOP_WORDS:
                by_word[word].add(number)
    for word, numbers in by_word.items():
        if MIN_PLAYLISTS <= len(numbers) < USUAL_SHARE * len(playlists):
            rows_of[_style_or_trait(word)] += [row for number in sorted(numbers) for row in playlists[number][1]]
    return _with_strength(rows_of)


def _style_or_trait(name: str) -> Term:
    return Term(TRAITS[name], "trait") if name in TRAITS else Term(name, "style")


def _with_strength(rows_of: dict[Term, list[int]]) -> Iterable[TermColumn]:
    return ((term, rows, [METADATA_STRENGTH] * len(rows)) for term, rows in rows_of.items())


def _matrix(columns: Sequence[tuple[list[int], list[float]]], n: int) -> csr_array:
    """Return a CSR matrix ``[n, columns]``; for repeated entries, the larger strength is used."""
    from scipy.sparse import csr_array

    counts = [len(rows) for rows, _ in columns]
    rows = np.fromiter((row for rows, _ in columns for row in rows), dtype=np.int64, count=sum(counts))
    values = np.fromiter((value for _, values in columns for value in values), np.float32, count=sum(counts))
    terms = np.repeat(np.arange(len(columns)), counts)
    order = np.lexsort((values, terms, rows))
    rows, terms, values = rows[order], terms[order], values[order]
    is_last = np.append((np.diff(rows) != 0) | (np.diff(terms) != 0), len(rows) > 0)[: len(rows)]
    return csr_array((values[is_last], (rows[is_last], terms[is_last])), shape=(n, len(columns)))
