"""Compact encoding of the columns of details files, at the precision that the page shows. Pure."""

from __future__ import annotations

import math
from collections import Counter
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from spotmap_build.core.identifiers import SPOTIFY_TRACK

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Float64Array = npt.NDArray[np.float64]
    Int64Array = npt.NDArray[np.int64]

MARK: Final = "="
"""Prefix of ids written in full among ids without ``SPOTIFY_TRACK``. No id of Spotify contains it."""
FIRST_CODE: Final = 35
"""Codes of numbers start at ``#``, after the space and the quotation mark, which JSON would have to escape."""
UNKNOWN_CODE: Final = " "
BACKSLASH: Final = 92
CONTROLS: Final = (127, 161)
"""Range of code points to skip: DEL to the no-break space."""
LEVELS: Final = 150
"""Minimum number of levels for the middle 98 % of a feature's values: tempo to 1 BPM, loudness to 0.2 LUFS."""
MAX_STEPS: Final = 900
"""Maximum number of steps from the median, so that all codes take one or two bytes in UTF-8."""
EPOCH: Final = date(1970, 1, 1).toordinal()


def clean(text: str) -> str:
    """Fold white space to single spaces, and replace what UTF-8 cannot encode (lone surrogates of damaged tags)."""
    folded = " ".join(text.split())
    return folded if folded.isascii() else folded.encode("utf-8", "replace").decode("utf-8")


def pack_ids(ids: Sequence[str]) -> dict[str, Any]:
    """Pack ids like ``pack_texts``. If some are Spotify's, their ``prefix`` is omitted, and others are marked."""
    if not any(map(_is_shortened, ids)):
        return {"prefix": "", **pack_texts(ids)}
    shortened = [
        track_id.removeprefix(SPOTIFY_TRACK) if _is_shortened(track_id) else MARK + track_id for track_id in ids
    ]
    return {"prefix": SPOTIFY_TRACK, **pack_texts(shortened)}


def _is_shortened(track_id: str) -> bool:
    return track_id.startswith(SPOTIFY_TRACK) and not track_id.startswith(SPOTIFY_TRACK + MARK)


def unpack_ids(packed: dict[str, Any]) -> list[str]:
    """Invert ``pack_ids``."""
    prefix, width, text = packed["prefix"], packed["width"], packed["text"]
    parts = [text[start : start + width] for start in range(0, len(text), width)] if width else text.split("\n")
    return [part.removeprefix(MARK) if prefix and part.startswith(MARK) else prefix + part for part in parts]


def pack_texts(texts: Sequence[str]) -> dict[str, Any]:
    r"""Pack texts without line breaks into one string.

    ASCII texts of equal length (``width``) are concatenated, others (``width`` 0) are joined by line breaks.

    Examples
    --------
    >>> pack_texts(["ab", "cd"]), pack_texts(["a", "bcd"])
    ({'width': 2, 'text': 'abcd'}, {'width': 0, 'text': 'a\nbcd'})
    """
    widths = {len(text) for text in texts}
    is_even = len(widths) == 1 and all(map(str.isascii, texts)) and widths != {0}
    return {"width": widths.pop(), "text": "".join(texts)} if is_even else {"width": 0, "text": "\n".join(texts)}


def day_number(day: str) -> int | None:
    """Return the days since 1970-01-01 of an ISO 8601 date or time; None if it is invalid."""
    try:
        return date.fromisoformat(day[:10]).toordinal() - EPOCH
    except ValueError:
        return None


class NumberColumn:
    """A column of numbers, float64 ``[n]`` with NaN for unknown, encoded as steps from the median.

    Each number takes one character, for nearly all of them an ASCII one.
    """

    def __init__(self, values: Float64Array) -> None:
        known = values[np.isfinite(values)]
        self.step = _step(known)
        self.middle = round(float(np.rint(np.median(known) / self.step)) * self.step, 9) if len(known) else 0.0
        with np.errstate(invalid="ignore"):
            steps = np.rint((values - self.middle) / self.step)
        self._codes = _encode_steps(steps)

    def encode_range(self, first: int, end: int) -> dict[str, Any]:
        """Return the rows ``first`` up to ``end`` as encoded in a file."""
        return {"middle": _short(self.middle), "step": _short(self.step), "codes": self._codes[first:end]}


def _step(known: Float64Array) -> float:
    """Return the step size: 1, 2 or 5 times a power of ten, and 1 for integers in a small enough range."""
    if len(known) == 0:
        return 1.0
    low, high = float(known.min()), float(known.max())
    if high - low <= LEVELS and bool((known == np.rint(known)).all()):
        return 1.0
    central_range = float(np.ptp(np.quantile(known, (0.01, 0.99))))
    finest = max(central_range / LEVELS, (high - low) / MAX_STEPS, max(abs(low), abs(high)) * 1e-6, 1e-9)
    power = 10.0 ** math.floor(math.log10(finest))
    return float(next(round(power * times, 12) for times in (1, 2, 5, 10) if power * times >= finest * (1 - 1e-9)))


def _encode_steps(steps: Float64Array) -> str:
    """Encode numbers of steps as one character each; values that are not finite are unknown.

    Codes are even upwards and odd downwards, so that small steps have small codes.
    """
    is_known = np.isfinite(steps)
    whole = np.where(is_known, steps, 0).astype(np.int64)
    codes = _code_points(np.where(whole >= 0, 2 * whole, -2 * whole - 1))
    return np.where(is_known, codes, ord(UNKNOWN_CODE)).astype("<u4").tobytes().decode("utf-32-le")


def _code_points(numbers: Int64Array) -> Int64Array:
    """Return the code points of non-negative numbers, skipping those that JSON would escape."""
    codes = FIRST_CODE + numbers
    codes += codes >= BACKSLASH
    return codes + np.where(codes >= CONTROLS[0], CONTROLS[1] - CONTROLS[0], 0)


def _numbers(characters: str) -> Int64Array:
    """Invert :func:`_code_points`; negative for :data:`UNKNOWN_CODE`."""
    codes = np.array([ord(character) for character in characters], dtype=np.int64)
    codes -= np.where(codes >= CONTROLS[1], CONTROLS[1] - CONTROLS[0], 0)
    return codes - (codes > BACKSLASH) - FIRST_CODE


def unpack_numbers(column: dict[str, Any]) -> Float64Array:
    """Decode a :class:`NumberColumn`: float64 ``[n]`` at its precision, NaN for unknown."""
    numbers = _numbers(column["codes"])
    steps = np.where(numbers % 2, -(numbers + 1) // 2, numbers // 2)
    return np.where(numbers >= 0, column["middle"] + steps * column["step"], np.nan)


def _short(value: float) -> float:
    """Convert an integral float to int: ``120`` is shorter than ``120.0`` in JSON."""
    return int(value) if value.is_integer() else value


class WordColumn:
    """A column of rows of words, each with a strength from 1 to 9. Frequent words get short codes."""

    def __init__(self, rows: Sequence[Sequence[tuple[str, int]]]) -> None:
        counts = Counter(word for row in rows for word, _ in row)
        self.words = sorted(counts, key=lambda word: (-counts[word], word))
        codes = dict(zip(self.words, map(chr, _code_points(np.arange(len(self.words)))), strict=True))
        self._codes = ["".join(codes[word] for word, _ in row) for row in rows]
        self._strengths = ["".join(str(strength) for _, strength in row) for row in rows]

    def encode_range(self, first: int, end: int) -> dict[str, str]:
        """Return the rows ``first`` up to ``end`` as encoded in a file."""
        return {"codes": " ".join(self._codes[first:end]), "strengths": "".join(self._strengths[first:end])}


def unpack_words(column: dict[str, str], words: Sequence[str]) -> list[list[tuple[str, int]]]:
    """Decode a :class:`WordColumn`."""
    rows = column["codes"].split(" ")
    entries = zip(_numbers("".join(rows)).tolist(), map(int, column["strengths"]), strict=True)
    named = ((words[number], strength) for number, strength in entries)
    return [list(islice(named, len(codes))) for codes in rows]


def differences(values: npt.NDArray[np.int64]) -> list[int]:
    """Delta-encode numbers: the first value, then the difference of each value from the one before.

    Examples
    --------
    >>> import numpy as np
    >>> differences(np.array([5, 7, 6]))
    [5, 2, -1]
    """
    deltas: list[int] = np.diff(values, prepend=0).tolist()
    return deltas
