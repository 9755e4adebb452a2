"""Cue sheets: which file of a folder holds a whole album, so that it is one track on the map."""

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
LARGEST_SHEET_BYTES: Final = 1 << 20
LEAST_TRACKS: Final = 2
_FILE: Final = re.compile(r'^[ \t]*FILE[ \t]+("[^"\r\n]+"|\S+)', re.I | re.M)
_TRACK: Final = re.compile(r"^[ \t]*TRACK[ \t]+[0-9]+[ \t]+AUDIO\b", re.I | re.M)


def about_cue_sheets(sheets: Iterable[Path], audio: Iterable[Path]) -> tuple[str, ...]:
    """Say which sheets tell of several tracks in one file of the folder: nothing cuts it."""
    beside = defaultdict(list)
    for path in audio:
        beside[path.parent].append(path)
    whole = [file for sheet in sheets if (file := _whole(sheet, beside.get(sheet.parent, ())))]
    if not whole:
        return ()
    first = printable(whole[0].name)
    if len(whole) == 1:
        return (f"{first} holds several tracks, as its cue sheet says, and is one on the map: divide it to have each.",)
    count = len(whole)
    return (
        f"{count} files hold several tracks, as their cue sheets say, and are one each on the map, such as {first}.",
    )


def _whole(sheet: Path, beside: Sequence[Path]) -> Path | None:
    """Return the only file that a sheet divides into several tracks, if it is one of those that lie beside it.

    It may have been compressed since, and be called ``.flac`` where the sheet says ``.wav``.
    """
    try:
        text = decode_text(read_bounded(sheet, LARGEST_SHEET_BYTES))
    except OSError:  # a sheet that cannot be read is no music, and tells of none
        return None
    files = [found[1].strip('"') for found in _FILE.finditer(text)]
    if len(files) != 1 or sum(1 for _ in _TRACK.finditer(text)) < LEAST_TRACKS:
        return None
    named = PurePath(files[0].replace("\\", "/"))
    for part in ("name", "stem"):
        alike = [path for path in beside if fold_name(getattr(path, part)) == fold_name(getattr(named, part))]
        if alike:
            return alike[0] if len(alike) == 1 else None
    return None
