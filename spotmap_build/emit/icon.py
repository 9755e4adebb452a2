"""The icon of the page's tab: the map itself, as small as it is shown there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from spotmap_build.emit.palette import DARK
from spotmap_build.emit.shapes import draw_map, points

NAME: Final = "favicon.svg"
SIDE: Final = 32
RIM: Final = 5.0
MOST_POINTS: Final = 48
"""More would be one blot. Tracks are numbered along a curve through the map, so that each n-th is a fair share."""
RADIUS: Final = 1.7


def draw_icon(document: dict[str, Any]) -> bytes:
    """Draw the icon of a map (the site's ``map.json``, decoded) that has tracks."""
    whole = draw_map(document, RIM, RIM, SIDE - 2 * RIM, SIDE - 2 * RIM)
    step = -(-document["count"] // MOST_POINTS)
    few = replace(whole, places=tuple(places[::step] for places in whole.places))
    parts = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}">',
        f'<rect width="{SIDE}" height="{SIDE}" rx="8" fill="{DARK.background}"/>',
        *points(few, DARK, RADIUS, 0),
        "</svg>\n",
    )
    return "".join(parts).encode()
