"""The layout of a cache folder, and how to create or recognize one.

::

    CACHEDIR.TAG  .gitignore     keep this folder out of backups and repositories
    FORMAT                       version of this layout and of the records; a newer one is refused untouched
    .lock                        shared by builds, exclusive for prune
    tmp/                         files being written
    cas/ab/<sha256>              blobs
    ac/<stage>-v<N>/ab/<key>.json    records: which blobs belong to a key
    roots/<build>.<site>.json    keys that the last builds of each site used
    quarantine/                  damaged files, until the next prune
    store.git/                   local copy of a store in git (``store``), which may be deleted

A cache contains no paths, hosts or secrets, so it can be moved and merged into another one (``merge``).
"""

from __future__ import annotations

import contextlib
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spotmap_build.cache.errors import translate
from spotmap_build.cache.files import make_folder, write_durably
from spotmap_build.cache.keys import is_digest
from spotmap_build.core.files import open_regular
from spotmap_build.errors import CacheError

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT: Final = 1

_CACHEDIR_TAG: Final = b"""\
Signature: 8a477f597d28d172789f06886806bc55
# This folder is a cache made by spotmap-build. It can be deleted; the next build makes it again.
# About this file: https://bford.info/cachedir/
"""
_MARKS: Final = {"CACHEDIR.TAG": _CACHEDIR_TAG, ".gitignore": b"*\n"}
_FOLDERS: Final = ("tmp", "cas", "ac", "roots", "quarantine")
_OURS: Final = frozenset({"FORMAT", ".lock", *_MARKS, *_FOLDERS})
_CONTENT: Final = re.compile(
    r"cas/(?P<blob>[0-9a-f]{2})/(?P=blob)[0-9a-f]{62}"
    r"|ac/[a-z][a-z0-9_-]{0,62}-v[0-9]{1,9}/(?P<record>[0-9a-f]{2})/(?P=record)[0-9a-f]{62}\.json"
    r"|roots/[A-Za-z0-9][A-Za-z0-9._-]{0,99}\.json"
)
_FORMAT_BYTES: Final = 64
"""Maximum number of bytes read from FORMAT: a longer file is not of this format."""
PRIVATE: Final = 0o700
"""Permissions of a new cache, which contains private playlists and search queries."""


@dataclass(frozen=True, slots=True)
class CacheFolder:
    """The paths of one cache, and the permissions of its folders, which are those of its root.

    A new cache is private (:data:`PRIVATE`), and one that several people share on purpose stays shared.
    """

    root: Path
    folder_mode: int = PRIVATE

    @property
    def file_mode(self) -> int:
        """Permissions of files: those of folders without the execute bits."""
        return self.folder_mode & 0o666

    @property
    def lock(self) -> Path:
        """The lock file: shared by builds, exclusive for prune."""
        return self.root / ".lock"

    @property
    def tmp(self) -> Path:
        """The folder in which files are written before they are moved into place."""
        return self.root / "tmp"

    @property
    def roots(self) -> Path:
        """The lists of keys that the last builds used."""
        return self.root / "roots"

    @property
    def quarantine(self) -> Path:
        """The folder for damaged entries."""
        return self.root / "quarantine"

    @property
    def store_copy(self) -> Path:
        """The local copy of a store in git, so that only new data is transferred."""
        return self.root / "store.git"

    def blob(self, digest: str) -> Path:
        """Return the path of the blob with this SHA-256. Raises if it is no digest, as records may be foreign."""
        if not is_digest(digest):
            raise CacheError(f"Not a SHA-256 digest: {digest!r}.", hint="Run `spotmap-build cache check`.")
        return Path(f"{self.root}/cas/{digest[:2]}/{digest}")

    def record(self, stage: str, stage_version: int, key_digest: str) -> Path:
        """Return the path of the record of this key."""
        return Path(self.record_name(stage, stage_version, key_digest))

    def record_name(self, stage: str, stage_version: int, key_digest: str) -> str:
        """Return the same path as text, which thousands of lookups need in a tenth of the time."""
        return f"{self.root}/ac/{stage}-v{stage_version}/{key_digest[:2]}/{key_digest}.json"

    def blobs(self) -> Iterator[Path]:
        """Yield the path of every blob, in no particular order."""
        return (path for path in self.root.glob("cas/[0-9a-f][0-9a-f]/*") if is_digest(path.name))

    def records(self) -> Iterator[Path]:
        """Yield the path of every record of every stage, in no particular order."""
        return self.root.glob("ac/*-v*/[0-9a-f][0-9a-f]/*.json")


def is_content(name: str) -> bool:
    """Return whether a path relative to the cache's root ("cas/ab/ab…") is that of a blob, a record or a root."""
    return _CONTENT.fullmatch(name) is not None


def recognize(root: Path) -> CacheFolder:
    """Return the existing cache in ``root`` without writing anything.

    Raises
    ------
    CacheError
        There is no cache, or it has another format.
    OSError
        The cache cannot be read.
    """
    if not _is_cache(root):
        raise CacheError(f"There is no cache at {root}.", hint="Run a build to create it, or correct --cache-dir.")
    return _with_its_mode(root)


def prepare(root: Path, *, create: bool) -> CacheFolder:
    """Return the cache in ``root``, creating it if it does not exist and ``create`` is set.

    Raises
    ------
    CacheError
        ``root`` is neither a cache nor empty, or has another format. Nothing was changed.
    CacheReadOnly, CacheFull
        There is no cache and none can be created.
    """
    try:
        if not create or _is_cache(root):
            folder = recognize(root)
            with contextlib.suppress(OSError):  # a read-only cache is usable; a write to it raises later
                _complete(folder)
        else:
            make_folder(root, PRIVATE)
            folder = _with_its_mode(root)
            _complete(folder)
            write_durably(root / "FORMAT", b"%d\n" % FORMAT, folder.tmp, mode=folder.file_mode)
    except OSError as error:
        raise translate(error, root) from error
    return folder


def _is_cache(root: Path) -> bool:
    """Return whether ``root`` holds a usable cache; False if one can be created there.

    FORMAT is written last. A folder whose creation was interrupted contains only names of ours and is completed.
    """
    try:
        with open_regular(root / "FORMAT") as file:
            text = file.read(_FORMAT_BYTES).decode("utf-8", errors="replace").strip()
    except FileNotFoundError:
        foreign = sorted(path.name for path in root.iterdir() if path.name not in _OURS) if root.exists() else []
        if foreign:
            raise CacheError(
                f"{root} is not a cache: it contains other files ({foreign[0]}).",
                hint="Set --cache-dir to an empty or new folder.",
            ) from None
        return False
    if text == str(FORMAT):
        return True
    is_newer = text.isdecimal() and int(text) > FORMAT
    raise CacheError(
        f"The cache at {root} has format {text[:20]!r}; this version supports format {FORMAT}.",
        hint="Update spotmap-build, or choose another folder with --cache-dir."
        if is_newer
        else "Delete it, or choose another folder with --cache-dir.",
    )


def _with_its_mode(root: Path) -> CacheFolder:
    return CacheFolder(root, stat.S_IMODE(root.stat().st_mode) & 0o777 | PRIVATE)


def _complete(folder: CacheFolder) -> None:
    for name in _FOLDERS:
        make_folder(folder.root / name, folder.folder_mode)
    for name, content in _MARKS.items():
        if not (folder.root / name).exists():
            write_durably(folder.root / name, content, folder.tmp, mode=folder.file_mode)
