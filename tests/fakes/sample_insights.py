"""Made-up insights of the sample map: ``insights.json`` and the neighbors, in the format of docs/site-data.md.

As on a real map, nine of the ten neighbors in sound are also close on the map, and one is far away.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

Document = dict[str, Any]
IntArray = npt.NDArray[np.int64]

NEIGHBORS = 10
SHARED = ("both ambient (42% and 33%); both quiet (31% and 30%)", "tempo 120 and 121 BPM", "")
NEW_EVERY = 20
"""Interval of the tracks that are new since the last build; the track after each of them has moved."""
AXES = "to the right: faster; upward: brighter"

SENTENCE = "Its tracks are clearly more alike than tracks picked at random: 42%, where 100% is nearest neighbors."
WHY = (
    "It differs from the others: faster (172 BPM against 95 BPM). Its similarity to its five nearest tracks in the "
    "playlist is 0.43; the usual value here is 0.60."
)


def insight_documents(map_document: Document, points: IntArray, chunk: int) -> dict[str, Document]:
    """Return the documents by name, for points int ``[n, 2]``; each file of neighbors covers ``chunk`` tracks."""
    count = len(points)
    documents = {"insights.json": insights(map_document, points)}
    nearest = neighbor_rows(points)
    for number, first in enumerate(range(0, count if count > NEIGHBORS else 0, chunk)):
        rows = nearest[first : first + chunk]
        documents[f"neighbors-{number:03d}.json"] = {
            "schema": "spotmap.neighbors/1",
            "first": first,
            "neighbors": rows.tolist(),
            "shared": [[0, 1, 2]] * len(rows),
            "reasons": list(SHARED),
            "kept": [90 - row % 50 for row in range(first, first + len(rows))],
        }
    return documents


def neighbor_rows(points: IntArray) -> IntArray:
    """Return int ``[n, 10]``: the nearest nine tracks on the map and, in fourth place, a distant one."""
    count = len(points)
    if count <= NEIGHBORS:
        return np.empty((0, NEIGHBORS), dtype=np.int64)
    _, rows = cKDTree(points).query(points, k=NEIGHBORS + 1)
    own = np.arange(count)[:, None]
    # If several tracks share a position, a track is not necessarily its own nearest neighbor.
    others = np.take_along_axis(rows, np.argsort(rows == own, axis=1, kind="stable")[:, :NEIGHBORS], axis=1)
    far = (own[:, 0] + count // 2) % count
    nearest = np.insert(others[:, : NEIGHBORS - 1], 3, far, axis=1)
    return np.asarray(nearest, dtype=np.int64)


def insights(map_document: Document, points: IntArray) -> Document:
    """Return insights.json, in which the first and last tracks of each playlist are misfits."""
    playlists = []
    for entry in map_document["playlists"]:
        tracks = np.cumsum(entry["tracks"]).tolist()
        playlists.append(
            {
                "closeness": 0.42,
                "sentence": SENTENCE,
                "misfits": [{"track": track, "why": WHY} for track in tracks[:1] + tracks[-1:]],
                "suggestions": sorted(set(range(min(len(points), 40))) - set(tracks))[:5],
            }
        )
    clusters = map_document["clusters"]
    return {
        "schema": "spotmap.insights/1",
        "quality": [],
        "events": ["“Ambient” split: 12 tracks to “Drone”."],
        "axes": AXES,
        "cluster_axes": [AXES if number % 2 else "" for number in range(len(clusters))],
        "region_tracks": [],
        "playlists": playlists,
        "uncovered": [number for number in range(len(clusters)) if number % 4 == 3],
        "overlaps": [{"one": 0, "other": 1, "count": 7, "share": 0.25}] if len(playlists) > 1 else [],
        "songs": [{"tracks": [0, 1], "kinds": ["", "live"]}] if len(points) > 1 else [],
        "since": {
            "new": np.diff(np.arange(0, len(points), NEW_EVERY), prepend=0).tolist(),
            "moved": np.diff(np.arange(1, len(points), NEW_EVERY), prepend=0).tolist(),
        },
    }
