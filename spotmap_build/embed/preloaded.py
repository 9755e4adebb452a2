"""Loads what every worker needs, and does nothing: workers are forked from a process that has imported this.

Nothing here may start a thread, which copies would lack. No engine is here: each build uses one of several.
"""

from __future__ import annotations

import importlib
import os
from typing import Final

from spotmap_build.core.processes import THREAD_VARIABLES

PACKAGES: Final = ("av", "numpy", "scipy.fft", "scipy.signal")
OWN: Final = ("embed.decode", "embed.workers")

for variable in THREAD_VARIABLES:
    os.environ[variable] = "1"
for package in (*PACKAGES, *(f"spotmap_build.{name}" for name in OWN)):
    importlib.import_module(package)
