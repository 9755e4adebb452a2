"""How loud a recording is (EBU R 128) and how much that changes."""

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
"""400 ms, for the loudness of the whole."""
SHORT_TERM_STEPS: Final = 30
"""3 s, for the loudness range."""
SILENT_LUFS: Final = -70.0
CHANNELS: Final = 2
"""Mono is heard from both loudspeakers."""
DYNAMICS_FRAME_SAMPLES: Final = SAMPLE_RATE_HZ // 5
MEMORY_S: Final = 0.035
"""In which the ear forgets a sound."""
SILENT_POWER, SILENT_DB = 1e-10, -90.0
"""What is quieter is silence, and counts as this loud between sounds."""


def loudness(samples: Float32Array) -> dict[str, float]:
    """Integrated loudness, loudness range, and dynamics."""
    power = _step_powers(samples)
    moments, short_terms = (_moving_mean(power, steps) for steps in (MOMENT_STEPS, SHORT_TERM_STEPS))
    heard = _gated(moments, below_db=10)
    integrated_lufs = _to_lufs(heard.mean()) if len(heard) else SILENT_LUFS
    return {
        "loudness": float(integrated_lufs),
        "loudness_range": _range_lu(_gated(short_terms, below_db=20)),
        "dynamics": dynamics_db(samples),
    }


def k_weighting(rate_hz: float) -> FloatArray:
    """Return the filter of ITU-R BS.1770 at any rate, as second-order sections ``[2, 6]``.

    What the head does to a sound (a shelf of 4 dB), then what the ear leaves out (a high-pass).
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
    """Mean power of both channels in steps of 100 ms, as the ear weighs it; the last step is filled up with silence."""
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
    filled = np.pad(values, (0, max(0, count - len(values))))
    sums = np.concatenate([[0.0], np.cumsum(filled)])
    means: FloatArray = np.maximum(0.0, sums[count:] - sums[:-count]) / count
    return means


def _gated(powers: FloatArray, *, below_db: float) -> FloatArray:
    """Powers that are not silence, and not more than so far below the mean of those."""
    silence = 10 ** ((SILENT_LUFS + 0.691) / 10)
    heard = powers[powers >= silence]
    if not len(heard):
        return heard
    loud: FloatArray = heard[heard >= heard.mean() / 10 ** (below_db / 10)]
    return loud


def _to_lufs(power: float) -> float:
    return 10 * math.log10(power) - 0.691


def _range_lu(powers: FloatArray) -> float:
    """From the quiet (all but the quietest tenth) to the loud (all but the loudest twentieth)."""
    if not len(powers):
        return 0.0
    ordered = np.sort(powers)
    low, high = (ordered[round(share * (len(ordered) - 1))] for share in (0.1, 0.95))
    return _to_lufs(high) - _to_lufs(low)


def dynamics_db(samples: Float32Array) -> float:
    """Return the mean distance of the level from that of the loud moments, in frames of 0.2 s.

    Streich's dynamic complexity.

    Silence before the first and after the last sound does not count.
    """
    from scipy.signal import lfilter

    levels_db = []
    state, smear = np.zeros(1), 0.0
    forget = math.exp(-1 / (MEMORY_S * SAMPLE_RATE_HZ))
    weights = forget ** np.arange(DYNAMICS_FRAME_SAMPLES - 1, -1, -1.0)
    for block in blocks(samples):
        # A high-pass stands for the ear's deafness to deep sounds.
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
    heard = levels_db[sounding[0] : sounding[-1] + 1]
    # In Streich's formula the weight is 0.9 to the power of minus the level: 1 dB counts as much as 11 %.
    weights = 0.9 ** -(heard - heard.max())
    loud_db = float((weights * heard).sum() / weights.sum())
    return float(np.abs(heard - loud_db).mean())
