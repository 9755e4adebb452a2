"""The staging folder of a publication, and what an interrupted run leaves of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from spotmap_build.emit.marker import is_safe_path
from spotmap_build.errors import OutputError

STAGING_NAME = ".spotmap-staging"
_STAGED = frozenset({"markers/before", "markers/after", "index.html"})
_CONTENT = "content/"


def check_staging(staging: Path) -> None:
    """Check that a staging folder, if it exists, contains only what a publication writes there.

    Raises
    ------
    OutputError
        Something in it was not written by spotmap-build.
    """
    foreign = _first_foreign(staging)
    if foreign is not None:
        raise OutputError(
            f"{foreign} is in the way: spotmap-build did not write it.", hint="Move or rename it, then publish again."
        )


def remove_staging(staging: Path) -> None:
    """Remove the staging folder of an interrupted run, after :func:`check_staging`."""
    check_staging(staging)
    if os.path.lexists(staging):
        shutil.rmtree(staging)


def _first_foreign(staging: Path) -> Path | None:
    if staging.is_symlink() or (staging.exists() and not staging.is_dir()):
        return staging
    for parent, folders, files in os.walk(staging):
        links = [name for name in folders if Path(parent, name).is_symlink()]
        for place in (Path(parent, name) for name in sorted((*links, *files))):
            if place.is_symlink() or not _is_staged(place.relative_to(staging).as_posix()):
                return place
    return None


def _is_staged(path: str) -> bool:
    return path in _STAGED or (path.startswith(_CONTENT) and is_safe_path(path.removeprefix(_CONTENT)))
