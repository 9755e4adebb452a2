"""People stage: place friends' tracks on the unchanged map, and compare the libraries."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import orjson

from spotmap_build.atlas import People
from spotmap_build.cache.keys import Key, digest_bytes
from spotmap_build.cache.memo import json_codec
from spotmap_build.core.documents import decode_json
from spotmap_build.core.translation import gettext
from spotmap_build.run import machine, package_versions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotmap_build.atlas import Atlas, Cluster, Clusters
    from spotmap_build.cache.memo import Cached
    from spotmap_build.fetch.source import Fetched
    from spotmap_build.model import Float32Array, Guest, Track
    from spotmap_build.run import Run
    from spotmap_build.stages.embed import Embedded
    from spotmap_build.stages.project import Projected

PEOPLE_VERSION: Final = 1
"""Raise when guests get different positions, or the comparison of people changes."""
FOUND: Final = "people.json"
NEIGHBORS_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Compared:
    """Positions of guests, and the comparison of people.

    Attributes
    ----------
    x, y : tuple of float
        Position of each guest, in the map's own unit.
    labels : tuple of int
        Cluster of each guest by number, or -1.
    neighbors : tuple of tuple of int
        The most similar rows of each guest, where guests are numbered after the library's tracks.
    kept : tuple of float
        Share of these that are also nearest on the map.
    people : People
        Comparison of the libraries.
    """

    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()
    labels: tuple[int, ...] = ()
    neighbors: tuple[tuple[int, ...], ...] = ()
    kept: tuple[float, ...] = ()
    people: People = field(default_factory=People)


def compare_libraries(
    run: Run, fetched: Fetched, embedded: Embedded, projected: Projected, clusters: Cached[Clusters]
) -> Cached[Compared] | None:
    """Return the comparison of several people on one map, and the positions of guests.

    None if there is only one person's library, or no audio was analyzed.
    """
    everybody = _AllPeople(fetched, embedded, projected)
    guests = fetched.library.guests
    if embedded.embedder is None or (len(everybody.rows_of) < 2 and not guests):
        return None
    with run.clock.stage("people"):
        key = Key(
            "people",
            PEOPLE_VERSION,
            {
                "sound": embedded.digest,
                "layout": projected.digest,
                "clusters": clusters.digest,
                "guests": _digest_of(guests),
                "rows": digest_bytes(orjson.dumps(everybody.rows_of)),
                "artists": digest_bytes(orjson.dumps(everybody.artists)),
                **_preparation_inputs(projected),
                "seed": run.config.seed,
                "machine": machine(),
                "packages": package_versions("numpy", "scipy", "numba", "pynndescent"),
            },
        )
        run.progress.begin("people", gettext("comparing libraries"))
        count = len(everybody.tracks)
        compared = run.cached(
            key,
            lambda: everybody.compare(clusters.value, run.config.seed),
            json_codec(FOUND, lambda data: _decode(data, count, len(guests), len(clusters.value.clusters))),
        )
        run.progress.end(_outcome(len(guests)) if compared.is_new else gettext("unchanged"))
        return compared


def _preparation_inputs(projected: Projected) -> dict[str, str]:
    """Return the inputs of the preparation other than the vectors, as part of the key."""
    last = projected.previous_map.value
    return {"past": projected.previous_map.digest} if last is not None and last.fitted_on else {}


def _outcome(guest_count: int) -> str:
    if not guest_count:
        return gettext("libraries compared")
    return gettext("{tracks} of friends' tracks placed", tracks=guest_count)


def _digest_of(guests: Sequence[Guest]) -> str:
    """Return a digest of guests and their vectors. Offsets and steps, which are equal for a card, are hashed once."""
    scales: list[tuple[tuple[float, ...], tuple[float, ...]]] = []
    rows = []
    for guest in guests:
        scale = guest.sound.offsets, guest.sound.steps
        if not scales or scales[-1] != scale:
            scales.append(scale)
        rows.append([guest.track.id, guest.sound.codes.hex(), len(scales)])
    return digest_bytes(orjson.dumps([rows, scales]))


def _decode(data: bytes, track_count: int, guest_count: int, cluster_count: int) -> Compared:
    found = decode_json(data, Compared)
    people = found.people
    rows = [row for near in found.neighbors for row in near] + [*people.centers.values()]
    rows += [row for pair in people.pairs for row in (*pair.for_one, *pair.for_other)]
    per_guest = (found.x, found.y, found.labels, found.neighbors, found.kept)
    if (
        not all(len(values) == guest_count for values in per_guest)
        or not all(0 <= row < track_count for row in rows)
        or not all(-1 <= label < cluster_count for label in found.labels)
    ):
        raise ValueError("it refers to other tracks or clusters")
    return found


@dataclass(frozen=True)
class _AllPeople:
    """The tracks of all people: those of the library, then those of guests."""

    fetched: Fetched
    embedded: Embedded
    projected: Projected

    @cached_property
    def guests(self) -> tuple[Guest, ...]:
        return self.fetched.library.guests

    @cached_property
    def tracks(self) -> tuple[Track, ...]:
        return (*self.embedded.tracks, *(guest.track for guest in self.guests))

    @cached_property
    def rows_of(self) -> dict[str, list[int]]:
        """Rows of each person, in the order of the sources."""
        rows: dict[str, list[int]] = {}
        for row, track in enumerate(self.tracks):
            for name in track.layers:
                rows.setdefault(name, []).append(row)
        return rows

    @cached_property
    def artists(self) -> list[str]:
        return [track.artists[0].casefold() if track.artists else "" for track in self.tracks]

    @cached_property
    def unit_vectors(self) -> Float32Array:
        """Vectors in the map's own space if all tracks were analyzed here, otherwise in the shared space of cards."""
        from spotmap_build.project.shared_space import compare_sounds, decode_sounds, encode_sounds, to_shared_space

        if not self.guests or self.embedded.embedder is None:
            return self.projected.space.unit_vectors
        # Quantized to 8 bits like the guests', or the rounding of cards would distinguish people.
        own = to_shared_space(self.embedded.embeddings.value.vectors, self.embedded.embedder.name)
        sounds = [*encode_sounds(own), *(guest.sound for guest in self.guests)]
        return compare_sounds(decode_sounds(sounds))

    def compare(self, clusters: Clusters, seed: int) -> Compared:
        from spotmap_build.insights.people import compare_people

        people = compare_people(self.unit_vectors, self.rows_of, self.artists, seed)
        return replace(self._place(clusters), people=people) if self.guests else Compared(people=people)

    def _place(self, clusters: Clusters) -> Compared:
        from spotmap_build.project.guests import clusters_of_guests, kept_of_guests, place_guests
        from spotmap_build.project.neighbors import nearest_rows

        count, positions = len(self.embedded.tracks), self.projected.layout.value.coordinates
        places = place_guests(self.unit_vectors, positions)
        near, _ = nearest_rows(self.unit_vectors[count:], self.unit_vectors, NEIGHBORS_SHOWN + 1)
        neighbors = [
            [other for other in row if other != count + at][:NEIGHBORS_SHOWN] for at, row in enumerate(near.tolist())
        ]
        return Compared(
            x=tuple(places[:, 0].tolist()),
            y=tuple(places[:, 1].tolist()),
            labels=tuple(clusters_of_guests(places, positions, clusters.labels(count)).tolist()),
            neighbors=tuple(map(tuple, neighbors)),
            kept=tuple(round(share, 2) for share in kept_of_guests(neighbors, places, positions).tolist()),
        )


def with_guests(atlas: Atlas, guests: tuple[Guest, ...], compared: Compared) -> Atlas:
    """Append guests to the map of a library, whose own tracks do not change."""
    import numpy as np

    from spotmap_build.atlas import Layout

    count, added = len(atlas.tracks), len(guests)
    if not added:
        return replace(atlas, people=compared.people)
    joined: dict[int, list[int]] = {}
    for at, label in enumerate(compared.labels):
        joined.setdefault(label, []).append(count + at)
    clusters = tuple(
        replace(one, members=(*one.members, *joined.get(number, ())))
        for number, one in enumerate(atlas.clusters.clusters)
    )
    found = atlas.insights
    places = np.column_stack([compared.x, compared.y]).astype(np.float32)
    unknown = np.full((added, atlas.features.shape[1]), np.nan, dtype=np.float32)
    return replace(
        atlas,
        tracks=(*atlas.tracks, *(guest.track for guest in guests)),
        layout=Layout(np.concatenate([atlas.layout.coordinates, places])),
        clusters=replace(atlas.clusters, clusters=clusters, regions=_regions(atlas.clusters, clusters)),
        features=np.concatenate([atlas.features, unknown]),
        insights=replace(
            found,
            neighbors=(*found.neighbors, *compared.neighbors),
            shared=(*found.shared, *((),) * added),
            kept=(*found.kept, *compared.kept),
        ),
        typical_s=(*atlas.typical_s, *(float("nan"),) * added) if atlas.typical_s else (),
        styles=(*atlas.styles, *((),) * added) if atlas.styles else (),
        people=compared.people,
        guest_count=added,
    )


def _regions(before: Clusters, clusters: tuple[Cluster, ...]) -> tuple[Cluster, ...]:
    """Add the guests of its clusters to each region."""
    members = [list(region.members) for region in before.regions]
    for old, new in zip(before.clusters, clusters, strict=True):
        if old.parent is not None:
            members[old.parent] += new.members[len(old.members) :]
    return tuple(replace(one, members=tuple(rows)) for one, rows in zip(before.regions, members, strict=True))
