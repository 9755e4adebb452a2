"""Tables of cases: one JSON object per line, or one record per line, as in the tables of the matcher's tests."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from spotmap_build.model import Candidate, Track

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Case:
    """``expected``: the acceptable video ids; empty if no candidate is the track's recording."""

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
    ValueError, KeyError: a line is not a valid case.
    """
    with path.open(encoding="utf-8") as lines:
        if path.suffix == ".txt":
            yield from _read_lists(lines)
            return
        for line in lines:
            if line.strip():
                yield _case(json.loads(line))


def _read_lists(lines: Iterable[str]) -> Iterator[Case]:
    """Read tracks (``>``), each followed by its search results: the recording (``+``) and wrong ones (``-``)."""
    case: Case | None = None
    sort = ""
    for number, line in enumerate(lines, start=1):
        kind, rest = line[:1], line[2:].strip()
        if kind == "#":
            sort = rest
        elif kind == ">":
            if case is not None:
                yield case
            row = _fields(rest)
            name = f"l{number}"
            case = Case(name, sort, _track(name, row), (), frozenset(), rest)
        elif case is not None and rest:
            row = _fields(rest) | {"videoId": f"v{number}"}
            found = _candidate(row, {row["videoId"]} if "I" in row["flags"] else set())
            right = {found.video_id} if kind == "+" else set()
            case = replace(case, candidates=(*case.candidates, found), expected=case.expected | right)
    if case is not None:
        yield case


def _fields(text: str) -> dict[str, Any]:
    title, artists, album, seconds, flags = (*map(str.strip, text.split("|")), "")[:5]
    said = flags.split()
    video = next((sort for sort in ("OMV", "UGC") if sort in said), "ATV")
    is_explicit = True if "E" in said else False if "C" in said else None
    return {
        "title": title,
        "artists": [name.strip() for name in artists.split(";") if name.strip()],
        "album": album,
        "duration_ms": int(seconds) * 1000 if seconds else None,
        "duration_s": int(seconds) if seconds else None,
        "explicit": is_explicit,
        "isExplicit": is_explicit,
        "videoType": f"MUSIC_VIDEO_TYPE_{video}",
        "flags": said,
    }


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
