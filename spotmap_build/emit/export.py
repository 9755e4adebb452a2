"""Export the map as a table: CSV, GeoJSON, numpy archive. Parquet is in ``parquet``. Pure."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson

from spotmap_build.core.spreadsheet import guard_cell
from spotmap_build.emit.parquet import parquet_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from spotmap_build.model import Float32Array

    Float64Array = npt.NDArray[np.float64]

MAX_WIDTH_DEGREES: Final = 80.0
"""GeoJSON coordinates are degrees (RFC 7946, section 4). The map is scaled to this range and centered at (0, 0)."""


@dataclass(frozen=True, slots=True, eq=False)
class MapTable:
    """A map as columns with one value per track.

    Attributes
    ----------
    columns : mapping of str to sequence
        Values by column name: text, numbers, lists of text, or None if unknown. They include ``x`` and ``y`` in the
        map's own unit.
    matrices : mapping of str to float32 array of shape (n, d)
        Data with many numbers per track: vectors, tags.
    names : mapping of str to sequence of str
        Names of the columns of a matrix, if they have names.
    """

    columns: Mapping[str, Sequence[Any]]
    matrices: Mapping[str, Float32Array]
    names: Mapping[str, Sequence[str]]

    @property
    def count(self) -> int:
        """Number of tracks."""
        return len(self.columns["id"])


def encode_table(table: MapTable, file_format: str) -> bytes:
    """Encode a map in one of :data:`~spotmap_build.registry.formats.EXPORT_FORMATS`.

    Raises
    ------
    ConfigError
        A required package is not installed.

    Notes
    -----
    CSV and GeoJSON omit the matrices; the numpy archive contains only numbers and ids.
    """
    return _ENCODERS[file_format](table)


def _csv(table: MapTable) -> bytes:
    """Encode as CSV (RFC 4180). Multiple values in a cell are separated by semicolons, and unknown values are empty.

    The byte order mark at the beginning tells Excel that the file is UTF-8.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(map(_cell, table.columns))
    writer.writerows(zip(*(map(_cell, values) for values in table.columns.values()), strict=True))
    return text.getvalue().encode("utf-8-sig", "replace")


def _cell(value: Any) -> Any:
    text = "; ".join(value) if isinstance(value, list) else value
    return guard_cell(text) if isinstance(text, str) else text


def _geojson(table: MapTable) -> bytes:
    x, y = (np.asarray(table.columns[axis], dtype=np.float64) for axis in ("x", "y"))
    places = np.round(_in_degrees(np.column_stack([x, y])), 6).tolist()
    rows = zip(*table.columns.values(), strict=True)
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": place},
            "properties": dict(zip(table.columns, row, strict=True)),
        }
        for place, row in zip(places, rows, strict=True)
    ]
    return orjson.dumps({"type": "FeatureCollection", "features": features})


def _in_degrees(places: Float64Array) -> Float64Array:
    if len(places) == 0:
        return places
    low, high = places.min(axis=0), places.max(axis=0)
    extent = float((high - low).max())
    scaled: Float64Array = (places - (low + high) / 2) * (2 * MAX_WIDTH_DEGREES / extent if extent > 0 else 0.0)
    return scaled


def _npz(table: MapTable) -> bytes:
    numbers = {
        name: np.asarray([np.nan if value is None else value for value in values], dtype=np.float64)
        for name, values in table.columns.items()
        if all(value is None or isinstance(value, int | float) for value in values)
    }
    names = {f"{name}_names": np.asarray(list(each), dtype=np.str_) for name, each in table.names.items()}
    arrays: dict[str, Any] = {
        "id": np.asarray(table.columns["id"], dtype=np.str_),
        **numbers,
        **table.matrices,
        **names,
    }
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def _parquet(table: MapTable) -> bytes:
    return parquet_bytes(table.columns, table.matrices, table.names)


_ENCODERS: Final[Mapping[str, Callable[[MapTable], bytes]]] = {
    "csv": _csv,
    "geojson": _geojson,
    "npz": _npz,
    "parquet": _parquet,
}
