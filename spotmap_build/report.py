"""The report: the outcome of every track, and what the build cost."""

from __future__ import annotations

from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import orjson

from spotmap_build.companion_files import REPORT, write_document
from spotmap_build.core.documents import decode_json
from spotmap_build.core.files import read_bounded
from spotmap_build.ledger import make_ledger
from spotmap_build.registry.formats import MAX_REPORT_BYTES
from spotmap_build.run import Made, MapCost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spotmap_build.ledger import Status
    from spotmap_build.model import Failed, Library, Match

SCHEMA: Final = "spotmap.report/1"


def write_report(
    path: Path,
    library: Library,
    failures: tuple[Failed, ...],
    matches: Mapping[str, Match],
    *,
    reached: Status,
    preview_ids: frozenset[str],
    extra: Mapping[str, object],
    force: bool,
) -> None:
    """Write the report as JSON, atomically.

    ``reached``, ``preview_ids``: as for :func:`make_ledger`. ``extra``: further top-level fields (costs, the map).

    Raises
    ------
    OutputError
        It cannot be written there, or would replace (without ``force``) a file that no build wrote.
    """
    rows = make_ledger(library, failures, matches, reached=reached, preview_ids=preview_ids)
    statuses = Counter(row.status for row in rows)
    document: dict[str, object] = {
        "schema": SCHEMA,
        "spotmap_build": version("spotmap-build"),
        "tracks": len(library.tracks),
        **{status: statuses[status] for status in (reached, "failed", "excluded")},
        "playlists": len(library.playlists),
        **extra,
        "ledger": rows,
    }
    # Rows are converted one by one, because a million of them would take 400 MB.
    content = orjson.dumps(document, default=msgspec.to_builtins, option=orjson.OPT_INDENT_2)
    write_document(path, content, REPORT, force=force)


def encode_map_cost(cost: MapCost | None) -> dict[str, object]:
    """Return the report's fields on the cost of the latest layout; empty if none was measured."""
    if cost is None:
        return {}
    reported = _ReportedCost(round(cost.seconds, 3), cost.track_count, cost.made, cost.is_first)
    return {"map_cost": msgspec.to_builtins(reported)}


def read_map_cost(path: Path) -> MapCost | None:
    """Read the cost of the latest layout from the last build's report; None if it is not recorded."""
    try:
        cost = decode_json(read_bounded(path, MAX_REPORT_BYTES), _ReportWithCost).map_cost
    except (OSError, ValueError, RecursionError):
        return None
    return MapCost(cost.seconds, cost.tracks, cost.made, cost.first)


class _ReportedCost(msgspec.Struct):
    seconds: Annotated[float, msgspec.Meta(gt=0, lt=1e6)]
    tracks: Annotated[int, msgspec.Meta(ge=0)]
    made: Made
    first: bool


class _ReportWithCost(msgspec.Struct):
    map_cost: _ReportedCost
