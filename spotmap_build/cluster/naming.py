"""Name a cluster by what sets it apart from the rest of the library. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array, Int32Array, Playlist

SEPARATOR: Final = " · "
FALLBACK: Final = "Region"


def distinctive_tags(labels: Int32Array, tags: Float32Array, cluster_count: int) -> list[list[int]]:
    """For every cluster the tag columns, those that distinguish it most first.

    A class-based TF-IDF over activations (Grootendorst 2022, with activations for counts): the cluster's mean
    activation times the logarithm of how much that exceeds the library's mean.

    Parameters
    ----------
    labels: int32 ``[n]``, -1 for noise. tags: float32 ``[n, k]``, 0..1.
    """
    overall = tags.mean(axis=0, dtype=np.float64) + 1e-6
    ranked = []
    for cluster in range(cluster_count):
        mean = tags[labels == cluster].mean(axis=0, dtype=np.float64)
        score = mean * np.log((mean + 1e-6) / overall)
        order = np.argsort(-score, kind="stable")
        ranked.append([int(column) for column in order if score[column] > 0])
    return ranked


def name_clusters(
    labels: Int32Array,
    tags: Float32Array,
    tag_names: Sequence[str],
    playlists: Sequence[tuple[Playlist, Sequence[int]]],
    cluster_count: int,
) -> tuple[str, ...]:
    """One name a cluster, no two the same: its two most distinctive tags, else the playlist that it mostly is."""
    ranked = distinctive_tags(labels, tags, cluster_count) if tags.shape[1] else [[] for _ in range(cluster_count)]
    names: list[str] = []
    for cluster in range(cluster_count):
        words = [_plain(tag_names[column]) for column in ranked[cluster]]
        candidates = [SEPARATOR.join(words[:2]), SEPARATOR.join(words[:3]), SEPARATOR.join(words[:4])]
        if not words:
            candidates = [_prevailing_playlist(np.flatnonzero(labels == cluster).tolist(), playlists)]
        names.append(_first_new(candidates, names))
    return tuple(names)


def _plain(tag: str) -> str:
    """ "Electronic---Dub Techno" reads "Dub Techno": the style says more than the family it is filed under."""
    name = tag.rpartition("---")[2].strip()
    return name[:1].upper() + name[1:]


def _prevailing_playlist(rows: Sequence[int], playlists: Sequence[tuple[Playlist, Sequence[int]]]) -> str:
    counts: Counter[str] = Counter()
    inside = set(rows)
    for playlist, members in playlists:
        counts[playlist.name] += len(inside.intersection(members))
    best = max(counts.items(), key=lambda item: (item[1], item[0]), default=("", 0))
    return best[0] if best[1] * 2 > len(inside) else FALLBACK


def _first_new(candidates: Sequence[str], taken: Sequence[str]) -> str:
    for candidate in candidates:
        if candidate and candidate not in taken and candidate != FALLBACK:
            return candidate
    base = candidates[0] or FALLBACK
    number = 1 if base == FALLBACK else 2
    while f"{base} {number}" in taken:
        number += 1
    return f"{base} {number}"
