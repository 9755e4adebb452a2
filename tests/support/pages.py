"""Shared by the tests of all browsers: the address of a served site, and scripts to evaluate in a page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PAINTED_PIXELS = """(name) => {
  const canvas = document.querySelector(`canvas[data-layer="${name}"]`);
  const { clientWidth: width, clientHeight: height } = canvas;
  const copy = new OffscreenCanvas(width, height).getContext("2d");
  copy.drawImage(canvas, 0, 0);
  const { data } = copy.getImageData(0, 0, width, height);
  let painted = 0;
  for (let i = 3; i < data.length; i += 4) if (data[i] > 0) painted++;
  return painted;
}"""
"""Count the pixels of a layer that are not transparent."""

TEST_MODE = "?test"
"""The query that makes a page expose ``window.spotmap`` to tests; see ``main.js``."""

LONELY_TRACK = """(divisor) => {
  const points = [];
  for (let track = 0; track < 300; track++) points.push(spotmap.positionOf(track));
  const free = ([x, y]) => x > 340 && x < innerWidth - 120 && y > 60 && y < innerHeight - 60;
  const lonely = ([x, y], i) =>
    points.every(([a, b], j) => i === j || Math.hypot(a - x, b - y) > 12);
  return points.findIndex((point, i) => i % divisor === 0 && free(point) && lonely(point, i));
}"""
"""Find a track well inside the window and far from all others; its index is a multiple of ``divisor``."""

SOUNDING = """spotmap.voices().some(
  ({ address, currentTime, volume }) => address.startsWith("audio/") && currentTime > 0.2 && volume > 0.9
)"""
SILENT = "spotmap.voices().every(({ address, paused }) => address === '' && paused)"
"""While the pointer rests on a track, its excerpt has faded in; otherwise nothing plays."""


@dataclass(frozen=True, slots=True)
class Site:
    """A folder served at ``url``, which ends in a slash and lies below a sub-path."""

    folder: Path
    url: str

    @property
    def page(self) -> str:
        """The URL that tests open."""
        return self.url + TEST_MODE
