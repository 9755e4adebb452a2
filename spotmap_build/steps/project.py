"""Project: a place on the plane for every track."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spotmap_build.cache.keys import Key
from spotmap_build.steps.run import machine, package_versions

if TYPE_CHECKING:
    from spotmap_build.model import Layout
    from spotmap_build.steps.embed import Heard
    from spotmap_build.steps.run import Run

LAYOUT_VERSION: Final = 1
"""Raise when the same vectors would be laid out otherwise."""
COORDINATES: Final = "coordinates.npy"


@dataclass(frozen=True, slots=True)
class Placed:
    """``digest`` names the content of ``read()``."""

    digest: str
    read: Callable[[], Layout]


def project(run: Run, heard: Heard) -> Placed:
    """The layout of the heard tracks, from the cache where their vectors are as they were."""
    with run.clock.stage("project"):
        if any(track.position is not None for track in heard.tracks):
            return Placed(heard.digest, lambda: _given_layout(heard))
        key = Key(
            "layout",
            LAYOUT_VERSION,
            {
                "vectors": heard.digest,
                "preprocessing": heard.preprocessing,
                "seed": run.config.seed,
                "machine": machine(),
                "packages": package_versions("umap-learn", "pynndescent", "numba", "numpy"),
            },
        )
        run.progress.begin("project", "laying out the map")
        record = run.cache.lookup(key)
        outcome = "the layout is as it was"
        if record is None:
            started = time.monotonic()
            coordinates = _lay_out(run, heard)
            record = run.cache.put(key, {COORDINATES: coordinates}, seconds=time.monotonic() - started)
            outcome = f"{len(heard.tracks)} tracks laid out"
        run.progress.end(outcome)
        return Placed(record.outputs[COORDINATES].digest, lambda: _read_layout(run, key))


def _lay_out(run: Run, heard: Heard) -> bytes:
    from spotmap_build.cache.arrays import encode_array
    from spotmap_build.project.layout import lay_out

    layout = lay_out(heard.read().vectors, preprocessing=heard.preprocessing, seed=run.config.seed)
    return encode_array(layout.coordinates)


def _read_layout(run: Run, key: Key) -> Layout:
    from spotmap_build.cache.arrays import decode_array
    from spotmap_build.model import Layout

    return Layout(decode_array(run.read(key, COORDINATES)))


def _given_layout(heard: Heard) -> Layout:
    import numpy as np

    from spotmap_build.model import Layout

    return Layout(np.array([track.position for track in heard.tracks], dtype=np.float32).reshape(-1, 2))
