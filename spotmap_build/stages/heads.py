"""Heads: what they say of every track, from the patches where it was asked while listening, else from its vector.

A head is on where something is known of every track, so that no track lacks what others are compared by.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import orjson

from spotmap_build.acquire.state import VECTOR
from spotmap_build.cache.errors import CorruptEntry
from spotmap_build.cache.keys import Key, digest_bytes
from spotmap_build.cache.memo import Codec
from spotmap_build.errors import SpotmapError
from spotmap_build.model import Failed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from spotmap_build.acquire.state import Acquisition
    from spotmap_build.cache.memo import Cached
    from spotmap_build.cache.records import Record
    from spotmap_build.model import Float32Array
    from spotmap_build.registry.heads import HeadSpec

HEADS_VERSION: Final = 1
"""Raise when the same vectors would be answered otherwise by the same heads."""
ACTIVATIONS: Final = "activations.npy"
AT_ONCE: Final = 4096
"""Vectors that are sent to the worker at a time: 20 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What heads tell, a row a track: ``tags`` float32 ``[n, k]`` in 0..1, ``features`` float32 ``[n, f]``."""

    tags: Float32Array
    tag_names: tuple[str, ...]
    features: Float32Array
    feature_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What heads tell of the tracks of a map. ``digest`` names it; empty where there are none, and nothing to read."""

    digest: str = ""
    read: Callable[[], Answers | None] = lambda: None


def ask_heads(whole: Acquisition, records: Sequence[Record]) -> Asked:
    """Find out what the heads of a build say of recordings that were listened to.

    Parameters
    ----------
    records
        What is kept of each: vectors, and what heads said while it was listened to.
    """
    specs = whole.heads.specs if records else ()
    lacking = _lacking(specs, records)
    later: Cached[Float32Array] | None = None
    if lacking:
        if not _is_known(whole, specs, lacking):
            here = whole.heads.here
            specs = tuple(spec for spec in specs if spec in here or not _lacking((spec,), records))
            lacking = _lacking(specs, records)
        if lacking:
            try:
                later = _of_vectors(whole, specs, lacking)
            except _NoAnswer as error:
                whole.run.progress.say(f"Left out of this map: moods, instruments and voices. {error}")
                specs = tuple(spec for spec in specs if not _lacking((spec,), records))
    if not specs:
        return Asked()
    kept = [
        [record.outputs[spec.output].digest for spec in specs if spec.output in record.outputs] for record in records
    ]
    content = [[spec.output for spec in specs], kept, later.digest if later else ""]
    return Asked(digest_bytes(orjson.dumps(content)), partial(_read, whole, specs, records, later))


class _NoAnswer(Exception):
    """The heads could not be run, and why."""


def _lacking(specs: Sequence[HeadSpec], records: Sequence[Record]) -> list[Record]:
    """Return the records of which some of these heads were not asked while listening."""
    wanted = {spec.output for spec in specs}
    return [record for record in records if not wanted <= record.outputs.keys()]


def _key(specs: Sequence[HeadSpec], records: Sequence[Record]) -> Key:
    vectors = digest_bytes(orjson.dumps([record.outputs[VECTOR].digest for record in records]))
    return Key("heads", HEADS_VERSION, {"vectors": vectors, "heads": {spec.name: spec.file.sha256 for spec in specs}})


def _is_known(whole: Acquisition, specs: Sequence[HeadSpec], lacking: Sequence[Record]) -> bool:
    return whole.run.cache.lookup(_key(specs, lacking), outputs=(ACTIVATIONS,), may_fail=False) is not None


def _of_vectors(whole: Acquisition, specs: Sequence[HeadSpec], records: Sequence[Record]) -> Cached[Float32Array]:
    """Return what heads say of the vectors of recordings, all classes of all heads side by side."""
    from spotmap_build.cache.arrays import array_decoder, encode_array

    width = sum(len(spec.classes) for spec in specs)
    decode = array_decoder(len(records), width, kind="f", is_finite=True)
    codec: Codec[Float32Array] = Codec(
        (ACTIVATIONS,),
        lambda values: {ACTIVATIONS: encode_array(values)},
        lambda outputs: outputs.read(ACTIVATIONS, decode),
    )
    return whole.run.cached(_key(specs, records), partial(_run, whole, specs, records), codec)


def _run(whole: Acquisition, specs: Sequence[HeadSpec], records: Sequence[Record]) -> Float32Array:
    """Run heads on vectors, in a worker: no engine runs in this process."""
    import numpy as np

    from spotmap_build.embed.heads import VectorsJob, apply_heads
    from spotmap_build.embed.pool import WorkerPool

    vectors = _rows(whole, records, VECTOR, whole.spec.dimensions)
    heads = tuple(whole.heads.here[spec] for spec in specs)
    jobs = (
        VectorsJob(str(first), vectors[first : first + AT_ONCE], heads, whole.engine)
        for first in range(0, len(vectors), AT_ONCE)
    )
    answers: dict[int, Float32Array] = {}
    try:
        with WorkerPool(apply_heads, stage="heads") as pool:
            for job, outcome, _ in pool.run(jobs):
                if isinstance(outcome, Failed):
                    raise _NoAnswer(outcome.detail)
                answers[int(job.track_id)] = outcome.value
    except SpotmapError as error:
        raise _NoAnswer(f"{error.message} {error.hint}") from error
    return np.concatenate([answers[first] for first in sorted(answers)])


def _rows(whole: Acquisition, records: Sequence[Record], output: str, length: int) -> Float32Array:
    """Return one output of each record as a matrix. All that are damaged are set aside at once, however many."""
    import numpy as np

    from spotmap_build.cache.arrays import array_decoder

    decode = array_decoder(length, kind="f", is_finite=True)
    rows, damage = [], None
    for record in records:
        try:
            rows.append(whole.run.cache.decode(record, output, decode))
        except CorruptEntry as error:
            damage = error
    if damage is not None:
        raise damage
    return np.stack(rows).astype(np.float32)


def _read(
    whole: Acquisition, specs: Sequence[HeadSpec], records: Sequence[Record], later: Cached[Float32Array] | None
) -> Answers:
    import numpy as np

    by_head, first = [], 0
    lacking = {id(record) for record in _lacking(specs, records)}
    was_asked = np.array([id(record) not in lacking for record in records])
    asked = [record for record in records if id(record) not in lacking]
    for spec in specs:
        said = np.zeros((len(records), len(spec.classes)), dtype=np.float32)
        if asked:
            said[was_asked] = _rows(whole, asked, spec.output, len(spec.classes))
        if later is not None:
            said[~was_asked] = later.value[:, first : first + len(spec.classes)]
        by_head.append(said)
        first += len(spec.classes)
    of_tags = [(spec, said) for spec, said in zip(specs, by_head, strict=True) if spec.feature is None]
    of_features = [(spec, said) for spec, said in zip(specs, by_head, strict=True) if spec.feature is not None]
    none = np.zeros((len(records), 0), dtype=np.float32)
    return Answers(
        tags=np.hstack([none, *(said[:, list(spec.tag_columns)] for spec, said in of_tags)]),
        tag_names=tuple(name for spec, _ in of_tags for name in spec.tag_names),
        features=np.hstack([none, *(100 * said[:, [spec.column]] for spec, said in of_features)]),
        feature_names=tuple(spec.feature.name for spec, _ in of_features if spec.feature is not None),
    )
