"""The favicon of the page: a small picture of the map."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from spotmap_build.emit.palette import DARK
from spotmap_build.emit.shapes import draw_map, points

NAME: Final = "favicon.svg"
SIDE: Final = 32
RIM: Final = 5.0
MAX_POINTS: Final = 48
"""More would be a blot. Tracks are numbered along a curve over the map, so every n-th track is a fair sample."""
RADIUS: Final = 1.7


def draw_icon(document: dict[str, Any]) -> bytes:
    """Draw the icon of a map with tracks (the site's ``map.json``, decoded)."""
    full_map = draw_map(document, RIM, RIM, SIDE - 2 * RIM, SIDE - 2 * RIM)
    step = -(-document["count"] // MAX_POINTS)
    sample = replace(full_map, places=tuple(places[::step] for places in full_map.places))
    parts = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}">',
        f'<rect width="{SIDE}" height="{SIDE}" rx="8" fill="{DARK.background}"/>',
        *points(sample, DARK, RADIUS, 0),
        "</svg>\n",
    )
    return "".join(parts).encode()
