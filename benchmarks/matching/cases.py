"""Tables of cases: one JSON object a line, as ``tests/data/matcher_cases.jsonl``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spotmap_build.model import Candidate, Track

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Case:
    """``expected``: the video ids of which any is right; none where no candidate is the track's recording."""

    id: str
    sort: str
    track: Track
    candidates: tuple[Candidate, ...]
    expected: frozenset[str]
    why: str


def read_cases(path: Path) -> Iterator[Case]:
    """Read a table of cases.

    Raises
    ------
    OSError: the file cannot be read.
    ValueError, KeyError: a line is no case.
    """
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield _case(json.loads(line))


def _case(row: dict[str, Any]) -> Case:
    expected = row["expect"]
    returned = set(row.get("isrc_returns", ()))
    return Case(
        id=row["id"],
        sort=row["class"],
        track=_track(row["id"], row["track"]),
        candidates=tuple(_candidate(each, returned) for each in row["candidates"]),
        expected=frozenset([expected] if isinstance(expected, str) else expected or ()),
        why=row.get("why", ""),
    )


def _track(identity: str, row: dict[str, Any]) -> Track:
    return Track(
        id=identity,
        title=row["title"],
        artists=tuple(row.get("artists") or ()),
        album=row.get("album") or "",
        duration_ms=row.get("duration_ms"),
        isrc=row.get("isrc") or "",
        explicit=row.get("explicit"),
    )


def _candidate(row: dict[str, Any], returned: set[str]) -> Candidate:
    return Candidate(
        video_id=row["videoId"],
        title=row["title"],
        artists=tuple(row.get("artists") or ()),
        album=row.get("album") or "",
        duration_s=row.get("duration_s"),
        video_type=row.get("videoType") or "",
        is_explicit=row.get("isExplicit"),
        from_isrc=row["videoId"] in returned,
    )
