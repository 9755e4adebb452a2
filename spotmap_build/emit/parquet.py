"""Write Parquet files. ``fetch.tables.parquet`` reads them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import orjson

from spotmap_build.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spotmap_build.model import Float32Array


def parquet_bytes(
    columns: Mapping[str, Sequence[Any]], matrices: Mapping[str, Float32Array], names: Mapping[str, Sequence[str]]
) -> bytes:
    """Encode columns, and matrices as columns of fixed-size lists.

    Parameters
    ----------
    columns : mapping of str to sequence
        Numbers, text or lists of text; None if unknown.
    matrices : mapping of str to float32 array of shape (n, d)
        One list of ``d`` numbers per row.
    names : mapping of str to sequence of str
        Names of the numbers in such a list; stored as JSON in the metadata of the field, under ``names``.

    Raises
    ------
    ConfigError
        pyarrow is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise ConfigError(
            "Writing Parquet requires the package pyarrow.",
            hint="Install it: pip install 'spotmap-build[parquet]'. Or choose another --format.",
        ) from error
    fields, arrays = [], []
    for name, values in columns.items():
        array = pyarrow.array(_of_one_type(values))
        fields.append(pyarrow.field(name, array.type))
        arrays.append(array)
    for name, matrix in matrices.items():
        flat = pyarrow.array(matrix.ravel(), type=pyarrow.float32())
        array = pyarrow.FixedSizeListArray.from_arrays(flat, matrix.shape[1])
        metadata = {"names": orjson.dumps(list(names[name]))} if name in names else None
        fields.append(pyarrow.field(name, array.type, metadata=metadata))
        arrays.append(array)
    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(arrays, schema=pyarrow.schema(fields)), file)
    return file.getvalue()


def _of_one_type(values: Sequence[Any]) -> Sequence[Any]:
    """Convert a column of the source to text if it contains both text and numbers."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} or len(kinds) < 2:
        return values
    return [None if value is None else str(value) for value in values]
