"""What the map means, as the site's files: ``insights.json``, and the neighbors in chunks. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson

from spotmap_build.emit.columns import differences

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from spotmap_build.atlas import Atlas, Figure

    Int64Array = npt.NDArray[np.int64]

INSIGHTS_FILE: Final = "insights.json"
INSIGHTS_SCHEMA: Final = "spotmap.insights/1"
NEIGHBORS_SCHEMA: Final = "spotmap.neighbors/1"


def encode_insights(atlas: Atlas, number_of_row: Int64Array, order: Int64Array, chunk: int) -> dict[str, bytes]:
    """Return the files of insights by name.

    ``number_of_row`` and ``order`` lead from rows to the site's numbers and back; neighbors are given for ``chunk``
    tracks a file, and not at all where none are known.
    """
    found, numbers = atlas.insights, number_of_row.tolist()
    document = {
        "schema": INSIGHTS_SCHEMA,
        "quality": [_figure(one) for one in found.figures],
        "events": list(atlas.clusters.events),
        "axes": found.axes,
        "cluster_axes": [cluster.axes for cluster in atlas.clusters.clusters],
        "region_tracks": [_tracks(number_of_row, region.members) for region in atlas.clusters.regions],
        "playlists": [
            {
                "closeness": one.closeness,
                "sentence": one.sentence,
                "misfits": [{"track": numbers[row], "why": why} for row, why in one.misfits],
                "suggestions": [numbers[row] for row in one.suggestions],
            }
            for one in found.playlists
        ],
        "uncovered": list(found.uncovered),
        "overlaps": [
            {"one": one, "other": other, "count": count, "share": share} for one, other, count, share in found.overlaps
        ],
        "songs": [{"tracks": [numbers[row] for row in rows], "kinds": list(kinds)} for rows, kinds in found.songs],
        "since": found.since
        and {
            "new": _tracks(number_of_row, found.since.new),
            "moved": _tracks(number_of_row, found.since.moved),
        },
    }
    if found.notices:
        document["notices"] = list(found.notices)
    files = {INSIGHTS_FILE: orjson.dumps(document)}
    if found.neighbors:
        rows = order.tolist()
        for number, first in enumerate(range(0, len(rows), chunk)):
            content = _neighbors(atlas, numbers, rows[first : first + chunk], first)
            files[f"neighbors-{number:03d}.json"] = orjson.dumps(content)
    return files


def _tracks(number_of_row: Int64Array, rows: Sequence[int]) -> list[int]:
    """Return the tracks of some rows by their numbers, delta-coded."""
    return differences(np.unique(number_of_row[np.asarray(rows, dtype=np.intp)]))


def _figure(one: Figure) -> dict[str, Any]:
    value = round(one.value, 4)
    return {"name": one.name, "label": one.label, "value": value, "chance": one.chance, "meaning": one.meaning}


def _neighbors(atlas: Atlas, numbers: Sequence[int], rows: Sequence[int], first: int) -> dict[str, Any]:
    found = atlas.insights
    reasons: dict[str, int] = {"": 0}
    return {
        "schema": NEIGHBORS_SCHEMA,
        "first": first,
        "neighbors": [[numbers[other] for other in found.neighbors[row]] for row in rows],
        "shared": [[reasons.setdefault(text, len(reasons)) for text in found.shared[row]] for row in rows],
        "reasons": list(reasons),
        "kept": [round(found.kept[row] * 100) for row in rows],
    }
