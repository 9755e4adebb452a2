"""The report: what became of every track, and what the build cost."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from spotmap_build.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spotmap_build.model import Candidate, Failed, Library, Match, Omission, Track

SCHEMA: Final = "spotmap.report/1"
EXCLUDED: Final = "excluded"
CANDIDATE_FIELDS: Final = ("video_id", "title", "artists", "duration_s")


def ledger(
    library: Library, failures: tuple[Failed, ...], matches: Mapping[str, Match], *, reached: str
) -> list[dict[str, Any]]:
    """One row a track, in the library's order: how far it came, or the stage and the reason why not. Pure.

    ``reached`` is the status of a track without a failure: ``mapped``, or ``matched`` where nothing was listened to.
    What the library lists and what is no track follows, as ``excluded``.
    """
    by_track = {failure.track_id: failure for failure in failures}
    rows = [_row(track, by_track.get(track.id), matches.get(track.id), reached) for track in library.tracks]
    return rows + [_omitted(omission) for omission in library.omissions]


def _row(track: Track, failure: Failed | None, match: Match | None, reached: str) -> dict[str, Any]:
    row: dict[str, Any] = {"id": track.id, "title": track.title, "artists": list(track.artists)}
    row |= {"album": track.album, "duration_ms": track.duration_ms, "status": reached}
    row |= {"stage": None, "code": None, "detail": None, "retryable": False, "retry_at": None}
    if failure is not None:
        row |= {"status": "excluded" if failure.code == EXCLUDED else "failed"}
        row |= {"stage": failure.stage, "code": failure.code, "detail": failure.detail}
        row |= {"retryable": failure.retryable, "retry_at": _moment(failure.retry_at_unix_s)}
    return row | {"match": _match(match)}


def _match(match: Match | None) -> dict[str, Any] | None:
    if match is None:
        return None
    considered = [
        {**_candidate(one.candidate), "score": round(one.score, 3), "reason": one.reason} for one in match.considered
    ]
    chosen = _candidate(match.candidate) if match.candidate else dict.fromkeys(CANDIDATE_FIELDS)
    confidence = round(match.confidence, 3)
    return {**chosen, "score": confidence, "evidence": list(match.evidence), "considered": considered}


def _candidate(candidate: Candidate) -> dict[str, Any]:
    values = (candidate.video_id, candidate.title, list(candidate.artists), candidate.duration_s)
    return dict(zip(CANDIDATE_FIELDS, values, strict=True))


def _omitted(omission: Omission) -> dict[str, Any]:
    row = dict.fromkeys(("album", "duration_ms", "retry_at", "match"))
    row |= {"id": omission.id, "title": omission.title, "artists": [], "status": "excluded", "stage": "fetch"}
    return row | {"code": omission.code, "detail": omission.detail, "retryable": False}


def _moment(unix_s: int | None) -> str | None:
    return None if unix_s is None else datetime.fromtimestamp(unix_s, UTC).isoformat()


def write_report(
    path: Path,
    library: Library,
    failures: tuple[Failed, ...],
    matches: Mapping[str, Match],
    *,
    reached: str = "mapped",
    extra: Mapping[str, object],
) -> None:
    """Write the report as JSON, whole or not at all. ``extra``: what it says besides the tracks: costs, the map.

    Raises
    ------
    OutputError: if it cannot be written there.
    """
    rows = ledger(library, failures, matches, reached=reached)
    statuses = Counter(row["status"] for row in rows)
    document = {
        "schema": SCHEMA,
        "spotmap_build": version("spotmap-build"),
        "tracks": len(library.tracks),
        **{status: statuses[status] for status in (reached, "failed", "excluded")},
        "playlists": len(library.playlists),
        **extra,
        "ledger": rows,
    }
    write_document(path, orjson.dumps(document, option=orjson.OPT_INDENT_2), "report", "--report")


def write_document(path: Path, content: bytes, what: str, flag: str) -> None:
    """Write a file beside the site, whole or not at all.

    Raises
    ------
    OutputError: if it cannot be written there.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(content)
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise OutputError(
            f"The {what} {path} cannot be written: {error.strerror or error}.", hint=f"Give another {flag}."
        ) from error
