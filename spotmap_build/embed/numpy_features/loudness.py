"""Loudness of a recording (EBU R 128), loudness range, and dynamics."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.embed.numpy_features.frames import blocks
from spotmap_build.embed.sound import SAMPLE_RATE_HZ

if TYPE_CHECKING:
    import numpy.typing as npt

    from spotmap_build.model import Float32Array

    FloatArray = npt.NDArray[np.float64]

STEP_SAMPLES: Final = SAMPLE_RATE_HZ // 10
MOMENT_STEPS: Final = 4
"""400 ms, for the integrated loudness."""
SHORT_TERM_STEPS: Final = 30
"""3 s, for the loudness range."""
SILENT_LUFS: Final = -70.0
CHANNELS: Final = 2
"""Mono is played by both loudspeakers."""
DYNAMICS_FRAME_SAMPLES: Final = SAMPLE_RATE_HZ // 5
MEMORY_S: Final = 0.035
"""Time constant of the ear's integration."""
SILENT_POWER, SILENT_DB = 1e-10, -90.0
"""Power below which a frame is silent, and the level that silent frames between sounds get."""


def loudness(samples: Float32Array) -> dict[str, float]:
    """Return the integrated loudness, the loudness range, and the dynamics."""
    power = _step_powers(samples)
    moments, short_terms = (_moving_mean(power, steps) for steps in (MOMENT_STEPS, SHORT_TERM_STEPS))
    gated = _gated(moments, below_db=10)
    integrated_lufs = _to_lufs(gated.mean()) if len(gated) else SILENT_LUFS
    return {
        "loudness": float(integrated_lufs),
        "loudness_range": _range_lu(_gated(short_terms, below_db=20)),
        "dynamics": dynamics_db(samples),
    }


def k_weighting(rate_hz: float) -> FloatArray:
    """Return the K-weighting filter of ITU-R BS.1770 for any sample rate, as second-order sections ``[2, 6]``.

    A shelf of 4 dB models the acoustic effect of the head; a high-pass follows.
    """
    shelf, high_pass = math.tan(math.pi * 1681.974450955533 / rate_hz), math.tan(math.pi * 38.13547087602444 / rate_hz)
    gain = 10 ** (3.999843853973347 / 20)
    middle_gain = gain**0.4996667741545416
    quality = 0.7071752369554196
    a0 = 1 + shelf / quality + shelf**2
    first = [
        (gain + middle_gain * shelf / quality + shelf**2) / a0,
        2 * (shelf**2 - gain) / a0,
        (gain - middle_gain * shelf / quality + shelf**2) / a0,
        *(1.0, 2 * (shelf**2 - 1) / a0, (1 - shelf / quality + shelf**2) / a0),
    ]
    quality = 0.5003270373238773
    a0 = 1 + high_pass / quality + high_pass**2
    second = [1.0, -2.0, 1.0, 1.0, 2 * (high_pass**2 - 1) / a0, (1 - high_pass / quality + high_pass**2) / a0]
    return np.array([first, second])


def _step_powers(samples: Float32Array) -> FloatArray:
    """Return the K-weighted mean power of both channels in steps of 100 ms; the last step is padded with silence."""
    from scipy.signal import sosfilt

    sections = k_weighting(SAMPLE_RATE_HZ)
    state = np.zeros((len(sections), 2))
    powers = []
    for part in blocks(samples):
        weighted, state = sosfilt(sections, part.astype(np.float64), zi=state)
        if len(part) % STEP_SAMPLES:
            weighted = np.pad(weighted, (0, -len(part) % STEP_SAMPLES))
        steps = weighted.reshape(-1, STEP_SAMPLES)
        powers.append(CHANNELS / STEP_SAMPLES * np.einsum("ij,ij->i", steps, steps))
    return np.concatenate(powers)


def _moving_mean(values: FloatArray, count: int) -> FloatArray:
    padded = np.pad(values, (0, max(0, count - len(values))))
    sums = np.concatenate([[0.0], np.cumsum(padded)])
    means: FloatArray = np.maximum(0.0, sums[count:] - sums[:-count]) / count
    return means


def _gated(powers: FloatArray, *, below_db: float) -> FloatArray:
    """Apply the absolute gate (silence), then the relative gate at ``below_db`` below the mean of what remains."""
    silence = 10 ** ((SILENT_LUFS + 0.691) / 10)
    sounding = powers[powers >= silence]
    if not len(sounding):
        return sounding
    loud: FloatArray = sounding[sounding >= sounding.mean() / 10 ** (below_db / 10)]
    return loud


def _to_lufs(power: float) -> float:
    return 10 * math.log10(power) - 0.691


def _range_lu(powers: FloatArray) -> float:
    """Return the distance between the 10th and the 95th percentile of the loudness."""
    if not len(powers):
        return 0.0
    ordered = np.sort(powers)
    low, high = (ordered[round(share * (len(ordered) - 1))] for share in (0.1, 0.95))
    return _to_lufs(high) - _to_lufs(low)


def dynamics_db(samples: Float32Array) -> float:
    """Return Streich's dynamic complexity: the mean distance of the level (frames of 0.2 s) from the loud level.

    Silence before the first and after the last sound is excluded.
    """
    from scipy.signal import lfilter

    levels_db = []
    state, smear = np.zeros(1), 0.0
    forget = math.exp(-1 / (MEMORY_S * SAMPLE_RATE_HZ))
    weights = forget ** np.arange(DYNAMICS_FRAME_SAMPLES - 1, -1, -1.0)
    for block in blocks(samples):
        # A high-pass models the ear's low sensitivity to low frequencies.
        part, state = lfilter([0.98595, -0.98595], [1.0, -0.9719], block, zi=state)
        frames = part[: len(part) // DYNAMICS_FRAME_SAMPLES * DYNAMICS_FRAME_SAMPLES]
        for power in (np.square(frames).reshape(-1, DYNAMICS_FRAME_SAMPLES) @ weights).tolist():
            smear = forget**DYNAMICS_FRAME_SAMPLES * smear + (1 - forget) * power
            levels_db.append(10 * math.log10(smear) if smear >= SILENT_POWER else SILENT_DB)
    return _distance_from_loud(np.array(levels_db))


def _distance_from_loud(levels_db: FloatArray) -> float:
    sounding = np.flatnonzero(levels_db != SILENT_DB)
    if not len(sounding):
        return 0.0
    trimmed_db = levels_db[sounding[0] : sounding[-1] + 1]
    # In Streich's formula the weight is 0.9 to the power of minus the level: 1 dB more increases it by 11 %.
    weights = 0.9 ** -(trimmed_db - trimmed_db.max())
    loud_db = float((weights * trimmed_db).sum() / weights.sum())
    return float(np.abs(trimmed_db - loud_db).mean())
