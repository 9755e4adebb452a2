"""Roots: the keys that the last builds used, in ``roots/<build>.<site>.json``, so that prune can keep them.

Several libraries may share a cache, so the last builds of each site are counted separately. Roots that older versions
wrote without a site (``roots/<build>.json``) count as one more site.
"""

from __future__ import annotations

import re
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spotmap_build.cache.files import delete, is_in_the_way, write_durably
from spotmap_build.cache.keys import place_digest
from spotmap_build.cache.records import MAX_RECORD_BYTES, DamagedError, seal, unseal
from spotmap_build.core.files import read_bounded
from spotmap_build.errors import CacheError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from spotmap_build.cache.layout import CacheFolder

BUILDS_KEPT: Final = 10
"""Number of latest builds kept per site."""
SITES_KEPT: Final = 10
"""Number of most recently built sites kept."""

_BUILD_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SITE: Final = re.compile(r"[0-9a-f]{16}|")
_NAME_WITH_SITE: Final = re.compile(r".+\.([0-9a-f]{16})")


@dataclass(frozen=True, slots=True)
class Root:
    """The key digests that one build used, and when the build ended (seconds since 1970)."""

    keys: tuple[str, ...]
    written_at_unix_s: int


def site_name(out: Path) -> str:
    """Return the name of the site at ``out`` in roots: the beginning of a digest, so that no path is stored."""
    return place_digest(out)[:16]


def write_root(folder: CacheFolder, build_id: str, key_digests: Iterable[str], site: str, *, now_unix_s: float) -> None:
    """Write the root of one build, and delete all but the last ten of each site.

    ``site`` is 16 hex digits or empty. Raises ``ValueError``, ``OSError``.
    """
    if not _BUILD_ID.fullmatch(build_id):
        raise ValueError(f"Not a build id: {build_id!r}")
    if not _SITE.fullmatch(site):
        raise ValueError(f"Not the name of a site: {site!r}")
    content = {"build_id": build_id, "keys": sorted(set(key_digests)), "written_at_unix_s": int(now_unix_s)}
    name = f"{build_id}.{site}.json" if site else f"{build_id}.json"
    write_durably(folder.roots / name, seal(content), folder.tmp, mode=folder.file_mode)
    for path in _superfluous(folder):
        delete(path)


def rooted_keys(folder: CacheFolder) -> frozenset[str] | None:
    """Return the digests of all keys that the last builds used; None if no build is recorded.

    Raises
    ------
    CacheError
        A root is damaged. Pruning without it would delete what that build needs.
    """
    paths = list(folder.roots.glob("*.json"))
    if not paths:
        return None
    return frozenset(digest for path in paths for digest in _read_or_refuse(path).keys)


def last_used(folder: CacheFolder, site: str) -> frozenset[str] | None:
    """Return the digests of all keys that the last build of a site used; None if no build is recorded."""
    roots = []
    for path in folder.roots.glob(f"*.{site}.json"):
        with suppress(DamagedError, FileNotFoundError):
            roots.append(read_root_file(path)[1])
    return frozenset(max(roots, key=lambda root: root.written_at_unix_s).keys) if roots else None


def _superfluous(folder: CacheFolder) -> list[Path]:
    """Return the roots beyond the last ten of each site, and those of sites beyond the ten most recently built."""
    by_site: dict[str, list[tuple[int, Path]]] = defaultdict(list)
    for path in folder.roots.glob("*.json"):
        named = _NAME_WITH_SITE.fullmatch(path.stem)
        by_site[named.group(1) if named else ""].append((_written_at_unix_s(path), path))
    latest_first = sorted((sorted(roots, reverse=True) for roots in by_site.values()), reverse=True)
    superfluous = [roots[BUILDS_KEPT:] for roots in latest_first[:SITES_KEPT]] + latest_first[SITES_KEPT:]
    return [path for roots in superfluous for _, path in roots]


def _read_or_refuse(path: Path) -> Root:
    try:
        return read_root_file(path)[1]
    except (DamagedError, OSError) as error:
        raise CacheError(
            f"The list of entries that a build used cannot be read: {path} ({error}).",
            hint="Delete that file if its build is no longer needed, then prune again.",
        ) from error


def read_root_file(path: Path) -> tuple[bytes, Root]:
    """Return the bytes of a root's file and the decoded root. Raises ``DamagedError``, ``OSError``."""
    try:
        data = read_bounded(path, MAX_RECORD_BYTES)
    except OSError as error:
        if is_in_the_way(error):
            raise DamagedError("not a regular file") from error
        raise
    content = unseal(data)
    keys, written_at = content.get("keys"), content.get("written_at_unix_s")
    if type(written_at) is not int or not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise DamagedError("the checksum matches, but it is not a list of keys")
    return data, Root(tuple(keys), written_at)


def _written_at_unix_s(path: Path) -> int:
    """Return when a root was written, for sorting; 0 (the oldest) for a damaged root."""
    try:
        return read_root_file(path)[1].written_at_unix_s
    except (DamagedError, OSError):
        return 0
