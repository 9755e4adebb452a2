"""Read the site that a build wrote to a folder: the files of its newest version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from spotmap_build.core.files import open_regular, read_bounded
from spotmap_build.emit.marker import MAX_MARKER_BYTES, Marker
from spotmap_build.emit.site import served_generation
from spotmap_build.errors import OutputError
from spotmap_build.registry.formats import MARKER_NAME

MAX_PAGES_FILE_BYTES: Final = 25 << 20
"""Largest file on Cloudflare Pages; other hosts accept larger ones."""
_BUILD_AGAIN: Final = "Build the site again, then deploy it."


class SiteFiles(Mapping[str, bytes]):
    """The content of a site's files by name. Read lazily, since a site can have a gigabyte."""

    def __init__(self, folder: Path, names: tuple[str, ...]) -> None:
        self._folder = folder
        self._names = dict.fromkeys(names)

    def __getitem__(self, name: str) -> bytes:
        if name not in self._names:
            raise KeyError(name)
        try:
            with open_regular(self._folder / name) as file:
                return file.read()
        except OSError as error:
            raise _incomplete(self._folder, name) from error

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@dataclass(frozen=True, slots=True)
class BuiltSite:
    """A complete site. ``sizes``: size of each file in bytes, by name."""

    folder: Path
    generation: str
    files: SiteFiles
    sizes: Mapping[str, int]

    @property
    def too_large(self) -> tuple[str, ...]:
        """Files that are too large for Cloudflare Pages."""
        return tuple(name for name, size_bytes in self.sizes.items() if size_bytes > MAX_PAGES_FILE_BYTES)


def read_site(folder: Path) -> BuiltSite:
    """Return the site in a folder.

    Raises
    ------
    OutputError
        There is no site, or files of it are missing.
    """
    try:
        marker = Marker.decode(read_bounded(folder / MARKER_NAME, MAX_MARKER_BYTES))
    except FileNotFoundError as error:
        raise OutputError(f"There is no site in {folder}.", hint="Build one first, or specify its folder.") from error
    except (OSError, ValueError) as error:
        raise OutputError(f"{folder / MARKER_NAME} cannot be used: {error}.", hint=_BUILD_AGAIN) from error
    newest = marker.generations[0] if marker.generations else None
    if newest is None or newest.name != served_generation(folder):
        raise OutputError(f"The site in {folder} is incomplete: a build was interrupted there.", hint=_BUILD_AGAIN)
    sizes = {}
    for name in newest.files:
        place = folder / name
        if not place.is_file() or place.is_symlink():
            raise _incomplete(folder, name)
        sizes[name] = place.stat().st_size
    return BuiltSite(folder, newest.name, SiteFiles(folder, newest.files), sizes)


def _incomplete(folder: Path, name: str) -> OutputError:
    return OutputError(f"The site in {folder} is incomplete: {name} is missing.", hint=_BUILD_AGAIN)
