"""Loads what most builds load, and does nothing: the process that imports this is forked for each command of a test.

Not the engines that listen, which no main process may load. The workers of these commands are forked from it as well,
so mathematics has one thread here.
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

os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
for package in (*PACKAGES, *(f"spotmap_build.{name}" for name in OWN)):
    importlib.import_module(package)
gc.freeze()  # what is never freed need not be looked at, which would copy it for each process
