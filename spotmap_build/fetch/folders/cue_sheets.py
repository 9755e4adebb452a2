"""Cue sheets: which file of a folder holds a whole album, so that it is one track on the map."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from spotmap_build.core.files import read_bounded
from spotmap_build.core.text import decode_text, printable

CUE_SUFFIX: Final = ".cue"
LARGEST_SHEET_BYTES: Final = 1 << 20
_FILE: Final = re.compile(r'^[ \t]*FILE[ \t]+("[^"\r\n]+"|\S+)', re.I | re.M)
_TRACK: Final = re.compile(r"^[ \t]*TRACK[ \t]+[0-9]+[ \t]+AUDIO\b", re.I | re.M)


def about_cue_sheets(sheets: Iterable[Path]) -> tuple[str, ...]:
    """Say which sheets tell of several tracks in one file of the folder: nothing cuts it."""
    whole = [name for sheet in sheets if (name := _name_of_whole(sheet))]
    if not whole:
        return ()
    first = printable(whole[0])
    if len(whole) == 1:
        return (f"{first} holds several tracks, as its cue sheet says, and is one on the map: divide it to have each.",)
    count = len(whole)
    return (
        f"{count} files hold several tracks, as their cue sheets say, and are one each on the map, such as {first}.",
    )


def _name_of_whole(sheet: Path) -> str:
    """Return the name of the only file that a sheet divides into several tracks, if it lies beside the sheet."""
    try:
        text = decode_text(read_bounded(sheet, LARGEST_SHEET_BYTES))
    except OSError:  # a sheet that cannot be read is no music, and tells of none
        return ""
    files = [found[1].strip('"') for found in _FILE.finditer(text)]
    name = files[0].replace("\\", "/").rpartition("/")[2] if len(files) == 1 else ""
    is_divided = sum(1 for _ in _TRACK.finditer(text)) > 1
    return name if name and is_divided and "\0" not in name and (sheet.parent / name).is_file() else ""
