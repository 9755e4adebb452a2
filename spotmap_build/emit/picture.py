"""Pictures of the map for link previews and home screen icons.

They are drawn from ``map.json`` like in the viewer: the same colors, regions and first view, in the dark theme. They
contain no text, because link previews show the title next to the picture, and no font covers all scripts.
"""

from __future__ import annotations

import io
import math
from itertools import accumulate, chain, islice
from typing import Any, Final

import orjson
from PIL import Image, ImageChops, ImageDraw

from spotmap_build.emit.palette import DARK, color_of
from spotmap_build.emit.shapes import Frame, Place, rings_of

SOCIAL_NAME: Final = "map.png"
SOCIAL_SIZE: Final = (1200, 630)
"""The size that services show at full width; some crop a square from the center."""
ICON_SIZES: Final = (192, 512)

SHARPNESS = 2
"""Supersampling factor along each side, for smooth edges."""
MAX_POINTS = 60_000
MAX_ICON_POINTS = 260
"""More would hide each other. Tracks are numbered along a curve over the map, so every n-th track is a fair sample."""
FILL, EDGE = 33, 128
"""Opacity of regions and of their edges, in 255ths."""


def pictures(map_json: bytes, *, has_social: bool) -> dict[str, bytes]:
    """Return PNG files by name: icons, and the picture for link previews.

    Parameters
    ----------
    map_json
        The site's ``map.json``.
    has_social
        Whether to draw the picture for link previews, which needs the address of the site.
    """
    document = orjson.loads(map_json)
    drawn = {f"icon-{size}.png": _draw(document, (size, size), 0.17, 0.022, MAX_ICON_POINTS) for size in ICON_SIZES}
    if has_social:
        drawn[SOCIAL_NAME] = _draw(document, SOCIAL_SIZE, 0.09, 0.006, MAX_POINTS)
    return {name: _png(image) for name, image in drawn.items()}


def _draw(
    document: dict[str, Any], size: tuple[int, int], inset: float, base_radius: float, max_points: int
) -> Image.Image:
    """Draw the map. ``inset`` and ``base_radius`` are shares of the shorter side."""
    width, height = (side * SHARPNESS for side in size)
    shorter = min(width, height)
    frame = _frame(document["view"], (width, height), inset * shorter)
    image = Image.new("RGB", (width, height), DARK.background)
    for cluster in document["clusters"]:
        _draw_region(image, rings_of(cluster, frame), color_of(cluster["color"], DARK))
    _draw_points(image, frame, document, base_radius * shorter, max_points)
    return image.reduce(SHARPNESS)


def _frame(view: list[int], size: tuple[int, int], rim: float) -> Frame:
    x0, y0, x1, y1 = view
    scale = min((size[0] - 2 * rim) / (x1 - x0), (size[1] - 2 * rim) / (y1 - y0))
    return Frame(((x0 + x1) / 2, (y0 + y1) / 2), (size[0] / 2, size[1] / 2), scale)


def _draw_region(image: Image.Image, rings: list[list[Place]], color: str) -> None:
    """Fill a region with the even-odd rule, so that holes stay empty, and draw its edge."""
    if not rings:
        return
    left, top, width, height = _box(rings, image.size)
    inside, edge = Image.new("L", (width, height)), Image.new("L", (width, height))
    for ring in rings:
        corners = [(across - left, down - top) for across, down in ring]
        within = Image.new("L", (width, height))
        ImageDraw.Draw(within).polygon(corners, fill=FILL)
        inside = ImageChops.difference(inside, within)  # empty where an even number of rings is around
        ImageDraw.Draw(edge).line([*corners, corners[0]], fill=EDGE, width=SHARPNESS)
    for opacity in (inside, edge):
        image.paste(color, (left, top), opacity)


def _box(rings: list[list[Place]], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Return left, top, width and height of what shows of a region in a picture of this size."""
    (left, right), (top, bottom) = (
        (min(max(math.floor(min(places)), 0), end), min(max(math.ceil(max(places)) + 1, 0), end))
        for places, end in zip(zip(*chain.from_iterable(rings), strict=True), size, strict=True)
    )
    return left, top, right - left, bottom - top


def _draw_points(
    image: Image.Image, frame: Frame, document: dict[str, Any], base_radius: float, max_points: int
) -> None:
    """Draw one disc per track, tracks outside of clusters below the others."""
    step = max(1, math.ceil(document["count"] / max_points))
    every_track = zip(document["cluster"], accumulate(document["x"]), accumulate(document["y"]), strict=True)
    tracks = list(islice(every_track, 0, None, step))
    # The last color is that of label -1, of tracks outside of clusters.
    palette = [*(color_of(cluster["color"], DARK) for cluster in document["clusters"]), DARK.noise]
    radius = base_radius * (0.3 + 0.7 / (1 + len(tracks) / 900) ** 0.5)
    draw = ImageDraw.Draw(image)
    for label, x, y in sorted(tracks, key=lambda track: track[0] >= 0):
        draw.circle(frame.place(x, y), radius, fill=palette[label])


def _png(image: Image.Image) -> bytes:
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()
