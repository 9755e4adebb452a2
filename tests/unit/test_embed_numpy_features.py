"""The features without Essentia give the known results for constructed signals."""

from __future__ import annotations

import math

import numpy as np
import pytest

from spotmap_build.embed.mel import hz_to_mel, mel_to_hz, triangles
from spotmap_build.embed.numpy_features import beats, frames, loudness, movement, onsets, rhythm, tonal

RATE_HZ = 16_000


def sine(hz: float, seconds: float, height: float = 0.5) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (height * np.sin(2 * np.pi * hz * time_s)).astype(np.float32)


@pytest.mark.parametrize(("hz", "mel"), [(0, 0), (500, 7.5), (1000, 15), (6400, 42)])
def test_mel_scale_is_slaneys(hz: float, mel: float) -> None:
    assert hz_to_mel(hz) == pytest.approx(mel)
    assert mel_to_hz(mel) == pytest.approx(hz)


def test_triangular_bands_peak_at_one_and_overlap_by_half() -> None:
    bands = triangles(np.arange(5.0), np.array([0.0, 1, 2, 4]))
    assert bands.T.tolist() == [[0, 1, 0, 0, 0], [0, 0, 1, 0.5, 0]]


@pytest.mark.parametrize(("samples", "expected"), [(1, 1), (2048, 1), (2049, 2), (3072, 2), (3073, 3)])
def test_last_frame_is_the_first_that_reaches_the_end(samples: int, expected: int) -> None:
    assert frames.frame_count(samples, 2048, 1024) == expected
    cut = np.concatenate(list(frames.cut(np.ones(samples, dtype=np.float32), 2048, 1024)))
    assert cut.shape == (expected, 2048)
    assert cut[0].sum() == min(samples, 2048)


def test_frames_do_not_depend_on_the_blocks_of_a_long_recording() -> None:
    samples = np.arange(700 * 4, dtype=np.float32)
    cut = np.concatenate(list(frames.cut(samples, 8, 4, lead=4)))
    assert cut[:2].tolist() == [[0, 0, 0, 0, 0, 1, 2, 3], list(range(8))]
    assert cut[600].tolist() == list(range(2396, 2404))
    assert cut[-1, -4:].tolist() == [2796, 2797, 2798, 2799]


@pytest.mark.parametrize(("hz", "gain_db"), [(10, -20), (997, 0.69), (7000, 4.05)])
def test_k_weighting_attenuates_bass_and_boosts_treble(hz: float, gain_db: float) -> None:
    from scipy.signal import sosfreqz  # slow to import

    _, response = sosfreqz(loudness.k_weighting(RATE_HZ), [hz], fs=RATE_HZ)
    gain = 20 * math.log10(abs(response[0]))
    assert gain < gain_db if hz < 100 else gain == pytest.approx(gain_db, abs=0.1)


@pytest.mark.parametrize(("height", "lufs"), [(1.0, 0.0), (0.1, -20.0), (1e-6, -70.0)])
def test_loudness_of_a_sine_matches_the_standard(height: float, lufs: float) -> None:
    assert loudness.loudness(sine(997, 5, height))["loudness"] == pytest.approx(lufs, abs=0.05)


def test_loudness_range_of_a_step_is_its_height() -> None:
    steps = np.concatenate([sine(997, 20, 0.1), sine(997, 20, 0.2)])
    assert loudness.loudness(sine(997, 8))["loudness_range"] == pytest.approx(0, abs=0.01)
    assert loudness.loudness(steps)["loudness_range"] == pytest.approx(6.02, abs=0.1)
    assert loudness.dynamics_db(np.zeros(RATE_HZ, dtype=np.float32)) == 0


@pytest.mark.parametrize(("seconds", "expected"), [(4, True), (0.2, False)])
def test_danceability_needs_more_than_one_window(seconds: float, expected: bool) -> None:
    noise = np.random.default_rng(0).normal(size=round(seconds * RATE_HZ)).astype(np.float32)
    assert (movement.danceability(noise) != 0) is expected


def test_window_lengths_range_from_a_third_of_a_second_to_nine_seconds() -> None:
    lengths = movement.windows()
    assert (lengths[0], lengths[1], lengths[-1], len(lengths)) == (31, 34, 871, 36)


@pytest.mark.parametrize(("hz", "note"), [(440, 9), (261.63, 0), (1975.53, 11)])
def test_tone_has_its_pitch_class(hz: float, note: int) -> None:
    assert tonal.pitch_classes(sine(hz, 2)).argmax() == note


def test_peaks_are_interpolated_and_the_strongest_are_kept() -> None:
    spectrum = np.zeros((1, tonal.FRAME_SAMPLES // 2 + 1), dtype=np.float32)
    spectrum[0, 20:840:10] = np.linspace(0.1, 1, 82)
    spectrum[0, 831] = 0.5
    rows, peaks_hz, heights = tonal.strongest_peaks(spectrum)
    assert len(rows) == tonal.MAX_PEAKS
    assert peaks_hz[-1] == pytest.approx((830 + 1 / 6) * tonal.BIN_HZ)
    assert heights.min() > 0.1


def test_silence_has_a_key_and_no_clarity() -> None:
    assert tonal.key(np.zeros(RATE_HZ, dtype=np.float32)) == {"key": 0, "mode": 1, "key_clarity": 0}


def test_periodic_signal_correlates_with_itself() -> None:
    found = onsets.unbiased_autocorrelation(np.array([1.0, 0, 1, 0, 1, 0]))
    np.testing.assert_allclose(found, [0.5, 0, 0.5, 0, 0.5, 0], atol=1e-12)


def test_rayleigh_weight_peaks_at_its_parameter() -> None:
    assert onsets.rayleigh(np.arange(1.0, 129), 43.0).argmax() == 42


def test_all_onset_measures_peak_at_a_click() -> None:
    samples = np.zeros(44_100 * 3, dtype=np.float32)
    samples[44_100:44_400] = np.random.default_rng(0).normal(size=300) * 0.5
    found = onsets.onsets(samples)
    for measure, hop in ((found.complex_difference, 1024), (found.energy_rise, 1024), (found.beat_emphasis, 512)):
        assert abs(measure.argmax() * hop - 44_100) <= 2048
    # Information gain looks at five frames on either side.
    assert abs((found.information_gain.argmax() - 5) * 512 - 44_100) <= 5 * 512


@pytest.mark.parametrize(
    ("values", "expected"), [([3.0], [3.0]), ([0.0, 1], [0, 0.5, 1]), ([2.0, 0, 4], [2, 1, 0, 2, 4])]
)
def test_values_are_interpolated_to_double_length(values: list[float], expected: list[float]) -> None:
    assert beats.doubled(np.array(values)).tolist() == expected


def test_only_values_above_the_local_average_remain() -> None:
    assert beats.above_average(np.array([0.0, 0, 3, 0, 0]), 1).tolist() == [0, 0, 2, 0, 0]


@pytest.mark.parametrize("period", [30, 43, 86])
def test_periods_and_beats_of_a_metronome_are_found(period: int) -> None:
    changes = np.zeros(3000)
    changes[10::period] = 1
    assert set(beats.beat_periods(changes)[2:-4].tolist()) == {period + 1}
    (found,) = beats.track([changes], scales=[0.01])
    gaps = np.diff(found[3:]) / beats.STEP_S
    np.testing.assert_allclose(gaps, period)
    assert np.isin(np.round(found[3:-1] / beats.STEP_S).astype(int), np.flatnonzero(changes)).all()


def test_hazard_peaks_when_the_beat_is_due() -> None:
    hazard = beats.hazards(43, 60, 0.01)
    assert 42 <= hazard.argmax() <= 44
    assert hazard[:30].max() == 0
    assert (hazard < 1).all()


@pytest.mark.parametrize(
    ("times_s", "expected"),
    [([], 0.0), ([1.0], 0.0), (np.arange(0, 20, 0.5), 120.0), ([0, 0.5, 1, 1.5, 2.5], 120.0), ([0, 3.0], 20.0)],
)
def test_tempo_is_the_most_frequent_interval(times_s: list[float], expected: float) -> None:
    assert rhythm.tempo_bpm(np.array(times_s)) == pytest.approx(expected)


def test_beat_errors_are_relative_to_the_enclosing_interval() -> None:
    reference = np.array([0.0, 1, 2, 4])
    errors = rhythm.beat_errors(np.array([0.1, 0.9, 2.5, 3.5, 4.5]), reference)
    np.testing.assert_allclose(errors, [0.1, -0.1, 0.25, -0.25, 0.25])


def test_equal_beats_agree_and_random_beats_do_not() -> None:
    steady = np.arange(6, 60, 0.5)
    random = np.sort(np.random.default_rng(0).uniform(6, 60, 108))
    assert rhythm.agreement(steady, steady + 0.01) == pytest.approx(5)
    assert rhythm.agreement(steady, random) < 1
    assert rhythm.agreement(steady, steady[:1]) == 0
    assert rhythm.mutual_agreement([steady, steady, random]).argmin() == 2
