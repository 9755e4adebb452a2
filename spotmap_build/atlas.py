"""Data classes of the finished map: layout, clusters and insights.

All are frozen. "Rows" are indices of the tracks on the map. As in ``model``, NumPy is imported for typing only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spotmap_build.model import Float32Array, Int32Array, Playlist, Track


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Position of each track. ``coordinates``: float32 ``[n, 2]``, unitless, both axes on the same scale."""

    coordinates: Float32Array


@dataclass(frozen=True, slots=True)
class Cluster:
    """A dense part of the map: a cluster, or a region of several clusters.

    ``id`` and ``color`` (an index into the palette) are stable across builds. ``members`` are rows of the layout,
    ``core`` the most typical of them. ``axes``: what varies across it, in words; may be empty. ``parent``: for a
    cluster, the index of its region.
    """

    id: str
    name: str
    members: tuple[int, ...]
    core: tuple[int, ...]
    color: int = 0
    axes: str = ""
    parent: int | None = None


@dataclass(frozen=True, slots=True)
class Clusters:
    """The clusters of a map, and the regions that contain them.

    ``events``: changes to the clusters of the last map, as sentences. ``next_numbers``: next free numbers for the ids
    of clusters and regions. ``absence``: why the map was not clustered, as a sentence; empty if it was.
    """

    clusters: tuple[Cluster, ...]
    regions: tuple[Cluster, ...]
    events: tuple[str, ...] = ()
    next_numbers: tuple[int, int] = (1, 1)
    absence: str = ""

    def labels(self, track_count: int) -> Int32Array:
        """Return the cluster of each track: int32 ``[track_count]``, an index into ``clusters``, or -1 for noise."""
        import numpy as np

        labels = np.full(track_count, -1, dtype=np.int32)
        for number, cluster in enumerate(self.clusters):
            labels[list(cluster.members)] = number
        return labels


@dataclass(frozen=True, slots=True)
class Figure:
    """A quality metric of the map. ``name`` is stable, for programs; ``label`` and ``meaning`` are for people.

    ``chance``: the value of a random map, if that is meaningful.
    """

    name: str
    label: str
    value: float
    meaning: str
    chance: float | None = None


@dataclass(frozen=True, slots=True)
class PlaylistInsight:
    """Analysis of one playlist. ``misfits``: rows with reasons; ``suggestions``: rows that would fit.

    ``closeness``: 0 for a random selection, 1 if its tracks are nearest neighbors throughout; None for playlists of
    very few tracks.
    """

    closeness: float | None
    sentence: str
    misfits: tuple[tuple[int, str], ...] = ()
    suggestions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Since:
    """Differences from the map that this one continues. ``new`` and ``moved`` are rows, ascending."""

    new: tuple[int, ...]
    moved: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Insights:
    """Interpretation of the map, in words and figures.

    ``playlists``: in the order of the atlas. ``uncovered``: indices of clusters that no playlist covers. ``overlaps``:
    pairs of playlists, the number of tracks they share, and its fraction of the smaller one. ``songs``: rows that are
    versions of one song, with the kind of each. ``axes``: what varies across the whole map. ``neighbors``: for each
    row, the most similar rows, best first; ``shared``: what the first of these have in common with it; ``kept``: for
    each row, the fraction of its nearest neighbors that are also near it on the map. ``since``: None for a first map.
    ``notices``: further messages about the map, as sentences.
    """

    figures: tuple[Figure, ...] = ()
    playlists: tuple[PlaylistInsight, ...] = ()
    uncovered: tuple[int, ...] = ()
    overlaps: tuple[tuple[int, int, int, float], ...] = ()
    songs: tuple[tuple[tuple[int, ...], tuple[str, ...]], ...] = ()
    axes: str = ""
    neighbors: tuple[tuple[int, ...], ...] = ()
    shared: tuple[tuple[str, ...], ...] = ()
    kept: tuple[float, ...] = ()
    since: Since | None = None
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pair:
    """Comparison of the libraries of two people, ``one`` and ``other`` (computed by ``insights.people``).

    ``mixing`` and ``chance`` are None if either has too few tracks of their own. ``for_one``: rows of ``other`` that
    are recommended to ``one``, best first; ``for_other``: the reverse.
    """

    one: str
    other: str
    sentence: str
    mixing: float | None = None
    chance: float | None = None
    for_one: tuple[int, ...] = ()
    for_other: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class People:
    """Several people on one map. ``centers``: for each name, the row most similar to all tracks of that person."""

    centers: dict[str, int] = field(default_factory=dict)
    pairs: tuple[Pair, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Atlas:
    """Everything that the site shows. ``tracks`` are the mapped tracks, in the row order of all arrays.

    ``playlists`` hold row numbers, not ids; ``features`` may have no columns; ``typical_s`` is as in
    :class:`~spotmap_build.model.Embeddings`. ``styles``: for each row, its distinctive styles and moods with their
    strength (1 to 9), most distinctive first; empty if the embedder has no tags. ``waiting_count``: tracks that are not
    analyzed yet.
    """

    title: str
    tracks: tuple[Track, ...]
    playlists: tuple[tuple[Playlist, tuple[int, ...]], ...]
    layout: Layout
    clusters: Clusters
    features: Float32Array
    feature_names: tuple[str, ...]
    insights: Insights = Insights()
    typical_s: tuple[float, ...] = ()
    styles: tuple[tuple[tuple[str, int], ...], ...] = ()
    waiting_count: int = 0
    people: People = People()
    guest_count: int = 0
    """Number of tracks, at the end, that come from friends' cards and are not part of the library."""


@dataclass(frozen=True, slots=True)
class PublicFacts:
    """What the data of a site contains besides the map.

    Attributes
    ----------
    feature_units : Mapping[str, str]
        Units of the features to show, by name. Other columns of the atlas are omitted.
    sources : Sequence[str]
        The kinds of sources of the library.
    built_at : str | None
        ISO 8601 time, or None for reproducible builds.
    paths : Mapping[str, str]
        Paths of the person's own files by track id, if the site should contain them.
    excerpts : Mapping[str, str]
        Digests of the excerpts by track id. Their files are written separately.
    """

    feature_units: Mapping[str, str]
    sources: Sequence[str]
    built_at: str | None = None
    paths: Mapping[str, str] = field(default_factory=dict)
    excerpts: Mapping[str, str] = field(default_factory=dict)
