"""Where the beats are, from measures of change.

First how far they are apart in each moment (Davies and Plumbley, 2007), then where they fall (Degara and others, 2012).
Each is a search for the most likely sequence of states (Viterbi); all measures are searched at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.embed.numpy_features.onsets import HOP_SAMPLES, rayleigh, unbiased_autocorrelation
from spotmap_build.embed.spectral import RHYTHM_RATE_HZ

if TYPE_CHECKING:
    import numpy.typing as npt

    FloatArray = npt.NDArray[np.float64]
    IntArray = npt.NDArray[np.intp]

STEP_S: Final = HOP_SAMPLES / RHYTHM_RATE_HZ
WINDOW: Final = 512
"""6 s, in steps: four of the longest period."""
WINDOW_HOP: Final = 128
WINDOW_HOP_S: Final = 5.944308390022676 / 4
SMOOTHING: Final = 8
FAVORITE_PERIOD: Final = 43.0
"""Half a second: 120 beats a minute."""
SHORTEST_PERIOD: Final = 25
"""208 beats a minute; the longest (40) is that of a window."""
DRIFT_STEPS: Final = 8.0
"""How much the period may change from window to window: standard deviation."""
STABLE: Final = slice(27, 108)
"""Periods less one between which it may change."""
TIE_SEED: Final = 83
TIE_SHARE: Final = 1e-4
"""Noise that decides between periods that are equally likely."""
JITTER_S: Final = 0.025
"""How exact beats are: standard deviation."""
CERTAIN: Final = 0.99
LEAST_CHANGE: Final = float(np.finfo(np.float32).eps)


def above_average(values: FloatArray, half: int) -> FloatArray:
    """Return what stands out.

    Values less their mean over as many neighbors on each side, nothing where that is more; of each row by itself, where
    there are several.
    """
    size = 2 * half + 1
    apart = [(0, 0)] * (values.ndim - 1)
    padded = np.pad(values, [*apart, (half, half)], mode="edge")
    sums = np.cumsum(np.pad(padded, [*apart, (1, 0)]), axis=-1)
    standing_out: FloatArray = np.maximum(0.0, values - (sums[..., size:] - sums[..., :-size]) / size)
    return standing_out


def doubled(values: FloatArray) -> FloatArray:
    """Values with the mean of neighbors between them."""
    if len(values) < 2:
        return values
    between = np.empty(2 * len(values) - 1)
    between[::2] = values
    between[1::2] = (values[:-1] + values[1:]) / 2
    return between


@cache
def _likings() -> FloatArray:
    weights = rayleigh(np.arange(1.0, WINDOW_HOP + 1), FAVORITE_PERIOD)
    normal: FloatArray = weights / weights.sum()
    return normal


@cache
def _drift() -> FloatArray:
    """``[to, from]``: how likely a period less one follows another."""
    numbers = np.arange(WINDOW_HOP)
    away = numbers[:, np.newaxis] - numbers
    chances = np.exp(-np.square(away / DRIFT_STEPS) / 2) / (DRIFT_STEPS * np.sqrt(2 * np.pi))
    allowed = np.zeros(WINDOW_HOP, dtype=bool)
    allowed[STABLE] = True
    drift: FloatArray = np.where(allowed & allowed[:, np.newaxis] & (np.abs(away) <= 4 * DRIFT_STEPS), chances, 0.0)
    return drift


def beat_periods(changes: FloatArray) -> IntArray:
    """Return the most likely period in each window of 6 s, a quarter of that apart: in steps, ``[windows]``.

    It is one step too long, as Essentia has it: its correlation begins at no distance, its periods at one.
    """
    count = max(0, -(-(len(changes) - WINDOW) // WINDOW_HOP)) + 1
    clear = above_average(changes, SMOOTHING)
    padded = np.pad(clear, (0, (count - 1) * WINDOW_HOP + WINDOW - len(clear)))
    seen = _evidence(np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::WINDOW_HOP])
    noise = np.random.RandomState(TIE_SEED).randint(0, 2**32, seen.shape, dtype=np.uint32) / np.float64(2**32 - 1)
    return _likeliest_path(seen + TIE_SHARE * seen.max() * noise) + 1


def _evidence(windows: FloatArray) -> FloatArray:
    """How well each period less one explains each window: by its own correlation and those of two, three and four."""
    correlation = unbiased_autocorrelation(windows)
    numbers = np.arange(3, (WINDOW - 3) // 4)
    explained = np.zeros((len(windows), WINDOW_HOP))
    for comb in range(1, 5):
        for region in range(1 - comb, comb):
            explained[:, numbers] += correlation[:, (numbers + 1) * comb - 1 + region] / (2 * comb - 1)
    clear = above_average(explained * _likings(), SMOOTHING)
    clear[:, : SHORTEST_PERIOD - 1] = 0
    totals = clear.sum(axis=1, keepdims=True)
    shares: FloatArray = np.divide(clear, totals, out=clear, where=totals > 0)
    return shares


def _likeliest_path(seen: FloatArray) -> IntArray:
    drift = _drift()
    likelihood = _likings() * seen[0]
    likelihood /= likelihood.sum() or 1.0
    origins = [np.zeros(WINDOW_HOP, dtype=np.intp)]
    for row in seen[1:]:
        ways = drift * likelihood
        origins.append(ways.argmax(axis=1))
        likelihood = ways.max(axis=1) * row
        likelihood /= likelihood.sum() or 1.0
    path = [int(likelihood.argmax())]
    for origin in origins[:0:-1]:
        path.append(int(origin[path[-1]]))
    return np.array(path[::-1], dtype=np.intp)


def hazards(period: int, states: int, scale: float) -> FloatArray:
    """How likely a beat comes now if the last one was ``k + 1`` steps ago, for ``k`` below ``states``."""
    steps = np.arange(states) - (period - 1)
    reach = int(np.ceil(4 * JITTER_S / STEP_S))
    density = np.exp(-np.square(steps * STEP_S / JITTER_S) / 2) / (JITTER_S * np.sqrt(2 * np.pi)) * scale
    density = np.where((np.abs(steps) <= reach) & (density >= 1e-12), density, 0.0)
    before = np.cumsum(density) - density
    hazard: FloatArray = density / (1 - before)
    return hazard


def track(measures: Sequence[FloatArray], *, scales: Sequence[float]) -> list[FloatArray]:
    """Return times of beats (s) by each of several measures of change with one value a step.

    ``scales``: how surely a beat comes when it is due, for each measure.
    """
    normal = [values / values.max() if values.max() > 0 else values for values in measures]
    paths = [beat_periods(values) for values in normal]
    # No gap is longer than the longest period, but for the jitter.
    states = [int(path.max() + 3 * JITTER_S / STEP_S) for path in paths]
    return [times.astype(np.float64) * STEP_S for times in _decode(normal, paths, states, scales)]


def _decode(
    measures: Sequence[FloatArray], paths: Sequence[IntArray], states: Sequence[int], scales: Sequence[float]
) -> list[IntArray]:
    """Return the steps at which the beats are: the sequence of gaps that periods and measures make most likely.

    A state is how many steps ago the last beat was; from each the next is either one more, or a beat.
    """
    lengths = [len(values) for values in measures]
    longest = max(lengths)
    changes = np.array([np.pad(values, (0, longest - len(values)), mode="edge") for values in measures])
    changes = CERTAIN * np.where(changes == 0, LEAST_CHANGE, changes)
    beat_costs, rest_costs = -0.5 * np.log(changes), -0.5 * np.log1p(-changes)
    # A rest costs the same in all states, so beats are compared by what they cost more than one.
    beat_costs -= rest_costs
    width = max(states)
    # By the step of the last beat, and not by state, so that nothing has to be moved from step to step.
    costs = np.full((len(measures), width + longest), np.inf)
    costs[:, width - 1] = 0
    origins = np.zeros((len(measures), longest), dtype=np.intp)
    ending = {length - 1: [row for row, other in enumerate(lengths) if other == length] for length in lengths}
    ends = [0] * len(measures)
    rows = np.arange(len(measures))
    window = -1
    for step in range(longest):
        if (now := max(0, int(step * STEP_S / WINDOW_HOP_S) - 1)) != window:
            window = now
            beat_prices, rest_prices = _prices(paths, window, states, scales)
        by_state = costs[:, step : step + width][:, ::-1]
        ways = by_state + beat_prices
        best = ways.argmin(axis=1)
        origins[:, step] = best
        by_state[:, :-1] += rest_prices
        costs[:, step + width] = ways[rows, best] + beat_costs[:, step]
        for row in ending.get(step, ()):
            ends[row] = int(costs[row, step + 1 : step + 1 + width][::-1].argmin())
    return [_beats(origins[row], lengths[row] - 1 - ends[row]) for row in rows]


def _prices(
    paths: Sequence[IntArray], window: int, states: Sequence[int], scales: Sequence[float]
) -> tuple[FloatArray, FloatArray]:
    """Return what a beat and what none costs in each state: ``[measures, states]`` and ``[measures, states - 1]``."""
    periods = [int(path[min(window, len(path) - 1)]) for path in paths]
    chances = [_hazards(period, max(states), scale) for period, scale in zip(periods, scales, strict=True)]
    hazard = np.array(chances)
    with np.errstate(divide="ignore"):
        beat_prices, rest_prices = -0.5 * np.log(hazard), -0.5 * np.log1p(-hazard[:, :-1])
    for row, count in enumerate(states):
        rest_prices[row, count - 1 :] = np.inf
    return beat_prices, rest_prices


_hazards = cache(hazards)


def _beats(origins: IntArray, last: int) -> IntArray:
    """Return the steps of all beats, the last first found: each knows how long before it the one before was."""
    found = []
    at = last
    while at >= 0:
        found.append(at)
        at -= 1 + int(origins[at])
    return np.array(found[::-1], dtype=np.intp)
