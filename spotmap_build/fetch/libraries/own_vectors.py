"""Embedding vectors that a table brings along: a column, or a ``.npy`` file beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from spotmap_build.cache.keys import digest_bytes
from spotmap_build.errors import SourceError
from spotmap_build.fetch.libraries.source import OwnVectors

if TYPE_CHECKING:
    from spotmap_build.fetch.libraries.table_files import Columns
    from spotmap_build.model import Float32Array


def find_vectors(path: Path, columns: Columns) -> OwnVectors | None:
    """The vectors of a table's rows, in order, or None where it has none; they are read when they are needed."""
    beside = path.with_suffix(".npy")
    rows = len(columns["title"])
    if beside.is_file():
        with beside.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return OwnVectors(digest, lambda: _load_matrix(beside, rows))
    if "vector" in columns:
        values = columns["vector"]
        try:
            digest = digest_bytes(orjson.dumps(values))
        except orjson.JSONEncodeError as error:
            raise _no_vectors(path) from error
        return OwnVectors(digest, lambda: _parse_matrix(path, values))
    return None


def _load_matrix(path: Path, rows: int) -> Float32Array:
    import numpy as np

    try:
        matrix = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} is not a .npy file of numbers: {error}.") from error
    if matrix.ndim != 2 or len(matrix) != rows or matrix.dtype.kind not in "fiu":
        raise SourceError(
            f"{path} holds an array of shape {matrix.shape}, type {matrix.dtype}; the table has {rows} rows.",
            hint="It must hold numbers, one row for each row of the table, in the same order.",
        )
    return _finite(np.asarray(matrix, dtype=np.float32), path)


def _parse_matrix(path: Path, values: Sequence[Any]) -> Float32Array:
    import numpy as np

    try:
        rows = [_parse_vector(value) for value in values]
        matrix = np.asarray(rows, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise _no_vectors(path) from error
    return _finite(matrix, path)


def _no_vectors(path: Path) -> SourceError:
    return SourceError(
        f"{path}: the column 'vector' holds something else than equally long lists of numbers.",
        hint="A vector looks like [0.1, 0.2] or 0.1 0.2, and no row may lack it.",
    )


def _parse_vector(value: Any) -> list[float]:
    if isinstance(value, str):
        return [float(part) for part in value.strip("[] \n").replace(",", " ").split()]
    return [float(part) for part in value]


def _finite(matrix: Float32Array, path: Path) -> Float32Array:
    import numpy as np

    bad = np.flatnonzero(~np.isfinite(matrix).all(axis=1))
    if len(bad):
        raise SourceError(
            f"{path}: the vector of row {int(bad[0]) + 1} holds NaN or infinity ({len(bad)} such rows).",
            hint="Leave those rows out, or mend them.",
        )
    return matrix
