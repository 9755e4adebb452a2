"""Encode the insights as files of the site: ``insights.json``, and neighbors in chunks. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson

from spotmap_build.emit.columns import differences
from spotmap_build.emit.details import DETAILS_CHUNK

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from spotmap_build.atlas import Atlas, Figure

    Int64Array = npt.NDArray[np.int64]

INSIGHTS_FILE: Final = "insights.json"
INSIGHTS_SCHEMA: Final = "spotmap.insights/1"
NEIGHBORS_SCHEMA: Final = "spotmap.neighbors/1"


def encode_insights(atlas: Atlas, number_of_row: Int64Array, order: Int64Array) -> dict[str, bytes]:
    """Return the files of insights by name.

    ``number_of_row`` maps rows to the site's track numbers, ``order`` is its inverse. Neighbors are in files of as many
    tracks as details, or omitted if none are known.
    """
    insights, numbers = atlas.insights, number_of_row.tolist()
    document = {
        "schema": INSIGHTS_SCHEMA,
        "quality": [_figure(figure) for figure in insights.figures],
        "events": list(atlas.clusters.events),
        "axes": insights.axes,
        "cluster_axes": [cluster.axes for cluster in atlas.clusters.clusters],
        "region_tracks": [_tracks(number_of_row, region.members) for region in atlas.clusters.regions],
        "playlists": [
            {
                "closeness": playlist.closeness,
                "sentence": playlist.sentence,
                "misfits": [{"track": numbers[row], "why": why} for row, why in playlist.misfits],
                "suggestions": [numbers[row] for row in playlist.suggestions],
            }
            for playlist in insights.playlists
        ],
        "uncovered": list(insights.uncovered),
        "overlaps": [
            {"one": one, "other": other, "count": count, "share": share}
            for one, other, count, share in insights.overlaps
        ],
        "songs": [{"tracks": [numbers[row] for row in rows], "kinds": list(kinds)} for rows, kinds in insights.songs],
        "since": insights.since
        and {
            "new": _tracks(number_of_row, insights.since.new),
            "moved": _tracks(number_of_row, insights.since.moved),
        },
    }
    if insights.notices:
        document["notices"] = list(insights.notices)
    files = {INSIGHTS_FILE: orjson.dumps(document)}
    if insights.neighbors:
        rows = order.tolist()
        for number, first in enumerate(range(0, len(rows), DETAILS_CHUNK)):
            content = _neighbors(atlas, numbers, rows[first : first + DETAILS_CHUNK], first)
            files[f"neighbors-{number:03d}.json"] = orjson.dumps(content)
    return files


def _tracks(number_of_row: Int64Array, rows: Sequence[int]) -> list[int]:
    """Return the sorted numbers of the tracks in ``rows``, delta-encoded."""
    return differences(np.unique(number_of_row[np.asarray(rows, dtype=np.intp)]))


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "name": figure.name,
        "label": figure.label,
        "value": round(figure.value, 4),
        "chance": figure.chance,
        "meaning": figure.meaning,
    }


def _neighbors(atlas: Atlas, numbers: Sequence[int], rows: Sequence[int], first: int) -> dict[str, Any]:
    insights = atlas.insights
    reasons: dict[str, int] = {"": 0}
    return {
        "schema": NEIGHBORS_SCHEMA,
        "first": first,
        "neighbors": [[numbers[neighbor] for neighbor in insights.neighbors[row]] for row in rows],
        "shared": [[reasons.setdefault(text, len(reasons)) for text in insights.shared[row]] for row in rows],
        "reasons": list(reasons),
        "kept": [round(insights.kept[row] * 100) for row in rows],
    }
