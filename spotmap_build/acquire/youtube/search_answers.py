"""Validation of search responses from YouTube Music, before anything of them is used or stored. Pure.

:func:`check_answer` validates the raw response; :func:`one_by_one` splits a response that ytmusicapi fails to parse;
:func:`candidates` validates the rows that ytmusicapi returns. An invalid row does not affect the others.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from spotmap_build.acquire.youtube.video_ids import PATTERN
from spotmap_build.core.documents import convert, parse_json
from spotmap_build.core.image_addresses import smallest_sufficient_image
from spotmap_build.core.text import printable
from spotmap_build.fetch.covers import EDGE_PX
from spotmap_build.model import Candidate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_ROWS: Final = 50
"""A page has about twenty."""
MAX_ARTISTS: Final = 100
MAX_TEXT_LENGTH: Final = 1_000
MAX_DURATION_S: Final = 30 * 86_400
"""Longer than any existing video."""
_ROW: Final = "musicResponsiveListItemRenderer"


class _Named(msgspec.Struct):
    name: str | None = None


class _Row(msgspec.Struct, rename="camel"):
    video_id: Annotated[str, msgspec.Meta(pattern=rf"\A{PATTERN}\Z")]
    title: str
    artists: list[_Named] | None = None
    album: _Named | None = None
    duration_seconds: Annotated[int, msgspec.Meta(ge=0, le=MAX_DURATION_S)] | None = msgspec.field(
        default=None, name="duration_seconds"
    )
    video_type: str | None = None
    is_explicit: bool | None = None
    thumbnails: Any = None


def check_answer(content: bytes) -> bytes:
    """Validate a response before ytmusicapi parses it; return it without entries that are not results.

    Raises
    ------
    ValueError
        It is not JSON, is nested too deeply, or is neither a list of results nor a message that there are none.
    """
    answer = parse_json(content)
    if not isinstance(answer, dict):
        raise ValueError("not an object")
    if "contents" not in answer:
        if "responseContext" not in answer:
            raise ValueError("it has neither results nor a message that there are none")
        return content
    shelves = list(_lists_of_rows(answer))
    if not shelves and not _says_nothing_found(answer):
        raise ValueError("it has no known section")
    if not any(_is_to_be_tidied(shelf) for shelf in shelves):
        return content
    for shelf in shelves:
        heading = shelf[:1] if _is_heading(shelf[0]) else []
        shelf[:] = heading + [item for item in shelf if _is_row(item)][:MAX_ROWS]
    return json.dumps(answer).encode()


def one_by_one(content: bytes) -> Iterator[bytes]:
    """Split a response (as returned by :func:`check_answer`) into responses with one row each."""
    answer = parse_json(content)
    shelves = list(_lists_of_rows(answer)) if isinstance(answer, dict) else []
    rows = [list(shelf) for shelf in shelves]
    for shelf, own in zip(shelves, rows, strict=True):
        for other in shelves:
            other[:] = [{}]  # ytmusicapi skips lists that do not begin with a row
        for row in filter(_is_row, own):
            shelf[:] = [row]
            yield json.dumps(answer).encode()


def candidates(rows: Iterable[dict[str, Any]]) -> tuple[Candidate, ...]:
    """Convert the rows that ytmusicapi returns to candidates, skipping unplayable and invalid rows.

    Raises
    ------
    ValueError
        There are rows, but none of them is valid.
    """
    found: list[Candidate] = []
    is_any_valid, is_any_invalid = False, False
    for row in rows:
        if _is_unplayable(row):
            is_any_valid = True
            continue
        try:
            found.append(_candidate(convert(row, _Row)))
        except msgspec.ValidationError:
            is_any_invalid = True
    if is_any_invalid and not found and not is_any_valid:
        raise ValueError("none of its rows can be read")
    return tuple(found)


def _candidate(row: _Row) -> Candidate:
    names = [named.name for named in (row.artists or ())[:MAX_ARTISTS]]
    return Candidate(
        video_id=row.video_id,
        title=_text(row.title),
        artists=tuple(_text(name) for name in names if name and name.strip()),
        album=_text((row.album and row.album.name) or ""),
        duration_s=row.duration_seconds,
        video_type=_text(row.video_type or ""),
        is_explicit=row.is_explicit,
        thumbnail=smallest_sufficient_image(row.thumbnails, EDGE_PX),
    )


def _is_unplayable(row: dict[str, Any]) -> bool:
    """Return whether a valid row says that it cannot be played, here or at all."""
    return row.get("videoId") in (None, "") or row.get("title") in (None, "") or row.get("isAvailable") is False


def _text(text: str) -> str:
    return printable(text[:MAX_TEXT_LENGTH])


def _lists_of_rows(node: Any) -> Iterator[list[Any]]:
    """Yield the lists of results (YouTube's "shelves") below a node, without recursion, since nesting has no limit."""
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


def _is_to_be_tidied(shelf: list[Any]) -> bool:
    rows = shelf[1:] if _is_heading(shelf[0]) else shelf
    return len(rows) > MAX_ROWS or not all(_is_row(item) for item in rows)


def _says_nothing_found(answer: dict[str, Any]) -> bool:
    """Return whether a response without rows is valid: a section contains a message, or there is no section."""
    sections = [section for listed in _sections(answer) for section in listed]
    return not sections or any(_is_message(section) for section in sections)


def _is_message(section: Any) -> bool:
    if not isinstance(section, dict):
        return False
    shelf = section.get("musicShelfRenderer")
    if isinstance(shelf, dict) and isinstance(shelf.get("contents"), list):
        return any(_is_heading(item) for item in shelf["contents"])
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
