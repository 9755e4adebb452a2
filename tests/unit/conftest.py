"""Fixtures of the unit tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from spotmap_build.cache.store import Cache


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    """Open an empty cache."""
    with Cache.open(tmp_path / "cache") as opened:
        yield opened
