"""A folder for what a build needs for a moment: audio, from download to listening. Gone afterwards, come what may."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spotmap_build.cache.locks import exclusive, shared
from spotmap_build.errors import CacheError, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX: Final = "spotmap-"
LOCK: Final = "lock"
SETTLED_S: Final = 60.0


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A new folder in the system's place for temporary files, deleted at the end.

    A build that was killed could not delete its own; the next one does. A folder whose lock is held is in use.

    Raises
    ------
    OutputError: there is no place for temporary files.
    """
    sweep(Path(tempfile.gettempdir()))
    try:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        (folder / LOCK).touch(mode=0o600)
    except OSError as error:
        raise OutputError(
            f"No temporary folder can be made: {error.strerror or error}.", hint="Make room, or set TMPDIR."
        ) from error
    try:
        with shared(folder / LOCK):
            yield folder
    finally:
        # A download that is just being stopped may still write; what it leaves is swept by the next build.
        shutil.rmtree(folder, ignore_errors=True)


def sweep(place: Path) -> None:
    """Delete what builds that were killed left in ``place``."""
    for folder in place.glob(f"{PREFIX}*"):
        lock = folder / LOCK
        # Busy or not to be locked: somebody's. Just made: its maker may be about to lock it.
        with contextlib.suppress(CacheError, OSError):
            if lock.is_file() and time.time() - lock.stat().st_mtime > SETTLED_S:
                with exclusive(lock):
                    shutil.rmtree(folder, ignore_errors=True)
