"""Print the notes of a release, or the reason why there are none: ``python scripts/release_notes.py vX.Y.Z``.

The tag must match the project's version, and the changelog must have a section for it. Needs only Python.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]


class NotReady(Exception):
    """The release is not ready; the message says what must be done first."""


def notes(tag: str, project: str, changelog: str) -> str:
    """Return the changelog's section for the version of a tag.

    Raises
    ------
    NotReady
        The tag, the project and the changelog do not agree.
    """
    version: str = tomllib.loads(project)["project"]["version"]
    if tag != f"v{version}":
        raise NotReady(f"The tag is {tag}, but pyproject.toml says version {version}: it would have to be v{version}.")
    sections = re.findall(r"^## \[?([^\]\s]+)\]?([^\n]*)\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    found = [(rest, text.strip()) for name, rest, text in sections if name == version]
    if len(found) != 1 or not found[0][1]:
        raise NotReady(f"CHANGELOG.md has no section of {version}, an empty one, or two: rename 'Unreleased'.")
    date, text = map(str, found[0])
    if not re.search(r"\d{4}-\d\d-\d\d", date):
        raise NotReady(f"The section of {version} in CHANGELOG.md has no date (YYYY-MM-DD).")
    return text + "\n"


if __name__ == "__main__":
    try:
        print(notes(sys.argv[1], (ROOT / "pyproject.toml").read_text(), (ROOT / "CHANGELOG.md").read_text()), end="")
    except NotReady as error:
        sys.exit(str(error))
