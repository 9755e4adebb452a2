"""Parse dates of people, spreadsheets and services: ``4.3.2021``, ``Mar 4, 2021``, ``3/4/21 5:06 PM``. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from spotmap_build.core.dates import is_known_date
from spotmap_build.core.text import fold_space
from spotmap_build.fetch.tables.cell_numbers import DIGITS
from spotmap_build.fetch.tables.cells import is_missing

MONTHS: Final = (
    "jan ene gen янв sty oca ian led tam січ яну ιαν يناير ינו",
    "feb fév fev фев lut şub úno hel лют φεβ فبراير פבר",
    "mar mär mrz maa mrt мар már bře бер μαρ μάρ مارس מרץ",
    "apr avr abr апр kwi ápr nis dub huh кві απρ أبريل ابريل אפר",
    "may mai maj mag mei май мая máj kvě tou тра μαϊ μαΐ μαι مايو מאי",
    "jun juin giu июн cze jún haz iun čer kes чер юни ιουν يونيو יונ",
    "jul juil lug июл lip júl tem iul červenec července hei лип юли ιουλ يوليو יול",
    "aug aoû aou ago авг sie ağu agu srp elo сер αυγ αύγ أغسطس اغسطس אוג",
    "sep set сен wrz eyl szep zář syy вер сеп σεπ سبتمبر ספט",
    "oct okt ott out окт paź eki říj lok жов οκτ أكتوبر اكتوبر אוק",
    "nov ноя lis kas noi marras лис ное νοε نوفمبر נוב",
    "dec dez déc dic дек gru ara des pro jou гру δεκ ديسمبر דצמ",
)
"""Beginnings of month names in the languages of most spreadsheets."""
UNKNOWN_MONTH: Final = 13
"""Of a name in an unknown language: such a date is reported as misread; month 0 stands for no date at all."""
EARLIEST_UNIX_S: Final = 946_684_800
"""2000: a smaller number is no time at which music came into a library, and may be anything."""
LATEST_UNIX_S: Final = 4_102_444_800
MAX_DATE_LENGTH: Final = 80
BUDDHIST: Final = 543
BUDDHIST_YEARS: Final = range(2_500, 2_650)
"""How spreadsheets in Thailand count."""
_AT: Final = r"(?:at|um|à|às|a las|alle|om|kl\.?|klo|o|в|о)"
_HALF_OF_DAY: Final = r"(?:(?:오전|오후|午前|午後|上午|下午)\s?)?"
_CLOCK: Final = rf"(?:(?:T|[,\s]\s*|,?\s+{_AT}\s+){_HALF_OF_DAY}[0-9]{{1,2}}(?:[:.h][0-9]{{2}}.*|[0-9]{{2,4}}Z?))?"
_WEEKDAY: Final = r"(?:[^\W\d_]{2,9}\.?,?\s+)?"
_MONTH: Final = r"([^\W\d_]{3,12})"
_SHORT_YEAR: Final = r"([0-9]{4}|[0-9]{2})"
_ORDINAL: Final = r"(?:st|nd|rd|th|º)?"
_OF_YEAR: Final = r"(?:\s?(?:г|р)\.?)?"
"""A Russian date says that its year is one."""
_YEAR_FIRST: Final = re.compile(rf"([0-9]{{4}})([-/._]?\s?)([0-9]{{1,2}})\2([0-9]{{1,2}})\.?{_CLOCK}", re.I)
_YEAR_MONTH: Final = re.compile(rf"([0-9]{{4}})[-/.\s]+{_MONTH}[-/.\s]+([0-9]{{1,2}})\.?{_CLOCK}", re.I)
_COUNTED: Final = re.compile(r"([0-9]{4})\s?[年년]\s?([0-9]{1,2})\s?[月월]\s?([0-9]{1,2})\s?[日일].*")
"""With the words for year, month and day, in China, Japan and Korea."""
_YEAR_LAST: Final = re.compile(
    rf"([0-9]{{1,2}})\s*([-/.])\s*([0-9]{{1,2}})\s*\2\s*([0-9]{{4}}|[0-9]{{2}}){_OF_YEAR}{_CLOCK}", re.I
)
_DAY_MONTH: Final = re.compile(
    rf"{_WEEKDAY}([0-9]{{1,2}}){_ORDINAL}[-.\s]+(?:(?:de|of) )?{_MONTH}[-.,\s]+(?:de )?{_SHORT_YEAR}{_OF_YEAR}{_CLOCK}",
    re.I,
)
_MONTH_DAY: Final = re.compile(rf"{_WEEKDAY}{_MONTH}[-.\s]+([0-9]{{1,2}}){_ORDINAL}[-,\s]+([0-9]{{4}}){_CLOCK}", re.I)
_YEAR_AT_END: Final = re.compile(
    rf"{_WEEKDAY}{_MONTH}\s+([0-9]{{1,2}})\s+[0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}})?\s+(?:[A-Z]{{2,5}}\s+)?([0-9]{{4}})",
    re.I,
)
"""As C and Twitter write it: ``Sun Jan 5 15:04:05 2020``."""
_SERIAL: Final = re.compile(r"([0-9]{5})(?:[.,][0-9]+)?")
"""Days as Excel counts them, where a column was saved as numbers: those of this century."""
FIRST_SERIAL: Final = 36_526
DAY_ZERO: Final = date(1899, 12, 30)
_UNIX: Final = re.compile(
    r"([0-9]{9,10})(?:\.[0-9]+)?|(?:/Date\()?([0-9]{12,13})(?:[+-][0-9]{4})?(?:\)/)?|([0-9]{15,16})"
)
"""Seconds, milliseconds (of .NET too) or microseconds since 1970."""


@dataclass(frozen=True, slots=True)
class Dates:
    """The dates of a column in ISO 8601; empty where missing.

    ``misread``: rows with invalid dates. ``unclear``: an example of a date with an ambiguous order of day and month;
    empty if there is none.
    """

    values: list[str]
    misread: list[int]
    unclear: str = ""


def parse_dates(values: Sequence[object], *, is_day_first: bool) -> Dates:
    """Parse the dates of one column. Dates in ISO 8601 are kept unchanged.

    Parameters
    ----------
    is_day_first
        Whether ``3/4/2021`` is in April, if no other value of the column decides it.
    """
    cells = ["" if value is None else str(value) for value in values]
    text_of = {cell: fold_space(cell)[:MAX_DATE_LENGTH].translate(DIGITS).lstrip("'") for cell in dict.fromkeys(cells)}
    texts = [text_of[cell] for cell in cells]
    numeric = [found for text in texts if (found := _YEAR_LAST.fullmatch(text)) is not None]
    votes = sum((int(found[1]) > 12) - (int(found[3]) > 12) for found in numeric)
    orders = {"/": is_day_first, "-": True, ".": True} if votes == 0 else dict.fromkeys("/-.", votes > 0)
    known = {text: "" if is_missing(text) else _parse(text, orders) for text in dict.fromkeys(texts)}
    misread = [row for row, text in enumerate(texts) if known[text] is None]
    slashed = next((found[0] for found in numeric if found[2] == "/" and found[1] != found[3]), "")
    return Dates([known[text] or "" for text in texts], misread, slashed if votes == 0 else "")


def _parse(text: str, orders: Mapping[str, bool]) -> str | None:
    """Return the date; empty if the text means that there is none; None if it is invalid."""
    if is_known_date(text) and text[10:11] in {"", "T", " "}:
        return text
    for pattern, read in _READERS:
        if found := pattern.fullmatch(text):
            return _day(*read(found, orders))
    return None


def _day(year: int, month: int, day: int) -> str | None:
    year -= BUDDHIST if year in BUDDHIST_YEARS else 0
    try:
        text = date(year, month, day).isoformat()
    except ValueError:
        return None if year and month and day else ""
    return text if is_known_date(text) else ""


def _read_year_last(found: re.Match[str], orders: Mapping[str, bool]) -> tuple[int, int, int]:
    first, second, year = int(found[1]), int(found[3]), _whole_year(found[4])
    is_day_first = first > 12 or (orders[found[2]] and second <= 12)
    return (year, second, first) if is_day_first else (year, first, second)


def _read_unix(found: re.Match[str], _orders: Mapping[str, bool]) -> tuple[int, int, int]:
    seconds = int(found[1] or 0) or int(found[2] or 0) / 1_000 or int(found[3] or 0) / 1_000_000
    if not EARLIEST_UNIX_S <= seconds < LATEST_UNIX_S:
        return 0, 0, 0
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.year, moment.month, moment.day


def _read_serial(found: re.Match[str], _orders: Mapping[str, bool]) -> tuple[int, int, int]:
    day = DAY_ZERO + timedelta(int(found[1]))
    month = day.month if int(found[1]) >= FIRST_SERIAL else UNKNOWN_MONTH
    return day.year, month, day.day


def _month(name: str) -> int:
    """Return the number of the month whose name has the longest matching beginning."""
    begun = [
        (len(word), number)
        for number, words in enumerate(MONTHS, start=1)
        for word in words.split()
        if name.lower().startswith(word)
    ]
    return max(begun)[1] if begun else UNKNOWN_MONTH


def _whole_year(digits: str) -> int:
    return int(digits) if len(digits) > 2 else int(digits) + (2_000 if int(digits) < 70 else 1_900)


_READERS: Final[
    tuple[tuple[re.Pattern[str], Callable[[re.Match[str], Mapping[str, bool]], tuple[int, int, int]]], ...]
] = (
    (_YEAR_FIRST, lambda found, _: (int(found[1]), int(found[3]), int(found[4]))),
    (_YEAR_MONTH, lambda found, _: (int(found[1]), _month(found[2]), int(found[3]))),
    (_COUNTED, lambda found, _: (int(found[1]), int(found[2]), int(found[3]))),
    (_YEAR_LAST, _read_year_last),
    (_DAY_MONTH, lambda found, _: (_whole_year(found[3]), _month(found[2]), int(found[1]))),
    (_MONTH_DAY, lambda found, _: (int(found[3]), _month(found[1]), int(found[2]))),
    (_YEAR_AT_END, lambda found, _: (int(found[3]), _month(found[1]), int(found[2]))),
    (_UNIX, _read_unix),
    (_SERIAL, _read_serial),
)
