"""Where things lie in a cache folder, and how such a folder begins.

::

    CACHEDIR.TAG  .gitignore     leave this folder out of backups and repositories
    FORMAT                       version of this layout and of the records; a newer one is refused untouched
    .lock                        shared by users, exclusive for prune
    tmp/                         files being written
    cas/ab/<sha256>              contents
    ac/<stage>-v<N>/ab/<key>.json    records: which contents a key stands for
    roots/<build>.<site>.json    what the last builds of each site used
    quarantine/                  what was found damaged, until the next prune
    store.git/                   what was fetched of a store in git (``store``): a copy, which may be deleted

There are no paths, hosts or secrets inside: a cache can be moved, and what lies in another one can be taken over
(``merge``).
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
"""More is not read of a FORMAT: whatever it holds is not this format."""
PRIVATE: Final = 0o700
"""What a new cache may be opened by: it holds private playlists and what was searched for."""


@dataclass(frozen=True, slots=True)
class CacheFolder:
    """The paths of one cache, and the permissions of its folders: those that its root has.

    So a new cache is private (:data:`PRIVATE`), and one that several people share on purpose stays shared.
    """

    root: Path
    folder_mode: int = PRIVATE

    @property
    def file_mode(self) -> int:
        """Permissions of files: those of folders without the right to enter."""
        return self.folder_mode & 0o666

    @property
    def lock(self) -> Path:
        """The file that builds lock shared and prune locks alone."""
        return self.root / ".lock"

    @property
    def tmp(self) -> Path:
        """Where files are written before they are moved into place."""
        return self.root / "tmp"

    @property
    def roots(self) -> Path:
        """Notes of which keys the last builds used."""
        return self.root / "roots"

    @property
    def quarantine(self) -> Path:
        """Where damaged entries are set aside."""
        return self.root / "quarantine"

    @property
    def store_copy(self) -> Path:
        """What was fetched of a store in git, so that only what is new travels."""
        return self.root / "store.git"

    def blob(self, digest: str) -> Path:
        """Where the content with this SHA-256 lies. Refuses what is no digest: records may be somebody else's."""
        if not is_digest(digest):
            raise CacheError(f"Not a SHA-256 digest: {digest!r}.", hint="Run `spotmap-build cache check`.")
        return Path(f"{self.root}/cas/{digest[:2]}/{digest}")

    def record(self, stage: str, stage_version: int, key_digest: str) -> Path:
        """Where the record of this key lies."""
        return Path(f"{self.root}/ac/{stage}-v{stage_version}/{key_digest[:2]}/{key_digest}.json")

    def blobs(self) -> Iterator[Path]:
        """Every content, in no order."""
        return (path for path in self.root.glob("cas/[0-9a-f][0-9a-f]/*") if is_digest(path.name))

    def records(self) -> Iterator[Path]:
        """Every record of every stage, in no order."""
        return self.root.glob("ac/*-v*/[0-9a-f][0-9a-f]/*.json")


def is_content(name: str) -> bool:
    """Tell whether a name below the cache's root ("cas/ab/ab…") is that of a content, a record or a root."""
    return _CONTENT.fullmatch(name) is not None


def recognize(root: Path) -> CacheFolder:
    """Return the cache in ``root`` as it lies there; nothing is written.

    Raises
    ------
    CacheError
        There is none, or one of another format.
    OSError
        It cannot be read.
    """
    if not _is_cache(root):
        raise CacheError(f"There is no cache at {root}.", hint="A build makes one; or name the right --cache-dir.")
    return _with_its_mode(root)


def prepare(root: Path, *, create: bool) -> CacheFolder:
    """Make sure that ``root`` is a cache of a format we know, making one if ``create`` and there is none.

    Raises
    ------
    CacheError
        Not a cache (and not an empty folder either), or of another format; nothing was touched.
    CacheReadOnly, CacheFull
        There is none and none can be made.
    """
    try:
        if not create or _is_cache(root):
            folder = recognize(root)
            with contextlib.suppress(OSError):  # a read-only cache is served as it is; writing to it says so
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
    """Tell whether a usable cache is here; False where one can be made.

    FORMAT is written last, so what was killed while being made holds only names of ours, and is made again.
    """
    try:
        with open_regular(root / "FORMAT") as file:
            text = file.read(_FORMAT_BYTES).decode("utf-8", errors="replace").strip()
    except FileNotFoundError:
        foreign = sorted(path.name for path in root.iterdir() if path.name not in _OURS) if root.exists() else []
        if foreign:
            raise CacheError(
                f"{root} is not a cache: it holds other things ({foreign[0]}).",
                hint="Name an empty or a new folder with --cache-dir.",
            ) from None
        return False
    if text == str(FORMAT):
        return True
    is_newer = text.isdecimal() and int(text) > FORMAT
    raise CacheError(
        f"The cache at {root} has format {text[:20]!r}; this program knows format {FORMAT}.",
        hint="Update spotmap-build, or name another folder with --cache-dir."
        if is_newer
        else "Delete it, or name another folder with --cache-dir.",
    )


def _with_its_mode(root: Path) -> CacheFolder:
    return CacheFolder(root, stat.S_IMODE(root.stat().st_mode) & 0o777 | PRIVATE)


def _complete(folder: CacheFolder) -> None:
    for name in _FOLDERS:
        make_folder(folder.root / name, folder.folder_mode)
    for name, content in _MARKS.items():
        if not (folder.root / name).exists():
            write_durably(folder.root / name, content, folder.tmp, mode=folder.file_mode)
