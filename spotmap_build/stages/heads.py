"""Heads stage: results of classifier heads for every track, from its patches during analysis or from its vector.

A head is used only if there are results for all tracks, so that all tracks are comparable.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import orjson

from spotmap_build.acquire.cached_embeddings import VECTOR
from spotmap_build.cache.errors import CorruptEntry
from spotmap_build.cache.keys import Key, digest_bytes
from spotmap_build.cache.memo import Codec
from spotmap_build.errors import SpotmapError, TrackError
from spotmap_build.model import Failed

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from spotmap_build.acquire.state import Acquisition
    from spotmap_build.cache.memo import Cached
    from spotmap_build.cache.records import Record
    from spotmap_build.model import Float32Array
    from spotmap_build.registry.heads import HeadSpec

HEADS_VERSION: Final = 1
"""Raise when the same heads give different results for the same vectors."""
ACTIVATIONS: Final = "activations.npy"
BATCH_SIZE: Final = 4096
"""Number of vectors sent to the worker at a time: 20 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class HeadResults:
    """Results of heads, one row per track: ``tags`` float32 ``[n, k]`` in 0..1, ``features`` float32 ``[n, f]``."""

    tags: Float32Array
    tag_names: tuple[str, ...]
    features: Float32Array
    feature_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LazyHeadResults:
    """Results of heads for the tracks of a map. ``digest``: of the results; empty if there are no heads."""

    digest: str = ""
    read: Callable[[], HeadResults | None] = lambda: None


def head_results(full: Acquisition, records: Sequence[Record]) -> LazyHeadResults:
    """Return the results of a build's heads for analyzed recordings.

    Parameters
    ----------
    records
        Cached records of the recordings: vectors, and the results of heads during analysis.
    """
    specs = full.heads.specs if records else ()
    later: _VectorResults | None = None
    while absent := tuple(spec for spec in specs if not all(_has_output(record, spec) for record in records)):
        try:
            later = _results_from_vectors(full, absent, records)
            break
        except _HeadsUnavailable as error:
            specs = tuple(spec for spec in specs if spec in error.available or spec not in absent)
    if not specs:
        return LazyHeadResults()
    kept = [[record.outputs[spec.output].digest for spec in specs if _has_output(record, spec)] for record in records]
    content = [[spec.output for spec in specs], kept, later.activations.digest if later else ""]
    return LazyHeadResults(digest_bytes(orjson.dumps(content)), partial(_read, full, specs, records, later))


@dataclass(frozen=True, slots=True)
class _VectorResults:
    """Results of heads from vectors, for recordings whose analysis did not include all heads.

    ``activations``: one row per recording, with all classes of all heads.
    """

    specs: tuple[HeadSpec, ...]
    records: tuple[Record, ...]
    activations: Cached[Float32Array]

    def of(self, spec: HeadSpec) -> Float32Array:
        """Return the results of one head for the recordings that lack it."""
        first = sum(len(one.classes) for one in self.specs[: self.specs.index(spec)])
        rows = [row for row, record in enumerate(self.records) if not _has_output(record, spec)]
        return self.activations.value[rows, first : first + len(spec.classes)]


class _HeadsUnavailable(Exception):
    """Not all heads could be run; ``available`` are those that can be."""

    def __init__(self, available: Collection[HeadSpec]) -> None:
        super().__init__()
        self.available = available


def _has_output(record: Record, spec: HeadSpec) -> bool:
    """Return whether a recording's analysis included a head."""
    return spec.output in record.outputs


def _results_from_vectors(full: Acquisition, specs: tuple[HeadSpec, ...], records: Sequence[Record]) -> _VectorResults:
    """Run heads on the vectors of recordings that lack one of them."""
    from spotmap_build.cache.arrays import array_decoder, encode_array

    lacking = tuple(record for record in records if not all(_has_output(record, spec) for spec in specs))
    vectors = digest_bytes(orjson.dumps([record.outputs[VECTOR].digest for record in lacking]))
    key = Key("heads", HEADS_VERSION, {"vectors": vectors, "heads": {spec.name: spec.file.sha256 for spec in specs}})
    decode = array_decoder(len(lacking), sum(len(spec.classes) for spec in specs), kind="f", is_finite=True)
    codec: Codec[Float32Array] = Codec(
        (ACTIVATIONS,),
        lambda values: {ACTIVATIONS: encode_array(values)},
        lambda outputs: outputs.read(ACTIVATIONS, decode),
    )
    return _VectorResults(specs, lacking, full.run.cached(key, partial(_run, full, specs, lacking), codec))


def _run(full: Acquisition, specs: Sequence[HeadSpec], records: Sequence[Record]) -> Float32Array:
    """Run heads on vectors in a worker, because engines never run in this process."""
    import numpy as np

    from spotmap_build.embed.heads import VectorsJob, apply_heads
    from spotmap_build.embed.pool import WorkerPool

    available = full.heads.available
    if not available.keys() >= set(specs):
        raise _HeadsUnavailable(available)
    vectors = _rows(full, records, VECTOR, full.spec.dimensions)
    heads = tuple(available[spec] for spec in specs)
    jobs = (
        VectorsJob(str(first), vectors[first : first + BATCH_SIZE], heads, full.engine)
        for first in range(0, len(vectors), BATCH_SIZE)
    )
    answers: dict[int, Float32Array] = {}
    try:
        with WorkerPool(apply_heads, stage="heads") as pool:
            for job, outcome, _ in pool.run(jobs):
                if isinstance(outcome, Failed):
                    raise TrackError(outcome.code, outcome.detail)
                answers[int(job.track_id)] = outcome.value
    except SpotmapError as error:
        full.heads.exclude(specs, error)
        raise _HeadsUnavailable(()) from error
    return np.concatenate([answers[first] for first in sorted(answers)])


def _rows(
    full: Acquisition, records: Sequence[Record], output: str, length: int, *, is_optional: bool = False
) -> Float32Array:
    """Return one output of each record as a matrix. All damaged records are discarded in one pass."""
    import numpy as np

    from spotmap_build.cache.arrays import array_decoder

    decode = array_decoder(length, kind="f", is_finite=True)
    rows, damage = [], None
    for record in records:
        try:
            rows.append(full.run.cache.decode(record, output, decode, is_optional=is_optional))
        except CorruptEntry as error:
            damage = error
    if damage is not None:
        raise damage
    return np.stack(rows).astype(np.float32)


def _read(
    full: Acquisition, specs: Sequence[HeadSpec], records: Sequence[Record], later: _VectorResults | None
) -> HeadResults:
    import numpy as np

    by_head = [(spec, _activations(full, spec, records, later)) for spec in specs]
    of_tags = [(spec, activations) for spec, activations in by_head if spec.feature is None]
    of_features = [(spec, activations) for spec, activations in by_head if spec.feature is not None]
    none = np.zeros((len(records), 0), dtype=np.float32)
    return HeadResults(
        tags=np.hstack([none, *(activations[:, list(spec.tag_columns)] for spec, activations in of_tags)]),
        tag_names=tuple(name for spec, _ in of_tags for name in spec.tag_names),
        features=np.hstack([none, *(100 * activations[:, [spec.column]] for spec, activations in of_features)]),
        feature_names=tuple(spec.feature.name for spec, _ in of_features if spec.feature is not None),
    )


def _activations(
    full: Acquisition, spec: HeadSpec, records: Sequence[Record], later: _VectorResults | None
) -> Float32Array:
    """Return the results of one head for each recording.

    Damaged results are removed, and computed from the vector when the build restarts, without analyzing audio again.
    """
    import numpy as np

    activations = np.zeros((len(records), len(spec.classes)), dtype=np.float32)
    was_asked = np.array([_has_output(record, spec) for record in records])
    if was_asked.any():
        asked = [record for record in records if _has_output(record, spec)]
        activations[was_asked] = _rows(full, asked, spec.output, len(spec.classes), is_optional=True)
    if later is not None and not was_asked.all():
        activations[~was_asked] = later.of(spec)
    return activations
