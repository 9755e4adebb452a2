"""The temporary folder of a build for downloaded audio, which is deleted at the end."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spotmap_build.cache.locks import exclusive, shared
from spotmap_build.core.translation import translatable
from spotmap_build.errors import CacheError, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX: Final = "spotmap-"
LOCK: Final = "lock"
ATTEMPTS: Final = 10
"""Attempts to create a folder: another build's :func:`sweep` may delete it before it is locked."""
MAX_ADOPTED: Final = 32
"""Maximum number of files adopted from killed builds. More than that are never prefetched."""
_VIDEO_ID: Final = re.compile(r"[A-Za-z0-9_-]{11}")


@dataclass(frozen=True, slots=True)
class Scratch:
    """``folder``: this build's locked folder. ``adopted``: audio files of killed builds moved into it, by video id.

    Adopted files were downloaded but not analyzed yet; otherwise, they would be downloaded again after every kill.
    """

    folder: Path
    adopted: dict[str, Path] = field(default_factory=dict)


@contextlib.contextmanager
def scratch_folder() -> Iterator[Scratch]:
    """Yield a new folder in the system's temporary directory, deleted at the end.

    The folder of a killed build is deleted by the next build, see :func:`sweep`. A folder whose lock is held is in use.

    Raises
    ------
    OutputError
        No temporary folder can be created.
    """
    with contextlib.ExitStack() as stack:
        scratch = Scratch(_locked_folder(stack))
        sweep(scratch)
        yield scratch


def sweep(scratch: Scratch | None = None) -> None:
    """Delete temporary folders of killed builds, whose locks are free.

    Downloaded audio in them is moved to ``scratch``, if given.
    """
    with contextlib.suppress(OSError):  # no temporary directory: reported when one is needed
        for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
            # A folder that is locked or not accessible belongs to another build or user.
            with contextlib.suppress(CacheError, OSError):
                if not folder.is_symlink() and (folder / LOCK).is_file():
                    with exclusive(folder / LOCK):
                        if scratch is not None and _is_private(folder):
                            _adopt(folder, scratch)
                        shutil.rmtree(folder, ignore_errors=True)


def flush_download(path: Path) -> Path:
    """Flush a downloaded file to disk and return it, so that it can be adopted even after a power cut."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    return path


def _is_private(folder: Path) -> bool:
    """Return whether only this user can write to the folder, since the temporary directory may be shared."""
    found = folder.lstat()
    is_ours = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    return is_ours and not stat.S_IMODE(found.st_mode) & 0o077


def _adopt(folder: Path, scratch: Scratch) -> None:
    """Move completely downloaded recordings, named ``<subfolder>/<video id>.<suffix>``, into ``scratch``."""
    for path in sorted(folder.glob("*/*")):
        is_wanted = _VIDEO_ID.fullmatch(path.stem) and path.stem not in scratch.adopted
        if is_wanted and path.is_file() and len(scratch.adopted) < MAX_ADOPTED:
            place = Path(tempfile.mkdtemp(dir=scratch.folder)) / path.name
            scratch.adopted[path.stem] = path.rename(place)


def _locked_folder(stack: contextlib.ExitStack) -> Path:
    """Return a new folder, locked until ``stack`` is closed and then deleted."""
    for _ in range(ATTEMPTS):
        try:
            folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        except OSError as error:
            raise _cannot_create(error.strerror or str(error)) from error
        # A download that is being stopped may still write; the next build deletes what it leaves.
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        try:
            (folder / LOCK).touch(mode=0o600)
            with contextlib.ExitStack() as locking:
                locking.enter_context(shared(folder / LOCK))
                if (folder / LOCK).exists():
                    stack.push(locking.pop_all())
                    return folder
        except (CacheError, OSError) as error:
            if folder.exists():
                raise _cannot_create(getattr(error, "strerror", None) or str(error)) from error
        # Another build found the folder before it was locked, and deleted it as a leftover.
    raise _cannot_create(translatable("other builds keep deleting it"))


def _cannot_create(why: str) -> OutputError:
    return OutputError(f"No temporary folder can be created: {why}.", hint="Free some disk space, or set TMPDIR.")
