"""Pictures of the map for link previews and home screen icons.

They are drawn from ``map.json`` like in the viewer: the same colors, regions and first view, in the dark theme. They
contain no text, because link previews show the title next to the picture, and no font covers all scripts.
"""

from __future__ import annotations

import math
import zlib
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson
from scipy import ndimage

from spotmap_build.emit.palette import DARK, color_of
from spotmap_build.emit.shapes import Frame

SOCIAL_NAME: Final = "map.png"
SOCIAL_SIZE: Final = (1200, 630)
"""The size that services show at full width; some crop a square from the center."""
ICON_SIZES: Final = (192, 512)

SHARPNESS = 2
"""Supersampling factor along each side, for smooth edges."""
MAX_POINTS = 60_000
MAX_ICON_POINTS = 260
"""More would hide each other. Tracks are numbered along a curve over the map, so every n-th track is a fair sample."""
FILL, EDGE = 0.13, 0.5

Pixels = npt.NDArray[np.float32]


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
    icons = {size: _draw(document, (size, size), 0.17, 0.022, MAX_ICON_POINTS) for size in ICON_SIZES}
    files = {f"icon-{size}.png": _png(icon) for size, icon in icons.items()}
    if has_social:
        files[SOCIAL_NAME] = _png(_draw(document, SOCIAL_SIZE, 0.09, 0.006, MAX_POINTS))
    return files


def _rgb(color: str) -> Pixels:
    return np.array([int(color[place : place + 2], 16) for place in (1, 3, 5)], np.float32)


def _draw(
    document: dict[str, Any], size: tuple[int, int], inset: float, base_radius: float, max_points: int
) -> npt.NDArray[np.uint8]:
    """Draw the map, ``[height, width, 3]``. ``inset`` and ``base_radius`` are shares of the shorter side."""
    width, height = (side * SHARPNESS for side in size)
    shorter = min(width, height)
    frame = _frame(document["view"], (width, height), inset * shorter)
    image = np.empty((height, width, 3), np.float32)
    image[:] = _rgb(DARK.background)
    for cluster in document["clusters"]:
        _draw_region(image, frame, cluster["regions"], _rgb(color_of(cluster["color"], DARK)))
    _draw_points(image, frame, document, base_radius * shorter, max_points)
    # A mean over axes of length 2 would take six times as long.
    total = sum(image[down::SHARPNESS, across::SHARPNESS] for down in range(SHARPNESS) for across in range(SHARPNESS))
    rounded: npt.NDArray[np.uint8] = np.rint(total / SHARPNESS**2).astype(np.uint8)
    return rounded


def _frame(view: list[int], size: tuple[int, int], rim: float) -> Frame:
    x0, y0, x1, y1 = view
    scale = min((size[0] - 2 * rim) / (x1 - x0), (size[1] - 2 * rim) / (y1 - y0))
    return Frame(((x0 + x1) / 2, (y0 + y1) / 2), (size[0] / 2, size[1] / 2), scale)


def _draw_region(image: Pixels, frame: Frame, rings: list[list[int]], color: Pixels) -> None:
    """Fill a region with the even-odd rule, so that holes stay empty, and draw its edge."""
    corners = [np.stack(frame.place(*np.array(ring, np.float64).reshape(-1, 2).T), axis=1) for ring in rings]
    if not corners:
        return
    height, width, _ = image.shape
    left, top = np.clip(np.floor(np.concatenate(corners).min(axis=0)) - 1, 0, (width, height)).astype(int)
    right, bottom = np.clip(np.ceil(np.concatenate(corners).max(axis=0)) + 1, 0, (width, height)).astype(int)
    part = image[top:bottom, left:right]
    inside = _inside([ring - (left, top) for ring in corners], part.shape[0], part.shape[1])
    edge = inside & ~ndimage.binary_erosion(inside, iterations=SHARPNESS, border_value=1)
    for mask, alpha in ((inside, FILL), (edge, EDGE)):
        part[mask] += (color - part[mask]) * np.float32(alpha)


def _inside(rings: list[npt.NDArray[np.float64]], height: int, width: int) -> npt.NDArray[np.bool_]:
    """Return which pixels are inside, by counting the crossings of rings to their left in each row."""
    crossings = np.zeros((height, width + 1), np.int32)
    starts, ends = np.concatenate(rings), np.concatenate([np.roll(ring, -1, axis=0) for ring in rings])
    rises = (starts[:, 1] <= ends[:, 1])[:, None]
    (x0, y0), (x1, y1) = np.where(rises, starts, ends).T, np.where(rises, ends, starts).T
    first, end = (np.clip(np.ceil(y - 0.5), 0, height).astype(int) for y in (y0, y1))
    # One entry for each row that an edge crosses.
    edge = np.repeat(np.arange(len(first)), end - first)
    rows = np.arange(len(edge)) - np.repeat(np.cumsum(end - first) - end, end - first)
    x = x0[edge] + (rows + 0.5 - y0[edge]) / (y1 - y0)[edge] * (x1 - x0)[edge]
    np.add.at(crossings, (rows, np.clip(np.ceil(x - 0.5), 0, width).astype(int)), 1)
    odd: npt.NDArray[np.bool_] = np.cumsum(crossings[:, :width], axis=1) % 2 == 1
    return odd


def _draw_points(image: Pixels, frame: Frame, document: dict[str, Any], base_radius: float, max_points: int) -> None:
    """Draw one disc per track, tracks outside of clusters below the others."""
    step = max(1, math.ceil(document["count"] / max_points))
    x, y = (np.cumsum(np.array(document[axis], np.float64))[::step] for axis in ("x", "y"))
    labels = np.array(document["cluster"], np.int64)[::step]
    order = np.argsort(labels >= 0, kind="stable")
    across, down = (np.rint(places).astype(np.int64) for places in frame.place(x[order], y[order]))
    # The last color is that of label -1, of tracks outside of clusters.
    palette = np.array(
        [*(_rgb(color_of(cluster["color"], DARK)) for cluster in document["clusters"]), _rgb(DARK.noise)]
    )
    colors = palette[labels[order]]
    radius = base_radius * (0.3 + 0.7 / (1 + len(x) / 900) ** 0.5)
    reach = math.ceil(radius)
    height, width, _ = image.shape
    for dy in range(-reach, reach + 1):
        dx = np.arange(-reach, reach + 1)
        columns = across + dx[dx * dx + dy * dy <= radius * radius, None]
        rows = np.broadcast_to(down + dy, columns.shape)
        fits = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
        image[rows[fits], columns[fits]] = np.broadcast_to(colors, (*columns.shape, 3))[fits]


def _png(image: npt.NDArray[np.uint8]) -> bytes:
    """Encode the picture as a PNG file (W3C, Portable Network Graphics) with 8 bits per channel."""
    height, width, _ = image.shape
    header = np.array([width, height], ">u4").tobytes() + bytes((8, 2, 0, 0, 0))
    rows = np.concatenate([np.zeros((height, 1), np.uint8), image.reshape(height, -1)], axis=1)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    chunks = (len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4) for kind, data in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
