"""Encode an atlas as the site's JSON files (``docs/site-data.md``). Pure: equal input gives equal bytes.

Only fields that the viewer shows are encoded; for a recording, that is its public id on YouTube. Paths of local files
are included on request only.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import orjson

from spotmap_build.emit.albums import album_keys
from spotmap_build.emit.boundaries import EXTENT, Boundaries
from spotmap_build.emit.columns import clean, differences
from spotmap_build.emit.details import DETAILS_CHUNK, Details
from spotmap_build.emit.hilbert import hilbert_index
from spotmap_build.emit.icon import NAME as ICON
from spotmap_build.emit.icon import draw_icon
from spotmap_build.emit.insights import INSIGHTS_FILE, encode_insights
from spotmap_build.emit.page import as_script
from spotmap_build.emit.people import PEOPLE_FILE, encode_people

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from spotmap_build.atlas import Atlas, PublicFacts
    from spotmap_build.model import Track

    Int64Array = npt.NDArray[np.int64]

MAP_SCHEMA = "spotmap.map/1"
TEXT_SCHEMA = "spotmap.text/2"
WORDS_FILE = "words.json"
"""The vocabulary of descriptions, one of the viewer's own files. It is fetched when the reader searches."""
CLUSTER_SHARE = 0.92
"""Share of a cluster's tracks inside its boundary. Clusters are dense, so nearly all tracks are included."""
PLAYLIST_SHARE = 0.80
"""Share of a playlist's tracks inside its boundary. Playlists have strays."""
MARGIN = 2600
"""Free margin of the coordinates (4 %), which leaves room for the boundaries around the outermost tracks."""
MIN_VIEW_SIZE = 4096
"""Minimum width and height of the first view, for maps whose tracks are all in one place."""
GENERATION_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Payload:
    """The content of ``data/<generation>/``: ``files`` by name; ``generation`` is a digest of their content."""

    generation: str
    files: Mapping[str, bytes]


def encode(
    atlas: Atlas,
    facts: PublicFacts,
    *,
    assets: Mapping[str, bytes],
    draws_icon: bool = True,
    boundaries: Boundaries | None = None,
) -> Payload:
    """Encode an atlas, and name the result by its content.

    Parameters
    ----------
    atlas : Atlas
        The map to show. Its layout is scaled to integers, by the same factor for both axes.
    facts : PublicFacts
        What to publish besides the map.
    assets : Mapping[str, bytes]
        The viewer's own files (script, style sheet, icon) by name; they are part of the generation.
    draws_icon : bool
        Whether a map with tracks gets its own icon instead of the one among the assets.
    boundaries : Boundaries | None
        Known boundaries of the last map, if any.

    Raises
    ------
    ValueError
        The layout contains numbers that are not finite.
    """
    coordinates = _to_grid(atlas.layout.coordinates)
    order = np.argsort(hilbert_index(coordinates[:, 0], coordinates[:, 1]), kind="stable")
    number_of_row = np.argsort(order)
    details = Details(atlas, order, facts)
    detail_files = details.files()
    insights = encode_insights(atlas, number_of_row, order) | encode_people(atlas, number_of_row)
    document = _map(atlas, coordinates[order], number_of_row, boundaries or Boundaries()) | {
        "built_at": facts.built_at,
        "columns": details.columns,
        "files": _file_names(detail_files, insights, assets),
        "sources": list(facts.sources),
    }
    files = {"text.json": orjson.dumps(_text(details.tracks)), **detail_files, **insights, **assets}
    if draws_icon and atlas.tracks:
        files[ICON] = draw_icon(document)
    generation = _digest(files | {"map.json": orjson.dumps(document)})
    files["map.json"] = orjson.dumps({"schema": MAP_SCHEMA, "generation": generation, **document})
    twins = {f"{name}.js": as_script(name, data) for name, data in files.items() if name.endswith(".json")}
    return Payload(generation, dict(sorted((files | twins).items())))


def _file_names(details: Iterable[str], insights: Iterable[str], assets: Iterable[str]) -> dict[str, Any]:
    """Return the names of the files that the page fetches in addition to ``map.json``, by kind."""
    return {
        "text": "text.json",
        **({"words": WORDS_FILE} if WORDS_FILE in assets else {}),
        "details": list(details),
        "details_chunk": DETAILS_CHUNK,
        "insights": INSIGHTS_FILE,
        **({"people": PEOPLE_FILE} if PEOPLE_FILE in insights else {}),
        "neighbors": [name for name in insights if name not in {INSIGHTS_FILE, PEOPLE_FILE}],
    }


def _digest(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, data in sorted(files.items()):
        digest.update(f"{name}\0{len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()[:GENERATION_DIGITS]


def _to_grid(coordinates: npt.NDArray[np.float32]) -> Int64Array:
    """Scale to integers: the wider axis from margin to margin, the other one by the same factor, both centered."""
    if not np.isfinite(coordinates).all():
        raise ValueError("the layout has coordinates that are not finite")
    if len(coordinates) == 0:
        return np.empty((0, 2), dtype=np.int64)
    wide = coordinates.astype(np.float64)
    low, high = wide.min(axis=0), wide.max(axis=0)
    extent = float((high - low).max())
    scale = (EXTENT - 2 * MARGIN) / extent if extent > 0 else 0.0
    grid: Int64Array = np.rint((wide - (low + high) / 2) * scale + EXTENT / 2).astype(np.int64)
    return grid


def _map(atlas: Atlas, coordinates: Int64Array, number_of_row: Int64Array, boundaries: Boundaries) -> dict[str, Any]:
    """Return the data for the first paint; ``coordinates`` are in the site's order."""
    labels = np.empty(len(coordinates), dtype=np.int64)
    labels[number_of_row] = atlas.clusters.labels(len(labels))
    return {
        "title": clean(atlas.title),
        "count": len(coordinates),
        **({"waiting": atlas.waiting_count} if atlas.waiting_count else {}),
        "x": differences(coordinates[:, 0]),
        "y": differences(coordinates[:, 1]),
        "view": _view(coordinates),
        "cluster": labels.tolist(),
        "clusters": _clusters(atlas, coordinates, number_of_row, boundaries),
        **({"no_clusters": atlas.clusters.absence} if atlas.clusters.absence else {}),
        "larger_regions": _larger_regions(atlas, coordinates, number_of_row, boundaries),
        "playlists": _playlists(atlas, coordinates, number_of_row, boundaries),
        "layers": _layers(atlas.tracks, number_of_row),
        **_guests(atlas, number_of_row),
    }


def _clusters(
    atlas: Atlas, coordinates: Int64Array, number_of_row: Int64Array, boundaries: Boundaries
) -> list[dict[str, Any]]:
    """Return the clusters. The column ``cluster`` assigns tracks to them."""
    encoded = []
    for cluster in atlas.clusters.clusters:
        members = number_of_row[list(cluster.members)]
        region = boundaries.of(coordinates[members], CLUSTER_SHARE)
        encoded.append(
            {
                "id": cluster.id,
                "name": clean(cluster.name),
                "count": len(members),
                "color": cluster.color,
                "region": cluster.parent,
                "peak": region.peak,
                "core": number_of_row[list(cluster.core)].tolist(),
                "regions": region.rings,
            }
        )
    return encoded


def _playlists(
    atlas: Atlas, coordinates: Int64Array, number_of_row: Int64Array, boundaries: Boundaries
) -> list[dict[str, Any]]:
    encoded = []
    for color, (playlist, rows) in enumerate(atlas.playlists):
        members = np.unique(number_of_row[list(rows)])
        encoded.append(
            {
                "id": playlist.id,
                "name": clean(playlist.name),
                "count": len(members),
                "color": color,
                "tracks": differences(members),
                "regions": boundaries.of(coordinates[members], PLAYLIST_SHARE).rings if len(members) else [],
            }
        )
    return encoded


def _larger_regions(
    atlas: Atlas, coordinates: Int64Array, number_of_row: Int64Array, boundaries: Boundaries
) -> list[dict[str, Any]]:
    """Return the regions, whose names are shown when zoomed out. ``insights.json`` lists their tracks."""
    return [
        {
            "id": region.id,
            "name": clean(region.name),
            "count": len(region.members),
            "color": region.color,
            "peak": boundaries.of(coordinates[number_of_row[list(region.members)]], CLUSTER_SHARE).peak,
        }
        for region in atlas.clusters.regions
    ]


def _layers(tracks: Sequence[Track], number_of_row: Int64Array) -> list[dict[str, Any]]:
    """Return the tracks of each person's library by name. A track can be in several libraries."""
    rows: dict[str, list[int]] = {}
    for row, track in enumerate(tracks):
        for name in track.layers:
            rows.setdefault(name, []).append(row)
    layers = []
    for color, name in enumerate(sorted(rows)):
        members = np.unique(number_of_row[rows[name]])
        layer = {"id": clean(name), "name": clean(name), "count": len(members), "color": color}
        layers.append(layer | {"tracks": differences(members)})
    return layers


def _guests(atlas: Atlas, number_of_row: Int64Array) -> dict[str, Any]:
    """Return the tracks that only friends have, if any. The next map does not continue their positions."""
    if not atlas.guest_count:
        return {}
    return {"guests": differences(np.sort(number_of_row[-atlas.guest_count :]))}


def _view(coordinates: Int64Array) -> list[int]:
    """Return the 1-99 % extent, so that one outlier does not shrink the map; never narrower than ``MIN_VIEW_SIZE``."""
    if len(coordinates) == 0:
        return [0, 0, EXTENT, EXTENT]
    low, high = np.quantile(coordinates, (0.01, 0.99), axis=0)
    center, half = (low + high) / 2, np.maximum((high - low) / 2, MIN_VIEW_SIZE / 2)
    return [int(edge) for edge in np.rint(np.concatenate([center - half, center + half]))]


def _text(tracks: Sequence[Track]) -> dict[str, Any]:
    """Return titles, artists and albums, which search and the hover card need."""
    artist_numbers: dict[str, int] = {}
    album_numbers: dict[tuple[str, int], int] = {}
    artist_names = (clean(name) for track in tracks for name in track.artists)
    artists = [artist_numbers.setdefault(name, len(artist_numbers)) for name in artist_names]
    albums = [album_numbers.setdefault(key, len(album_numbers)) for key in album_keys(tracks)]
    return {
        "schema": TEXT_SCHEMA,
        "titles": "\n".join(clean(track.title) for track in tracks),
        "artist_names": list(artist_numbers),
        "artists": artists,
        "artist_counts": [len(track.artists) for track in tracks],
        "album_names": [name for name, _ in album_numbers],
        "albums": albums,
    }
