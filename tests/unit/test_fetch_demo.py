"""The demo library: its contents, its synthesized audio, and the scores it is made from."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import subprocess
import sys
import wave
from collections import Counter
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from spotmap_build.demo.catalog import HABITS, catalog
from spotmap_build.demo.harmony import Score, frequency_hz, hits
from spotmap_build.demo.instruments import plucked
from spotmap_build.demo.render import STYLES
from spotmap_build.errors import TrackError
from spotmap_build.fetch.demo import load, render
from spotmap_build.model import Track

LIBRARY = load()


def _recipe(track: Track) -> str:
    assert track.recording is not None
    assert track.recording.recipe is not None
    return track.recording.recipe


def _first_of_each_style() -> list[Track]:
    """Return one track per style, and one that mixes two styles."""
    by_style = {track.facets["style"]: track for track in reversed(LIBRARY.tracks)}
    return [by_style[style.replace("_", " ")] for style in HABITS] + [by_style["ambient-strings"]]


def _read(path: Path) -> tuple[npt.NDArray[np.float64], int]:
    with wave.open(str(path), "rb") as file:
        assert file.getsampwidth() == 2
        assert file.getnchannels() in (1, 2)
        frames = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, file.getnchannels())
        return frames / 32768, file.getframerate()


class TestTheLibrary:
    def test_loading_it_imports_no_numpy(self) -> None:
        code = "import sys; from spotmap_build.fetch.demo import load; load(); print('numpy' in sys.modules)"
        assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "False"

    def test_is_the_same_every_time(self) -> None:
        assert load() == LIBRARY

    def test_has_a_hundred_tracks_with_at_least_eight_of_each_style(self) -> None:
        tracks_by_style = Counter(track.facets["style"] for track in LIBRARY.tracks)
        assert len(LIBRARY.tracks) >= 100
        assert all(tracks_by_style[style.replace("_", " ")] >= 8 for style in HABITS)

    def test_tracks_have_unique_ids_titles_and_sounds(self) -> None:
        for values in (
            [track.id for track in LIBRARY.tracks],
            [track.title for track in LIBRARY.tracks],
            [track.recording.digest for track in LIBRARY.tracks if track.recording],
        ):
            assert len(set(values)) == len(LIBRARY.tracks)

    def test_tracks_have_all_metadata_of_the_page(self) -> None:
        for track in LIBRARY.tracks:
            assert all((track.title, track.artists, track.album, track.year, track.added_at))
            assert 10_000 <= (track.duration_ms or 0) <= 15_000
            assert int(track.added_at[:4]) >= (track.year or 0), "added before its release"

    def test_listening_history_changes_over_time_and_has_forgotten_tracks(self) -> None:
        listening = {track.id: track.listening for track in LIBRARY.tracks if track.listening}
        assert len(listening) > 90
        for track in LIBRARY.tracks:
            played = listening.get(track.id)
            assert track.play_count == (sum(count for _, count in played.by_year) if played else 0)
            assert played is None or (track.year or 0) <= int(played.first_on[:4]) <= int(played.last_on[:4])
        favorites = {
            year: Counter(
                {
                    track.facets["style"]: count
                    for track in LIBRARY.tracks
                    for when, count in (listening[track.id].by_year if track.id in listening else ())
                    if when == year
                }
            ).most_common(1)[0][0]
            for year in (2019, 2025)
        }
        assert favorites[2019] in {"techno", "industrial"}
        assert favorites[2025] in {"ambient", "strings", "piano"}
        newest = max(each.last_on for each in listening.values())
        forgotten = [
            track
            for track in LIBRARY.tracks
            if (track.play_count or 0) > 20 and int(listening[track.id].last_on[:4]) < int(newest[:4]) - 2
        ]
        assert len(forgotten) > 5

    def test_playlists_contain_existing_tracks_once(self) -> None:
        known = {track.id for track in LIBRARY.tracks}
        assert len(LIBRARY.playlists) == 8
        for playlist in LIBRARY.playlists:
            assert set(playlist.track_ids) <= known
            assert len(set(playlist.track_ids)) == len(playlist.track_ids)

    def test_some_tracks_are_in_no_playlist_and_some_in_several(self) -> None:
        appearances = Counter(track_id for playlist in LIBRARY.playlists for track_id in playlist.track_ids)
        assert any(appearances[track.id] == 0 for track in LIBRARY.tracks)
        assert any(appearances[track.id] > 1 for track in LIBRARY.tracks)

    def test_digest_changes_with_the_score(self) -> None:
        scores = {json.dumps(asdict(entry.score)) for entry in catalog()}
        assert len(scores) == len({track.recording.digest for track in LIBRARY.tracks if track.recording})


class TestTheSound:
    @pytest.mark.parametrize("track", _first_of_each_style(), ids=lambda track: str(track.id))
    def test_recording_is_valid_and_of_the_declared_length(self, track: Track, tmp_path: Path) -> None:
        samples, sample_rate_hz = _read(render(_recipe(track), tmp_path))
        loudness_dbfs = 20 * np.log10(np.sqrt(np.mean(samples**2)))
        assert track.duration_ms == pytest.approx(1000 * len(samples) / sample_rate_hz, abs=1)
        assert -30 < loudness_dbfs < -9
        assert np.max(np.abs(samples)) < 0.95, "clips"
        assert np.max(np.abs(samples.mean(axis=0))) < 0.002, "has an offset"
        quarters = [np.sqrt(np.mean(quarter**2)) for quarter in np.array_split(samples, 4)]
        assert min(quarters) > 0.1 * max(quarters), "falls silent"

    @pytest.mark.slow
    def test_recording_has_the_same_bytes_in_another_process(self, tmp_path: Path) -> None:
        recipes = [_recipe(track) for track in LIBRARY.tracks[::40]]
        here = [hashlib.sha256(render(recipe, tmp_path).read_bytes()).hexdigest() for recipe in recipes]
        code = (
            "import hashlib, json, pathlib, sys\n"
            "from spotmap_build.fetch.demo import render\n"
            "for recipe in json.load(sys.stdin):\n"
            "    print(hashlib.sha256(render(recipe, pathlib.Path(sys.argv[1])).read_bytes()).hexdigest())"
        )
        there = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)],
            input=json.dumps(recipes),
            env={**os.environ, "PYTHONHASHSEED": "4711"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert there.stdout.split() == here

    def test_recording_changes_with_the_seed(self, tmp_path: Path) -> None:
        score = catalog()[0].score
        first, second = (json.dumps(asdict(replace(score, seed=seed))) for seed in (1, 2))
        assert render(first, tmp_path).read_bytes() != render(second, tmp_path).read_bytes()

    def test_recording_can_be_rendered_in_a_worker_process(self, tmp_path: Path) -> None:
        prepare = pickle.loads(pickle.dumps(partial(render, _recipe(LIBRARY.tracks[0]))))
        assert prepare(tmp_path).parent == tmp_path

    def test_recording_that_cannot_be_written_is_a_track_error_with_a_hint(self, tmp_path: Path) -> None:
        with pytest.raises(TrackError, match="could not be written") as caught:
            render(_recipe(LIBRARY.tracks[0]), tmp_path / "no such folder")
        assert caught.value.track_code == "not-written"
        assert caught.value.retryable
        assert caught.value.hint

    def test_every_style_in_the_catalog_can_be_played(self) -> None:
        played = {entry.score.style for entry in catalog()} | {entry.score.guest for entry in catalog()} - {""}
        assert played == set(STYLES) == set(HABITS)

    @pytest.mark.parametrize("sample_rate_hz", [16_000, 22_050])
    @pytest.mark.parametrize("pitch", [28, 45, 60, 71])
    def test_plucked_string_is_in_tune(self, pitch: int, sample_rate_hz: int) -> None:
        string = plucked(pitch, 2.0, sample_rate_hz, seed=3)
        spectrum = np.abs(np.fft.rfft(string * np.hanning(string.size), 1 << 19))
        expected = frequency_hz(pitch) * (1 << 19) / sample_rate_hz
        low, high = int(0.9 * expected), int(1.1 * expected)
        cents = 1200 * np.log2((low + int(np.argmax(spectrum[low:high]))) / expected)
        assert abs(cents) < 3


class TestTheScore:
    SCORE = Score(
        style="piano",
        guest="",
        guest_share=0.0,
        seed=1,
        tempo_bpm=120,
        tonic=48,
        scale="major",
        progression=(0, 4),
        duration_ms=5000,
        sample_rate_hz=16_000,
        channels=1,
        tilt_db_per_octave=0.0,
        gain_db=0.0,
    )

    @pytest.mark.parametrize(("degree", "pitch"), [(0, 48), (2, 52), (6, 59), (7, 60), (-1, 47), (-7, 36), (9, 64)])
    def test_degrees_continue_into_adjacent_octaves(self, degree: int, pitch: int) -> None:
        assert self.SCORE.pitch(degree) == pitch

    @pytest.mark.parametrize(
        ("root", "notes", "names"), [(0, 3, {"C", "E", "G"}), (4, 4, {"G", "B", "D", "F"}), (1, 3, {"D", "F", "A"})]
    )
    def test_voicings_contain_the_chord_within_an_octave(self, root: int, notes: int, names: set[str]) -> None:
        voicing = self.SCORE.voicing(root, 52, notes)
        assert {"C.D.EF.G.A.B"[pitch % 12] for pitch in voicing} == names
        assert all(52 <= pitch < 64 for pitch in voicing)

    def test_bars_repeat_the_progression_until_the_track_ends(self) -> None:
        assert [(bar.start_s, bar.root) for bar in self.SCORE.bars()] == [(0.0, 0), (2.0, 4), (4.0, 0)]

    def test_rhythm_is_parsed_into_steps_and_accents(self) -> None:
        assert list(hits("X..x.o")) == [(0, 1.0), (3, 0.7), (5, 0.35)]
