"""Tests of the three, without a build: ``pip install -e '.[test]'``, then ``pytest``."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path

import numpy as np
import pytest
from spotmap_example import BANDS, FOREST
from spotmap_example.bands import Bands
from spotmap_example.beets import BeetsSource

from spotmap_build.errors import SourceError
from spotmap_build.registry.embedders import EmbedderSpec
from spotmap_build.registry.sources import SourceKind
from spotmap_build.registry.themes import Theme


@pytest.mark.parametrize(
    ("group", "name", "kind"),
    [("sources", "beets", SourceKind), ("embedders", "bands", EmbedderSpec), ("themes", "forest", Theme)],
)
def test_the_package_announces_its_rows(group: str, name: str, kind: type) -> None:
    (point,) = entry_points(group=f"spotmap_build.{group}", name=name)
    row = point.load()
    assert isinstance(row, kind)
    assert row.name == name


@pytest.mark.parametrize("seconds", [0.01, 0.5, 3.0])
def test_a_vector_has_the_length_that_the_row_says(seconds: float) -> None:
    samples = np.sin(np.arange(int(16_000 * seconds)) * 0.2).astype(np.float32)
    heard = Bands(Path(), None)(samples)
    assert heard.vector.shape == (BANDS.dimensions,)
    assert heard.tags.shape == (BANDS.tag_count,)
    assert np.isfinite(heard.vector).all()
    assert 0 <= heard.typical_sample < len(samples)


def test_low_and_high_tones_are_told_apart() -> None:
    low, high = (
        Bands(Path(), None)(np.sin(2 * np.pi * hertz * np.arange(16_000) / 16_000).astype(np.float32)).vector[:32]
        for hertz in (110, 3520)
    )
    assert low.argmax() < high.argmax()


@pytest.mark.parametrize("content", ["", "{}", "[]", "[1]", '[{"title": "no path"}]'])
def test_what_is_no_export_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "library.json").write_text(content)
    with pytest.raises(SourceError, match=r"library\.json"):
        BeetsSource(tmp_path / "library.json").load(None)


def test_everything_can_be_read_in_the_themes_colors() -> None:
    assert list(FOREST.faults()) == []
