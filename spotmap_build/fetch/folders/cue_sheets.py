"""Cue sheets: find files that contain a whole album, which is one track on the map."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath
from typing import Final

from spotmap_build.core.files import read_bounded
from spotmap_build.core.text import decode_text, printable
from spotmap_build.fetch.folders.file_finder import fold_name

CUE_SUFFIX: Final = ".cue"
MAX_SHEET_BYTES: Final = 1 << 20
MIN_TRACKS: Final = 2
_FILE: Final = re.compile(r'^[ \t]*FILE[ \t]+("[^"\r\n]+"|\S+)', re.I | re.M)
_TRACK: Final = re.compile(r"^[ \t]*TRACK[ \t]+[0-9]+[ \t]+AUDIO\b", re.I | re.M)


def cue_sheet_notices(sheets: Iterable[Path], audio: Iterable[Path]) -> tuple[str, ...]:
    """Return notices about files that contain several tracks according to a cue sheet; they are not split."""
    beside = defaultdict(list)
    for path in audio:
        beside[path.parent].append(path)
    whole = [file for sheet in sheets if (file := _divided_file(sheet, beside.get(sheet.parent, ())))]
    if not whole:
        return ()
    first = printable(whole[0].name)
    if len(whole) == 1:
        return (f"{first} contains several tracks (cue sheet), but is one on the map: split it to map each track.",)
    count = len(whole)
    return (f"{count} files contain several tracks (cue sheets), but are one each on the map, such as {first}.",)


def _divided_file(sheet: Path, beside: Sequence[Path]) -> Path | None:
    """Return the file that a sheet divides into several tracks, if it is the only one and in the same folder.

    It may have been compressed since, and have the suffix ``.flac`` instead of ``.wav``.
    """
    try:
        text = decode_text(read_bounded(sheet, MAX_SHEET_BYTES))
    except OSError:  # ignore an unreadable sheet, which contains no music itself
        return None
    files = [found[1].strip('"') for found in _FILE.finditer(text)]
    if len(files) != 1 or sum(1 for _ in _TRACK.finditer(text)) < MIN_TRACKS:
        return None
    named = PurePath(files[0].replace("\\", "/"))
    for part in ("name", "stem"):
        alike = [path for path in beside if fold_name(getattr(path, part)) == fold_name(getattr(named, part))]
        if alike:
            return alike[0] if len(alike) == 1 else None
    return None
