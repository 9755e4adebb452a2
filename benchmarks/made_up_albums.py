"""``python -m benchmarks.made_up_albums FOLDER``: a synthetic library of albums with covers, for screenshots.

Writes ``library.csv`` and its covers into the folder; ``spotmap-build --source table:library.csv`` makes the map.
Titles, artists and covers are made up, so the screenshots can be published.
"""

from __future__ import annotations

import csv
import random
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from tests.fakes.sample_site import FIRST_NAMES, LAST_NAMES, PLAYLISTS, STYLES, WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

EDGE_PX = 320
ALBUMS, TRACKS_PER_ALBUM = 120, 5
STYLE_COUNT = 12
SPACING = 6.0
COLUMNS = ("id", "title", "artist", "album", "year", "genre", "playlist", "x", "y", "art")
INKS = ("#f4ede0", "#e4572e", "#17bebb", "#ffc914", "#2e282a", "#76b041", "#5b5f97", "#ff6b6c", "#b8b8d1", "#0b3954")

Color = str


def main() -> int:
    """Write the library into the given folder."""
    folder = Path(sys.argv[1])
    (folder / "covers").mkdir(parents=True, exist_ok=True)
    with (folder / "library.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        table.writerows(library(folder / "covers"))
    return 0


def library(covers: Path) -> Iterator[Sequence[object]]:
    """Yield the rows of the table, and paint the cover of each album into a folder."""
    dice = random.Random(3)
    scatter = np.random.default_rng(3)
    grid = np.array([(column, row) for row in range(3) for column in range(STYLE_COUNT // 3)])
    centers = SPACING * grid + scatter.uniform(-1.6, 1.6, size=(STYLE_COUNT, 2))
    for album in range(ALBUMS):
        style = album % STYLE_COUNT
        artist = f"{dice.choice(FIRST_NAMES)} {dice.choice(LAST_NAMES)}"
        name = " ".join(dice.sample(WORDS, dice.randint(1, 2))).capitalize()
        cover = f"covers/{album}.png"
        paint(dice).save(covers / f"{album}.png")
        place = centers[style] + scatter.normal(scale=0.85, size=2)
        for number in range(TRACKS_PER_ALBUM):
            x, y = place + scatter.normal(scale=0.45, size=2)
            title = " ".join(dice.sample(WORDS, 2)).capitalize()
            song = f"spotify:track:{album:011d}{number:011d}"
            playlists = "; ".join(dice.sample(PLAYLISTS, dice.choice((0, 1, 1, 2))))
            yield song, title, artist, name, dice.randint(1968, 2026), STYLES[style], playlists, x, y, cover


def paint(dice: random.Random) -> Image.Image:
    """Paint a cover: one of a few simple compositions, in a few colors."""
    back, *inks = dice.sample(INKS, 4)
    image = Image.new("RGB", (2 * EDGE_PX, 2 * EDGE_PX), back)
    compose = dice.choice((_suns, _bars, _hills, _tiles, _rays))
    compose(ImageDraw.Draw(image), inks, dice)
    return image.resize((EDGE_PX, EDGE_PX), Image.Resampling.LANCZOS)


def _suns(draw: ImageDraw.ImageDraw, inks: list[Color], dice: random.Random) -> None:
    x, y = (dice.uniform(0.3, 0.7) * 2 * EDGE_PX for _ in range(2))
    for step, radius in enumerate(range(300, 20, -70)):
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=inks[step % len(inks)])


def _bars(draw: ImageDraw.ImageDraw, inks: list[Color], dice: random.Random) -> None:
    width = 2 * EDGE_PX // dice.randint(5, 9)
    for step, left in enumerate(range(0, 2 * EDGE_PX, width)):
        top = dice.uniform(0.1, 0.8) * 2 * EDGE_PX
        draw.rectangle((left, top, left + width * 0.8, 2 * EDGE_PX), fill=inks[step % len(inks)])


def _hills(draw: ImageDraw.ImageDraw, inks: list[Color], dice: random.Random) -> None:
    draw.ellipse((380, 90, 520, 230), fill=inks[0])
    for step in range(4):
        height, phase = 250 + 100 * step, dice.uniform(0, 6)
        top = [(x, height + 60 * np.sin(x / 90 + phase)) for x in range(0, 2 * EDGE_PX + 1, 10)]
        draw.polygon([*top, (2 * EDGE_PX, 2 * EDGE_PX), (0, 2 * EDGE_PX)], fill=inks[(step + 1) % len(inks)])


def _tiles(draw: ImageDraw.ImageDraw, inks: list[Color], dice: random.Random) -> None:
    side = 2 * EDGE_PX // 4
    for row in range(4):
        for column in range(4):
            left, top, turn = column * side, row * side, dice.choice((0, 90, 180, 270))
            box = (left - side, top - side, left + side, top + side)
            shift = {0: (0, 0), 90: (side, 0), 180: (side, side), 270: (0, side)}[turn]
            moved = [edge + shift[at % 2] for at, edge in enumerate(box)]
            draw.pieslice(tuple(moved), turn, turn + 90, fill=dice.choice(inks))


def _rays(draw: ImageDraw.ImageDraw, inks: list[Color], dice: random.Random) -> None:
    x, y, count = dice.uniform(100, 540), dice.uniform(400, 700), dice.randint(14, 26)
    for step in range(0, count, 2):
        one, two = (np.pi * 2 * at / count for at in (step, step + 1))
        far = [(x + 1000 * np.cos(angle), y + 1000 * np.sin(angle)) for angle in (one, two)]
        draw.polygon([(x, y), *far], fill=inks[step // 2 % len(inks)])
    draw.ellipse((x - 90, y - 90, x + 90, y + 90), fill=inks[-1])


if __name__ == "__main__":
    sys.exit(main())
