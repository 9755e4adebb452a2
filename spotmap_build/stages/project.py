"""Project: a place on the plane for every track, where it was before if it was on the last map."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from spotmap_build.cache.keys import Key, digest_bytes
from spotmap_build.stages.previous_map import load_previous_map
from spotmap_build.stages.space import LAYOUT_VERSION, EmbeddingSpace, layout_environment

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array, Layout, Since
    from spotmap_build.project.anchoring import Anchored
    from spotmap_build.project.given_positions import GivenMap
    from spotmap_build.run import Run
    from spotmap_build.stages.embed import Embedded
    from spotmap_build.stages.previous_map import Previous, PreviousMap

GIVEN_VERSION: Final = 1
"""Raise when places that a table gives would be laid out differently."""
COORDINATES: Final = "coordinates.npy"
STORY: Final = "story.json"


@dataclass(frozen=True, slots=True)
class Projected:
    """``digest`` names the content of ``read()``; ``space`` and ``previous_map`` are what it was made of.

    ``strays``: rows whose given places lie so far off that they were moved to the rim. ``trustworthiness``: of the
    layout; None where the places are given.

    ``anchored``: how the map was held to the last one, if it was. ``fresh_trustworthiness``: of the last map of this
    library that was laid out from scratch, where there was one.
    """

    digest: str
    read: Callable[[], Layout]
    anchored: Callable[[], Anchored | None]
    fresh_trustworthiness: Callable[[], float | None]
    trustworthiness: Callable[[], float | None]
    strays: Callable[[], tuple[int, ...]]
    space: EmbeddingSpace
    previous_map: Previous


def project(run: Run, embedded: Embedded) -> Projected:
    """Lay out the embedded tracks, or take the layout from the cache where vectors and previous map are unchanged."""
    with run.clock.stage("project"):
        space, previous_map = EmbeddingSpace(run, embedded), load_previous_map(run, embedded)
        if any(track.position is not None for track in embedded.tracks):
            return _given(embedded, space, previous_map)
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
        run.progress.begin("project", "laying out the map")
        record = run.cache.lookup(key, outputs=(COORDINATES, STORY), may_fail=False)
        outcome = "unchanged"
        if record is None:
            started = time.monotonic()
            outputs, outcome = _lay_out(run, embedded, space, previous_map)
            record = run.cache.put(key, outputs, seconds=time.monotonic() - started)
        run.progress.end(outcome)
        return Projected(
            record.outputs[COORDINATES].digest,
            lambda: _read_layout(run, key, len(embedded.tracks)),
            lambda: _read_anchored(run, key, len(embedded.tracks)),
            lambda: _read_story(run, key).fresh_trustworthiness,
            lambda: _read_story(run, key).trustworthiness,
            lambda: (),
            space,
            previous_map,
        )


def _lay_out(
    run: Run, embedded: Embedded, space: EmbeddingSpace, previous_map: Previous
) -> tuple[dict[str, bytes], str]:
    from spotmap_build.cache.arrays import encode_array
    from spotmap_build.project.anchoring import fit_anchored_layout
    from spotmap_build.project.layout import fit_layout
    from spotmap_build.project.quality import trustworthiness

    last, count = previous_map.read(), len(embedded.tracks)
    if last is None:
        positions = fit_layout(space.unit_vectors, space.neighbors, run.config.seed)
        figure = trustworthiness(space.unit_vectors, positions)
        story = _Story(None, None, 0, figure, figure, "", is_anchored=False)
        return {COORDINATES: encode_array(positions), STORY: msgspec.json.encode(story)}, f"{count} tracks laid out"
    anchored = fit_anchored_layout(
        space.unit_vectors,
        space.neighbors,
        previous_positions(embedded, last),
        run.config.seed,
        gone_count=len(set(last.track_ids).difference(track.id for track in embedded.tracks)),
        is_fresh_wanted=previous_map.is_fresh,
        last_fresh_trustworthiness=last.fresh_trustworthiness,
    )
    story = _Story(
        median=anchored.drift.median,
        percentile_95=anchored.drift.percentile_95,
        known_count=anchored.drift.known_count,
        trustworthiness=anchored.trustworthiness,
        fresh_trustworthiness=anchored.fresh_trustworthiness,
        afresh=anchored.afresh,
    )
    return {COORDINATES: encode_array(anchored.positions), STORY: msgspec.json.encode(story)}, _describe(
        anchored, count
    )


def previous_positions(embedded: Embedded, last: PreviousMap) -> Float32Array:
    """Where each track was on the last map: float32 ``[n, 2]``, NaN for new ones."""
    import numpy as np

    position = {track_id: number for number, track_id in enumerate(last.track_ids)}
    positions = np.full((len(embedded.tracks), 2), np.nan, dtype=np.float32)
    for row, track in enumerate(embedded.tracks):
        number = position.get(track.id)
        if number is not None:
            positions[row] = last.x[number], last.y[number]
    return positions


def find_since(embedded: Embedded, projected: Projected) -> Since | None:
    """Which tracks are new, and which lie elsewhere than on the map that this one continues; None at a first map."""
    from spotmap_build.model import Since
    from spotmap_build.project.anchoring import are_known, have_moved, procrustes_align

    last = projected.previous_map.read()
    if last is None:
        return None
    previous, positions = previous_positions(embedded, last), projected.read().coordinates
    # Places that came with the library are in a frame of their own; a layout with a past is in its past's.
    if projected.anchored() is None:
        positions = procrustes_align(positions, previous)
    new, moved = ~are_known(previous), have_moved(previous, positions)
    return Since(tuple(new.nonzero()[0].tolist()), tuple(moved.nonzero()[0].tolist()))


def _describe(anchored: Anchored, count: int) -> str:
    known = anchored.drift.known_count
    if anchored.afresh:
        return f"{count} tracks laid out from scratch. {anchored.afresh}"
    drift = f"half of these moved by less than {anchored.drift.median:.2%} of the map"
    return f"{count} tracks, {known} of them where they were ({drift})"


class _Story(msgspec.Struct, frozen=True):
    """What is kept of an :class:`~spotmap_build.project.anchoring.Anchored` beside the places."""

    median: float | None
    percentile_95: float | None
    known_count: int
    trustworthiness: float | None
    fresh_trustworthiness: float | None
    afresh: str
    is_anchored: bool = True


def _read_layout(run: Run, key: Key, count: int) -> Layout:
    from spotmap_build.cache.arrays import array_decoder
    from spotmap_build.model import Layout

    return Layout(run.read(key, COORDINATES, array_decoder(count, 2, kind="f", is_finite=True)))


def _read_story(run: Run, key: Key) -> _Story:
    return run.read(key, STORY, msgspec.json.Decoder(_Story).decode)


def _read_anchored(run: Run, key: Key, count: int) -> Anchored | None:
    from spotmap_build.project.anchoring import Anchored, Drift

    story = _read_story(run, key)
    if not story.is_anchored:
        return None
    return Anchored(
        positions=_read_layout(run, key, count).coordinates,
        drift=Drift(_number(story.median), _number(story.percentile_95), story.known_count),
        trustworthiness=_number(story.trustworthiness),
        fresh_trustworthiness=_number(story.fresh_trustworthiness),
        afresh=story.afresh,
    )


def _number(value: float | None) -> float:
    """JSON has no NaN, and says null."""
    return math.nan if value is None else value


def _given(embedded: Embedded, space: EmbeddingSpace, previous_map: Previous) -> Projected:
    from functools import cache

    @cache
    def made() -> GivenMap:
        import numpy as np

        from spotmap_build.project.given_positions import place_given

        return place_given(np.array([track.position for track in embedded.tracks], dtype=np.float64).reshape(-1, 2))

    def layout() -> Layout:
        from spotmap_build.model import Layout

        return Layout(made().coordinates)

    digest = digest_bytes(f"{GIVEN_VERSION} {embedded.digest}".encode())
    return Projected(
        digest=digest,
        read=layout,
        anchored=lambda: None,
        fresh_trustworthiness=lambda: None,
        trustworthiness=lambda: None,
        strays=lambda: tuple(made().strays.tolist()),
        space=space,
        previous_map=previous_map,
    )
