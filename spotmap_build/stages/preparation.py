"""Cache the fitted preparation of a library's vectors, so that a new track does not change all other vectors.

If few tracks are new or gone, a map continues the last one in the same space: vectors are transformed with the last
preparation, and only neighbors that change are searched for (docs/decisions/0015).
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
"""Raise when the same vectors give a different preparation."""
CENTER: Final = "center.npy"
AXES: Final = "axes.npy"
ROWS: Final = "rows.npy"
"""Digests of the vectors of a result, in the order of its rows."""
OUTPUTS: Final = (CENTER, AXES, ROWS)
MAX_CHANGED_SHARE: Final = 0.1
"""Maximum share of changed vectors since the preparation was fitted; beyond it, it is fitted again."""


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A preparation, and the vectors to which it was fitted.

    ``fitted_on``: digest of those embeddings. ``row_digests``: int64 ``[n]``, from
    :func:`~spotmap_build.project.preprocessing.row_digests`.
    """

    preparation: Preparation
    fitted_on: str
    row_digests: Int64Array


def reusable_preparation(
    run: Run, embedded: Embedded, previous_map: Previous, read_row_digests: Callable[[], Int64Array]
) -> Fitted | None:
    """Return the preparation of the last map; None if it is unknown or has to be fitted again.

    It is fitted again with every layout from scratch (because of a request or large changes), and if more than a tenth
    of the vectors have changed since it was fitted.
    """
    from spotmap_build.project.anchoring import MAX_SHARE_TO_STAY, changed_share

    last = previous_map.value
    if last is None or not last.fitted_on or last.fitted_on == embedded.digest or previous_map.is_fresh:
        return None
    common_count = len({track.id for track in embedded.tracks}.intersection(last.track_ids))
    if changed_share(common_count, len(embedded.tracks), len(last.track_ids)) > MAX_SHARE_TO_STAY:
        return None
    fitted = _find(run, embedded, last.fitted_on)
    if fitted is None or len(fitted.preparation.center) != embedded.embeddings.value.vectors.shape[1]:
        return None
    now, then = set(read_row_digests().tolist()), set(fitted.row_digests.tolist())
    return fitted if changed_share(len(now & then), len(now), len(then)) <= MAX_CHANGED_SHARE else None


def new_preparation(run: Run, embedded: Embedded, read_row_digests: Callable[[], Int64Array]) -> Fitted | None:
    """Fit a preparation to these embeddings and store it; None if there is nothing to fit."""
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
        with suppress(CorruptEntry):  # the record is set aside, and the preparation is fitted again
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
