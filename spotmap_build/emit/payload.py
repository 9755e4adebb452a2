"""From an atlas to the site's JSON files, as ``docs/site-data.md`` describes them. Pure: equal input gives equal bytes.

Only what the viewer shows is encoded, field by field; of a track's recording that is its public id on YouTube. Paths of
local files are there only where somebody asked for them.
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

    from spotmap_build.atlas import Atlas
    from spotmap_build.model import Track

    Int64Array = npt.NDArray[np.int64]

MAP_SCHEMA = "spotmap.map/1"
TEXT_SCHEMA = "spotmap.text/2"
WORDS_FILE = "words.json"
"""What descriptions are made of: one of the viewer's own files, fetched once somebody searches."""
CLUSTER_SHARE = 0.92
"""Share of a cluster's tracks that its region holds: clusters are dense, nearly all of them is meant."""
PLAYLIST_SHARE = 0.80
"""Share of a playlist's tracks that its region holds: playlists have strays."""
MARGIN = 2600
"""Left free along the rim of the coordinates (4 %), so that the regions around the outermost tracks fit as well."""
SMALLEST_VIEW = 4096
"""Least width and height of the first view, for maps whose tracks all lie in one place."""
GENERATION_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Payload:
    """Everything that ``data/<generation>/`` holds: ``files`` by name; ``generation`` is a digest of their content."""

    generation: str
    files: Mapping[str, bytes]


def encode(
    atlas: Atlas,
    *,
    assets: Mapping[str, bytes],
    feature_units: Mapping[str, str],
    sources: Sequence[str],
    built_at: str | None,
    paths: Mapping[str, str] | None = None,
    excerpts: Mapping[str, str] | None = None,
    draws_icon: bool = True,
    boundaries: Boundaries | None = None,
) -> Payload:
    """Encode an atlas, and name the result by its content.

    Parameters
    ----------
    atlas : Atlas
        What is shown; its layout is scaled to integers, both axes alike.
    assets : Mapping[str, bytes]
        The viewer's own files (script, style sheet, icon) by name; they are part of the generation.
    feature_units : Mapping[str, str]
        Unit by name of the features to show. Columns of the atlas that are not named here are left out.
    sources : Sequence[str]
        The kinds of library that the map is made of.
    built_at : str | None
        ISO 8601 time, or None where builds are to be reproducible.
    paths : Mapping[str, str] | None
        Where the listener's own files lie, by track id, if the site is to tell.
    excerpts : Mapping[str, str] | None
        Digests of the excerpts of tracks, by track id.
    draws_icon : bool
        Whether a map with tracks has an icon of its own, in place of the one among the assets.
    boundaries : Boundaries | None
        Those that are known from the last map, if there are.

    Raises
    ------
    ValueError
        The layout has numbers that are not finite.
    """
    coordinates = _to_grid(atlas.layout.coordinates)
    order = np.argsort(hilbert_index(coordinates[:, 0], coordinates[:, 1]), kind="stable")
    number_of_row = np.argsort(order)
    details = Details(atlas, order, feature_units, paths or {}, excerpts or {})
    detail_files = details.files()
    insights = encode_insights(atlas, number_of_row, order, DETAILS_CHUNK) | encode_people(atlas, number_of_row)
    document = _map(atlas, coordinates[order], number_of_row, boundaries or Boundaries()) | {
        "built_at": built_at,
        "columns": details.columns,
        "files": _file_names(detail_files, insights, assets),
        "sources": list(sources),
    }
    files = {"text.json": orjson.dumps(_text(details.tracks)), **detail_files, **insights, **assets}
    if draws_icon and atlas.tracks:
        files[ICON] = draw_icon(document)
    generation = _digest(files | {"map.json": orjson.dumps(document)})
    files["map.json"] = orjson.dumps({"schema": MAP_SCHEMA, "generation": generation, **document})
    twins = {f"{name}.js": as_script(name, data) for name, data in files.items() if name.endswith(".json")}
    return Payload(generation, dict(sorted((files | twins).items())))


def _file_names(details: Iterable[str], insights: Iterable[str], assets: Iterable[str]) -> dict[str, Any]:
    """Return what the page fetches besides, by kind."""
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
    """Scale to integers: the wider axis from margin to margin, the other by the same factor, both centered."""
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
    """Return what the first paint needs; ``coordinates`` are in the site's order."""
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
    """Return the lower level. Which tracks are in a cluster stands in the column ``cluster``."""
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
    """Return the upper level: names to read from afar. Which tracks are in them stands in ``insights.json``."""
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
    """Whose libraries the tracks are in, by name; several of them may hold one track."""
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
    """Which tracks are friends' only, where some are: the map that comes after this one does not continue them."""
    if not atlas.guest_count:
        return {}
    return {"guests": differences(np.sort(number_of_row[-atlas.guest_count :]))}


def _view(coordinates: Int64Array) -> list[int]:
    """Return the 1-99 % extent, so that one outlier does not shrink the map; never narrower than ``SMALLEST_VIEW``."""
    if len(coordinates) == 0:
        return [0, 0, EXTENT, EXTENT]
    low, high = np.quantile(coordinates, (0.01, 0.99), axis=0)
    center, half = (low + high) / 2, np.maximum((high - low) / 2, SMALLEST_VIEW / 2)
    return [int(edge) for edge in np.rint(np.concatenate([center - half, center + half]))]


def _text(tracks: Sequence[Track]) -> dict[str, Any]:
    """Titles, artists and albums: what search and the hover card need first."""
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
