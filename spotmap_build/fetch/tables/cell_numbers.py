"""Parse numbers and durations of people and spreadsheets: ``0,5``, ``1.234,5``, ``1,234``, ``3:45``. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from itertools import islice
from statistics import median
from typing import Any, Final, Literal

from spotmap_build.fetch.exports.collection import whole_number
from spotmap_build.fetch.tables.cells import is_missing

Decimal = Literal[".", ",", "either"]
"""The decimal mark. ``either``: whichever a number has."""
SAMPLE: Final = 1_000
"""Values of a column that tell how its numbers are written."""
MAX_NUMBER_LENGTH: Final = 64
MIN_MEDIAN_SECONDS: Final = 15
UNITS_BY_MIN_MEDIAN: Final = (
    (3e10, 1e-6),
    (1e9, 1e-4),  # .NET and Jellyfin count tenths of a microsecond
    (2e7, 1e-3),
    (5e3, 1),
    (MIN_MEDIAN_SECONDS, 1_000),
    (0.1, 60_000),
    (0, 86_400_000),  # a spreadsheet's time of day
)
"""The unit of durations that are given without one, in milliseconds, by the median: no song takes as many seconds as it
takes milliseconds."""

DIGITS: Final = {zero + digit: str(digit) for zero in (0x0660, 0x06F0, 0x0966, 0xFF10) for digit in range(10)} | {
    0x066B: ".",
    0xFF0E: ".",
    0xFF1A: ":",
}
"""Arabic, Persian, Hindi and full-width ones, and signs between them."""
_SPACES: Final = " \u00a0\u2009\u202f'\u2019"


def _written(decimal: str, group: str) -> re.Pattern[str]:
    digits = rf"(?:[1-9][0-9]{{0,2}}(?:{group}[0-9]{{3}})+|[1-9][0-9]{{0,2}}(?:[{_SPACES}][0-9]{{3}})+|[0-9]+)"
    return re.compile(rf"[+-]?(?:{digits}(?:{decimal}[0-9]*)?|{decimal}[0-9]+)(?:e[+-]?[0-9]+)?", re.I)


WRITTEN: Final = {".": _written(r"\.", ","), ",": _written(",", r"\.")}
GROUPS: Final[dict[str, dict[int, str | None]]] = {
    ".": str.maketrans(dict.fromkeys(_SPACES + ",")),
    ",": str.maketrans({".": None, ",": ".", **dict.fromkeys(_SPACES)}),
}
WHOLE: Final = re.compile(rf"[1-9][0-9]{{0,2}}([.,{_SPACES}])[0-9]{{3}}(?:\1[0-9]{{3}})*")
NO_DIGIT: Final = re.compile(r"[^0-9]")
CLOCK: Final = re.compile(
    r"(?:0 days?,? )?(?:([0-9]{1,3}):)?([0-9]{1,4}):([0-5][0-9](?:[.,][0-9]+)?)(?:\s*(?:min|h)\.?)?", re.I
)
PRIMES: Final = re.compile(
    r"()([0-9]{1,4})\s?['\u2019\u2032]\s?([0-5]?[0-9])(?:\s?(?:[\"\u201d\u2033]|''|\u2032\u2032))?"
)
"""``3'45"``"""
_AND: Final = r"(?:[\s,]|(?:and|und|y|et|e|и)\s)*"
UNITS: Final = re.compile(
    r"(?:p(?:0d)?t)?(?:([0-9.,]+)\s*(?:h[^\W\d_]*|st(?:d|unde)[^\W\d_]*|ч[^\W\d_]*|時間|小时|小時|시간)\.?)?"
    rf"{_AND}(?:([0-9.,]+)\s*(?:m(?:in[^\W\d_]*)?|мин[^\W\d_]*|分钟?|分鐘?|분)\.?)?"
    rf"{_AND}(?:([0-9.,]+)\s*(?:s(?:e[ckg][^\W\d_]*)?|сек[^\W\d_]*|秒|초)\.?)?",
    re.I,
)
MIDNIGHT: Final = re.compile(r"12(:[0-5]?[0-9]:[0-5][0-9])\s*a\.?m\.?", re.I)
"""A duration below an hour, as a spreadsheet shows what it takes for a time of day."""
FULL_HOURS: Final = re.compile(r"([0-9]{1,2}:[0-5][0-9]):00")
MIN_CLOCKS: Final = 3
DEFAULT_MEDIAN: Final = 900
MINUTES_AND_SECONDS: Final = re.compile(r"[0-9]{1,2}[.,][0-5][0-9]")
MILLISECONDS: Final = re.compile(rf"([0-9.,{_SPACES}]+?)\s*(?:ms|msecs?|milliseconds?)", re.I)


def find_decimal(columns: Iterable[Sequence[object]], default: Decimal) -> Decimal:
    """Infer the decimal mark of some columns from unambiguous numbers.

    >>> find_decimal([["1,234", "0,5"]], "."), find_decimal([["1,234"]], ".")
    (',', '.')
    """
    point = comma = 0
    for values in columns:
        for value in islice(values, SAMPLE):
            if isinstance(value, str) and ("," in value or "." in value) and len(value) <= MAX_NUMBER_LENGTH:
                text = _trimmed(value)
                is_point, is_comma = (WRITTEN[mark].fullmatch(text) is not None for mark in (".", ","))
                point += is_point and not is_comma
                comma += is_comma and not is_point
    return default if point == comma else "." if point > comma else ","


def parse_number(value: object, decimal: Decimal) -> float | None:
    """Parse a finite number from text, JSON or Parquet; None if it is none.

    >>> parse_number("1,234", "."), parse_number("1,234", ","), parse_number("0,5", "."), parse_number("1.234,5", ".")
    (1234.0, 1.234, 0.5, 1234.5)
    """
    if value is None or isinstance(value, bool):
        return None
    text = str(value)
    if "," not in text and (decimal != "," or "." not in text):
        try:
            return _finite(float(text))
        except ValueError:
            pass  # it may have thousands separators
    text = _trimmed(text)
    if decimal == "either":
        decimal = "," if "," in text else "."
    marks: tuple[Literal[".", ","], ...] = (".", ",") if decimal == "." else (",", ".")
    if len(text) <= MAX_NUMBER_LENGTH:
        for mark in marks:
            if WRITTEN[mark].fullmatch(text):
                text = text.translate(GROUPS[mark])
                break
    try:
        return _finite(float(text))
    except ValueError:
        return None


def parse_whole(value: object, decimal: Decimal) -> float | None:
    """Parse an integer, for which a mark before three digits is a thousands separator.

    >>> [parse_whole(text, ".") for text in ("213.000", "1,234,567", "213000.0")]
    [213000.0, 1234567.0, 213000.0]
    """
    if isinstance(value, str) and WHOLE.fullmatch(text := value.strip()):
        return float(NO_DIGIT.sub("", text))
    return parse_number(value, decimal)


def parse_duration(value: object, unit_ms: float = 1, decimal: Decimal = ".") -> int | None:
    """Parse a duration to milliseconds: a number of units, or ``3:45``, ``1:02:03``, ``225s``, ``3 min 45 s``.

    >>> [parse_duration(text, 1000) for text in ("225", "3:45", "1:02:03.5", "225s", "PT3M45S", "soon")]
    [225000, 225000, 3723500, 225000, 225000, None]
    """
    number = parse_whole(value, decimal) if unit_ms == 1 else parse_number(value, decimal)
    if number is not None:
        return whole_number(number * unit_ms)
    text = MIDNIGHT.sub(r"0\1", str(value).strip()[:MAX_NUMBER_LENGTH].translate(DIGITS).replace(" : ", ":"))
    if found := MILLISECONDS.fullmatch(text):
        return whole_number(parse_whole(found[1], decimal))
    found = CLOCK.fullmatch(text) or PRIMES.fullmatch(text) or UNITS.fullmatch(text)
    if not found or not any(found.groups()):
        return None
    parts = [parse_number(part or 0, "either") for part in found.groups()]
    return whole_number(sum((part or 0) * unit for part, unit in zip(parts, (3_600_000, 60_000, 1_000), strict=True)))


def find_unit(values: Sequence[object], decimal: Decimal) -> float:
    """Infer the unit, in milliseconds, of plain numbers in a column of durations.

    >>> [find_unit([number], ".") for number in (225, 225_000, 3.75, 0.0026)]
    [1000, 1, 60000, 86400000]
    """
    numbers = [number for value in values if (number := parse_number(value, decimal)) is not None and number > 0]
    middle = median(numbers) if numbers else DEFAULT_MEDIAN
    if 1 <= middle < MIN_MEDIAN_SECONDS and all(float(number).is_integer() for number in numbers):
        return 1_000  # whole minutes are rarer than sounds of a few seconds
    return next(unit_ms for least, unit_ms in UNITS_BY_MIN_MEDIAN if middle >= least)


def with_colons(values: list[Any]) -> list[Any]:
    """Return durations with colons if all of them are minutes and seconds with another mark: ``3.45``.

    >>> with_colons(["3.45", "4,05", "2.59"]), with_colons(["3.75", "4.05", "2.59"])
    (['3:45', '4:05', '2:59'], ['3.75', '4.05', '2.59'])
    """
    texts = [str(value).strip() for value in values if not is_missing(value)]
    if len(texts) < MIN_CLOCKS or not all(map(MINUTES_AND_SECONDS.fullmatch, texts)):
        return values
    return [None if is_missing(value) else re.sub("[.,]", ":", str(value)) for value in values]


def without_seconds_of_spreadsheets(values: list[Any]) -> list[Any]:
    """Undo a spreadsheet's misinterpretation of minutes as hours, which turns ``3:45`` into ``3:45:00``.

    It is recognized by all durations being hours without seconds.

    >>> without_seconds_of_spreadsheets(["3:45:00", "4:05:00", "2:59:00"])
    ['3:45', '4:05', '2:59']
    """
    clocks = [str(value).strip() for value in values if value is not None and ":" in str(value)]
    found = [clock[1] for text in clocks if (clock := FULL_HOURS.fullmatch(text))]
    is_full = len(found) == len(clocks) >= MIN_CLOCKS and any(not clock.endswith(":00") for clock in found)
    if not is_full or median(int(clock.partition(":")[0]) for clock in found) < 1:
        return values
    return [FULL_HOURS.sub(r"\1", str(value).strip()) if value is not None else None for value in values]


def parse_numbers(values: Sequence[object], decimal: Decimal) -> list[float | None]:
    """Parse the numbers of one column; its own format takes precedence over ``decimal``; invalid ones are None."""
    own = find_decimal([values], decimal)
    return [parse_number(value, own) for value in values]


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _trimmed(text: str) -> str:
    text = text.strip().removesuffix("%").rstrip()
    return text if text.isascii() else text.replace("\u2212", "-").translate(DIGITS)
