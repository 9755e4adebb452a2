"""Project: a place on the plane for every track, where it was before if it was on the last map."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from spotmap_build.cache.keys import Key
from spotmap_build.run import machine, package_versions
from spotmap_build.stages.previous_map import recall_past
from spotmap_build.stages.space import Space

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array, Layout, Since
    from spotmap_build.project.anchoring import Anchored
    from spotmap_build.run import Run
    from spotmap_build.stages.embed import Heard
    from spotmap_build.stages.previous_map import Past, PastMap

LAYOUT_VERSION: Final = 4
"""Raise when the same vectors would be laid out otherwise."""
COORDINATES: Final = "coordinates.npy"
STORY: Final = "story.json"


@dataclass(frozen=True, slots=True)
class Placed:
    """``digest`` names the content of ``read()``; ``space`` and ``past`` are what it was made of.

    ``anchored``: how the map was held to the last one, if it was. ``fresh_trustworthiness``: of the last map of this
    library that was laid out afresh, where there was one.
    """

    digest: str
    read: Callable[[], Layout]
    anchored: Callable[[], Anchored | None]
    fresh_trustworthiness: Callable[[], float | None]
    space: Space
    past: Past


def project(run: Run, heard: Heard) -> Placed:
    """The layout of the heard tracks, from the cache where their vectors and the last map are as they were."""
    with run.clock.stage("project"):
        space, past = Space(run, heard), recall_past(run, heard)
        if any(track.position is not None for track in heard.tracks):
            return Placed(heard.digest, lambda: _given_layout(heard), lambda: None, lambda: None, space, past)
        key = Key(
            "layout",
            LAYOUT_VERSION,
            {
                "vectors": heard.digest,
                "preprocessing": heard.preprocessing,
                "seed": run.config.seed,
                "anchor": past.digest,
                "fresh": past.is_fresh,
                "machine": machine(),
                "packages": package_versions("umap-learn", "pynndescent", "numba", "numpy", "scipy"),
            },
        )
        run.progress.begin("project", "laying out the map")
        record = run.cache.lookup(key, outputs=(COORDINATES, STORY), may_fail=False)
        outcome = "the layout is as it was"
        if record is None:
            started = time.monotonic()
            outputs, outcome = _lay_out(run, heard, space, past)
            record = run.cache.put(key, outputs, seconds=time.monotonic() - started)
        run.progress.end(outcome)
        return Placed(
            record.outputs[COORDINATES].digest,
            lambda: _read_layout(run, key, len(heard.tracks)),
            lambda: _read_anchored(run, key, len(heard.tracks)),
            lambda: _read_story(run, key).fresh_trustworthiness,
            space,
            past,
        )


def _lay_out(run: Run, heard: Heard, space: Space, past: Past) -> tuple[dict[str, bytes], str]:
    from spotmap_build.cache.arrays import encode_array
    from spotmap_build.project.anchoring import lay_out_anchored
    from spotmap_build.project.layout import lay_out_afresh
    from spotmap_build.project.quality import trustworthiness

    last, count = past.read(), len(heard.tracks)
    if last is None:
        places = lay_out_afresh(space.unit_vectors, space.neighbours, run.config.seed)
        figure = trustworthiness(space.unit_vectors, places)
        story = _Story(None, None, 0, figure, figure, "", is_anchored=False)
        return {COORDINATES: encode_array(places), STORY: msgspec.json.encode(story)}, f"{count} tracks laid out"
    anchored = lay_out_anchored(
        space.unit_vectors,
        space.neighbours,
        previous_places(heard, last),
        run.config.seed,
        gone_count=len(set(last.track_ids).difference(track.id for track in heard.tracks)),
        is_fresh_wanted=past.is_fresh,
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
    return {COORDINATES: encode_array(anchored.places), STORY: msgspec.json.encode(story)}, _describe(anchored, count)


def previous_places(heard: Heard, last: PastMap) -> Float32Array:
    """Where each track was on the last map: float32 ``[n, 2]``, NaN for new ones."""
    import numpy as np

    position = {track_id: number for number, track_id in enumerate(last.track_ids)}
    places = np.full((len(heard.tracks), 2), np.nan, dtype=np.float32)
    for row, track in enumerate(heard.tracks):
        number = position.get(track.id)
        if number is not None:
            places[row] = last.x[number], last.y[number]
    return places


def find_since(heard: Heard, placed: Placed) -> Since | None:
    """Which tracks are new, and which lie elsewhere than on the map that this one continues; None at a first map."""
    from spotmap_build.model import Since
    from spotmap_build.project.anchoring import align, are_known, have_moved

    last = placed.past.read()
    if last is None:
        return None
    previous, places = previous_places(heard, last), placed.read().coordinates
    # Places that came with the library are in a frame of their own; a layout with a past is in its past's.
    if placed.anchored() is None:
        places = align(places, previous)
    new, moved = ~are_known(previous), have_moved(previous, places)
    return Since(tuple(new.nonzero()[0].tolist()), tuple(moved.nonzero()[0].tolist()))


def _describe(anchored: Anchored, count: int) -> str:
    known = anchored.drift.known_count
    if anchored.afresh:
        return f"{count} tracks laid out afresh. {anchored.afresh}"
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
        places=_read_layout(run, key, count).coordinates,
        drift=Drift(_number(story.median), _number(story.percentile_95), story.known_count),
        trustworthiness=_number(story.trustworthiness),
        fresh_trustworthiness=_number(story.fresh_trustworthiness),
        afresh=story.afresh,
    )


def _number(value: float | None) -> float:
    """JSON has no NaN, and says null."""
    return math.nan if value is None else value


def _given_layout(heard: Heard) -> Layout:
    import numpy as np

    from spotmap_build.model import Layout

    return Layout(np.array([track.position for track in heard.tracks], dtype=np.float32).reshape(-1, 2))
