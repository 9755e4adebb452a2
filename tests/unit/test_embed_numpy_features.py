"""The pure parts of the features without Essentia: what each says of numbers for which the answer is known."""

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
def test_slaneys_mel_scale_bends_at_one_kilohertz(hz: float, mel: float) -> None:
    assert hz_to_mel(hz) == pytest.approx(mel)
    assert mel_to_hz(mel) == pytest.approx(hz)


def test_triangles_are_one_at_their_middle_and_overlap_by_half() -> None:
    bands = triangles(np.arange(5.0), np.array([0.0, 1, 2, 4]))
    assert bands.T.tolist() == [[0, 1, 0, 0, 0], [0, 0, 1, 0.5, 0]]


@pytest.mark.parametrize(("samples", "expected"), [(1, 1), (2048, 1), (2049, 2), (3072, 2), (3073, 3)])
def test_the_last_frame_is_the_first_that_reaches_the_end(samples: int, expected: int) -> None:
    assert frames.frame_count(samples, 2048, 1024) == expected
    cut = np.concatenate(list(frames.cut(np.ones(samples, dtype=np.float32), 2048, 1024)))
    assert cut.shape == (expected, 2048)
    assert cut[0].sum() == min(samples, 2048)


def test_frames_of_a_long_recording_are_those_of_one_cut() -> None:
    samples = np.arange(700 * 4, dtype=np.float32)
    cut = np.concatenate(list(frames.cut(samples, 8, 4, lead=4)))
    assert cut[:2].tolist() == [[0, 0, 0, 0, 0, 1, 2, 3], list(range(8))]
    assert cut[600].tolist() == list(range(2396, 2404))
    assert cut[-1, -4:].tolist() == [2796, 2797, 2798, 2799]


@pytest.mark.parametrize(("hz", "gain_db"), [(10, -20), (997, 0.69), (7000, 4.05)])
def test_the_ear_hears_little_bass_and_more_treble(hz: float, gain_db: float) -> None:
    from scipy.signal import sosfreqz  # which takes a second to load

    _, response = sosfreqz(loudness.k_weighting(RATE_HZ), [hz], fs=RATE_HZ)
    gain = 20 * math.log10(abs(response[0]))
    assert gain < gain_db if hz < 100 else gain == pytest.approx(gain_db, abs=0.1)


@pytest.mark.parametrize(("height", "lufs"), [(1.0, 0.0), (0.1, -20.0), (1e-6, -70.0)])
def test_a_sine_in_both_channels_is_as_loud_as_the_standard_says(height: float, lufs: float) -> None:
    assert loudness.loudness(sine(997, 5, height))["loudness"] == pytest.approx(lufs, abs=0.05)


def test_an_even_sound_has_no_loudness_range_and_one_that_doubles_has_its_step() -> None:
    steps = np.concatenate([sine(997, 20, 0.1), sine(997, 20, 0.2)])
    assert loudness.loudness(sine(997, 8))["loudness_range"] == pytest.approx(0, abs=0.01)
    assert loudness.loudness(steps)["loudness_range"] == pytest.approx(6.02, abs=0.1)
    assert loudness.dynamics_db(np.zeros(RATE_HZ, dtype=np.float32)) == 0


@pytest.mark.parametrize(("seconds", "expected"), [(4, True), (0.2, False)])
def test_danceability_needs_more_than_one_window(seconds: float, expected: bool) -> None:
    noise = np.random.default_rng(0).normal(size=round(seconds * RATE_HZ)).astype(np.float32)
    assert (movement.danceability(noise) != 0) is expected


def test_windows_of_movement_go_from_a_third_of_a_second_to_nine() -> None:
    lengths = movement.windows()
    assert (lengths[0], lengths[1], lengths[-1], len(lengths)) == (31, 34, 871, 36)


@pytest.mark.parametrize(("hz", "note"), [(440, 9), (261.63, 0), (1975.53, 11)])
def test_a_tone_is_of_its_pitch_class(hz: float, note: int) -> None:
    assert tonal.pitch_classes(sine(hz, 2)).argmax() == note


def test_peaks_lie_between_bins_and_the_strongest_are_kept() -> None:
    spectrum = np.zeros((1, tonal.FRAME_SAMPLES // 2 + 1), dtype=np.float32)
    spectrum[0, 20:840:10] = np.linspace(0.1, 1, 82)
    spectrum[0, 831] = 0.5
    rows, peaks_hz, heights = tonal.strongest_peaks(spectrum)
    assert len(rows) == tonal.MAX_PEAKS
    assert peaks_hz[-1] == pytest.approx((830 + 1 / 6) * tonal.BIN_HZ)
    assert heights.min() > 0.1


def test_silence_has_a_key_and_no_clarity() -> None:
    assert tonal.key(np.zeros(RATE_HZ, dtype=np.float32)) == {"key": 0, "mode": 1, "key_clarity": 0}


def test_what_repeats_correlates_with_itself() -> None:
    found = onsets.unbiased_autocorrelation(np.array([1.0, 0, 1, 0, 1, 0]))
    np.testing.assert_allclose(found, [0.5, 0, 0.5, 0, 0.5, 0], atol=1e-12)


def test_what_is_liked_best_is_at_the_peak() -> None:
    assert onsets.rayleigh(np.arange(1.0, 129), 43.0).argmax() == 42


def test_clicks_are_where_all_measures_of_change_are_high() -> None:
    samples = np.zeros(44_100 * 3, dtype=np.float32)
    samples[44_100:44_400] = np.random.default_rng(0).normal(size=300) * 0.5
    found = onsets.onsets(samples)
    for measure, hop in ((found.complex_difference, 1024), (found.energy_rise, 1024), (found.beat_emphasis, 512)):
        assert abs(measure.argmax() * hop - 44_100) <= 2048
    # This one looks at five frames on either side.
    assert abs((found.information_gain.argmax() - 5) * 512 - 44_100) <= 5 * 512


@pytest.mark.parametrize(
    ("values", "expected"), [([3.0], [3.0]), ([0.0, 1], [0, 0.5, 1]), ([2.0, 0, 4], [2, 1, 0, 2, 4])]
)
def test_values_are_doubled_by_what_lies_between(values: list[float], expected: list[float]) -> None:
    assert beats.doubled(np.array(values)).tolist() == expected


def test_only_what_is_above_its_neighbors_stands_out() -> None:
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


def test_a_beat_is_likeliest_when_it_is_due() -> None:
    hazard = beats.hazards(43, 60, 0.01)
    assert 42 <= hazard.argmax() <= 44
    assert hazard[:30].max() == 0
    assert (hazard < 1).all()


@pytest.mark.parametrize(
    ("times_s", "expected"),
    [([], 0.0), ([1.0], 0.0), (np.arange(0, 20, 0.5), 120.0), ([0, 0.5, 1, 1.5, 2.5], 120.0), ([0, 3.0], 20.0)],
)
def test_the_tempo_is_the_most_frequent_one(times_s: list[float], expected: float) -> None:
    assert rhythm.tempo_bpm(np.array(times_s)) == pytest.approx(expected)


def test_errors_of_beats_are_shares_of_the_gap_they_lie_in() -> None:
    reference = np.array([0.0, 1, 2, 4])
    errors = rhythm.beat_errors(np.array([0.1, 0.9, 2.5, 3.5, 4.5]), reference)
    np.testing.assert_allclose(errors, [0.1, -0.1, 0.25, -0.25, 0.25])


def test_equal_beats_agree_perfectly_and_random_ones_hardly() -> None:
    steady = np.arange(6, 60, 0.5)
    random = np.sort(np.random.default_rng(0).uniform(6, 60, 108))
    assert rhythm.agreement(steady, steady + 0.01) == pytest.approx(5)
    assert rhythm.agreement(steady, random) < 1
    assert rhythm.agreement(steady, steady[:1]) == 0
    assert rhythm.mutual_agreement([steady, steady, random]).argmin() == 2
