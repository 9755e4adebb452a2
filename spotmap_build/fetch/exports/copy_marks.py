"""Copy markers in file names, as added by browsers, systems and users. Pure."""

from __future__ import annotations

import re
from typing import Final

_COPY: Final = r"(?:copy|copie|copia|cópia|kopie|kopia|kopi|kopio|копия|コピー|副本|복사본)"
_MARKS: Final = re.compile(
    rf"(?:\s*\([0-9]{{1,3}}\)|[\s_-][0-9]{{1,3}}|\s*[\s_–-]\s*\(?{_COPY}\)?(?:[\s_-]?[0-9]{{1,3}})?)+$", re.I
)
_OF: Final = re.compile(rf"^{_COPY} (?:of|von|de|di|av|af|van|z) ", re.I)
_BROWSER: Final = re.compile(r"(?<![_\s(])\s?\(([0-9]{1,3})\)$")


def without_copy_marks(name: str) -> tuple[str, str]:
    """Split a file name into the original name and the copy markers.

    >>> without_copy_marks("YourLibrary (1).json"), without_copy_marks("Copy of Playlist1-2.json")
    (('YourLibrary.json', ' (1)'), ('Playlist1.json', 'Copy of -2'))
    """
    stem, dot, suffix = name.rpartition(".")
    before = _OF.match(stem)
    first = before[0] if before else ""
    plain = _MARKS.sub("", stem[len(first) :])
    return f"{plain}{dot}{suffix}", first + stem[len(first) + len(plain) :]


def browser_copy(stem: str) -> tuple[str, int]:
    """Split a stem into the original stem and the browser's number of the download.

    >>> browser_copy("Road trip (2)"), browser_copy("Road trip")
    (('Road trip', 2), ('Road trip', 0))
    """
    found = _BROWSER.search(stem)
    return (stem[: found.start()], int(found[1])) if found and found.start() else (stem, 0)
