"""Draw a poster of the map: an SVG page with the title, cluster names and a legend. Equal maps give equal bytes.

The sans-serif font depends on the machine that shows the poster, so text widths are generous estimates.
"""

from __future__ import annotations

import math
import re
import unicodedata
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from html import escape
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Any, Final

import orjson

from spotmap_build.core.text import printable
from spotmap_build.emit.palette import LIGHT, color_of
from spotmap_build.emit.shapes import draw_map, fmt, point_radius, points, regions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from spotmap_build.emit.shapes import DrawnMap, Place

SIZES_MM: Final = {"a3": (297, 420), "a2": (420, 594)}
WIDTH, HEIGHT = 1000.0, 1414.0
"""The page in SVG units, independent of its paper size."""
MARGIN: Final = 64.0
TITLE_SIZE, MIN_TITLE_SIZE = 56.0, 26.0
MAP_TOP: Final = 208.0
FOOT: Final = 48.0
GAP: Final = 32.0
MARK: Final = "<!-- spotmap.poster/1 -->"
"""Identifies the file as a poster, which later builds may replace."""
LEGEND_SIZE, LEGEND_ROW = 15.0, 24.0
MAX_ROWS: Final = 14
PALETTE: Final = LIGHT
FONT: Final = "system-ui, 'Helvetica Neue', Arial, sans-serif"
LEADING: Final = 1.2
MAX_LINE_LENGTH: Final = 24
EMOJI: Final = re.compile("\\s*(?:[\u2600-\u27bf\U0001f000-\U0001faff][\ufe0f\u200d]*)+")
REMARK: Final = re.compile(r" \((?:[^()]|\([^()]*\))*\)$")
ROUNDING: Final = 1e-6
"""Tolerance for sums of widths, which depend on the order of summation."""
_NO_CHARACTERS: Final = dict.fromkeys((0xFFFE, 0xFFFF), "\N{REPLACEMENT CHARACTER}")
NAME_AIR: Final = (8.0, 5.0)
"""Horizontal and vertical padding around a name."""
MAY_HIDE: Final = 0.1
"""Share of its cluster's tracks that a name may hide if it hides some at every position, as on the page."""


@dataclass(frozen=True, slots=True)
class _Name:
    """A cluster's name placed on the map: its center ``middle``, and the size of its box."""

    lines: tuple[str, ...]
    size: float
    middle: Place
    width: float
    height: float

    def is_within(self, top: float, bottom: float) -> bool:
        return top <= self.middle[1] - self.height / 2 and self.middle[1] + self.height / 2 <= bottom

    def touches(self, other: _Name) -> bool:
        across, down = abs(self.middle[0] - other.middle[0]), abs(self.middle[1] - other.middle[1])
        return across < (self.width + other.width) / 2 and down < (self.height + other.height) / 2

    def hides(self, places: Sequence[Place], radius: float) -> int:
        """Count the tracks that it hides. ``radius``: of points. ``places``: sorted from left to right."""
        x, y = self.middle
        across, down = self.width / 2 - NAME_AIR[0] + radius, self.height / 2 - NAME_AIR[1] + radius
        below = places[bisect_left(places, (x - across,)) : bisect_left(places, (x + across,))]
        return sum(abs(other - y) < down for _, other in below)


def draw_poster(map_json: bytes, size: str, caption: str) -> bytes:
    """Draw the poster.

    Parameters
    ----------
    map_json
        The site's ``map.json``.
    size
        One of ``SIZES_MM``.
    caption
        A sentence that says what proximity on the map means.
    """
    document = orjson.loads(map_json)
    rows = _legend_rows(document)
    columns = _columns(rows)
    lines = math.ceil(min(len(rows), columns * MAX_ROWS) / columns)
    legend_top = HEIGHT - MARGIN - FOOT - lines * LEGEND_ROW
    map_height = legend_top - GAP - MAP_TOP
    drawn = draw_map(document, MARGIN + GAP, MAP_TOP, WIDTH - 2 * (MARGIN + GAP), map_height)
    radius = point_radius(document["count"], (WIDTH - 2 * MARGIN) * map_height)
    across_mm, down_mm = SIZES_MM[size]
    page = f'width="{across_mm}mm" height="{down_mm}mm" viewBox="0 0 {WIDTH:g} {HEIGHT:g}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {page} font-family="{FONT}">',
        MARK,
        f"<title>{_escaped(document['title'])}</title>",
        f'<rect x="-9" y="-9" width="1018" height="1432" fill="{PALETTE.background}"/>',
        *_head(document),
        f'<clipPath id="map"><rect y="{MAP_TOP - GAP / 2:g}" width="1000" height="{map_height + GAP:g}"/></clipPath>',
        '<g clip-path="url(#map)">',
        *regions(drawn, PALETTE, 1.3),
        *points(drawn, PALETTE, radius, 0.9 if radius > 2.4 else 0),
        "</g>",
        *_written(_names(drawn, radius, (MAP_TOP - GAP, MAP_TOP + map_height + GAP / 2))),
        *_legend(rows, legend_top, columns, lines),
        _line(caption, MARGIN, HEIGHT - MARGIN, LEGEND_SIZE, PALETTE.muted),
        "</svg>\n",
    ]
    return "\n".join(parts).encode()


def _head(document: dict[str, Any]) -> Iterator[str]:
    title, room = document["title"], WIDTH - 2 * MARGIN
    size = max(MIN_TITLE_SIZE, min(TITLE_SIZE, room / max(1.0, _width(title, 1.0))))
    title = _fitting(title, size, room)
    groups = ((len(document[f"{noun}s"]), noun) for noun in ("cluster", "playlist"))
    counts = ((document["count"], "track"), *groups)
    about = " · ".join(f"{count:,} {noun}{'' if count == 1 else 's'}" for count, noun in counts if count)
    yield f'<g font-weight="600">{_line(title, MARGIN, MARGIN + 50, size, PALETTE.text)}</g>'
    yield _line(about, MARGIN, MARGIN + 84, 19, PALETTE.muted)
    yield f'<rect x="{MARGIN:g}" y="{MARGIN + 104:g}" width="48" height="4" rx="2" fill="{PALETTE.accent}"/>'


def _names(drawn: DrawnMap, radius: float, room: tuple[float, float]) -> list[_Name]:
    """Place the names of clusters, the largest first, without overlaps and where they hide as few tracks as possible.

    ``radius``: of points. ``room``: vertical range of the page for names.
    """
    named: list[_Name] = []
    places = sorted(chain.from_iterable(drawn.places))
    called = _display_names([cluster["name"] for cluster in drawn.clusters])
    for number in sorted(range(len(called)), key=lambda number: -drawn.clusters[number]["count"]):
        candidates = _candidates(drawn, number, called[number], radius)
        within = [name for name in candidates if name.is_within(*room)]
        free = [name for name in within if not any(name.touches(other) for other in named)]
        if free:
            few = MAY_HIDE * len(drawn.places[number])
            hidden = [count and max(few, count) for count in (name.hides(places, radius) for name in free)]
            named.append(free[hidden.index(min(hidden))])
    return named


def _display_names(names: Sequence[str]) -> list[str]:
    """Omit remarks in parentheses if the names are unique without them, as the page does."""
    brief = [REMARK.sub("", name) for name in names]
    return [short if brief.count(short) == 1 else name for name, short in zip(names, brief, strict=True)]


def _candidates(drawn: DrawnMap, number: int, called: str, radius: float) -> Iterator[_Name]:
    """Yield possible positions of a name: the densest place, then below and above each island, the largest first."""
    cluster = drawn.clusters[number]
    lines = _lines_of(called)
    size = 15 + 8 * math.sqrt(cluster["count"] / max(one["count"] for one in drawn.clusters))
    width = max(_width(line, size) for line in lines) + 2 * NAME_AIR[0]
    height = size * (1 + LEADING * (len(lines) - 1)) + 2 * NAME_AIR[1]
    least, most = MARGIN + width / 2 - 8, WIDTH - MARGIN - width / 2 + 8
    anchors = [drawn.frame.place(*cluster["peak"])] if cluster["peak"] else []
    islands = (zip(*ring, strict=True) for ring in drawn.rings(number))
    boxes = [(min(xs), min(ys), max(xs), max(ys)) for xs, ys in islands]
    boxes.sort(key=lambda box: (box[0] - box[2]) * (box[3] - box[1]))
    if len(boxes) > 1:
        lefts, tops, rights, bottoms = zip(*boxes, strict=True)
        boxes.append((min(lefts), min(tops), max(rights), max(bottoms)))
    for x0, y0, x1, y1 in boxes:
        away = height / 2 + max(0, radius - NAME_AIR[1])
        anchors += [((x0 + x1) / 2, y1 + away), ((x0 + x1) / 2, y0 - away)]
    for x, y in anchors:
        yield _Name(lines, size, (max(least, min(most, x)), y), width, height)


def _lines_of(name: str) -> tuple[str, ...]:
    """Break a long name into two lines of similar length; the second never begins with a dash."""
    spaces = [place for place, sign in enumerate(name) if sign == " " and name[place + 1 : place + 2] not in {"", "–"}]
    if len(name) <= MAX_LINE_LENGTH or not spaces:
        return (_shortened(name, 2 * MAX_LINE_LENGTH),)
    at = min(spaces, key=lambda place: abs(place - len(name) / 2))
    return _shortened(name[:at], MAX_LINE_LENGTH + 6), _shortened(name[at + 1 :], MAX_LINE_LENGTH + 6)


def _written(names: Sequence[_Name]) -> Iterator[str]:
    """Yield all halos, then all names: not all programs respect the paint order within one text element."""
    for look in (
        f'stroke="{PALETTE.background}" stroke-width="5" stroke-linejoin="round" opacity="0.85"',
        f'fill="{PALETTE.text}"',
    ):
        yield f'<g text-anchor="middle" font-weight="600" {look}>'
        for name in names:
            for number, line in enumerate(name.lines):
                y = name.middle[1] + (number - (len(name.lines) - 1) / 2) * LEADING * name.size + 0.35 * name.size
                yield (
                    f'<text x="{fmt(name.middle[0])}" y="{fmt(y)}" font-size="{fmt(name.size)}">{_escaped(line)}</text>'
                )
        yield "</g>"


def _legend_rows(document: dict[str, Any]) -> list[tuple[str, str, int]]:
    """Return color, name and count of each cluster, the largest first, and of the tracks outside of clusters."""
    clusters = sorted(document["clusters"], key=lambda cluster: -cluster["count"])
    rows = [(color_of(one["color"], PALETTE), one["name"], one["count"]) for one in clusters]
    others = document["cluster"].count(-1)
    return [*rows, (PALETTE.noise, "Between clusters", others)] if rows and others else rows


def _columns(rows: Sequence[tuple[str, str, int]]) -> int:
    """Return the number of columns: as many as fit the longest name, otherwise the fewest that fit all rows."""
    widest = max((_width(f"{name}{count:,}", LEGEND_SIZE) for _, name, count in rows), default=0.0)
    fitting = [columns for columns in (4, 3) if widest + 36 <= (WIDTH - 2 * MARGIN) / columns]
    return next(iter(fitting), 2 if len(rows) <= 2 * MAX_ROWS else 3)


def _legend(rows: Sequence[tuple[str, str, int]], top: float, columns: int, lines: int) -> Iterator[str]:
    room = columns * lines
    shown = rows if len(rows) <= room else rows[: room - 1]
    column = (WIDTH - 2 * MARGIN) / columns
    for number, (color, name, count) in enumerate(shown):
        x, y = MARGIN + number // lines * column, top + number % lines * LEGEND_ROW + LEGEND_SIZE
        brief = _fitting(name, LEGEND_SIZE, column - 36 - _width(f"{count:,}", LEGEND_SIZE))
        yield f'<circle cx="{fmt(x + 5)}" cy="{fmt(y - 5)}" r="5" fill="{color}"/>'
        yield (
            f'<text x="{fmt(x + 18)}" y="{fmt(y)}" font-size="{LEGEND_SIZE:g}" fill="{PALETTE.text}">'
            f'{_escaped(brief)} <tspan dx="4" fill="{PALETTE.muted}">{count:,}</tspan></text>'
        )
    if len(shown) < len(rows):
        x, y = MARGIN + (columns - 1) * column + 18, top + (lines - 1) * LEGEND_ROW + LEGEND_SIZE
        yield _line(f"and {len(rows) - len(shown)} more", x, y, LEGEND_SIZE, PALETTE.muted)


def _line(text: str, x: float, y: float, size: float, color: str) -> str:
    return f'<text x="{fmt(x)}" y="{fmt(y)}" font-size="{fmt(size)}" fill="{color}">{_escaped(text)}</text>'


def _escaped(text: str) -> str:
    """Escape text for XML, replacing control characters and noncharacters that XML does not allow.

    Pictographs next to words are removed, because the renderer would set the whole line in the font of the pictograph.
    """
    return escape(printable(EMOJI.sub("", text) or text).translate(_NO_CHARACTERS))


def _shortened(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def _fitting(text: str, size: float, room: float) -> str:
    widths, widest = list(accumulate(map(_width_of, text))), room / size + ROUNDING
    if not text or widths[-1] <= widest:
        return text
    longest = bisect_right(widths, widest - ROUNDING - _width_of("…"))
    return _shortened(text, max(1, min(longest + 1, len(text) - 1)))


def _width(text: str, size: float) -> float:
    """Return a generous estimate of the width of a text."""
    return size * sum(map(_width_of, text))


def _width_of(sign: str) -> float:
    """Estimate the width of a character relative to the font size: East Asian ones are square, capitals wide."""
    if unicodedata.combining(sign):
        return 0.0
    if unicodedata.east_asian_width(sign) in "WF":
        return 1.0
    return 0.7 if sign.isupper() or sign in "mwMW" else 0.57
