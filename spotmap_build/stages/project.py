"""Project stage: lay out the tracks on the plane, continuing the last map."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from spotmap_build.cache.keys import Key, digest_bytes
from spotmap_build.cache.memo import Cached, Codec
from spotmap_build.core.documents import decode_json
from spotmap_build.core.translation import gettext
from spotmap_build.stages.previous_map import load_previous_map
from spotmap_build.stages.space import LAYOUT_VERSION, EmbeddingSpace, layout_environment

if TYPE_CHECKING:
    from spotmap_build.atlas import Since
    from spotmap_build.cache.memo import Outputs
    from spotmap_build.model import Float32Array
    from spotmap_build.project.anchoring import Anchored
    from spotmap_build.run import Made, Run
    from spotmap_build.stages.embed import Embedded
    from spotmap_build.stages.previous_map import Previous, PreviousMap

GIVEN_VERSION: Final = 1
"""Raise when positions from a table are laid out differently."""
COORDINATES: Final = "coordinates.npy"
STORY: Final = "story.json"


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """The positions of all tracks, and how they were computed.

    ``coordinates``: float32 ``[n, 2]``. ``anchored``: how the last map was continued, if it was. ``trustworthiness``:
    of the layout; None if a table gives positions. ``fresh_trustworthiness``: of the last layout of this library from
    scratch, if there was one. ``strays``: rows whose given positions were too far out and were moved to the rim.
    """

    coordinates: Float32Array
    anchored: Anchored | None = None
    trustworthiness: float | None = None
    fresh_trustworthiness: float | None = None
    strays: tuple[int, ...] = ()

    @property
    def measured_trustworthiness(self) -> float | None:
        """Trustworthiness of exactly these positions; None if not measured, or measured before the alignment."""
        return None if self.anchored and self.anchored.fresh_reason else self.trustworthiness

    @property
    def made(self) -> Made:
        """The kind of layout, which determines its duration. Discarded anchored layouts take as long as used ones."""
        if self.anchored is None:
            return "fresh"
        if self.anchored.fresh_reason:
            return "fresh" if self.anchored.held_trustworthiness is None else "held"
        return "stayed" if self.anchored.drift.percentile_95 == 0 else "held"


@dataclass(frozen=True, slots=True)
class Projected:
    """The layout and its inputs."""

    layout: Cached[Projection]
    space: EmbeddingSpace
    previous_map: Previous

    @property
    def digest(self) -> str:
        """Digest of the positions."""
        return self.layout.digest


def project(run: Run, embedded: Embedded, anchor: Previous | None) -> Projected:
    """Lay out the embedded tracks, or read the layout from the cache if vectors and previous map are unchanged.

    ``anchor``: the map to continue; None for the last one.
    """
    with run.clock.stage("project"):
        previous_map = anchor or load_previous_map(run, embedded)
        space = EmbeddingSpace(run, embedded, previous_map)
        if any(track.position is not None for track in embedded.tracks):
            digest = digest_bytes(f"{GIVEN_VERSION} {embedded.digest}".encode())
            return Projected(Cached(digest, partial(_project_given, embedded)), space, previous_map)
        key = Key(
            "layout",
            LAYOUT_VERSION,
            {
                "vectors": embedded.digest,
                "preprocessing": embedded.preprocessing,
                "seed": run.config.seed,
                "anchor": previous_map.digest,
                "fresh": previous_map.is_fresh,
                "environment": layout_environment(),
            },
        )
        run.progress.begin("project", gettext("laying out the map"))
        layout = run.cached(
            key,
            lambda: _lay_out(run, embedded, space, previous_map),
            layout_codec(len(embedded.tracks)),
        )
        run.progress.end(_describe(layout.value) if layout.is_new else gettext("unchanged"))
        return Projected(layout, space, previous_map)


def _lay_out(run: Run, embedded: Embedded, space: EmbeddingSpace, previous_map: Previous) -> Projection:
    from spotmap_build.project.anchoring import fit_anchored_layout
    from spotmap_build.project.layout import fit_layout
    from spotmap_build.project.quality import trustworthiness

    last = previous_map.value
    if last is None:
        positions = fit_layout(space.unit_vectors, space.neighbors, run.config.seed)
        figure = trustworthiness(space.unit_vectors, positions)
        return Projection(positions, trustworthiness=figure, fresh_trustworthiness=figure)
    anchored = fit_anchored_layout(
        space.unit_vectors,
        space.neighbors,
        previous_positions(embedded, last),
        run.config.seed,
        gone_count=len(set(last.track_ids).difference(track.id for track in embedded.tracks)),
        is_fresh_wanted=previous_map.is_fresh,
        last_fresh_trustworthiness=last.fresh_trustworthiness,
    )
    return Projection(anchored.positions, anchored, anchored.trustworthiness, anchored.fresh_trustworthiness)


def _project_given(embedded: Embedded) -> Projection:
    import numpy as np

    from spotmap_build.project.given_positions import normalize_positions

    given = normalize_positions(
        np.array([track.position for track in embedded.tracks], dtype=np.float64).reshape(-1, 2)
    )
    return Projection(given.coordinates, strays=tuple(given.strays.tolist()))


def previous_positions(embedded: Embedded, last: PreviousMap) -> Float32Array:
    """Return the positions on the last map: float32 ``[n, 2]``, NaN for new tracks."""
    import numpy as np

    position = {track_id: number for number, track_id in enumerate(last.track_ids)}
    positions = np.full((len(embedded.tracks), 2), np.nan, dtype=np.float32)
    for row, track in enumerate(embedded.tracks):
        number = position.get(track.id)
        if number is not None:
            positions[row] = last.x[number], last.y[number]
    return positions


def find_since(embedded: Embedded, projected: Projected) -> Since | None:
    """Return which tracks are new, and which have moved since the continued map; None for a first map."""
    from spotmap_build.atlas import Since
    from spotmap_build.project.anchoring import are_known, have_moved, procrustes_align

    last, layout = projected.previous_map.value, projected.layout.value
    if last is None:
        return None
    previous, positions = previous_positions(embedded, last), layout.coordinates
    # Positions from the library have their own frame; an anchored layout has that of the last map.
    if layout.anchored is None:
        positions = procrustes_align(positions, previous)
    new, moved = ~are_known(previous), have_moved(previous, positions)
    return Since(tuple(new.nonzero()[0].tolist()), tuple(moved.nonzero()[0].tolist()))


def _describe(projection: Projection) -> str:
    count, anchored = len(projection.coordinates), projection.anchored
    if anchored is None:
        return gettext("{tracks} tracks laid out", tracks=count)
    if anchored.fresh_reason:
        return gettext("{tracks} tracks laid out from scratch. {why}", tracks=count, why=anchored.fresh_reason)
    share = f"{anchored.drift.median:.2%}"
    return gettext(
        "{tracks} tracks, {known} of them where they were (half of these moved by less than {share} of the map)",
        tracks=count,
        known=anchored.drift.known_count,
        share=share,
    )


class _Story(msgspec.Struct, frozen=True):
    """The cached parts of a :class:`Projection` other than the coordinates."""

    median: float | None
    percentile_95: float | None
    known_count: int
    trustworthiness: float | None
    fresh_trustworthiness: float | None
    fresh_reason: str = msgspec.field(name="afresh")
    is_anchored: bool = True
    held_trustworthiness: float | None = None


def layout_codec(track_count: int) -> Codec[Projection]:
    """Return the codec for a layout of ``track_count`` tracks."""
    return Codec((COORDINATES, STORY), _encode, partial(_decode, track_count), named_by=COORDINATES)


def _encode(projection: Projection) -> dict[str, bytes]:
    from spotmap_build.cache.arrays import encode_array

    anchored = projection.anchored
    story = _Story(
        median=anchored.drift.median if anchored else None,
        percentile_95=anchored.drift.percentile_95 if anchored else None,
        known_count=anchored.drift.known_count if anchored else 0,
        trustworthiness=projection.trustworthiness,
        fresh_trustworthiness=projection.fresh_trustworthiness,
        fresh_reason=anchored.fresh_reason if anchored else "",
        is_anchored=anchored is not None,
        held_trustworthiness=anchored.held_trustworthiness if anchored else None,
    )
    return {COORDINATES: encode_array(projection.coordinates), STORY: msgspec.json.encode(story)}


def _decode(track_count: int, outputs: Outputs) -> Projection:
    from spotmap_build.cache.arrays import array_decoder
    from spotmap_build.project.anchoring import Anchored, Drift

    story = outputs.read(STORY, lambda data: decode_json(data, _Story))
    coordinates = outputs.read(COORDINATES, array_decoder(track_count, 2, kind="f", is_finite=True))
    anchored = Anchored(
        positions=coordinates,
        drift=Drift(_number(story.median), _number(story.percentile_95), story.known_count),
        trustworthiness=_number(story.trustworthiness),
        fresh_trustworthiness=_number(story.fresh_trustworthiness),
        fresh_reason=story.fresh_reason,
        held_trustworthiness=story.held_trustworthiness,
    )
    return Projection(
        coordinates, anchored if story.is_anchored else None, story.trustworthiness, story.fresh_trustworthiness
    )


def _number(value: float | None) -> float:
    """Convert None, as which NaN is stored because JSON has no NaN, back to NaN."""
    return math.nan if value is None else value
