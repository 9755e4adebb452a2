"""The poster shows the whole map, with text as text and with labels that hide no others and few tracks."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from PIL import Image

from spotmap_build.companion_files import POSTER, write_document
from spotmap_build.config import load_config
from spotmap_build.emit.icon import draw_icon
from spotmap_build.emit.palette import LIGHT, color_of
from spotmap_build.emit.poster import HEIGHT, MARGIN, WIDTH, draw_poster
from spotmap_build.emit.poster_png import png_of
from spotmap_build.errors import ConfigError, OutputError
from spotmap_build.output_paths import check_output_paths
from tests.fakes.sample_site import sample_documents

SVG = "{http://www.w3.org/2000/svg}"
CAPTION = "Tracks that sound alike lie close together."


def document(tracks: int, **changes: Any) -> dict[str, Any]:
    return sample_documents(np.random.default_rng(7), tracks, "A sample library")["map.json"] | changes


def poster(data: dict[str, Any], size: str = "a2") -> ET.Element:
    return ET.fromstring(draw_poster(orjson.dumps(data), size, CAPTION))


def texts(root: ET.Element) -> list[str]:
    return [" ".join("".join(text.itertext()).split()) for text in root.iter(f"{SVG}text")]


def test_poster_has_the_title_every_track_and_a_legend() -> None:
    data = document(300)
    root = poster(data)
    assert [root.get("width"), root.get("height")] == ["420mm", "594mm"]
    assert [poster(data, "a3").get("width"), poster(data, "a3").get("height")] == ["297mm", "420mm"]
    shown = texts(root)
    assert {"A sample library", CAPTION} <= set(shown)
    assert f"300 tracks · {len(data['clusters'])} clusters · {len(data['playlists'])} playlists" in shown
    for cluster in data["clusters"]:
        assert f"{cluster['name']} {cluster['count']:,}" in shown
    fills = {group.get("fill"): len(group) for group in root.iter(f"{SVG}g") if group.find(f"{SVG}circle") is not None}
    for number, cluster in enumerate(data["clusters"]):
        assert fills[color_of(cluster["color"], LIGHT)] == data["cluster"].count(number)
    assert fills[LIGHT.noise] == data["cluster"].count(-1)


@pytest.mark.parametrize("words", ["a music library ", "\u6f22", "\u200d"])
def test_overlong_title_is_shortened_to_its_line(words: str) -> None:
    data = document(300, title=words * 20_000)
    shown, title = texts(poster(data))[0], data["title"]  # trying every length would take hours
    assert shown.endswith("…")
    assert title.startswith(shown[:-1])
    assert texts(poster(data | {"title": shown}))[0] == shown


def test_equal_maps_make_equal_bytes_without_a_date() -> None:
    data = orjson.dumps(document(300))
    content = draw_poster(data, "a2", CAPTION)
    assert content == draw_poster(data, "a2", CAPTION)
    assert not re.search(rb"\d{4}-\d\d-\d\d", content)
    assert not re.search(r"\b20\d\d\b", " ".join(texts(ET.fromstring(content))))


@pytest.mark.parametrize("tracks", [300, 5_000, pytest.param(20_000, marks=pytest.mark.slow)])
def test_labels_do_not_overlap_and_stay_within_the_margins(tracks: int) -> None:
    halo, names = [group for group in poster(document(tracks)).iter(f"{SVG}g") if group.get("text-anchor") == "middle"]
    assert len(halo) == len(names) > 2
    boxes = []
    for text in names:
        size, x, y = (float(text.get(name, 0)) for name in ("font-size", "x", "y"))
        # A lower bound for the average width of letters.
        width = 0.5 * size * len(text.text or "")
        assert x - width / 2 >= MARGIN - 8
        assert x + width / 2 <= WIDTH - MARGIN + 8
        boxes.append((x - width / 2, y - 0.8 * size, x + width / 2, y + 0.2 * size))
    for place, a in enumerate(boxes):
        for b in boxes[:place]:
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]


def test_label_is_not_placed_in_the_legend() -> None:
    """One group at the bottom of the map, whose label would hide least below it."""
    name = "Electronic music of the quiet kind"
    x, y = [10_000, 10_200, 30_000, 30_200], [10_000, 10_200, 60_000, 60_200]
    data = {
        "title": "Low", "count": 4, "x": np.diff(x, prepend=0).tolist(), "y": np.diff(y, prepend=0).tolist(),
        "view": [9_000, 9_000, 31_000, 61_000], "cluster": [0, 0, -1, -1], "playlists": [],
        "clusters": [
            {
                "name": name, "count": 2, "color": 0, "peak": [10_100, 10_100],
                "regions": [[9_500, 9_000, 10_700, 9_000, 10_700, 10_700, 9_500, 10_700]],
            }
        ],
    }  # fmt: skip
    heights = {text.text: float(text.get("y", 0)) for text in poster(data).iter(f"{SVG}text")}
    assert {"Electronic music", "of the quiet kind"} <= set(heights)
    assert heights["of the quiet kind"] < heights[f"{name} "] - 30


def test_labels_of_small_groups_hide_hardly_any_tracks() -> None:
    """Two adjacent groups: a label centered on one would hide tracks of the other."""
    x = [10_000, 10_400, 10_800, 11_200, 15_000, 15_400, 15_800, 16_200]
    clusters = [
        {
            "name": "Electronic",
            "count": 4,
            "color": number,
            "regions": [[left, 20_000, left + 1_800, 20_000, left + 1_800, 22_000, left, 22_000]],
            "peak": [left + 900, 21_000],
        }
        for number, left in enumerate((9_700, 14_700))
    ]
    data = {
        "title": "Two", "count": 8, "x": np.diff(x, prepend=0).tolist(), "y": [21_000, *[0] * 7],
        "view": [8_000, 18_000, 60_000, 60_000], "cluster": [0] * 4 + [1] * 4, "clusters": clusters, "playlists": [],
    }  # fmt: skip
    root = poster(data)
    circles = [(float(circle.get("cx", 0)), float(circle.get("cy", 0))) for circle in root.iter(f"{SVG}circle")][:8]
    for text in root.iter(f"{SVG}text"):
        if text.text == "Electronic":
            x_middle, y_base, size = (float(text.get(name, 0)) for name in ("x", "y", "font-size"))
            reach = 0.3 * size * len("Electronic")
            assert not [1 for cx, cy in circles if abs(cx - x_middle) < reach and y_base - size < cy < y_base]


def test_hostile_text_is_escaped() -> None:
    hostile = '<script>"&\u0007\u202e\u2066\ufffe\uffff</script>'
    data = document(300, title=hostile)
    data["clusters"][0]["name"] = hostile
    content = draw_poster(orjson.dumps(data), "a2", hostile)
    assert b"<script" not in content
    assert '<script>"& \ufffd\ufffd</script>' in texts(ET.fromstring(content))


@pytest.mark.parametrize("title", ["M" * 300, "音楽" * 80, "A map of everything that I have listened to since 1999"])
def test_long_title_stays_within_the_margins(title: str) -> None:
    root = poster(document(300, title=title))
    (shown,) = [text for text in root.iter(f"{SVG}text") if (text.text or "")[:3] == title[:3]]
    width_factor = 1.0 if title.startswith("音") else 0.5
    assert float(shown.get("font-size", 0)) * width_factor * len(shown.text or "") <= WIDTH - 2 * MARGIN


@pytest.mark.parametrize("tracks", [1, 300, pytest.param(20_000, marks=pytest.mark.slow)])
def test_icon_shows_the_map_in_few_points_within_its_square(tracks: int) -> None:
    content = draw_icon(document(tracks))
    assert content == draw_icon(document(tracks))
    assert len(content) < 6_000
    root = ET.fromstring(content)
    assert root.get("viewBox") == "0 0 32 32"
    circles = [(float(circle.get("cx", 0)), float(circle.get("cy", 0))) for circle in root.iter(f"{SVG}circle")]
    if tracks <= 300:
        assert circles
        assert all(3 <= x <= 29 and 3 <= y <= 29 for x, y in circles)
    else:
        assert 30 < sum(path.get("d", "").count("h0") for path in root.iter(f"{SVG}path")) < 100


@pytest.mark.parametrize("tracks", [0, 1, 2])
def test_map_with_at_most_two_tracks_is_drawn(tracks: int) -> None:
    assert len(list(poster(document(tracks)).iter(f"{SVG}circle"))) == tracks


def test_large_map_is_one_path_per_color_within_the_sheet() -> None:
    data = document(20_000)
    content = draw_poster(orjson.dumps(data), "a2", CAPTION)
    assert len(content) < 400_000
    root = ET.fromstring(content)
    paths = {path.get("stroke"): path.get("d", "") for path in root.iter(f"{SVG}path") if path.get("fill") == "none"}
    assert sum(path.count("h0") for path in paths.values()) == 20_000
    noise = [part.split() for part in paths[LIGHT.noise].replace("h0", "").split("m")[1:]]
    ys = list(accumulate(float(y) for _, y in noise))
    assert min(ys) > 100
    assert max(ys) < HEIGHT - 200


@pytest.mark.slow
def test_png_is_marked_and_has_its_size() -> None:
    pytest.importorskip("resvg_py")
    svg = draw_poster(orjson.dumps(document(30)), "a3", CAPTION)
    png = png_of(svg)
    assert POSTER.beginning.match(png)
    with Image.open(io.BytesIO(png)) as image:
        image.load()
        assert image.width == 4000
        assert image.height == pytest.approx(4000 * 2**0.5, abs=6)
        corners = {image.convert("RGB").getpixel(corner) for corner in ((0, 0), (3999, image.height - 1))}
    assert corners == {tuple(bytes.fromhex(LIGHT.background[1:]))}


def test_build_replaces_only_its_own_poster(tmp_path: Path) -> None:
    place = tmp_path / "poster.svg"
    svg = draw_poster(orjson.dumps(document(30)), "a3", CAPTION)
    write_document(place, svg, POSTER, force=False)
    write_document(place, svg, POSTER, force=False)
    place.write_text("<svg>somebody's own</svg>")
    with pytest.raises(OutputError, match=r"would replace .*poster\.svg, which was not written by a build"):
        check_output_paths(load_config({"poster": str(place)}, {}, tmp_path))
    check_output_paths(load_config({"poster": str(place), "force": True}, {}, tmp_path))


@pytest.mark.parametrize("name", ["poster.pdf", "poster", "poster.jpg"])
def test_unsupported_poster_format_is_refused_before_the_build(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"must be a \.svg or \.png file") as caught:
        check_output_paths(load_config({"poster": name}, {}, tmp_path))
    assert "PDF" in caught.value.hint


def test_png_poster_without_its_renderer_is_refused_before_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spotmap_build.output_paths.find_spec", lambda _name: None)
    with pytest.raises(ConfigError, match="resvg-py"):
        check_output_paths(load_config({"poster": "poster.png"}, {}, tmp_path))
