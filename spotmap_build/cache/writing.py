"""Durable writes into a cache: creates folders as needed and sets aside whatever occupies the path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotmap_build.cache.errors import translate
from spotmap_build.cache.files import digest_file, flush_folder, make_folder, set_aside, write_durably

if TYPE_CHECKING:
    from pathlib import Path

    from spotmap_build.cache.layout import CacheFolder


class Writer:
    """Writes the files of one cache. Thread-safe."""

    def __init__(self, folder: CacheFolder) -> None:
        self._folder = folder
        self._made_folders: set[Path] = set()

    def write(self, path: Path, data: bytes) -> None:
        """Write ``data`` to ``path``. It is on disk when this returns.

        Raises
        ------
        CacheReadOnly, CacheFull, CacheError
            Nothing was stored, and no debris is left.
        """
        try:
            self._write(path, data)
        except OSError as error:
            raise translate(error, path) from error

    def write_blob(self, digest: str, data: bytes) -> None:
        """Store ``data`` under its digest unless it is stored already. Raises like :meth:`write`."""
        path = self._folder.blob(digest)
        try:
            if path.is_file() and path.stat().st_size == len(data) and digest_file(path) == digest:
                # Another process may have written it without having flushed the folder yet.
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
        """Create the folder of a record or blob and its parent; set aside a file that occupies the place of one."""
        for each in (folder.parent, folder):
            try:
                make_folder(each, self._folder.folder_mode)
            except (FileExistsError, NotADirectoryError):
                set_aside(each, self._folder.quarantine)
                make_folder(each, self._folder.folder_mode)
