"""Columns of the details files, in few bytes after gzip: each value at the precision that the page shows. Pure."""

from __future__ import annotations

import math
from collections import Counter
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spotmap_build.core.identifiers import SPOTIFY_TRACK

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Float64Array = npt.NDArray[np.float64]

MARK: Final = "="
"""Begins an id that is written whole where others leave out ``SPOTIFY_TRACK``. No id of Spotify's holds it."""
FIRST_CODE: Final = 35
"""Codes of a number begin at ``#``: past the quotation mark, which JSON would have to escape, and past the space."""
UNKNOWN_CODE: Final = " "
BACKSLASH: Final = 92
CONTROLS: Final = (127, 161)
"""Code points that are no plain characters: DEL to the no-break space."""
LEVELS: Final = 150
"""How finely the middle 98 % of a feature's values are distinguished at least: tempo to a BPM, loudness to 0.2 LUFS."""
MOST_STEPS: Final = 900
"""From the median to the farthest value: all of their codes are characters of one or two bytes in UTF-8."""
EPOCH: Final = date(1970, 1, 1).toordinal()


def clean(text: str) -> str:
    """Fold white space to single spaces, and replace what UTF-8 cannot hold (half a character in a damaged tag)."""
    folded = " ".join(text.split())
    return folded if folded.isascii() else folded.encode("utf-8", "replace").decode("utf-8")


def pack_ids(ids: Sequence[str]) -> dict[str, Any]:
    """As ``pack_texts``; where some begin as Spotify's do, that ``prefix`` is left out, and others are marked."""
    if not any(map(_is_shortened, ids)):
        return {"prefix": "", **pack_texts(ids)}
    shortened = [one.removeprefix(SPOTIFY_TRACK) if _is_shortened(one) else MARK + one for one in ids]
    return {"prefix": SPOTIFY_TRACK, **pack_texts(shortened)}


def _is_shortened(one: str) -> bool:
    return one.startswith(SPOTIFY_TRACK) and not one.startswith(SPOTIFY_TRACK + MARK)


def unpack_ids(packed: dict[str, Any]) -> list[str]:
    """Return what ``pack_ids`` packed."""
    prefix, width, text = packed["prefix"], packed["width"], packed["text"]
    parts = [text[at : at + width] for at in range(0, len(text), width)] if width else text.split("\n")
    return [one.removeprefix(MARK) if prefix and one.startswith(MARK) else prefix + one for one in parts]


def pack_texts(texts: Sequence[str]) -> dict[str, Any]:
    r"""Pack texts without line breaks into one string.

    Run together if they are of one ``width`` in plain characters, else (``width`` 0) a line each.

    Examples
    --------
    >>> pack_texts(["ab", "cd"]), pack_texts(["a", "bcd"])
    ({'width': 2, 'text': 'abcd'}, {'width': 0, 'text': 'a\nbcd'})
    """
    widths = {len(one) for one in texts}
    is_even = len(widths) == 1 and all(map(str.isascii, texts)) and widths != {0}
    return {"width": widths.pop(), "text": "".join(texts)} if is_even else {"width": 0, "text": "\n".join(texts)}


def day_number(day: str) -> int | None:
    """Days since 1970-01-01 of an ISO 8601 date or time; None where it is none."""
    try:
        return date.fromisoformat(day[:10]).toordinal() - EPOCH
    except ValueError:
        return None


class NumberColumn:
    """Numbers as steps from their median.

    Float64 ``[n]`` with NaN for unknown: one character each, plain ones for nearly all.
    """

    def __init__(self, values: Float64Array) -> None:
        known = values[np.isfinite(values)]
        self.step = _step(known)
        self.middle = round(float(np.rint(np.median(known) / self.step)) * self.step, 9) if len(known) else 0.0
        with np.errstate(invalid="ignore"):
            steps = np.rint((values - self.middle) / self.step)
        self._codes = _encode_steps(steps)

    def part(self, first: int, end: int) -> dict[str, Any]:
        """Return the rows ``first`` up to ``end`` as the file holds them."""
        return {"middle": _short(self.middle), "step": _short(self.step), "codes": self._codes[first:end]}


def _step(known: Float64Array) -> float:
    """1, 2 or 5 times a power of ten; 1 for whole numbers that are few enough."""
    if len(known) == 0:
        return 1.0
    low, high = float(known.min()), float(known.max())
    if high - low <= LEVELS and bool((known == np.rint(known)).all()):
        return 1.0
    middle = float(np.ptp(np.quantile(known, (0.01, 0.99))))
    finest = max(middle / LEVELS, (high - low) / MOST_STEPS, max(abs(low), abs(high)) * 1e-6, 1e-9)
    power = 10.0 ** math.floor(math.log10(finest))
    return float(next(round(power * times, 12) for times in (1, 2, 5, 10) if power * times >= finest * (1 - 1e-9)))


def _encode_steps(steps: Float64Array) -> str:
    """Encode whole numbers of steps as one character each; what is not finite is unknown.

    Steps up have even codes, steps down odd ones, so that what is near the median comes first.
    """
    is_known = np.isfinite(steps)
    whole = np.where(is_known, steps, 0).astype(np.int64)
    codes = FIRST_CODE + np.where(whole >= 0, 2 * whole, -2 * whole - 1)
    codes += codes >= BACKSLASH
    codes += np.where(codes >= CONTROLS[0], CONTROLS[1] - CONTROLS[0], 0)
    return np.where(is_known, codes, ord(UNKNOWN_CODE)).astype("<u4").tobytes().decode("utf-32-le")


def _code_point(number: int) -> int:
    """Return the code point of a number from 0 on, past those that JSON would escape."""
    code = FIRST_CODE + number
    if code >= BACKSLASH:
        code += 1
    return code + CONTROLS[1] - CONTROLS[0] if code >= CONTROLS[0] else code


def _place(code: int) -> int:
    """Return the number whose code point this is."""
    if code >= CONTROLS[1]:
        code -= CONTROLS[1] - CONTROLS[0]
    return code - FIRST_CODE - (1 if code > BACKSLASH else 0)


def unpack_numbers(column: dict[str, Any]) -> Float64Array:
    """Return what :class:`NumberColumn` packed, float64 ``[n]``, to the precision that was kept; NaN for unknown."""
    codes = np.array([ord(one) for one in column["codes"]], dtype=np.int64)
    is_known = codes != ord(UNKNOWN_CODE)
    codes -= np.where(codes >= CONTROLS[1], CONTROLS[1] - CONTROLS[0], 0)
    codes -= np.where(codes > BACKSLASH, 1, 0) + FIRST_CODE
    steps = np.where(codes % 2, -(codes + 1) // 2, codes // 2)
    return np.where(is_known, column["middle"] + steps * column["step"], np.nan)


def _short(value: float) -> float:
    """As Python's number, a whole one as such: ``120`` is written in less than ``120.0``."""
    return int(value) if value.is_integer() else value


class WordColumn:
    """Words with a strength from 1 to 9, some a row: a character a word, the most frequent words the plainest."""

    def __init__(self, rows: Sequence[Sequence[tuple[str, int]]]) -> None:
        counts = Counter(word for row in rows for word, _ in row)
        self.words = sorted(counts, key=lambda word: (-counts[word], word))
        codes = {word: chr(_code_point(place)) for place, word in enumerate(self.words)}
        self._codes = ["".join(codes[word] for word, _ in row) for row in rows]
        self._strengths = ["".join(str(strength) for _, strength in row) for row in rows]

    def part(self, first: int, end: int) -> dict[str, str]:
        """Return the rows ``first`` up to ``end`` as the file holds them."""
        return {"codes": " ".join(self._codes[first:end]), "strengths": "".join(self._strengths[first:end])}


def unpack_words(column: dict[str, str], words: Sequence[str]) -> list[list[tuple[str, int]]]:
    """Return what :class:`WordColumn` packed."""
    strengths = iter(column["strengths"])
    rows = [[words[_place(ord(code))] for code in codes] for codes in column["codes"].split(" ")]
    return [[(word, int(next(strengths))) for word in row] for row in rows]


def differences(values: npt.NDArray[np.int64]) -> list[int]:
    """Delta-code numbers: the first value, then each one's difference from the one before.

    Examples
    --------
    >>> import numpy as np
    >>> differences(np.array([5, 7, 6]))
    [5, 2, -1]
    """
    found: list[int] = np.diff(values, prepend=0).tolist()
    return found
