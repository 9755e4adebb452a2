"""Cache the boundaries of the last site's groups, so that those of unchanged groups are not computed again."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec

from spotmap_build.cache.errors import CacheFull, CacheReadOnly, CorruptEntry
from spotmap_build.cache.keys import Key
from spotmap_build.core.documents import decode_json
from spotmap_build.emit.site import served_generation

if TYPE_CHECKING:
    from spotmap_build.emit.boundaries import Boundaries, Boundary
    from spotmap_build.run import Run

BOUNDARIES_VERSION: Final = 1
"""Raise when the same points give a different boundary."""
BOUNDARIES: Final = "boundaries.json"


def load_boundaries(run: Run) -> Boundaries:
    """Return the cached boundaries of the groups of the site in the output folder."""
    from spotmap_build.emit.boundaries import Boundaries

    generation = served_generation(run.config.out)
    record = run.cache.lookup(_key(generation), outputs=(BOUNDARIES,), may_fail=False) if generation else None
    if record is not None:
        with suppress(CorruptEntry):  # the record is set aside, and the boundaries are computed
            return Boundaries(run.cache.decode(record, BOUNDARIES, _decode))
    return Boundaries()


def save_boundaries(run: Run, boundaries: Boundaries, generation: str) -> None:
    """Store the boundaries of a site for the next build."""
    if not boundaries.used:
        return
    with suppress(CacheReadOnly, CacheFull):  # then the next build computes them again
        run.cache.put(_key(generation), {BOUNDARIES: msgspec.json.encode(boundaries.used)}, 0.0)


def _key(generation: str) -> Key:
    return Key("boundaries", BOUNDARIES_VERSION, {"generation": generation})


def _decode(data: bytes) -> dict[str, Boundary]:
    from spotmap_build.emit.boundaries import EXTENT, Boundary

    found = decode_json(data, dict[str, Boundary])
    if not found:
        raise ValueError("there are none")
    for one in found.values():
        if not all(0 <= number <= EXTENT for line in (*one.rings, one.peak) for number in line):
            raise ValueError("an outline leaves the map")
    return found
