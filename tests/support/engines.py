"""The inference engines for tests. Essentia is not available on all machines."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Final

import pytest

from spotmap_build.embed import engines
from spotmap_build.embed.engines import Engine
from spotmap_build.embed.weights import packaged_path
from spotmap_build.registry.embedders import EngineName

MODULES: Final[dict[EngineName, str]] = {"essentia": "essentia", "onnx": "onnxruntime"}


def load_or_skip(name: EngineName) -> Engine:
    """Return an engine; skip the test if its package is not installed."""
    if find_spec(MODULES[name]) is None:
        pytest.skip(f"{MODULES[name]} is not installed here")
    return engines.load(name)


def packaged_musicnn(name: EngineName) -> Path:
    """Return the path of musicnn's weights for an engine."""
    return packaged_path(f"msd-musicnn{engines.SUFFIXES[name]}")
