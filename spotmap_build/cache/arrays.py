"""Arrays as bytes: the .npy format, version 1.0, without objects and therefore without pickle.

Equal arrays give equal bytes, regardless of their memory order and the machine's byte order. NumPy is imported when the
first array is encoded or decoded, so a build with nothing to do never loads it.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal

from spotmap_build.errors import CacheError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

BEFORE_HEADER: Final = 10
"""Size in bytes of the magic string, the version and the header length (the last two bytes)."""


def encode_array(array: npt.NDArray[Any]) -> bytes:
    """Return ``array`` (any shape, any dtype except objects) as .npy bytes in C order, little-endian.

    Raises
    ------
    TypeError
        The array holds Python objects.
    """
    import numpy as np

    if array.dtype.hasobject:
        raise TypeError("An array of Python objects cannot be cached: reading it back would require pickle")
    portable = np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, portable, version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


def decode_array(data: bytes) -> npt.NDArray[Any]:
    """Return the array stored in .npy bytes as a read-only view of ``data``. Call ``.copy()`` before changing it.

    Raises
    ------
    CacheError
        The bytes are not a complete array in the format that :func:`encode_array` writes.
    """
    import numpy as np

    try:
        shape, dtype, offset = _read_header(data[: BEFORE_HEADER + int.from_bytes(data[8:BEFORE_HEADER], "little")])
        return np.frombuffer(data, dtype=dtype, offset=offset).reshape(shape)
    except ValueError as error:
        raise CacheError(
            f"A cached result is not an array written by this program: {error}.",
            hint="Two versions of the program may disagree about a stage: delete the cache folder and build again.",
        ) from error


@lru_cache(maxsize=256)
def _read_header(header: bytes) -> tuple[tuple[int, ...], np.dtype[Any], int]:
    """Return the shape, the dtype and the offset of the data. Thousands of arrays share a header, hence the cache."""
    import numpy as np

    buffer = io.BytesIO(header)
    version = np.lib.format.read_magic(buffer)
    if version != (1, 0):
        raise ValueError(f".npy version {version}")
    shape, fortran_order, dtype = np.lib.format.read_array_header_1_0(buffer)
    if fortran_order or dtype.hasobject:
        raise ValueError("Fortran order or objects")
    return shape, dtype, buffer.tell()


def array_decoder(
    *shape: int | None, kind: Literal["f", "i"], below: int | None = None, is_finite: bool = False
) -> Callable[[bytes], npt.NDArray[Any]]:
    """Return a variant of :func:`decode_array` that raises ``ValueError`` for an unexpected array.

    ``shape``: the expected length of each axis, None for any length. ``kind``: NumPy's letter for the kind of dtype.
    ``below``: integers must be at least -1 and less than this. ``is_finite``: infinities and NaN are refused.
    """

    def decode(data: bytes) -> npt.NDArray[Any]:
        import numpy as np

        array = decode_array(data)
        has_expected_shape = len(shape) == array.ndim and all(
            expected in (None, length) for expected, length in zip(shape, array.shape, strict=False)
        )
        if not has_expected_shape or array.dtype.kind != kind:
            raise ValueError(f"an array of {array.dtype} {array.shape}, not of {kind} {shape}")
        if is_finite and not np.isfinite(array).all():
            raise ValueError("values that are not finite")
        if below is not None and array.size and not -1 <= int(array.min()) <= int(array.max()) < below:
            raise ValueError(f"values outside of -1 to {below}")
        return array

    return decode
