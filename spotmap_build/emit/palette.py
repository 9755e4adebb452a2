"""The colors of the viewer (``ui/palette.js``, ``style.css``), for pictures drawn here. A test compares them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

GOLDEN_ANGLE: Final = 137.508
CHROMA: Final = 0.11


@dataclass(frozen=True, slots=True)
class Palette:
    """The colors of a theme, as ``#rrggbb``. ``levels``: lightness of the colors of groups beyond ``base``."""

    background: str
    noise: str
    text: str
    muted: str
    accent: str
    base: tuple[str, ...]
    levels: tuple[float, ...]


DARK: Final = Palette(
    background="#10131a",
    noise="#5d6677",
    text="#e9ecf2",
    muted="#a6afbf",
    accent="#8ab8ff",
    base=(
        "#4e9cee", "#e1d153", "#c06310", "#fd87a3", "#c5c8fe", "#9d63be",
        "#74eaa5", "#b19716", "#089868", "#1fc9ce", "#cf73ba", "#a6be49",
    ),
    levels=(0.72, 0.62, 0.82),
)  # fmt: skip
LIGHT: Final = Palette(
    background="#f7f6f2",
    noise="#a7acb4",
    text="#1b2029",
    muted="#555d6b",
    accent="#0b5bc0",
    base=(
        "#0361af", "#9c8e11", "#773a00", "#b94767", "#7f7ee4", "#682c87",
        "#15a362", "#715f02", "#055c3e", "#018589", "#923780", "#6b7f09",
    ),
    levels=(0.52, 0.43, 0.61),
)  # fmt: skip


def color_of(index: int, palette: Palette) -> str:
    """Return the viewer's color of a group, ``#rrggbb``: one of twelve, then hues a golden angle apart."""
    if index < len(palette.base):
        return palette.base[index]
    beyond = index - len(palette.base)
    lightness = palette.levels[beyond % len(palette.levels)]
    return _oklch(lightness, CHROMA, math.radians((30 + beyond * GOLDEN_ANGLE) % 360))


def _oklch(lightness: float, chroma: float, hue: float) -> str:
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.707614701 * short,
    )
    if chroma > 0.01 and not all(0 <= channel <= 1 for channel in linear):
        return _oklch(lightness, chroma - 0.01, hue)
    return "#" + "".join(f"{_encoded(min(1.0, max(0.0, channel))):02x}" for channel in linear)


def _encoded(linear: float) -> int:
    return math.floor((12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055) * 255 + 0.5)
