"""What the last builds used: ``roots/<build>.json``, so that prune can keep exactly that."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from spotmap_build.cache.files import write_durably
from spotmap_build.cache.records import DamagedError, seal, unseal
from spotmap_build.errors import CacheError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from spotmap_build.cache.layout import CacheFolder

BUILDS_KEPT: Final = 10

_BUILD_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def write_root(folder: CacheFolder, build_id: str, key_digests: Iterable[str], *, now_unix_s: float) -> None:
    """Write the root of one build, and drop those of all but the last ten. Raises ``ValueError``, ``OSError``."""
    if not _BUILD_ID.fullmatch(build_id):
        raise ValueError(f"Not a build id: {build_id!r}")
    content = {"build_id": build_id, "keys": sorted(set(key_digests)), "written_at_unix_s": int(now_unix_s)}
    write_durably(folder.roots / f"{build_id}.json", seal(content), folder.tmp)
    newest_first = sorted(folder.roots.glob("*.json"), key=_written_at_unix_s, reverse=True)
    for path in newest_first[BUILDS_KEPT:]:
        path.unlink(missing_ok=True)


def rooted_keys(folder: CacheFolder) -> frozenset[str] | None:
    """Digests of all keys that the last builds used; None if no build has been noted.

    Raises
    ------
    CacheError: a root is damaged. Going on would delete what that build needs.
    """
    paths = list(folder.roots.glob("*.json"))
    if not paths:
        return None
    return frozenset(digest for path in paths for digest in _read(path)["keys"])


def _read(path: Path) -> dict[str, Any]:
    try:
        return unseal(path.read_bytes())
    except (DamagedError, OSError) as error:
        raise CacheError(
            f"The list of what a build used cannot be read: {path} ({error}).",
            hint="Delete that file if the build it stands for does not matter any more, then prune again.",
        ) from error


def _written_at_unix_s(path: Path) -> int:
    """For sorting only, so a damaged root is simply the oldest: 0."""
    try:
        return int(unseal(path.read_bytes())["written_at_unix_s"])
    except (DamagedError, OSError):
        return 0
