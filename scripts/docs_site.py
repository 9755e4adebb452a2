"""Build the documentation site into ``build/docs/site``: ``python -m scripts.docs_site``.

The pages in ``docs/`` are also read in the repository, so some of their links lead out of the folder, to code. The
site has no code: there, such a link leads to the repository under ``[project.urls]``, or is plain text if there is
none. Every link must have a target, on the site and in the repository.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path, PurePosixPath
from typing import Final

ROOT: Final = Path(__file__).parents[1]
BUILD: Final = ROOT / "build/docs"
MOVED: Final = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
"""Pages that are outside of docs/ in the repository."""
_LINK: Final = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
_CODE: Final = re.compile(r"^```.*?^```|`[^`\n]+`(?!\])", re.MULTILINE | re.DOTALL)


class BrokenLink(Exception):
    """A page links to a file that does not exist."""


def main() -> int:
    """Build the site. Returns the exit status: not 0 if a link is broken."""
    shutil.rmtree(BUILD, ignore_errors=True)
    try:
        lay_out(ROOT, BUILD / "pages", repository())
    except BrokenLink as error:
        print(error, file=sys.stderr)
        return 1
    shutil.copy(ROOT / "zensical.toml", BUILD)
    command = Path(sys.executable).with_name("zensical")
    return subprocess.run([command, "build", "--strict", "--clean"], cwd=BUILD, check=False).returncode


def repository() -> str:
    """Return the address of the repository's files, with a trailing slash; empty if the project names none."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    address = project.get("urls", {}).get("Repository", "")
    return f"{address.rstrip('/')}/blob/main/" if address else ""


def lay_out(root: Path, target: Path, address: str) -> None:
    """Write all pages into a folder, with links adapted to the site.

    Raises
    ------
    BrokenLink
        A link leads to no file of the repository.
    """
    shutil.copytree(root / "docs", target)
    for name, there in MOVED.items():
        shutil.copy(root / name, target / there)
    of_moved = {there: name for name, there in MOVED.items()}
    for path in sorted(target.rglob("*.md")):
        there = path.relative_to(target).as_posix()
        page = PurePosixPath(of_moved.get(there, f"docs/{there}"))
        path.write_text(relinked(path.read_text(encoding="utf-8"), page, root, address), encoding="utf-8")


def relinked(text: str, page: PurePosixPath, root: Path, address: str) -> str:
    """Return a page's text with links for the site. ``page``: its path in the repository."""

    def relink(link: re.Match[str]) -> str:
        words, target = link.groups()
        place, hash_mark, anchor = target.partition("#")
        if ":" in place or not place:
            return link[0]
        found = PurePosixPath(os.path.normpath(page.parent / place))
        if not (root / found).exists():
            raise BrokenLink(f"{page}: there is no {target}")
        if found.is_relative_to("docs") or found.as_posix() in MOVED:
            new = os.path.relpath(_on_site(found), _on_site(page).parent)
            return f"[{words}]({new}{hash_mark}{anchor})"
        return f"[{words}]({address}{found}{hash_mark}{anchor})" if address else words

    kept: list[str] = []

    def keep(code: re.Match[str]) -> str:
        kept.append(code[0])
        return f"\0{len(kept) - 1}\0"

    outside = _LINK.sub(relink, _CODE.sub(keep, text))
    return re.sub("\0(\\d+)\0", lambda mark: kept[int(mark[1])], outside)


def _on_site(place: PurePosixPath) -> PurePosixPath:
    """Return the path of a page of the repository on the site."""
    if place.as_posix() in MOVED:
        return PurePosixPath(MOVED[place.as_posix()])
    return place.relative_to("docs") if place.is_relative_to("docs") else place


if __name__ == "__main__":
    sys.exit(main())
