"""Loads what most builds load, and does nothing: the process that imports this is forked for each command of a test.

Not the engines that listen, which no main process may load. The workers of these commands are forked from it as well:
so it begins as what workers are forked from does, with one thread for mathematics.
"""

from __future__ import annotations

import gc
import importlib
from typing import Final

PACKAGES: Final = (
    "contourpy", "hdbscan", "hdbscan.validity", "jinja2", "mutagen", "PIL.Image", "requests", "rich.console",
    "scipy.optimize", "scipy.spatial", "sklearn", "spotipy", "umap", "yt_dlp", "ytmusicapi",
)  # fmt: skip
OWN: Final = (
    "embed.preloaded", "pipeline", "stages.fetch", "stages.embed", "stages.project", "stages.cluster",
    "stages.insights", "stages.covers", "stages.emit", "project.kernels",
)  # fmt: skip

for package in (*(f"spotmap_build.{name}" for name in OWN), *PACKAGES):
    importlib.import_module(package)
gc.freeze()  # what is never freed need not be looked at, which would copy it for each process
