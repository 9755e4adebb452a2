"""What a search on YouTube Music answered, checked before anything of it is believed or remembered. Pure.

:func:`check_answer` looks at the answer as it came; :func:`one_by_one` takes it apart where ytmusicapi stumbles over
it; :func:`candidates` checks each row that ytmusicapi made of it. One odd row never costs the others.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from spotmap_build.acquire.youtube.video_ids import PATTERN
from spotmap_build.core.documents import convert, parse_json
from spotmap_build.core.image_addresses import smallest_that_serves
from spotmap_build.core.text import printable
from spotmap_build.fetch.covers import EDGE_PX
from spotmap_build.model import Candidate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_ROWS: Final = 50
"""A page has about twenty."""
MOST_ARTISTS: Final = 100
LONGEST_TEXT: Final = 1_000
LONGEST_S: Final = 30 * 86_400
"""Longer than the longest video that there is."""
_ROW: Final = "musicResponsiveListItemRenderer"


class _Named(msgspec.Struct):
    name: str | None = None


class _Row(msgspec.Struct, rename="camel"):
    video_id: Annotated[str, msgspec.Meta(pattern=rf"\A{PATTERN}\Z")]
    title: str
    artists: list[_Named] | None = None
    album: _Named | None = None
    duration_seconds: Annotated[int, msgspec.Meta(ge=0, le=LONGEST_S)] | None = msgspec.field(
        default=None, name="duration_seconds"
    )
    video_type: str | None = None
    is_explicit: bool | None = None
    thumbnails: Any = None


def check_answer(content: bytes) -> bytes:
    """Look at an answer before ytmusicapi does; returns it without what stands among the results and is none.

    Raises
    ------
    ValueError
        It is no JSON, nests too deeply, or is no answer to a search, not even that nothing was found.
    """
    answer = parse_json(content)
    if not isinstance(answer, dict):
        raise ValueError("not an object")
    if "contents" not in answer:
        if "responseContext" not in answer:
            raise ValueError("neither results nor an answer without any")
        return content
    shelves = list(_lists_of_rows(answer))
    if not shelves and not _says_nothing_found(answer):
        raise ValueError("no section of it is known")
    if not any(_is_to_be_tidied(snapshots) for snapshots in shelves):
        return content
    for snapshots in shelves:
        heading = snapshots[:1] if _is_heading(snapshots[0]) else []
        snapshots[:] = heading + [item for item in snapshots if _is_row(item)][:MOST_ROWS]
    return json.dumps(answer).encode()


def one_by_one(content: bytes) -> Iterator[bytes]:
    """Give an answer (as :func:`check_answer` returned it) once for each of its rows, with nothing but that row."""
    answer = parse_json(content)
    shelves = list(_lists_of_rows(answer)) if isinstance(answer, dict) else []
    rows = [list(snapshots) for snapshots in shelves]
    for snapshots, own in zip(shelves, rows, strict=True):
        for other in shelves:
            other[:] = [{}]  # ytmusicapi passes over what does not begin with a row
        for row in filter(_is_row, own):
            snapshots[:] = [row]
            yield json.dumps(answer).encode()


def candidates(rows: Iterable[dict[str, Any]]) -> tuple[Candidate, ...]:
    """Make candidates of the rows that ytmusicapi gives, without those that cannot be played and those that are odd.

    Raises
    ------
    ValueError
        There are rows, and none of them can be understood.
    """
    found: list[Candidate] = []
    is_any_understood, is_any_odd = False, False
    for row in rows:
        if _is_unplayable(row):
            is_any_understood = True
            continue
        try:
            found.append(_candidate(convert(row, _Row)))
        except msgspec.ValidationError:
            is_any_odd = True
    if is_any_odd and not found and not is_any_understood:
        raise ValueError("no row of it can be understood")
    return tuple(found)


def _candidate(row: _Row) -> Candidate:
    names = [named.name for named in (row.artists or ())[:MOST_ARTISTS]]
    return Candidate(
        video_id=row.video_id,
        title=_text(row.title),
        artists=tuple(_text(name) for name in names if name and name.strip()),
        album=_text((row.album and row.album.name) or ""),
        duration_s=row.duration_seconds,
        video_type=_text(row.video_type or ""),
        is_explicit=row.is_explicit,
        thumbnail=smallest_that_serves(row.thumbnails, EDGE_PX),
    )


def _is_unplayable(row: dict[str, Any]) -> bool:
    """Whether a row says in order that there is nothing to play, here or at all."""
    return row.get("videoId") in (None, "") or row.get("title") in (None, "") or row.get("isAvailable") is False


def _text(text: str) -> str:
    return printable(text[:LONGEST_TEXT])


def _lists_of_rows(node: Any) -> Iterator[list[Any]]:
    """Yield the lists below a node that hold results. Without recursion: an answer nests as deeply as it likes."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list) and any(_is_row(item) for item in node):
            yield node
        elif isinstance(node, dict | list):
            waiting.extend(reversed(list(node.values() if isinstance(node, dict) else node)))


def _is_row(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get(_ROW), dict)


def _is_heading(item: Any) -> bool:
    return isinstance(item, dict) and "messageRenderer" in item


def _is_to_be_tidied(snapshots: list[Any]) -> bool:
    rows = snapshots[1:] if _is_heading(snapshots[0]) else snapshots
    return len(rows) > MOST_ROWS or not all(_is_row(item) for item in rows)


def _says_nothing_found(answer: dict[str, Any]) -> bool:
    """Whether an answer without rows is one in order: a section holds a message, or there is no section."""
    sections = [section for listed in _sections(answer) for section in listed]
    return not sections or any(_is_message(section) for section in sections)


def _is_message(section: Any) -> bool:
    if not isinstance(section, dict):
        return False
    snapshots = section.get("musicShelfRenderer")
    if isinstance(snapshots, dict) and isinstance(snapshots.get("contents"), list):
        return any(_is_heading(item) for item in snapshots["contents"])
    return "itemSectionRenderer" in section or "musicCardShelfRenderer" in section


def _sections(node: Any) -> Iterator[list[Any]]:
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            found = node.get("sectionListRenderer")
            if isinstance(found, dict) and isinstance(found.get("contents"), list):
                yield found["contents"]
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
