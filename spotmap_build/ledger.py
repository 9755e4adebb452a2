"""The ledger: one row of the report for each track. A build writes it, and ``review`` reads it back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spotmap_build.model import Considered, Failed, Library, Match, Omission

EXCLUDED: Final = "excluded"
PREVIEW_LABEL: Final = "30 seconds"

Status = Literal["mapped", "matched", "failed", "excluded"]
"""How far a track got. ``matched``: it has a recording, and no audio was analyzed (``match``)."""


class LedgerOption(msgspec.Struct, frozen=True):
    """A recording that was considered. ``score``: 0..1; ``reason``: in words."""

    video_id: str
    title: str = ""
    artists: tuple[str, ...] = ()
    duration_s: float | None = None
    score: float = 0.0
    reason: str = ""


class LedgerMatch(msgspec.Struct, frozen=True):
    """The build's decision on a track.

    The chosen recording (``video_id`` empty or null: none) with its confidence (0..1) as ``score``, the evidence in
    words, and the other recordings that were considered, best first.
    """

    video_id: str | None = None
    title: str | None = ""
    artists: tuple[str, ...] | None = ()
    duration_s: float | None = None
    score: float = 0.0
    evidence: tuple[str, ...] = ()
    considered: tuple[LedgerOption, ...] = ()


class LedgerRow(msgspec.Struct, frozen=True):
    """The outcome of a track.

    If it failed: the stage and the code of the failure, and ``detail``, a sentence; ``retry_at``: ISO 8601, UTC.
    ``listened_to``: set if only a preview was analyzed.
    """

    id: str
    title: str
    artists: tuple[str, ...] = ()
    album: str | None = ""
    duration_ms: int | None = None
    status: Status = "mapped"
    stage: str | None = None
    code: str | None = None
    detail: str | None = None
    retryable: bool = False
    retry_at: str | None = None
    match: LedgerMatch | None = None
    listened_to: str | UnsetType = UNSET


def make_ledger(
    library: Library,
    failures: tuple[Failed, ...],
    matches: Mapping[str, Match],
    *,
    reached: Status,
    preview_ids: frozenset[str] = frozenset(),
) -> list[LedgerRow]:
    """Return one row per track, in library order: its status, or the stage and reason of its failure. Pure.

    ``reached`` is the status of tracks without a failure. Rows of tracks in ``preview_ids`` note that only 30 seconds
    were analyzed. Entries of the library that are no tracks follow, as ``excluded``.
    """
    by_track = {failure.track_id: failure for failure in failures}
    rows = []
    for track in library.tracks:
        row = LedgerRow(
            id=track.id,
            title=track.title,
            artists=track.artists,
            album=track.album,
            duration_ms=track.duration_ms,
            status=reached,
            match=_match(matches.get(track.id)),
            listened_to=PREVIEW_LABEL if track.id in preview_ids else UNSET,
        )
        failure = by_track.get(track.id)
        rows.append(row if failure is None else _with_failure(row, failure))
    return rows + [_omitted(omission) for omission in library.omissions]


def _with_failure(row: LedgerRow, failure: Failed) -> LedgerRow:
    at = failure.retry_at_unix_s
    return msgspec.structs.replace(
        row,
        status="excluded" if failure.code == EXCLUDED else "failed",
        stage=failure.stage,
        code=failure.code,
        detail=failure.detail,
        retryable=failure.retryable,
        retry_at=None if at is None else datetime.fromtimestamp(at, UTC).isoformat(),
    )


def _match(match: Match | None) -> LedgerMatch | None:
    if match is None:
        return None
    score, considered = round(match.confidence, 3), tuple(map(_option, match.considered))
    chosen = match.candidate
    if chosen is None:
        return LedgerMatch(None, None, None, None, score, match.evidence, considered)
    return LedgerMatch(
        chosen.video_id, chosen.title, chosen.artists, chosen.duration_s, score, match.evidence, considered
    )


def _option(each: Considered) -> LedgerOption:
    other = each.candidate
    return LedgerOption(other.video_id, other.title, other.artists, other.duration_s, round(each.score, 3), each.reason)


def _omitted(omission: Omission) -> LedgerRow:
    return LedgerRow(
        id=omission.id,
        title=omission.title,
        album=None,
        status="excluded",
        stage="fetch",
        code=omission.code,
        detail=omission.detail,
    )
