"""Draw the map as SVG shapes from ``map.json``, for posters and the favicon. Imports no numerical packages."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Final

from spotmap_build.emit.palette import color_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from spotmap_build.emit.palette import Palette

MAX_CIRCLES: Final = 5000
"""With more points, each color is drawn as one path, because few programs could open the file otherwise."""
STRAY: Final = 0.06
FILL: Final = 0.1
STROKE: Final = 0.5

Place = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Frame:
    """Position of the map in a drawing, whose y axis points downwards.

    ``center`` (map units) is drawn at ``middle``; ``scale``: drawing units per map unit.
    """

    center: Place
    middle: Place
    scale: float

    def place(self, x: float, y: float) -> Place:
        """Convert a position on the map, whose y axis points upwards, to the drawing."""
        across = (x - self.center[0]) * self.scale + self.middle[0]
        return across, (self.center[1] - y) * self.scale + self.middle[1]


@dataclass(frozen=True, slots=True)
class DrawnMap:
    """A map in a frame. ``places``: of the tracks of each cluster, and last of those in no cluster."""

    document: dict[str, Any]
    frame: Frame
    places: tuple[tuple[Place, ...], ...]

    @property
    def clusters(self) -> list[dict[str, Any]]:
        """The clusters in the format of the site's file."""
        found: list[dict[str, Any]] = self.document["clusters"]
        return found

    def rings(self, cluster: int) -> list[list[Place]]:
        """Return the boundary rings of a cluster in the drawing."""
        return rings_of(self.clusters[cluster], self.frame)


def rings_of(cluster: dict[str, Any], frame: Frame) -> list[list[Place]]:
    """Return the boundary rings of a cluster of ``map.json`` in a drawing."""
    return [
        [frame.place(x, y) for x, y in zip(ring[::2], ring[1::2], strict=True)]
        for ring in cluster["regions"]
        if len(ring) >= 6
    ]


def draw_map(document: dict[str, Any], left: float, top: float, width: float, height: float) -> DrawnMap:
    """Fit a map (the site's ``map.json``, decoded) into a box, except for tracks that are too far out."""
    x0, y0, x1, y1 = _extent(document)
    scale = min(width / max(1, x1 - x0), height / max(1, y1 - y0))
    frame = Frame(((x0 + x1) / 2, (y0 + y1) / 2), (left + width / 2, top + height / 2), scale)
    places: list[list[Place]] = [[] for _ in range(len(document["clusters"]) + 1)]
    for x, y, label in zip(accumulate(document["x"]), accumulate(document["y"]), document["cluster"], strict=True):
        places[label].append(frame.place(x, y))
    return DrawnMap(document, frame, tuple(map(tuple, places)))


def _extent(document: dict[str, Any]) -> tuple[float, float, float, float]:
    """Return the extent of a drawing in map units: the first view, extended to outliers up to a share of its side."""
    low_x, low_y, high_x, high_y = document["view"]
    air = STRAY * max(high_x - low_x, high_y - low_y)
    corners = [ring for cluster in document["clusters"] for ring in cluster["regions"]]
    xs = [*accumulate(document["x"]), *(x for ring in corners for x in ring[::2]), low_x, high_x]
    ys = [*accumulate(document["y"]), *(y for ring in corners for y in ring[1::2]), low_y, high_y]
    return (
        max(low_x - air, min(xs)),
        max(low_y - air, min(ys)),
        min(high_x + air, max(xs)),
        min(high_y + air, max(ys)),
    )


def regions(drawn: DrawnMap, palette: Palette, width: float) -> Iterator[str]:
    """Yield the boundaries of the clusters, smoothed as in the viewer; ``width``: of their edges."""
    for number, cluster in enumerate(drawn.clusters):
        path = "".join(_smooth(ring) for ring in drawn.rings(number))
        if path:
            color = color_of(cluster["color"], palette)
            yield (
                f'<path d="{path}" fill="{color}" fill-opacity="{FILL}" fill-rule="evenodd" '
                f'stroke="{color}" stroke-opacity="{STROKE}" stroke-width="{fmt(width)}"/>'
            )


def _smooth(ring: Sequence[Place]) -> str:
    """Return a closed curve whose control points are the ring's corners, through the midpoints of its sides."""
    start = _midpoint(ring[0], ring[1])
    turns = [
        f"Q{_pair(corner)} {_pair(_midpoint(corner, after))}"
        for corner, after in zip([*ring[1:], ring[0]], [*ring[2:], ring[0], ring[1]], strict=True)
    ]
    return f"M{_pair(start)}{''.join(turns)}Z"


def _midpoint(first: Place, second: Place) -> Place:
    return (first[0] + second[0]) / 2, (first[1] + second[1]) / 2


def points(drawn: DrawnMap, palette: Palette, radius: float, rim: float) -> Iterator[str]:
    """Yield the tracks: first those outside of clusters, then a group for each cluster.

    ``rim``: width of the edge in the background color, which separates points if there are few.
    """
    colors = [*(color_of(cluster["color"], palette) for cluster in drawn.clusters), palette.noise]
    are_few = drawn.document["count"] <= MAX_CIRCLES
    for number in (len(colors) - 1, *range(len(colors) - 1)):
        places = drawn.places[number]
        reach = radius * (0.8 if number == len(colors) - 1 else 1)
        if places and are_few:
            circles = "".join(f'<circle cx="{fmt(x)}" cy="{fmt(y)}" r="{fmt(reach)}"/>' for x, y in places)
            edge = f' stroke="{palette.background}" stroke-width="{fmt(rim)}"' if rim else ""
            yield f'<g fill="{colors[number]}"{edge}>{circles}</g>'
        elif places:
            yield (
                f'<path d="{_dots(places)}" fill="none" stroke="{colors[number]}" '
                f'stroke-width="{fmt(2 * reach)}" stroke-linecap="round"/>'
            )


def _dots(places: Iterable[Place]) -> str:
    """Return a path with a dot at each place, using relative moves whose rounding errors do not accumulate."""
    path, last_x, last_y = [], 0, 0
    for x, y in places:
        at_x, at_y = round(x * 10), round(y * 10)
        path.append(f"m{fmt((at_x - last_x) / 10)} {fmt((at_y - last_y) / 10)}h0")
        last_x, last_y = at_x, at_y
    return "".join(path)


def point_radius(count: int, area: float) -> float:
    """Return the radius of a point, which grows with the distance between neighbors, within limits."""
    spacing = math.sqrt(area / max(1, count))
    return min(6.0, max(0.75, 0.5 * math.pow(spacing, 0.75)))


def fmt(number: float) -> str:
    """Format a number with at most one decimal, as briefly as possible."""
    return f"{round(number, 1):g}" if abs(number) < 1e5 else str(round(number))


def _pair(place: Place) -> str:
    return f"{fmt(place[0])} {fmt(place[1])}"
