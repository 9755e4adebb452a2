"""Read a Parquet file as columns of plain Python values. The only module that imports pyarrow.

A Parquet file can expand to a thousand times its size. Therefore its metadata are checked first, it is read in batches,
repeated texts are stored once, and only needed columns are read.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, Final

from spotmap_build.core.files import open_regular
from spotmap_build.core.text import printable
from spotmap_build.core.translation import translatable
from spotmap_build.errors import SourceError
from spotmap_build.fetch.tables.bounds import MAX_LINE_LENGTH, Columns, check_shape

PIECE_ROWS: Final = 4_096
ALLOWED_BYTES: Final = 64 << 20
"""Any file may hold so much when it is decompressed, or ``MAX_EXPANSION`` times what it takes on the disk."""
MAX_EXPANSION: Final = 8
ALLOWED_VALUES: Final = 2_000_000
"""Any file may hold so many values, or one for each byte that it takes on the disk."""
ALLOWED_ROWS: Final = 100_000
MAX_REASON_LENGTH: Final = 300


def read_parquet(path: Path, is_used: Callable[[str], bool]) -> tuple[Columns, list[str]]:
    """Return the needed columns, and the names of columns with unsupported types.

    Values have Python types, times with microseconds. Values that Python cannot represent (dates after the year 9999)
    and bytes that are not text are None. Columns of single values or lists are supported; structures and maps are not.

    Parameters
    ----------
    is_used : Callable[[str], bool]
        Whether to read a column of this name (in lower case).

    Raises
    ------
    SourceError
        The file is not Parquet, is damaged, or is too large; or pyarrow is not installed.
    OSError
        It cannot be opened.
    """
    with open_regular(path) as file:
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError as error:
            raise SourceError(
                f"Reading {path.name} needs the package pyarrow.",
                hint="Install it: pip install 'spotmap-build[parquet]'.",
            ) from error
        damaged = (
            *(pyarrow.ArrowException, OSError, ValueError, TypeError, LookupError, ArithmeticError),
            *(MemoryError, NotImplementedError, RuntimeError, ImportError),
        )
        try:
            return _read(file, path, is_used)
        except damaged as error:
            reason = printable(str(error) or type(error).__name__)[:MAX_REASON_LENGTH]
            raise SourceError(
                f"{path} is not a Parquet file that can be read: {reason}.", hint="Write it again, or save it as CSV."
            ) from error


def _read(file: BinaryIO, path: Path, is_used: Callable[[str], bool]) -> tuple[Columns, list[str]]:
    import pyarrow.parquet

    source = pyarrow.parquet.ParquetFile(file)
    check_shape(str(path), rows=source.metadata.num_rows, columns=source.metadata.num_columns)
    fields = [field for field in source.schema_arrow if is_used(_known_name(field.name))]
    wanted = [field.name for field in fields if _is_readable(field.type)]
    left_out = [field.name for field in fields if not _is_readable(field.type)]
    indices = [
        position
        for position in range(source.metadata.num_columns)
        if source.schema.column(position).path.split(".")[0] in {name.split(".")[0] for name in wanted}
    ]
    size_bytes = os.fstat(file.fileno()).st_size
    _check_content(source.metadata, indices, size_bytes, path)
    texts = [source.schema.column(position).path for position in indices if _is_text(source.schema.column(position))]
    file.seek(0)
    source = pyarrow.parquet.ParquetFile(file, read_dictionary=texts)
    columns: Columns = {name: [] for name in wanted}
    budget = _Budget(ALLOWED_BYTES + MAX_EXPANSION * size_bytes, path)
    for piece in source.iter_batches(PIECE_ROWS, columns=wanted) if wanted else ():
        for name, array in zip(piece.schema.names, piece.columns, strict=True):
            values = _values(array)
            budget.spend(values, name)
            columns[name].extend(values)
    rows = source.metadata.num_rows
    if any(len(values) != rows for values in columns.values()):
        raise ValueError("its columns are of different lengths")
    return {_known_name(name): values for name, values in columns.items()}, left_out


def _known_name(name: str) -> str:
    return name.strip().lower()


def _check_content(metadata: Any, indices: list[int], size_bytes: int, path: Path) -> None:
    """Check the sizes in the file's metadata against its size on disk."""
    content_bytes = values = 0
    for group in range(metadata.num_row_groups):
        for index in indices:
            chunk = metadata.row_group(group).column(index)
            content_bytes += max(0, chunk.total_uncompressed_size)
            values += max(0, chunk.num_values)
    if (
        content_bytes > ALLOWED_BYTES + MAX_EXPANSION * size_bytes
        or values > ALLOWED_VALUES + size_bytes
        or metadata.num_rows > ALLOWED_ROWS + size_bytes
    ):
        rows = metadata.num_rows
        content = translatable(
            f"{rows:,} rows, {values:,} values and {content_bytes:,} bytes in a file of {size_bytes:,} bytes"
        )
        raise _too_much(path, content)


def _too_much(path: Path, what: str) -> SourceError:
    return SourceError(
        f"{path} is too large: {what}.", hint="Check that it is the right file, or write it again as CSV."
    )


class _Budget:
    """The remaining amount of text. A text repeated a million times in a column counts a million times."""

    def __init__(self, left: int, path: Path) -> None:
        self._left = left
        self._path = path

    def spend(self, values: list[Any], column: str) -> None:
        for value in values:
            for text in value if isinstance(value, list) else (value,):
                if isinstance(text, str):
                    self._left -= len(text)
                    if self._left < 0 or len(text) > MAX_LINE_LENGTH:
                        raise _too_much(
                            self._path, translatable(f"the texts of the column '{printable(column)}' are too long")
                        )


def _is_readable(kind: Any) -> bool:
    from pyarrow import types

    if types.is_list(kind) or types.is_large_list(kind):
        return _is_single(kind.value_type)
    if types.is_fixed_size_list(kind):
        return bool(types.is_integer(kind.value_type) or types.is_floating(kind.value_type))
    return _is_single(kind)


def _is_single(kind: Any) -> bool:
    from pyarrow import types

    if types.is_dictionary(kind):
        return _is_single(kind.value_type)
    return not types.is_nested(kind) and not types.is_interval(kind)


def _is_text(column: Any) -> bool:
    return bool(column.physical_type == "BYTE_ARRAY" and column.logical_type.type != "DECIMAL")


def _values(array: Any) -> list[Any]:
    import pyarrow
    from pyarrow import types

    kind = array.type
    if types.is_list(kind) or types.is_large_list(kind):
        inside, ends = _values(array.values), array.offsets.to_pylist()
        valid = array.is_valid().to_pylist()
        return [inside[ends[row] : ends[row + 1]] if valid[row] else None for row in range(len(array))]
    if types.is_dictionary(kind):
        used = array.indices.unique().drop_null()
        words = dict(zip(used.to_pylist(), _values(array.dictionary.take(used)), strict=True))
        return [None if index is None else words[index] for index in array.indices.to_pylist()]
    if (types.is_timestamp(kind) or types.is_duration(kind) or types.is_time64(kind)) and kind.unit == "ns":
        array = array.cast(_microseconds(kind), safe=False)  # what pandas writes, and Python has no name for
    elif types.is_float16(kind):
        array = array.cast(pyarrow.float32())
    return [_plain(scalar) for scalar in array] if _is_tricky(kind) else array.to_pylist()


def _microseconds(kind: Any) -> Any:
    import pyarrow
    from pyarrow import types

    if types.is_timestamp(kind):
        return pyarrow.timestamp("us", kind.tz)
    return pyarrow.duration("us") if types.is_duration(kind) else pyarrow.time64("us")


def _is_tricky(kind: Any) -> bool:
    """Return whether values may not be representable in Python, or may be bytes of text."""
    from pyarrow import types

    return not (types.is_integer(kind) or types.is_floating(kind) or types.is_boolean(kind) or types.is_null(kind))


def _plain(scalar: Any) -> Any:
    try:
        value = scalar.as_py()
        return value.decode() if isinstance(value, bytes) else value
    except (ValueError, ArithmeticError, LookupError, TypeError, ImportError):
        return None
