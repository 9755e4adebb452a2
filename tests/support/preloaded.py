"""Import the packages that most builds need, in the fork server from which the commands of tests are forked.

It also lays out a few tracks, because reading compiled functions from numba's cache takes each process a quarter of a
second.

It does not import the inference engines, which no main process may import. The workers of these commands are forked
from it as well, so numerical libraries use only one thread.
"""

from __future__ import annotations

import gc
import importlib
import os
from typing import Final

from spotmap_build.embed.pool import THREAD_VARIABLES

PACKAGES: Final = (
    "av", "contourpy", "hdbscan", "hdbscan.validity", "jinja2", "mutagen", "PIL.Image", "requests", "rich.console",
    "scipy.fft", "scipy.optimize", "scipy.signal", "scipy.spatial", "sklearn", "spotipy", "umap", "yt_dlp",
    "ytmusicapi",
)  # fmt: skip
OWN: Final = (
    "embed.decode", "embed.workers", "pipeline", "stages.fetch", "stages.embed", "stages.project", "stages.cluster",
    "stages.insights", "stages.covers", "stages.emit", "project.kernels",
)  # fmt: skip


def _lay_out_a_few_tracks() -> None:
    import numpy as np

    from spotmap_build.project.layout import fit_layout
    from spotmap_build.project.neighbors import find_neighbors
    from spotmap_build.project.preprocessing import prepare

    unit = prepare(np.random.default_rng(0).normal(size=(20, 8)).astype(np.float32), "center")
    fit_layout(unit, find_neighbors(unit, 30, seed=0), seed=0)


os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
# GNU OpenMP, the default, ends processes that are forked after its use.
os.environ["NUMBA_THREADING_LAYER"] = "workqueue"
for package in (*PACKAGES, *(f"spotmap_build.{name}" for name in OWN)):
    importlib.import_module(package)
_lay_out_a_few_tracks()
gc.freeze()  # keeps the garbage collector from touching these objects, which would copy them for each process
