"""What a library's vectors were prepared with, kept for the next builds: a new track then changes no other's vector.

Where few tracks are new or gone, a map is a continuation, and so is the space that it was made of: vectors are prepared
by what was learned when it was made, and only the neighbors that change are found (docs/decisions/0015).
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from spotmap_build.cache.errors import CorruptEntry
from spotmap_build.cache.keys import Key
from spotmap_build.cache.memo import Codec, Outputs
from spotmap_build.run import machine, package_versions

if TYPE_CHECKING:
    from collections.abc import Callable

    from spotmap_build.project.preprocessing import Int64Array, Preparation
    from spotmap_build.run import Run
    from spotmap_build.stages.embed import Embedded
    from spotmap_build.stages.previous_map import Previous

PREPARATION_VERSION: Final = 2
"""Raise when something else would be learned from the same vectors."""
CENTER: Final = "center.npy"
AXES: Final = "axes.npy"
ROWS: Final = "rows.npy"
"""Names of the vectors that a result was made of, in the order of its rows."""
OUTPUTS: Final = (CENTER, AXES, ROWS)
LARGEST_CHANGED_SHARE: Final = 0.1
"""Of the vectors that it was learned from and those that are there now: beyond that, it is learned again."""


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A preparation, and from which vectors it was learned.

    ``fitted_on``: the digest of those embeddings. ``row_digests``: int64 ``[n]``, as
    :func:`~spotmap_build.project.preprocessing.row_digests` names each vector.
    """

    preparation: Preparation
    fitted_on: str
    row_digests: Int64Array


def held_preparation(
    run: Run, embedded: Embedded, previous_map: Previous, read_row_digests: Callable[[], Int64Array]
) -> Fitted | None:
    """Return what the last map's vectors were prepared with; None where it is to be learned again, or is not known.

    It is learned again with every layout from scratch, because that was asked for or much has changed, and where
    more than a tenth of the vectors are not those that it was learned from.
    """
    from spotmap_build.project.anchoring import FEW_CHANGED_SHARE, changed_share

    last = previous_map.value
    if last is None or not last.fitted_on or last.fitted_on == embedded.digest or previous_map.is_fresh:
        return None
    common_count = len({track.id for track in embedded.tracks}.intersection(last.track_ids))
    if changed_share(common_count, len(embedded.tracks), len(last.track_ids)) > FEW_CHANGED_SHARE:
        return None
    fitted = _find(run, embedded, last.fitted_on)
    if fitted is None or len(fitted.preparation.center) != embedded.embeddings.value.vectors.shape[1]:
        return None
    now, then = set(read_row_digests().tolist()), set(fitted.row_digests.tolist())
    return fitted if changed_share(len(now & then), len(now), len(then)) <= LARGEST_CHANGED_SHARE else None


def learned_preparation(run: Run, embedded: Embedded, read_row_digests: Callable[[], Int64Array]) -> Fitted | None:
    """Return what is learned from these embeddings, and keep it; None where nothing is to be learned."""
    vectors = embedded.embeddings.value.vectors
    if embedded.preprocessing == "none" or not vectors.size:
        return None

    def fit() -> Fitted:
        from spotmap_build.project.preprocessing import fit_preparation

        preparation = fit_preparation(vectors, embedded.preprocessing)
        return Fitted(preparation, embedded.digest, read_row_digests())

    codec = Codec(OUTPUTS, _encode, partial(_decode, embedded.digest, vectors.shape[1]))
    return run.cached(_key(embedded, embedded.digest), fit, codec).value


def _find(run: Run, embedded: Embedded, fitted_on: str) -> Fitted | None:
    record = run.cache.lookup(_key(embedded, fitted_on), outputs=OUTPUTS, may_fail=False)
    if record is not None:
        with suppress(CorruptEntry):  # it is set aside, and something is learned again
            return _decode(fitted_on, None, Outputs(run.cache, record))
    return None


def _key(embedded: Embedded, fitted_on: str) -> Key:
    preimage = {
        "vectors": fitted_on,
        "preprocessing": embedded.preprocessing,
        "machine": machine(),
        "packages": package_versions("numpy"),
    }
    return Key("preparation", PREPARATION_VERSION, preimage)


def _encode(fitted: Fitted) -> dict[str, bytes]:
    from spotmap_build.cache.arrays import encode_array

    preparation = fitted.preparation
    return {
        CENTER: encode_array(preparation.center),
        AXES: encode_array(preparation.axes),
        ROWS: encode_array(fitted.row_digests),
    }


def _decode(fitted_on: str, dimensions: int | None, outputs: Outputs) -> Fitted:
    from spotmap_build.cache.arrays import array_decoder
    from spotmap_build.project.preprocessing import Preparation

    center = outputs.read(CENTER, array_decoder(dimensions, kind="f", is_finite=True))
    axes = outputs.read(AXES, array_decoder(len(center), None, kind="f", is_finite=True))
    return Fitted(Preparation(center, axes), fitted_on, outputs.read(ROWS, array_decoder(None, kind="i")))
