"""``spotmap-site.json``: the file that says a folder is ours to change, and which files in it are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MARKER_NAME = "spotmap-site.json"
MARKER_SCHEMA = "spotmap.site/1"
_ABOUT = (
    "Written by spotmap-build. A folder with this file is updated in place; files not listed here are never touched."
)


def is_safe_path(path: str) -> bool:
    """Whether ``path`` is a plain relative path with forward slashes that stays inside the site."""
    return all(part not in ("", ".", "..") for part in path.split("/")) and not set(path) & set('\\:\0"')


@dataclass(frozen=True, slots=True)
class SiteGeneration:
    """One version of the site: its name, and every file that a page of that version may ask for, sorted."""

    name: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Marker:
    """What the marker file says: the versions whose files may lie in the folder, the newest first."""

    generations: tuple[SiteGeneration, ...] = ()

    @property
    def paths(self) -> frozenset[str]:
        return frozenset(path for generation in self.generations for path in generation.files)

    def publishing(self, name: str, files: Iterable[str], served: str) -> Marker:
        """What stays once this version is the current one: it, and the one that visitors hold in their caches.

        ``served`` is the version that the page names now; where it is the same (a repair), the one before it stays.
        """
        older = [generation for generation in self.generations if generation.name != name]
        previous = next((generation for generation in older if generation.name == served), None)
        if served == name and older:
            previous = older[0]
        current = SiteGeneration(name, tuple(sorted(files)))
        return Marker((current,) if previous is None else (current, previous))

    def encode(self) -> bytes:
        """The file's content; equal markers have equal bytes."""
        document = {
            "schema": MARKER_SCHEMA,
            "about": _ABOUT,
            "generations": [{"name": generation.name, "files": generation.files} for generation in self.generations],
        }
        return (json.dumps(document, indent=1) + "\n").encode()

    @classmethod
    def decode(cls, content: bytes) -> Marker:
        """Read the file. Raises ``ValueError`` where it is damaged, of another schema, or leads out of the site."""
        document = json.loads(content)
        try:
            if document["schema"] != MARKER_SCHEMA:
                raise ValueError(f"its schema is {document['schema']!r}, this program knows {MARKER_SCHEMA!r}")
            generations = tuple(
                SiteGeneration(str(entry["name"]), tuple(str(path) for path in entry["files"]))
                for entry in document["generations"]
            )
        except (KeyError, TypeError) as error:
            raise ValueError("it is damaged") from error
        marker = cls(generations)
        outside = sorted(path for path in marker.paths if not is_safe_path(path))
        if outside:
            raise ValueError(f"it names a file outside the site: {outside[0]!r}")
        return marker
