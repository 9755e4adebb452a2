"""Files that a build writes next to the site: the report, the summary and the poster. None replaces a foreign file."""

from __future__ import annotations

import errno
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spotmap_build.core.files import nearest_folder, open_regular, resolve_path, write_atomically
from spotmap_build.errors import OutputError

BEGINNING_BYTES: Final = 4096


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
