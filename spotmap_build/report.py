"""The report: the outcome of every track, and what the build cost."""

from __future__ import annotations

import errno
import os
import re
from collections import Counter
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import orjson

from spotmap_build.core.documents import decode_json
from spotmap_build.core.files import nearest_folder, open_regular, read_bounded, resolve_path, write_atomically
from spotmap_build.errors import OutputError
from spotmap_build.ledger import make_ledger
from spotmap_build.registry.formats import MAX_REPORT_BYTES
from spotmap_build.run import Made, MapCost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from spotmap_build.ledger import Status
    from spotmap_build.model import Failed, Library, Match

SCHEMA: Final = "spotmap.report/1"
BEGINNING_BYTES: Final = 4096


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
        "ledger": msgspec.to_builtins(rows),
    }
    write_document(path, orjson.dumps(document, option=orjson.OPT_INDENT_2), REPORT, force=force)


def encode_map_cost(cost: MapCost | None) -> dict[str, object]:
    """Return the report's fields on the cost of the latest layout; empty if none was measured."""
    if cost is None:
        return {}
    taken = {"seconds": round(cost.seconds, 3), "tracks": cost.track_count}
    return {"map_cost": {**taken, "made": cost.made, "first": cost.is_first}}


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


@dataclass(frozen=True, slots=True)
class DocumentKind:
    """A kind of file that builds write next to the site. ``beginning`` marks it as replaceable by later builds."""

    name: str
    option: str
    beginning: re.Pattern[bytes]


REPORT: Final = DocumentKind("report", "--report", re.compile(rb'\s*\{\s*"schema":\s*"spotmap\.report/'))
SUMMARY: Final = DocumentKind(
    "summary",
    "--summary",
    # The second alternative matches summaries of versions that did not write the marker.
    re.compile(rb"<!-- spotmap\.summary/|## [^\r\n]*\n\n\*\*\d+ of \d+\*\* tracks are on the map\.\n"),
)

POSTER: Final = DocumentKind(
    "poster",
    "--poster",
    re.compile(
        rb"<svg [^>]*>\n<!-- spotmap\.poster/|\x89PNG\r\n\x1a\n.{25}.{4}tEXtSoftware\0spotmap\.poster/", re.DOTALL
    ),
)


def check_document(path: Path, kind: DocumentKind, *, force: bool) -> None:
    """Run the checks of :func:`write_document` early, before hours of analysis.

    Raises
    ------
    OutputError
        It cannot be written there, or would replace (without ``force``) a file that no build wrote.
    """
    try:
        folder = nearest_folder(resolve_path(path).parent)
        is_replaceable = _is_replaceable(path, kind)
        if not _is_added_to(path, kind) and not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
    except OSError as error:
        raise _cannot_write(path, kind, error) from error
    if not is_replaceable and not force:
        raise OutputError(
            f"The {kind.name} would replace {path}, which was not written by a build.",
            hint=f"Give another {kind.option}, move that file away, or replace it with --force.",
        )


def _is_replaceable(path: Path, kind: DocumentKind) -> bool:
    """Return whether the file is missing, empty or ours. Raise ``OSError`` if it is not a regular file."""
    try:
        file = open_regular(path)
    except FileNotFoundError:
        return True
    with file:
        beginning = file.read(BEGINNING_BYTES)
    is_empty = len(beginning) < BEGINNING_BYTES and not beginning.strip()
    return is_empty or bool(kind.beginning.match(beginning)) or _is_added_to(path, kind)


def _is_added_to(path: Path, kind: DocumentKind) -> bool:
    """Return whether this is GitHub's step summary, to which other programs write as well."""
    page = os.environ.get("GITHUB_STEP_SUMMARY")
    return kind is SUMMARY and bool(page) and os.path.realpath(path) == os.path.realpath(page or "")


def write_document(path: Path, content: bytes, kind: DocumentKind, *, force: bool) -> None:
    """Write a file next to the site, atomically.

    Raises
    ------
    OutputError
        As for :func:`check_document`, or the disk is full.
    """
    check_document(path, kind, force=force)
    try:
        if _is_added_to(path, kind):
            with path.open("ab") as page:
                page.write(content)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
    except OSError as error:
        raise _cannot_write(path, kind, error) from error


def _cannot_write(path: Path, kind: DocumentKind, error: OSError) -> OutputError:
    return OutputError(
        f"The {kind.name} {path} cannot be written: {error.strerror or error}.", hint=f"Give another {kind.option}."
    )
