"""Convert the columns of a table to durations, dates and numbers, and report invalid values. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from statistics import median
from typing import Any, Final

from spotmap_build.core.identifiers import plain_isrc
from spotmap_build.core.normalize import repair
from spotmap_build.core.text import fold_space, printable
from spotmap_build.core.translation import translatable
from spotmap_build.fetch.exports.collection import whole_number
from spotmap_build.fetch.tables.bounds import Columns
from spotmap_build.fetch.tables.cell_dates import parse_dates
from spotmap_build.fetch.tables.cell_numbers import (
    Decimal,
    find_decimal,
    find_unit,
    parse_duration,
    parse_number,
    parse_numbers,
    parse_whole,
    with_colons,
    without_seconds_of_spreadsheets,
)
from spotmap_build.fetch.tables.cells import is_missing, parse_truth
from spotmap_build.fetch.tables.column_names import DURATIONS, NamedColumns, fold_name
from spotmap_build.fetch.tables.field_names import ADDRESS, ART
from spotmap_build.fetch.tags import parse_place, parse_year

NUMERIC: Final = ("x", "y", "play_count", "ms_played", *DURATIONS)
PLACES: Final = ("track_number", "disc_number")
NO_TEXT: Final = ("id", "path", ADDRESS, ART, "vector")
"""Fields that are numbers, or whose values name something elsewhere, so that no character may change."""
DATES: Final = ("added_at", "first_played", "last_played", "listened_at")
LOOSE: Final = frozenset((*DURATIONS, *PLACES, *DATES[1:], "play_count", "ms_played"))
MAX_MISREAD_SHARE: Final = 0.5
"""If this share of a column's values is invalid, the column is not what its name says."""
MAX_NON_NUMERIC_SHARE: Final = 0.05
MIN_VALUES: Final = 20
"""A column with this share of numbers is numeric in spite of a few words."""
PATH: Final = re.compile(
    r"file://|~?/(?:Users|home|Volumes|media|mnt|root|private|storage|sdcard)/|[a-z]:[\\/]\S|\\\\\w|Macintosh HD:", re.I
)
"""Start of a local path, which reveals personal data and must not be on a map."""
MAX_EXAMPLE_LENGTH: Final = 40
MIN_LENGTH_S: Final = 120
"""A smaller number in a column "length" need not be a duration."""
MAX_SONG_MS: Final = 900_000
MAX_LONG_SHARE: Final = 0.1
"""In a library, few tracks are longer."""


@dataclass(frozen=True, slots=True)
class TypedColumns:
    """The converted columns of a table; missing or invalid values are None, or empty for a date.

    ``fields``: durations as ``duration_ms``, dates in ISO 8601. ``facets``: columns that are not known fields, as
    numbers or texts. ``decimal``: the decimal mark of the table. ``notices``: messages about invalid values.
    """

    fields: Columns
    facets: dict[str, list[str | float | None]]
    decimal: Decimal
    notices: tuple[str, ...]


def repair_texts(named: NamedColumns) -> NamedColumns:
    """Undo UTF-8 that was misread and saved, except in paths, ids and the like."""
    fields = {name: values if name in NO_TEXT else _repaired(values) for name, values in named.fields.items()}
    return replace(named, fields=fields, others={name: _repaired(values) for name, values in named.others.items()})


def _repaired(values: list[Any]) -> list[Any]:
    """Return the values of a column; some formats have lists of texts."""
    return [
        (value if value.isascii() else repair(value))
        if isinstance(value, str)
        else (_repaired(value) if isinstance(value, list) else value)
        for value in values
    ]


def type_columns(named: NamedColumns, place: str, delimiter: str, latest_year: int) -> TypedColumns:
    """Convert the values of every column.

    Parameters
    ----------
    place
        Name of the table in messages.
    delimiter
        Delimiter of the fields; with a semicolon, the decimal mark may be a comma.
    latest_year
        Later years are not accepted as release years.
    """
    numeric = (named.fields[field] for field in NUMERIC if field in named.fields)
    decimal = find_decimal([*numeric, *named.others.values()], "either" if delimiter == ";" else ".")
    typing = _Typing(named, place, dict(named.fields), dict(named.others), [])
    if named.dimensions:
        first, last = printable(named.dimensions[0]), printable(named.dimensions[-1])
        typing.notices.append(f"{place}: the columns '{first}' to '{last}' were read as a vector.")
    for field in ("play_count", "ms_played"):
        typing.read(field, lambda value: _count(value, decimal))
    year = lru_cache(maxsize=1 << 12)(_release_year)
    typing.read("year", lambda value: year(str(value), latest_year))
    for field in PLACES:
        typing.read(field, lambda value: parse_place(str(value)))
    typing.read("explicit", parse_truth)
    typing.read("isrc", lambda value: plain_isrc(str(value)) or str(value).strip())
    typing.read_duration(decimal)
    typing.read_dates(is_day_first=decimal != ".")
    facets = typing.facets(decimal)
    return TypedColumns(typing.fields, facets, decimal, tuple(typing.notices))


@dataclass(frozen=True, slots=True)
class _Typing:
    """The columns of one table while they are read."""

    named: NamedColumns
    place: str
    fields: Columns
    others: Columns
    notices: list[str]

    def read(self, field: str, parse: Callable[[Any], Any], known_as: str = "") -> None:
        """Convert the values of a field; ``parse`` returns None for an invalid value."""
        if field in self.fields:
            values = self.fields[field]
            typed = [None if value is None else parse(value) for value in values]
            self._put(field, typed, _misread(values, typed), known_as or field)

    def read_duration(self, decimal: Decimal) -> None:
        field = next((one for one in DURATIONS if one in self.fields), None)
        if field is None:
            return
        values, name = self.fields[field], self.named.names[field]
        if _is_no_duration(name, values):
            self.others[name] = self.fields.pop(field)
            return
        own = find_decimal([values], decimal)
        unit_ms = DURATIONS[field] or find_unit(values, own)
        if field == "duration":
            values = with_colons(values)
        self.fields[field] = values = without_seconds_of_spreadsheets(values)
        self.read(field, lambda value: parse_duration(value, unit_ms, own), known_as="duration_ms")

    def read_dates(self, *, is_day_first: bool) -> None:
        for field in DATES:
            if field not in self.fields:
                continue
            dates = parse_dates(self.fields[field], is_day_first=is_day_first)
            self._put(field, dates.values, dates.misread, field)
            if dates.unclear and field in self.fields:
                order = translatable("day/month/year") if is_day_first else translatable("month/day/year")
                example = f"dates of the column '{self._name(field)}' such as {printable(dates.unclear)}"
                self.notices.append(f"{self.place}: {example} were read as {order}.")

    def _put(self, field: str, typed: list[Any], misread: Sequence[int], known_as: str) -> None:
        values, name = self.fields.pop(field), self.named.names[field]
        if misread and field in LOOSE and (name != field or field == "duration"):
            present = sum(not is_missing(value) for value in values)
            if len(misread) >= MAX_MISREAD_SHARE * present:  # the column is not what its name says
                self.others[name] = values
                return
        self.fields[known_as] = typed
        self._tell(name, values, misread)

    def facets(self, decimal: Decimal) -> dict[str, list[str | float | None]]:
        """Return the other columns, as numbers if their values are numeric, else as texts."""
        facets: dict[str, list[str | float | None]] = {}
        for name, values in self.others.items():
            if any(isinstance(value, (list, dict)) for value in values):
                self.notices.append(f"{self.place}: the column '{printable(name)}' contains lists and was left out.")
                continue
            if any(PATH.match(value) for value in values if isinstance(value, str)):
                self.notices.append(f"{self.place}: the column '{printable(name)}' contains paths and was left out.")
                continue
            numbers = parse_numbers(values, decimal)
            words = [row for row, number in enumerate(numbers) if number is None and not is_missing(values[row])]
            count = sum(number is not None for number in numbers)
            if count and len(words) <= (MAX_NON_NUMERIC_SHARE * count if count >= MIN_VALUES else 0):
                facets[name] = list(numbers)
                self._tell(name, values, words)
            else:
                facets[name] = [None if value is None else fold_space(str(value)) for value in values]
        return facets

    def _tell(self, name: str, values: Sequence[Any], misread: Sequence[int]) -> None:
        if misread:
            what = translatable(f"{len(misread):,} values") if len(misread) > 1 else "A value"
            first = printable(str(values[misread[0]]))[:MAX_EXAMPLE_LENGTH]
            about = f"{what} of the column '{printable(name)}' could not be read, such as '{first}'."
            self.notices.append(f"{self.place}: {about}")

    def _name(self, field: str) -> str:
        return printable(self.named.names[field])


def _is_no_duration(name: str, values: Sequence[Any]) -> bool:
    """Return whether a column does not contain durations, in spite of its name.

    A column "time" may contain times of day (which increase, or go up to 24), and a column "length" values unlike
    ``3:45``.
    """
    clocks = [parse_duration(value) or 0 for value in values if ":" in str(value)]
    if fold_name(name) == "length":
        numbers = [abs(number) for value in values if (number := parse_number(value, "either")) is not None]
        is_long = bool(numbers) and median(numbers) >= MIN_LENGTH_S
        return 2 * (len(clocks) or len(numbers) * is_long) < sum(not is_missing(value) for value in values)
    late = sum(clock > MAX_SONG_MS for clock in clocks)
    is_sorted = len(clocks) > 2 and clocks in (sorted(clocks), sorted(clocks, reverse=True))
    return fold_name(name) == "time" and bool(clocks) and (is_sorted or late > MAX_LONG_SHARE * len(clocks))


def _misread(values: Sequence[Any], typed: Sequence[Any]) -> list[int]:
    """Return the rows with invalid values; 0 means unknown and is valid."""
    return [
        row
        for row, (value, one) in enumerate(zip(values, typed, strict=True))
        if one is None and not is_missing(value) and str(value).strip("0:.,- ")
    ]


def _release_year(text: str, latest: int) -> int | None:
    """Return the year in a date of any format; None if there is none, or it is too late."""
    year = parse_year(text)
    return year if year is not None and year <= latest else None


def _count(value: object, decimal: Decimal) -> int | None:
    number = parse_whole(value, decimal)
    return 0 if number == 0 else whole_number(number)
