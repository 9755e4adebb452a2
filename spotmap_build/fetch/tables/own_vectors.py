"""Embedding vectors provided with a table: a column, or a ``.npy`` file next to it."""

from __future__ import annotations

import base64
import hashlib
import math
import os
import re
import struct
from collections.abc import Sequence
from pathlib import Path
from tokenize import TokenError
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import orjson

from spotmap_build.cache.keys import digest_bytes
from spotmap_build.cache.memo import Cached
from spotmap_build.core.files import FileTooLarge, open_regular
from spotmap_build.core.text import printable
from spotmap_build.core.translation import translatable
from spotmap_build.errors import SourceError, unreadable_source

if TYPE_CHECKING:
    from spotmap_build.fetch.tables.bounds import Columns
    from spotmap_build.model import Float32Array


NOT_NUMBERS: Final = (
    *(OSError, ValueError, TypeError, EOFError, LookupError),
    *(MemoryError, RecursionError, SyntaxError, TokenError),
)
"""Exceptions of NumPy, which parses the header as a Python expression."""
MAX_REASON_LENGTH: Final = 300
MAX_MATRIX_BYTES: Final = 4 << 30
MAX_NUMBERS: Final = 16_384
"""In one vector."""
MIN_MAGNITUDE: Final = 1e-12
MAX_MAGNITUDE: Final = 1e12
"""Of numbers whose squares, added, single precision can hold."""
KEYWORD: Final = re.compile(r",\s*\w+=")
"""Behind the numbers, where numpy or torch shows an array: "array([0.5, 1.], dtype=float32)"."""
BETWEEN_NUMBERS: Final = re.compile(r"[\s;|]+")
DECIMAL_COMMA: Final = re.compile(r"[+-]?[0-9]*,[0-9]+(?:e[+-]?[0-9]+)?", re.I)
MIN_PLAUSIBLE: Final = 1e-15
"""Bytes of another type are read as numbers of any size: of none that a vector has."""


def find_vectors(path: Path, columns: Columns) -> Cached[Float32Array] | None:
    """Return the vectors of a table's rows, in order, or None if there are none. They are loaded lazily."""
    beside = path.with_suffix(".npy")
    rows = len(columns["title"])
    if os.path.lexists(beside) and not beside.is_dir():
        return Cached(_digest(beside), lambda: _load_matrix(beside, rows))
    if "vector" in columns:
        values = columns["vector"]
        try:
            digest = digest_bytes(orjson.dumps(values))
        except orjson.JSONEncodeError as error:
            raise _no_vectors(path) from error
        return Cached(digest, lambda: _parse_matrix(path, values))
    return None


def _digest(path: Path) -> str:
    try:
        with open_regular(path) as file:
            size_bytes = os.fstat(file.fileno()).st_size
            if size_bytes > MAX_MATRIX_BYTES:
                raise FileTooLarge(path, MAX_MATRIX_BYTES)
            if size_bytes == 0:  # or a file of the kernel, which might wait
                raise SourceError(
                    f"{path} is empty.", hint="It must contain numbers, one row for each row of the table."
                )
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise unreadable_source(path, error) from error


def _load_matrix(path: Path, rows: int) -> Float32Array:
    import numpy as np

    try:
        with open_regular(path) as file:
            shape, dtype = _header(file)
            if len(shape) != 2 or shape[0] != rows or shape[1] > MAX_NUMBERS or dtype.kind not in "fiu":
                raise SourceError(
                    f"{path} contains an array of shape {shape}, type {dtype}; the table has {rows} rows.",
                    hint="It must contain numbers, one row for each row of the table, in the same order.",
                )
            if shape[0] * shape[1] * dtype.itemsize > os.fstat(file.fileno()).st_size - file.tell():
                raise ValueError(f"it is shorter than an array of shape {shape}, type {dtype}")
            file.seek(0)
            matrix = np.lib.format.read_array(file, allow_pickle=False)
    except NOT_NUMBERS as error:
        reason = printable(str(error))[:MAX_REASON_LENGTH]
        raise SourceError(
            f"{path} is not a .npy file of numbers: {reason}.",
            hint="Write it with numpy.save, one row for each row of the table.",
        ) from error
    return _usable(matrix, path)


def _header(file: BinaryIO) -> tuple[tuple[int, ...], Any]:
    """Shape and type as the file says them; nothing of that size is made before they are checked."""
    import numpy as np

    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"its format {version[0]}.{version[1]} is not one for numbers")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    if not all(isinstance(length, int) and length >= 0 for length in shape):
        raise ValueError(f"there is no array of shape {shape}")
    return shape, dtype


def _parse_matrix(path: Path, values: Sequence[Any]) -> Float32Array:
    import numpy as np

    rows: list[list[float]] = []
    try:
        for value in values:
            rows.append(_parse_vector(value))
            if len(rows[-1]) != len(rows[0]):
                raise ValueError(len(rows[-1]))
        matrix = np.asarray(rows, dtype=np.float64)
    except (TypeError, ValueError, OverflowError, MemoryError) as error:
        raise _no_vectors(path, min(len(rows) + 1, len(values))) from error
    return _usable(matrix, path)


def _no_vectors(path: Path, row: int = 1) -> SourceError:
    return SourceError(
        f"{path}: the column 'vector' must contain lists of numbers of equal length, unlike row {row}.",
        hint="A vector looks like [0.1, 0.2] or 0.1 0.2, and every row needs a complete one.",
    )


def _parse_vector(value: Any) -> list[float]:
    """Read a vector: a list, or numbers in a text, as programs and databases write them or as bytes in base64."""
    if isinstance(value, str):
        try:
            return _numbers(value)
        except ValueError:
            return _from_base64(value)
    if isinstance(value, dict):
        raise TypeError(value)
    if len(value) == 1 and isinstance(value[0], (list, tuple)):
        return _parse_vector(value[0])
    return [float(part.replace(",", ".") if isinstance(part, str) else part) for part in value]


def _numbers(text: str) -> list[float]:
    kind, bracket, inside = text.strip().partition("(")
    listed = KEYWORD.split(inside)[0] if bracket and kind.isidentifier() else text
    parts = [part for part in BETWEEN_NUMBERS.split(listed.strip("[](){} \n")) if part]
    if len(parts) > 1 and any(map(DECIMAL_COMMA.fullmatch, parts)):
        return [float(part.replace(",", ".")) for part in parts]
    return [float(part) for whole in parts for part in whole.split(",") if part]


def _from_base64(text: str) -> list[float]:
    """Read the bytes of numbers of single or double precision, the lowest first."""
    content = base64.b64decode(text.strip(), validate=True)
    for kind, size_bytes in (("f", 4), ("d", 8)):
        count, rest = divmod(len(content), size_bytes)
        numbers = struct.unpack(f"<{count}{kind}", content) if count and not rest else ()
        # The lower halves of round numbers in double precision are nothing.
        is_half = kind == "f" and count % 2 == 0 and not any(numbers[::2])
        if numbers and not is_half and all(map(_is_sane, numbers)):
            return list(numbers)
    raise ValueError(text)


def _is_sane(number: float) -> bool:
    return number == 0 or MIN_PLAUSIBLE < abs(number) < 1 / MIN_PLAUSIBLE


def _usable(values: Any, path: Path) -> Float32Array:
    """Return vectors in single precision, of a size whose squares it can hold: only their directions matter."""
    import numpy as np

    is_finite = np.isfinite(values)  # no copy of all numbers without their signs: it may be gigabytes
    largest = max(float(values.max(initial=0, where=is_finite)), -float(values.min(initial=0, where=is_finite)))
    if largest and not MIN_MAGNITUDE <= largest <= MAX_MAGNITUDE:
        values = np.ldexp(np.asarray(values, np.result_type(values, np.float32)), -math.frexp(largest)[1])
    matrix: Float32Array = np.asarray(values, dtype=np.float32)
    sizes = np.maximum(matrix.max(axis=1, initial=0), -matrix.min(axis=1, initial=0))
    for is_bad, fault in (
        (~np.isfinite(matrix).all(axis=1), translatable("holds NaN or infinity")),
        (~values.any(axis=1), translatable("holds nothing but zeros, and so is like no other")),
        (sizes < MIN_MAGNITUDE, translatable("is out of all proportion to the others")),
    ):
        if is_bad.any():
            raise SourceError(
                f"{path}: the vector of row {int(is_bad.argmax()) + 1} {fault} ({int(is_bad.sum())} such rows).",
                hint="Fix those rows, or remove them.",
            )
    return matrix
