"""A folder for what a build needs for a moment: audio, from download to listening. It is always removed afterwards."""

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
from spotmap_build.errors import CacheError, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX: Final = "spotmap-"
LOCK: Final = "lock"
ATTEMPTS: Final = 10
"""At a folder that no other build's :func:`sweep` takes away before it is locked."""
MOST_ADOPTED: Final = 32
"""Files of killed builds that are used. More than that are never downloaded ahead."""
_VIDEO_ID: Final = re.compile(r"[A-Za-z0-9_-]{11}")


@dataclass(frozen=True, slots=True)
class Scratch:
    """``folder`` is this build's, and locked. ``adopted``: audio of killed builds that is in it now, by video id.

    These recordings had arrived and were not heard yet; without them they would be fetched again after every kill.
    """

    folder: Path
    adopted: dict[str, Path] = field(default_factory=dict)


@contextlib.contextmanager
def scratch_folder() -> Iterator[Scratch]:
    """Yield a new folder in the system's place for temporary files, deleted at the end.

    A build that was killed could not delete its own; the next one does, see :func:`sweep`. A folder whose lock is held
    is in use.

    Raises
    ------
    OutputError
        There is no place for temporary files.
    """
    with contextlib.ExitStack() as stack:
        scratch = Scratch(_locked_folder(stack))
        sweep(scratch)
        yield scratch


def sweep(scratch: Scratch | None = None) -> None:
    """Delete what builds that were killed left in the place for temporary files: folders whose lock nobody holds.

    Audio that had arrived there is moved to ``scratch``, where there is one.
    """
    with contextlib.suppress(OSError):  # there is no such place: who needs one says so
        for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
            # Busy, not to be locked or not to be looked into: somebody's.
            with contextlib.suppress(CacheError, OSError):
                if not folder.is_symlink() and (folder / LOCK).is_file():
                    with exclusive(folder / LOCK):
                        if scratch is not None and _is_private(folder):
                            _adopt(folder, scratch)
                        shutil.rmtree(folder, ignore_errors=True)


def arrived(path: Path) -> Path:
    """Return a downloaded file, of which all is on the disk now: it may be adopted after a power cut."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    return path


def _is_private(folder: Path) -> bool:
    """Whether nobody else can have put anything there: the place may be everybody's."""
    found = folder.lstat()
    is_ours = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    return is_ours and not stat.S_IMODE(found.st_mode) & 0o077


def _adopt(folder: Path, scratch: Scratch) -> None:
    """Take over recordings that had arrived whole: these lie as ``<folder of its own>/<video id>.<suffix>``."""
    for path in sorted(folder.glob("*/*")):
        is_wanted = _VIDEO_ID.fullmatch(path.stem) and path.stem not in scratch.adopted
        if is_wanted and path.is_file() and len(scratch.adopted) < MOST_ADOPTED:
            place = Path(tempfile.mkdtemp(dir=scratch.folder)) / path.name
            scratch.adopted[path.stem] = path.rename(place)


def _locked_folder(stack: contextlib.ExitStack) -> Path:
    """Return a new folder whose lock is held until ``stack`` ends; then it is deleted."""
    for _ in range(ATTEMPTS):
        try:
            folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        except OSError as error:
            raise _no_place(error.strerror or str(error)) from error
        # A download that is just being stopped may still write; what it leaves is swept by the next build.
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
                raise _no_place(getattr(error, "strerror", None) or str(error)) from error
        # Another build that began just now found it before it was locked, and took it for a killed one's.
    raise _no_place("other builds keep deleting it")


def _no_place(why: str) -> OutputError:
    return OutputError(f"No temporary folder can be made: {why}.", hint="Make room, or set TMPDIR.")
