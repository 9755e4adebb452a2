"""``spotmap-site.json``, the marker file: it shows that a folder is ours to change, and lists our files in it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from spotmap_build.core.documents import convert, parse_json

if TYPE_CHECKING:
    from collections.abc import Iterable

MARKER_SCHEMA = "spotmap.site/1"
_ABOUT = (
    "Written by spotmap-build. A folder with this file is updated in place; files not listed here are never touched."
)


MAX_MARKER_BYTES = 1 << 26

_NAME = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,199}"
_GENERATION = r"[A-Za-z0-9]{1,64}"
_ROOT = r"index\.html|404\.html|sw\.js|manifest\.webmanifest|map\.png|icon-[0-9]{2,4}\.png"
_PATH = re.compile(rf"{_ROOT}|(?:art|audio)/{_NAME}|data/{_GENERATION}/{_NAME}")


def is_safe_path(path: str) -> bool:
    """Return whether ``path`` can be part of a site: a page, a cover, an excerpt, or a file of a generation.

    Other paths are never written, removed or served: an output folder may be a repository, with hooks.
    """
    return _PATH.fullmatch(path) is not None


def is_generation(name: str) -> bool:
    """Return whether ``name`` is a valid name of a generation."""
    return re.fullmatch(_GENERATION, name) is not None


class _Entry(msgspec.Struct):
    name: str
    files: list[str]


class _Document(msgspec.Struct):
    generations: list[_Entry]


@dataclass(frozen=True, slots=True)
class SiteGeneration:
    """One version of the site: its name, and a sorted list of all files that its page may request."""

    name: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Marker:
    """Content of the marker file: the versions whose files may be in the folder, the newest first."""

    generations: tuple[SiteGeneration, ...] = ()

    @property
    def paths(self) -> frozenset[str]:
        """Files of all generations."""
        return frozenset(path for generation in self.generations for path in generation.files)

    def publishing(self, name: str, files: Iterable[str], served: str) -> Marker:
        """Return the marker after publishing a version: the new version, and the one that visitors have cached.

        ``served`` is the version that the current page names. If it is the same as the new one (a repair), the version
        before it is kept.
        """
        older = [generation for generation in self.generations if generation.name != name]
        previous = next((generation for generation in older if generation.name == served), None)
        if served == name and older:
            previous = older[0]
        current = SiteGeneration(name, tuple(sorted(files)))
        return Marker((current,) if previous is None else (current, previous))

    def encode(self) -> bytes:
        """Encode the marker; equal markers give equal bytes."""
        document = {
            "schema": MARKER_SCHEMA,
            "about": _ABOUT,
            "generations": [{"name": generation.name, "files": generation.files} for generation in self.generations],
        }
        return (json.dumps(document, indent=1) + "\n").encode()

    @classmethod
    def decode(cls, content: bytes) -> Marker:
        """Decode a marker. Raises ``ValueError`` if it is damaged, has another schema or names files outside a site."""
        document = parse_json(content)
        schema = document.get("schema") if isinstance(document, dict) else None
        if not isinstance(schema, str):
            raise ValueError("it is damaged")
        if schema != MARKER_SCHEMA:
            raise ValueError(f"its schema is {schema[:100]!r}, this version supports {MARKER_SCHEMA!r}")
        try:
            entries = convert(document, _Document).generations
        except msgspec.ValidationError as error:
            raise ValueError(f"it is damaged: {error}") from error
        generations = tuple(SiteGeneration(entry.name, tuple(entry.files)) for entry in entries)
        invalid = [generation.name for generation in generations if not is_generation(generation.name)]
        if invalid:
            raise ValueError(f"it names a generation {invalid[0][:100]!r}")
        marker = cls(generations)
        outside = sorted(path for path in marker.paths if not is_safe_path(path))
        if outside:
            raise ValueError(f"it names a file outside the site: {outside[0][:100]!r}")
        return marker
