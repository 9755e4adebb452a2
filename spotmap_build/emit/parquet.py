"""Write a Parquet file. ``fetch.tables.parquet`` reads them."""

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
    """Write columns, and matrices as columns of lists of one length.

    Parameters
    ----------
    columns : mapping of str to sequence
        Numbers, text or lists of text; None where nothing is known.
    matrices : mapping of str to float32 array of shape (n, d)
        One list of ``d`` numbers a row.
    names : mapping of str to sequence of str
        What the numbers of such a list are called: kept as JSON in the metadata of the field, under ``names``.

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
            "Writing Parquet needs the package pyarrow.",
            hint="Install it: pip install 'spotmap-build[parquet]'. Or take another --format.",
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
    """Text where a column of the source's own holds both text and numbers."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} or len(kinds) < 2:
        return values
    return [None if value is None else str(value) for value in values]
