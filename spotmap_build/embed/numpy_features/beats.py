"""Beat tracking from onset detection functions ("measures of change").

Estimates the beat period in each window (Davies and Plumbley, 2007), then the positions of the beats (Degara et al.,
2012). Both are Viterbi searches for the most likely sequence of states; all functions are processed together.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.embed.numpy_features.common import RHYTHM_RATE_HZ
from spotmap_build.embed.numpy_features.onsets import HOP_SAMPLES, rayleigh, unbiased_autocorrelation

if TYPE_CHECKING:
    import numpy.typing as npt

    FloatArray = npt.NDArray[np.float64]
    IntArray = npt.NDArray[np.intp]

STEP_S: Final = HOP_SAMPLES / RHYTHM_RATE_HZ
WINDOW: Final = 512
"""6 s, in steps: four times the longest period."""
WINDOW_HOP: Final = 128
WINDOW_HOP_S: Final = 5.944308390022676 / 4
SMOOTHING: Final = 8
FAVORITE_PERIOD: Final = 43.0
"""Half a second: 120 beats per minute."""
MIN_PERIOD: Final = 25
"""208 beats per minute. The longest period, of a quarter of a window, is 40 beats per minute."""
DRIFT_STEPS: Final = 8.0
"""Standard deviation of the change of the period from window to window."""
STABLE: Final = slice(27, 108)
"""Range of periods (less one) between which transitions are possible."""
TIE_SEED: Final = 83
TIE_SHARE: Final = 1e-4
"""Relative level of the noise that breaks ties between equally likely periods."""
JITTER_S: Final = 0.025
"""Standard deviation of the beat positions."""
CERTAIN: Final = 0.99
MIN_CHANGE: Final = float(np.finfo(np.float32).eps)


def above_average(values: FloatArray, half: int) -> FloatArray:
    """Subtract the moving mean over ``half`` neighbors on each side and clip at 0 (along the last axis)."""
    size = 2 * half + 1
    no_padding = [(0, 0)] * (values.ndim - 1)
    padded = np.pad(values, [*no_padding, (half, half)], mode="edge")
    sums = np.cumsum(np.pad(padded, [*no_padding, (1, 0)]), axis=-1)
    excess: FloatArray = np.maximum(0.0, values - (sums[..., size:] - sums[..., :-size]) / size)
    return excess


def doubled(values: FloatArray) -> FloatArray:
    """Double the rate by inserting the mean of each pair of neighbors."""
    if len(values) < 2:
        return values
    between = np.empty(2 * len(values) - 1)
    between[::2] = values
    between[1::2] = (values[:-1] + values[1:]) / 2
    return between


@cache
def _period_weights() -> FloatArray:
    weights = rayleigh(np.arange(1.0, WINDOW_HOP + 1), FAVORITE_PERIOD)
    normal: FloatArray = weights / weights.sum()
    return normal


@cache
def _drift() -> FloatArray:
    """Return the transition probabilities between periods (less one): ``[to, from]``."""
    numbers = np.arange(WINDOW_HOP)
    change = numbers[:, np.newaxis] - numbers
    density = np.exp(-np.square(change / DRIFT_STEPS) / 2) / (DRIFT_STEPS * np.sqrt(2 * np.pi))
    allowed = np.zeros(WINDOW_HOP, dtype=bool)
    allowed[STABLE] = True
    drift: FloatArray = np.where(allowed & allowed[:, np.newaxis] & (np.abs(change) <= 4 * DRIFT_STEPS), density, 0.0)
    return drift


def beat_periods(changes: FloatArray) -> IntArray:
    """Return the most likely period in steps for each window of 6 s, with a hop of a quarter window: ``[windows]``.

    As in Essentia, periods are one step too long: its correlation starts at lag 0, its periods at 1.
    """
    count = max(0, -(-(len(changes) - WINDOW) // WINDOW_HOP)) + 1
    excess = above_average(changes, SMOOTHING)
    padded = np.pad(excess, (0, (count - 1) * WINDOW_HOP + WINDOW - len(excess)))
    observed = _evidence(np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::WINDOW_HOP])
    noise = np.random.RandomState(TIE_SEED).randint(0, 2**32, observed.shape, dtype=np.uint32) / np.float64(2**32 - 1)
    return _likeliest_path(observed + TIE_SHARE * observed.max() * noise) + 1


def _evidence(windows: FloatArray) -> FloatArray:
    """Return how well each period (less one) explains each window, from the autocorrelation at 1 to 4 periods."""
    correlation = unbiased_autocorrelation(windows)
    numbers = np.arange(3, (WINDOW - 3) // 4)
    comb_output = np.zeros((len(windows), WINDOW_HOP))
    for comb in range(1, 5):
        for region in range(1 - comb, comb):
            comb_output[:, numbers] += correlation[:, (numbers + 1) * comb - 1 + region] / (2 * comb - 1)
    excess = above_average(comb_output * _period_weights(), SMOOTHING)
    excess[:, : MIN_PERIOD - 1] = 0
    totals = excess.sum(axis=1, keepdims=True)
    shares: FloatArray = np.divide(excess, totals, out=excess, where=totals > 0)
    return shares


def _likeliest_path(observed: FloatArray) -> IntArray:
    drift = _drift()
    likelihood = _period_weights() * observed[0]
    likelihood /= likelihood.sum() or 1.0
    origins = [np.zeros(WINDOW_HOP, dtype=np.intp)]
    for row in observed[1:]:
        transitions = drift * likelihood
        origins.append(transitions.argmax(axis=1))
        likelihood = transitions.max(axis=1) * row
        likelihood /= likelihood.sum() or 1.0
    path = [int(likelihood.argmax())]
    for origin in origins[:0:-1]:
        path.append(int(origin[path[-1]]))
    return np.array(path[::-1], dtype=np.intp)


def hazards(period: int, states: int, scale: float) -> FloatArray:
    """Return the hazard of a beat if the last one was ``k + 1`` steps ago, for each ``k`` below ``states``."""
    steps = np.arange(states) - (period - 1)
    reach = int(np.ceil(4 * JITTER_S / STEP_S))
    density = np.exp(-np.square(steps * STEP_S / JITTER_S) / 2) / (JITTER_S * np.sqrt(2 * np.pi)) * scale
    density = np.where((np.abs(steps) <= reach) & (density >= 1e-12), density, 0.0)
    before = np.cumsum(density) - density
    hazard: FloatArray = density / (1 - before)
    return hazard


def track(measures: Sequence[FloatArray], *, scales: Sequence[float]) -> list[FloatArray]:
    """Return the times of the beats (s) for each of several measures of change with one value per step.

    ``scales``: probability of a beat when it is due, for each measure.
    """
    normal = [values / values.max() if values.max() > 0 else values for values in measures]
    paths = [beat_periods(values) for values in normal]
    # No gap is longer than the longest period plus jitter.
    states = [int(path.max() + 3 * JITTER_S / STEP_S) for path in paths]
    return [times.astype(np.float64) * STEP_S for times in _decode(normal, paths, states, scales)]


def _decode(
    measures: Sequence[FloatArray], paths: Sequence[IntArray], states: Sequence[int], scales: Sequence[float]
) -> list[IntArray]:
    """Return the steps of the beats: the most likely sequence of gaps, given the periods and the measures.

    A state is the number of steps since the last beat. It is followed by the next state or by a beat.
    """
    lengths = [len(values) for values in measures]
    longest = max(lengths)
    changes = np.array([np.pad(values, (0, longest - len(values)), mode="edge") for values in measures])
    changes = CERTAIN * np.where(changes == 0, MIN_CHANGE, changes)
    beat_costs, rest_costs = -0.5 * np.log(changes), -0.5 * np.log1p(-changes)
    # A rest costs the same in all states, so only the cost of a beat relative to a rest matters.
    beat_costs -= rest_costs
    width = max(states)
    # Indexed by the step of the last beat rather than by state, so that nothing has to be shifted at each step.
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
        candidates = by_state + beat_prices
        best = candidates.argmin(axis=1)
        origins[:, step] = best
        by_state[:, :-1] += rest_prices
        costs[:, step + width] = candidates[rows, best] + beat_costs[:, step]
        for row in ending.get(step, ()):
            ends[row] = int(costs[row, step + 1 : step + 1 + width][::-1].argmin())
    return [_beats(origins[row], lengths[row] - 1 - ends[row]) for row in rows]


def _prices(
    paths: Sequence[IntArray], window: int, states: Sequence[int], scales: Sequence[float]
) -> tuple[FloatArray, FloatArray]:
    """Return the costs of a beat and of a rest in each state: ``[measures, states]`` and ``[measures, states - 1]``."""
    periods = [int(path[min(window, len(path) - 1)]) for path in paths]
    hazard = np.array([_hazards(period, max(states), scale) for period, scale in zip(periods, scales, strict=True)])
    with np.errstate(divide="ignore"):
        beat_prices, rest_prices = -0.5 * np.log(hazard), -0.5 * np.log1p(-hazard[:, :-1])
    for row, count in enumerate(states):
        rest_prices[row, count - 1 :] = np.inf
    return beat_prices, rest_prices


_hazards = cache(hazards)


def _beats(origins: IntArray, last: int) -> IntArray:
    """Return the steps of all beats, tracing back from the last one. ``origins`` holds the gap before each beat."""
    steps = []
    step = last
    while step >= 0:
        steps.append(step)
        step -= 1 + int(origins[step])
    return np.array(steps[::-1], dtype=np.intp)
