"""The map as the site shows it: where tracks lie, the clusters that they form, and what is known of it in words.

Everything here is frozen, and rows are those of the tracks that are on the map. As in ``model``, arrays are imported
for typing only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array, Int32Array, Playlist, Track


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Where each track lies. ``coordinates``: float32 ``[n, 2]``, no unit, both axes to one scale."""

    coordinates: Float32Array


@dataclass(frozen=True, slots=True)
class Cluster:
    """One dense part of the map, of either level: a cluster, or a region that holds several.

    ``id`` and ``color`` (its place in the palette, 0..) stay what they are from one build to the next. ``members`` are
    rows of the layout, ``core`` its most typical rows. ``axes``: what changes across it, in words; may be empty.
    ``parent``: of a cluster, the number of its region.
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
    """The clusters of a map, and the regions that hold them.

    ``events``: what has become of the last map's, as sentences. ``next_numbers``: for the ids of new clusters and
    regions. ``absence``: why none were looked for, as a sentence; empty where some were.
    """

    clusters: tuple[Cluster, ...]
    regions: tuple[Cluster, ...]
    events: tuple[str, ...] = ()
    next_numbers: tuple[int, int] = (1, 1)
    absence: str = ""

    def labels(self, track_count: int) -> Int32Array:
        """Return the cluster that each track is in.

        Int32 ``[track_count]``, an index into ``clusters``, or -1 for noise.
        """
        import numpy as np

        labels = np.full(track_count, -1, dtype=np.int32)
        for number, cluster in enumerate(self.clusters):
            labels[list(cluster.members)] = number
        return labels


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of how good the map is. ``name`` is for programs (stable), ``label`` and ``meaning`` for people.

    ``chance``: what a map drawn at random would have, where that means something.
    """

    name: str
    label: str
    value: float
    meaning: str
    chance: float | None = None


@dataclass(frozen=True, slots=True)
class PlaylistInsight:
    """What was found out about one playlist. ``misfits``: rows and why; ``suggestions``: rows that would fit.

    ``closeness``: 0 is a random draw, 1 nearest neighbors throughout; None for playlists of very few tracks.
    """

    closeness: float | None
    sentence: str
    misfits: tuple[tuple[int, str], ...] = ()
    suggestions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Since:
    """What is otherwise than on the map that this one continues. ``new`` and ``moved`` are rows, ascending."""

    new: tuple[int, ...]
    moved: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Insights:
    """What the map means, in words and figures.

    ``playlists`` in the order of the atlas. ``uncovered``: clusters (by number) that no playlist covers.
    ``overlaps``: pairs of playlists, how many tracks they share, and which share of the smaller one. ``songs``: rows
    that are versions of one song, with the kind of each. ``axes``: what changes across the whole map. ``neighbors``:
    for each row, the rows that sound most like it, best first; ``shared``: what the first of these have in common with
    it; ``kept``: for each row, the share of its true neighbors that are near it on the map. ``since``: None at a first
    map. ``notices``: what else a person should know of the map, as sentences.
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
    """What the libraries of ``one`` and ``other`` have to do with each other (``insights.people`` measures it).

    ``mixing`` and ``chance`` are None where one has too few tracks of their own. ``for_one``: rows of the other's that
    the first one would like, the best first; ``for_other`` the reverse.
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
    """Several people on one map. ``centers``: by name, the row that all of a person's are most similar to."""

    centers: dict[str, int] = field(default_factory=dict)
    pairs: tuple[Pair, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Atlas:
    """Everything the site shows. ``tracks`` are the mapped ones, in the order of the rows of all arrays.

    ``playlists`` hold row numbers, not ids; ``features`` may have no columns; ``typical_s`` as in :class:`Embeddings`.
    ``styles``: for each row, the styles and moods that stand out in it and how strong each is (1 to 9), most telling
    first; empty where the embedder names none. ``waiting_count``: tracks that are to come, once they were listened to.
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
    """How many of the last tracks are friends', and no part of the library."""
