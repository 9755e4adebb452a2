"""Putting files into a cache: their folders are made, what lies in their place is set aside, and they last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotmap_build.cache.errors import translate
from spotmap_build.cache.files import digest_file, flush_folder, make_folder, set_aside, write_durably

if TYPE_CHECKING:
    from pathlib import Path

    from spotmap_build.cache.layout import CacheFolder


class Writer:
    """Writes the files of one cache. Safe for threads."""

    def __init__(self, folder: CacheFolder) -> None:
        self._folder = folder
        self._made_folders: set[Path] = set()

    def write(self, path: Path, data: bytes) -> None:
        """Put ``data`` at ``path``, on the disk when this returns.

        Raises
        ------
        CacheReadOnly, CacheFull, CacheError
            Nothing was kept, and no debris left.
        """
        try:
            self._write(path, data)
        except OSError as error:
            raise translate(error, path) from error

    def write_blob(self, digest: str, data: bytes) -> None:
        """Keep ``data`` under its digest, where it is not kept already. Raises like :meth:`write`."""
        path = self._folder.blob(digest)
        try:
            if path.is_file() and path.stat().st_size == len(data) and digest_file(path) == digest:
                # Whoever wrote it may not have flushed its folder yet, and we are about to promise that it is there.
                flush_folder(path.parent)
                return
            self._write(path, data)
        except OSError as error:
            raise translate(error, path) from error

    def _write(self, path: Path, data: bytes) -> None:
        parent = path.parent
        if parent not in self._made_folders:
            self._make_folders(parent)
            flush_folder(parent.parent)
            flush_folder(parent.parent.parent)
            self._made_folders.add(parent)
        if path.is_dir():
            set_aside(path, self._folder.quarantine)
        write_durably(path, data, self._folder.tmp, mode=self._folder.file_mode)

    def _make_folders(self, folder: Path) -> None:
        """Make the folder of a record or blob, and the one above it; a file in the place of one is set aside."""
        for each in (folder.parent, folder):
            try:
                make_folder(each, self._folder.folder_mode)
            except (FileExistsError, NotADirectoryError):
                set_aside(each, self._folder.quarantine)
                make_folder(each, self._folder.folder_mode)
