"""A store in a folder: on another disk, on a server, or in a folder that a service synchronizes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from spotmap_build.cache.files import is_in_the_way
from spotmap_build.core.files import read_bounded, write_atomically
from spotmap_build.output_paths import check_private_folder
from spotmap_build.store.files import (
    FORMAT,
    FORMAT_NAME,
    MAX_FORMAT_BYTES,
    PACKS,
    README,
    README_NAME,
    StoreError,
    check_format,
    file_name,
    pack_name,
)
from spotmap_build.store.packs import MAX_PACK_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def _is_foreign(name: str) -> bool:
    """Return whether a name does not belong in a new store. Hidden files are allowed: sync services create them."""
    return name not in {README_NAME, PACKS} and not name.startswith(".")


class FolderStore:
    """A store in a folder. Files are written atomically, and never changed or deleted."""

    def __init__(self, folder: Path, *, shown: str) -> None:
        self._folder = folder
        self.shown = shown

    def names(self) -> tuple[str, ...] | None:
        """Return the names of all packs; None if the store does not exist yet."""
        try:
            if not self._folder.exists():
                return None
            found = {path.name for path in self._folder.iterdir()}  # list once: another push may be creating the store
            if FORMAT_NAME not in found:
                if any(map(_is_foreign, found)):
                    raise StoreError(
                        f"{self.shown} is not a store: it contains other files.", hint="Use an empty or new folder."
                    )
                return None
            check_format(read_bounded(self._folder / FORMAT_NAME, MAX_FORMAT_BYTES), self.shown)
            packs = self._folder / PACKS
            found_names = (pack_name(path.name) for path in packs.iterdir()) if os.path.lexists(packs) else ()
            return tuple(sorted(name for name in found_names if name))
        except OSError as error:
            raise self._unusable(error) from error

    def read(self, name: str) -> bytes:
        """Return the bytes of a pack. Raises ``ValueError`` if the file cannot be a pack."""
        try:
            return read_bounded(self._folder / PACKS / file_name(name), MAX_PACK_BYTES)
        except FileNotFoundError as error:
            raise ValueError(str(error)) from error
        except OSError as error:
            if is_in_the_way(error):
                raise ValueError(str(error)) from error
            raise self._unusable(error) from error

    def add(self, packs: Iterable[tuple[str, bytes]]) -> None:
        """Add packs. Creates the store if it does not exist."""
        check_private_folder(self._folder)
        try:
            is_new = self.names() is None
            (self._folder / PACKS).mkdir(parents=True, exist_ok=True)
            if is_new:
                write_atomically(self._folder / README_NAME, README)
                write_atomically(self._folder / FORMAT_NAME, FORMAT)
            for name, packed in packs:
                target = self._folder / PACKS / file_name(name)
                if target.is_dir() and not target.is_symlink():
                    raise StoreError(
                        f"{target} is a folder, where the store needs a file.", hint="Remove it, then push again."
                    )
                write_atomically(target, packed)
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> StoreError:
        return StoreError(
            f"The store {self.shown} cannot be used: {error.strerror or error}.",
            hint="Check that the folder exists and is writable.",
        )
