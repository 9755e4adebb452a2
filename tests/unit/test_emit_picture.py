"""Pictures and icons of the map are valid PNG files with the viewer's colors and the tracks' positions."""

from __future__ import annotations

import io
import re
from pathlib import Path

import numpy as np
import numpy.typing as npt
import orjson
import pytest
from PIL import Image

from spotmap_build.emit.palette import DARK, LIGHT, Palette, color_of
from spotmap_build.emit.picture import pictures

ROOT = Path(__file__).parents[2]


def map_json(count: int, *, clusters: bool = True) -> bytes:
    """Return two groups, at the left and at the upper right, and a track between them."""
    x = [10_000] * count + [50_000] * count + [30_000]
    y = [20_000] * count + [50_000] * count + [35_000]
    around = (8_000, 18_000, 12_000, 18_000, 12_000, 22_000, 8_000, 22_000)
    hole = (9_500, 19_500, 9_500, 20_500, 10_500, 20_500, 10_500, 19_500)
    regions = [{"color": 0, "regions": [around, hole]}, {"color": 13, "regions": []}] if clusters else []
    document = {
        "count": len(x),
        "x": np.diff(x, prepend=0).tolist(),
        "y": np.diff(y, prepend=0).tolist(),
        "view": [8_000, 18_000, 52_000, 52_000],
        "cluster": [0] * count + [1] * count + [-1] if clusters else [-1] * len(x),
        "clusters": regions,
    }
    return orjson.dumps(document)


def rgb(color: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(color[1:]))


def pixels(png: bytes) -> npt.NDArray[np.uint8]:
    with Image.open(io.BytesIO(png)) as image:
        image.load()
        return np.asarray(image.convert("RGB"))


def place(x: int, y: int) -> tuple[int, int]:
    """Return row and column in the social picture, which has a margin of 9 % and is centered."""
    scale = min((1200 - 2 * 0.09 * 630) / 44_000, (630 - 2 * 0.09 * 630) / 34_000)
    return round(315 - (y - 35_000) * scale), round(600 + (x - 30_000) * scale)


@pytest.mark.parametrize("count", [1, 40_000])
def test_tracks_are_discs_in_the_colors_of_their_clusters(count: int) -> None:
    picture = pixels(pictures(map_json(count), has_social=True)["map.png"])
    assert picture.shape == (630, 1200, 3)
    assert tuple(picture[place(10_000, 20_000)]) == rgb(color_of(0, DARK))
    assert tuple(picture[place(50_000, 50_000)]) == rgb(color_of(13, DARK))
    assert tuple(picture[5, 5]) == rgb(DARK.background)
    if count == 1:
        assert tuple(picture[place(30_000, 35_000)]) == rgb(DARK.noise)


def test_regions_are_tinted_and_their_holes_are_not() -> None:
    picture = pixels(pictures(map_json(1), has_social=True)["map.png"]).astype(int)
    background, color = np.array(rgb(DARK.background)), np.array(rgb(color_of(0, DARK)))
    within, hole = picture[place(8_600, 18_600)], picture[place(10_400, 20_400)]
    assert np.abs(within - (background + 0.13 * (color - background))).max() <= 1
    assert tuple(hole) == tuple(background)


def test_region_far_outside_of_the_first_view_changes_nothing() -> None:
    document = orjson.loads(map_json(3))
    far = {"color": 5, "regions": [[-90_000_000, 0, -80_000_000, 0, -80_000_000, 90_000_000]]}
    with_far = orjson.dumps({**document, "clusters": [*document["clusters"], far]})
    assert pictures(with_far, has_social=True) == pictures(orjson.dumps(document), has_social=True)


def test_map_without_clusters_is_drawn() -> None:
    picture = pixels(pictures(map_json(3, clusters=False), has_social=True)["map.png"])
    assert tuple(picture[place(10_000, 20_000)]) == rgb(DARK.noise)


def test_icons_have_their_sizes_and_content_inside_the_maskable_area() -> None:
    files = pictures(map_json(30), has_social=False)
    assert set(files) == {"icon-192.png", "icon-512.png"}
    for name, png in files.items():
        icon = pixels(png)
        size = int(re.sub(r"\D", "", name))
        assert icon.shape == (size, size, 3)
        painted = np.argwhere((icon != rgb(DARK.background)).any(axis=2))
        assert len(painted) > 20
        assert np.hypot(*(painted - size / 2).T).max() <= 0.5 * size


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
def test_colors_are_those_of_the_viewer(colors: Palette) -> None:
    name = "dark" if colors is DARK else "light"
    palette = (ROOT / "site_template/viewer/ui/palette.js").read_text(encoding="utf-8")
    base = re.search(rf"{name}: \[(.*?)\]", palette, re.DOTALL)
    assert base
    assert tuple(re.findall("#[0-9a-f]{6}", base[1])) == colors.base
    style = (ROOT / "site_template/style.css").read_text(encoding="utf-8")
    theme = style[style.index('data-theme="dark"') :] if colors is DARK else style
    for role, color in (
        ("map-background", colors.background),
        ("map-noise", colors.noise),
        ("text", colors.text),
        ("text-muted", colors.muted),
        ("accent", colors.accent),
    ):
        assert re.search(f"--{role}: (#[0-9a-f]{{6}})", theme)[1] == color  # type: ignore[index]
    # Computed with Node from ui/palette.js.
    assert [color_of(index, colors) for index in (12, 13, 14, 30, 200)] == EXPECTED[name]


EXPECTED = {
    "dark": ["#e1897b", "#309b79", "#d5b2fe", "#d688b4", "#e5acef"],
    "light": ["#9e4e42", "#135e47", "#9371b8", "#954d77", "#a16cab"],
}
