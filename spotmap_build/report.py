"""The report: what became of every track, and what the build cost."""

from __future__ import annotations

import os
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from spotmap_build.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spotmap_build.model import Failed, Library, Track

SCHEMA: Final = "spotmap.report/1"


def ledger(library: Library, failures: tuple[Failed, ...]) -> list[dict[str, Any]]:
    """One row a track, in the library's order: on the map, or the stage and the reason why not. Pure."""
    by_track = {failure.track_id: failure for failure in failures}
    return [_row(track, by_track.get(track.id)) for track in library.tracks]


def _row(track: Track, failure: Failed | None) -> dict[str, Any]:
    row: dict[str, Any] = {"id": track.id, "title": track.title, "artists": list(track.artists), "status": "mapped"}
    row |= {"stage": None, "code": None, "detail": None, "retryable": False, "match": None}
    if failure is not None:
        row |= {"status": "failed", "stage": failure.stage, "code": failure.code}
        row |= {"detail": failure.detail, "retryable": failure.retryable}
    return row


def write_report(
    path: Path,
    library: Library,
    failures: tuple[Failed, ...],
    *,
    cache: Mapping[str, Any],
    seconds: Mapping[str, float],
) -> None:
    """Write the report as JSON, whole or not at all.

    Raises
    ------
    OutputError: if it cannot be written there.
    """
    rows = ledger(library, failures)
    document = {
        "schema": SCHEMA,
        "spotmap_build": version("spotmap-build"),
        "tracks": len(rows),
        "mapped": sum(row["status"] == "mapped" for row in rows),
        "failed": sum(row["status"] == "failed" for row in rows),
        "playlists": len(library.playlists),
        "cache": cache,
        "seconds": seconds,
        "ledger": rows,
    }
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise OutputError(
            f"The report {path} cannot be written: {error.strerror or error}.", hint="Give another --report."
        ) from error
