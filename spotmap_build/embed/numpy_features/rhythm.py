"""Tempo and its confidence: beats tracked from five measures of change, and how closely they agree."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.embed.numpy_features.beats import doubled, track
from spotmap_build.embed.numpy_features.common import RHYTHM_RATE_HZ, middle_minute
from spotmap_build.embed.numpy_features.onsets import onsets
from spotmap_build.embed.sound import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    import numpy.typing as npt

    from spotmap_build.model import Float32Array

    FloatArray = npt.NDArray[np.float64]

SETTLED_S: Final = 5.0
"""Trackers need this time to find the beat; earlier beats are ignored."""
PERFECT_BITS: Final = 5.0
"""Agreement of identical beats in Essentia; the logarithm of the number of bins would be slightly more."""
BORDERS: Final = np.array([-18.75, *np.arange(-17.5, 18), 18.75]) / 39
"""Borders of the error bins. The last bin is merged into the first: half a gap late equals half a gap early."""
TEMPO_WIDTH_BPM: Final = 5.0
UP, DOWN = RHYTHM_RATE_HZ // 100, SAMPLE_RATE_HZ // 100
PASS_HZ, PASS_SAMPLES, PASS_SLOPE = 6650.0, 20, 11.0
"""A low-pass like that of libsamplerate's fastest converter, which Essentia uses: cutoff frequency (half amplitude),
samples on each side, and the beta of its Kaiser window."""
SCALES: Final = (0.005, 0.005, 0.005, 0.01, 0.01)
"""Probability of a beat when it is due: half as high for measures with a step twice as long."""


def rhythm(samples: Float32Array) -> dict[str, float]:
    """Return the tempo (BPM; 0 without beats), and how closely the trackers agree (0 to 5)."""
    found = onsets(_resampled(middle_minute(samples)))
    coarse = (found.complex_difference, found.energy_rise, found.mel_flux)
    measures = (*map(doubled, coarse), found.beat_emphasis, found.information_gain)
    candidates = track(measures, scales=SCALES)
    agreements = mutual_agreement(candidates)
    return {"tempo": tempo_bpm(candidates[int(agreements.argmax())]), "beat_strength": float(agreements.mean())}


def _resampled(samples: Float32Array) -> Float32Array:
    """Resample from 16 to 44.1 kHz, the rate for which the constants of the trackers were chosen."""
    matrix, wanted = _polyphase(), -(-len(samples) * UP // DOWN)
    rows = -(-wanted // UP)
    padded = np.pad(samples, (PASS_SAMPLES, len(matrix) + rows * DOWN - len(samples)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, len(matrix))[: rows * DOWN : DOWN]
    resampled: Float32Array = (windows @ matrix).ravel()[:wanted]
    return resampled


@cache
def _polyphase() -> Float32Array:
    """Return the weight of each input sample in 441 output samples, which span 160 input samples: ``[samples, 441]``.

    The first row is as far before the output samples as the filter reaches.
    """
    from scipy.signal import firwin

    reach = PASS_SAMPLES * UP
    low_pass = firwin(2 * reach + 1, PASS_HZ, fs=SAMPLE_RATE_HZ * UP, window=("kaiser", PASS_SLOPE))
    # In units of which an input sample has 441 and an output sample 160.
    sample_at = (np.arange(DOWN + 2 * PASS_SAMPLES) - PASS_SAMPLES) * UP
    distance = np.arange(UP) * DOWN - sample_at[:, np.newaxis]
    weights = np.where(np.abs(distance) <= reach, low_pass[np.clip(distance + reach, 0, 2 * reach)], 0.0)
    matrix: Float32Array = (UP * weights).astype(np.float32)
    return matrix


def tempo_bpm(beats_s: FloatArray) -> float:
    """Return the mean of the tempos close to the most frequent one."""
    if len(beats_s) < 2:
        return 0.0
    tempos = 60 / np.diff(beats_s)
    frequent = 2 * int(np.bincount((tempos / 2 + 0.5).astype(np.intp)).argmax())
    near = tempos[np.abs(tempos - frequent) < TEMPO_WIDTH_BPM]
    return float(near.mean()) if len(near) else float(frequent)


def mutual_agreement(candidates: Sequence[FloatArray]) -> FloatArray:
    """Return the mean agreement of each beat sequence with all others, in bits (Zapata et al., 2012)."""
    settled = [beats[beats >= SETTLED_S] for beats in candidates]
    table = np.zeros((len(settled), len(settled)))
    for left, right in combinations(range(len(settled)), 2):
        table[left, right] = table[right, left] = agreement(settled[left], settled[right])
    means: FloatArray = table.sum(axis=1) / (len(settled) - 1)
    return means


def agreement(left: FloatArray, right: FloatArray) -> float:
    """Return the information gain of one beat sequence about the other, in the worse direction."""
    if len(left) < 2 or len(right) < 2:
        return 0.0
    return float(PERFECT_BITS - max(_entropy(beat_errors(left, right)), _entropy(beat_errors(right, left))))


def beat_errors(beats: FloatArray, reference: FloatArray) -> FloatArray:
    """Return the distance of each beat from the nearest reference beat, as a share of the gap it falls into."""
    after = np.clip(np.searchsorted(reference, beats), 1, len(reference) - 1)
    nearest = np.where(beats - reference[after - 1] <= reference[after] - beats, after - 1, after)
    errors = beats - reference[nearest]
    is_last = nearest == len(reference) - 1
    takes_before = (nearest > 0) & (is_last | (errors < 0))
    begin = np.where(takes_before, nearest - 1, nearest)
    shares: FloatArray = errors / (reference[begin + 1] - reference[begin])
    return shares


def _entropy(errors: FloatArray) -> float:
    wrapped = np.mod(errors + 0.5, 1.0) - 0.5
    counts = np.bincount(np.searchsorted(BORDERS, wrapped, side="right"), minlength=len(BORDERS) + 1).astype(np.float64)
    counts[0] += counts[-1]
    shares = counts[:-1][counts[:-1] > 0] / counts[:-1].sum()
    return float(-(shares * np.log2(shares)).sum())
