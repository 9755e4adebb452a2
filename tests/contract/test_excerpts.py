"""Excerpts of real files, cut by the real command and published in the site."""

from __future__ import annotations

import time
import wave
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import av
import numpy as np
import numpy.typing as npt
import pytest

from spotmap_build.cache.counters import StageCounters
from spotmap_build.cache.errors import CorruptEntry
from spotmap_build.cache.store import Cache
from spotmap_build.config import Config
from spotmap_build.embed.excerpts import RATE_HZ, ExcerptJob, cut_excerpt, forecast_bytes, read_part
from spotmap_build.emit.columns import unpack_ids
from spotmap_build.model import Done, Failed, Recording, Track
from spotmap_build.progress import make_progress
from spotmap_build.run import Clock, Run
from spotmap_build.stages.embed import Embedded
from spotmap_build.stages.emit import WithExcerpts
from spotmap_build.stages.excerpts import Excerpted, add_excerpts
from tests.fakes.audio_files import tune, write_audio
from tests.support.command import Outcome, spotmap
from tests.support.newer_decoder import newer_decoder
from tests.support.site import published_document

SECONDS = 2
LENGTH_S = 6.0


def read(path: Path) -> npt.NDArray[np.float32]:
    """Decode the first channel of a file at 48 kHz."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=RATE_HZ)
        frames = [piece for frame in container.decode(audio=0) for piece in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray()[0] for frame in frames])


def cut(path: Path, folder: Path, **changes: object) -> Done[bytes] | Failed:
    values: dict[str, object] = {"path": str(path), "start_s": 1.5, "seconds": SECONDS, "temp_folder": str(folder)}
    return cut_excerpt(ExcerptJob("a", prepare=None, **(values | changes)))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("music")
    return write_audio(folder / "a song.flac", tune(LENGTH_S, rate_hz=RATE_HZ, seed=1), rate_hz=RATE_HZ)


@pytest.mark.parametrize(
    ("start_s", "expected_start_s"), [(1.5, 1.5), (5.9, LENGTH_S - SECONDS), (None, 2.0), (0.0, 0.0)]
)
def test_excerpt_contains_the_audio_at_its_start_time(
    song: Path, tmp_path: Path, start_s: float | None, expected_start_s: float
) -> None:
    made = cut(song, tmp_path, start_s=start_s)
    assert isinstance(made, Done)
    (tmp_path / "made.m4a").write_bytes(made.value)
    excerpt, whole = read(tmp_path / "made.m4a"), read(song)
    assert len(excerpt) == pytest.approx(SECONDS * RATE_HZ, abs=960)
    # The part at full level, between fade-in and fade-out.
    steady = slice(round(0.4 * RATE_HZ), round(1.2 * RATE_HZ))
    start = round(expected_start_s * RATE_HZ)
    assert np.corrcoef(excerpt[steady], whole[start : start + len(excerpt)][steady])[0, 1] > 0.9
    assert abs(excerpt[: RATE_HZ // 100]).max() < 0.02
    assert abs(excerpt[-RATE_HZ // 100 :]).max() < 0.02
    assert list(tmp_path.iterdir()) == [tmp_path / "made.m4a"]


def test_excerpts_are_deterministic_and_about_as_large_as_forecast(song: Path, tmp_path: Path) -> None:
    made = [cut(song, tmp_path), cut(song, tmp_path)]
    assert made[0] == made[1]
    assert isinstance(made[0], Done)
    assert len(made[0].value) < 2 * forecast_bytes(1, SECONDS)


def test_file_shorter_than_an_excerpt_is_used_completely(tmp_path: Path) -> None:
    short = write_audio(tmp_path / "short.flac", tune(1.0, rate_hz=RATE_HZ, seed=1), rate_hz=RATE_HZ)
    made = cut(short, tmp_path, seconds=30)
    assert isinstance(made, Done)
    (tmp_path / "made.m4a").write_bytes(made.value)
    assert len(read(tmp_path / "made.m4a")) == pytest.approx(RATE_HZ, abs=960)


@pytest.mark.parametrize("length_s", [0.2, 0.4])
@pytest.mark.parametrize("channels", [1, 2])
def test_too_short_audio_has_no_excerpt(tmp_path: Path, length_s: float, channels: int) -> None:
    sound = np.stack([tune(length_s, seed=seed) for seed in range(channels)])
    made = cut(write_audio(tmp_path / "short.flac", sound), tmp_path)
    assert isinstance(made, Failed)
    assert made.code == "too-short"
    assert f"only {length_s:.2f} s long" in made.detail


@pytest.mark.parametrize("channels", [3, 4, 5, 6, 8, 9, 20])
def test_any_number_of_channels_becomes_stereo(tmp_path: Path, channels: int) -> None:
    """If FFmpeg cannot downmix a layout, both channels are the mean of all."""
    sound = tune(3.0, rate_hz=RATE_HZ)
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((channels, 2, RATE_HZ, 0, "NONE", ""))
        file.writeframes(np.repeat((sound * 10_000).astype("<i2"), channels).tobytes())
    samples = read_part(tmp_path / "a.wav", 0.5, SECONDS)
    assert samples.shape == (2, SECONDS * RATE_HZ)
    expected = sound[RATE_HZ // 2 :][: SECONDS * RATE_HZ]
    for excerpt in samples:
        assert np.corrcoef(excerpt, expected)[0, 1] > 0.999
    if channels > 8:
        np.testing.assert_allclose(samples, np.stack([expected, expected]) * 10_000 / 2**15, atol=1e-4)


@pytest.mark.parametrize(
    ("content", "code"), [(b"", "empty-file"), (b"no sound at all, but text", "not-audio"), (None, "unreadable")]
)
def test_unreadable_file_has_no_excerpt_but_an_error_code(tmp_path: Path, content: bytes | None, code: str) -> None:
    path = tmp_path / "a.mp3"
    if content is not None:
        path.write_bytes(content)
    made = cut(path, tmp_path)
    assert isinstance(made, Failed)
    assert made.code == code


def excerpted(folder: Path, *paths: Path, age_s: float = 0.0, **options: object) -> tuple[Excerpted, StageCounters]:
    """Run the stage in a build that started ``age_s`` ago; return its result and its cache counters."""
    config = Config(**({"out": folder / "site", "jobs": 1, "excerpts": SECONDS} | options))  # type: ignore[arg-type]
    tracks = tuple(Track(path.name, path.stem, recording=Recording("", path=str(path))) for path in paths)
    fetched = cast("Any", SimpleNamespace(loaded=SimpleNamespace(render=None)))
    with Cache.open(folder / "cache") as cache:
        run = Run(config, cache, make_progress("plain"), Clock(started_s=time.monotonic() - age_s))
        found = add_excerpts(run, fetched, Embedded(tracks, (), cast("Any", None), "none"))
        return found, cache.counters.snapshot()["excerpt"]


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.mp3"
    path.write_bytes(b"no sound at all, but text")
    return path


def test_second_build_reads_excerpts_and_failures_from_the_cache(song: Path, text: Path, tmp_path: Path) -> None:
    made, _ = excerpted(tmp_path, song, text)
    assert (list(made.digests), made.failed) == ([song.name], {"not-audio": 1})
    again, cost = excerpted(tmp_path, song, text)
    assert again == made
    assert (cost.hits, cost.misses) == (2, 0)


def attempt(folder: Path, path: Path, *, retry: bool = False) -> tuple[str, bool]:
    """Return why a file has no excerpt and whether the stage tried to make one."""

    def record_times() -> list[int]:
        return [record.stat().st_mtime_ns for record in folder.glob("cache/ac/excerpt-v*/*/*.json")]

    before = record_times()
    found, _ = excerpted(folder, path, retry=retry)
    ((code, _count),) = found.failed.items()
    return code, record_times() != before


def test_newer_decoder_retries_undecodable_files_once(text: Path, tmp_path: Path) -> None:
    assert [attempt(tmp_path, text, retry=retry) for retry in (False, False, True)] == [
        ("not-audio", True),
        ("not-audio", False),
        ("not-audio", False),
    ]
    with newer_decoder():
        assert [attempt(tmp_path, text), attempt(tmp_path, text)] == [("not-audio", True), ("not-audio", False)]


def test_temporary_failure_is_retried_on_request(tmp_path: Path) -> None:
    gone = tmp_path / "gone.mp3"
    assert [attempt(tmp_path, gone, retry=retry) for retry in (False, False, True)] == [
        ("unreadable", True),
        ("unreadable", False),
        ("unreadable", True),
    ]


def test_excerpts_beyond_the_time_limit_are_made_by_the_next_build(song: Path, tmp_path: Path) -> None:
    out_of_time, _ = excerpted(tmp_path, song, time_limit_s=1_000, age_s=995)
    assert (out_of_time.digests, out_of_time.failed) == ({}, {"time-limit": 1})
    assert "The next build continues there." in " ".join(out_of_time.notices)
    made, _ = excerpted(tmp_path, song, time_limit_s=1_000)
    assert list(made.digests) == [song.name]
    cached, _ = excerpted(tmp_path, song, time_limit_s=1_000, age_s=995)
    assert cached == made


def test_all_damaged_excerpts_are_set_aside_in_one_read(tmp_path: Path) -> None:
    with Cache.open(tmp_path) as cache:
        digests = {f"track {number}": cache.put_blob(b"excerpt %d" % number) for number in range(26)}
        *damaged, intact = digests.values()
        for digest in damaged:
            (path,) = tmp_path.rglob(digest)
            path.write_bytes(b"damaged")
        files = WithExcerpts({}, cache, digests)
        with pytest.raises(CorruptEntry):
            dict(files)
        assert cache.counters.snapshot()["excerpt"].corrupt == 25
        assert {digest for digest in digests.values() if list(tmp_path.glob(f"cas/**/{digest}"))} == {intact}


def build(folder: Path, *more: object) -> Outcome:
    outcome = spotmap("--source", "table:library.csv", "--log", "plain", *more, cwd=folder)
    assert outcome.status == 0, outcome.stderr
    return outcome


def excerpts(folder: Path) -> list[str]:
    """Return the excerpt file name of each track in the published details."""
    packed = published_document(folder / "site", "details-000.json").get("excerpts")
    return unpack_ids({"prefix": "", **packed}) if packed else []


def test_build_makes_each_excerpt_once_and_removes_them_when_switched_off(song: Path, tmp_path: Path) -> None:
    (tmp_path / "silent.flac").write_bytes(b"no sound at all, but text")
    rows = [f"Title {number},{number % 3},{number // 3},{song}" for number in range(6)]
    rows += ["Broken,9,9,silent.flac", "Nowhere,8,8,"]
    (tmp_path / "library.csv").write_text("\n".join(["title,x,y,path", *rows]) + "\n")
    first = build(tmp_path, "--excerpts", SECONDS)
    assert f"Excerpts of {SECONDS} s from " in first.stderr
    assert "publish excerpts only of music that is yours to share" in first.stderr
    names = excerpts(tmp_path)
    assert len(names) == 8
    (name,) = {name for name in names if name}
    assert names.count(name) == 6
    assert [path.name for path in (tmp_path / "site/audio").iterdir()] == [name]
    assert abs(read(tmp_path / "site/audio" / name)).max() > 0.01
    assert "No excerpt of" in first.stderr
    second = build(tmp_path, "--excerpts", SECONDS)
    assert "to make" not in second.stderr
    assert "unchanged" in second.stderr
    build(tmp_path)
    build(tmp_path, "--title", "another")  # the previous generation keeps its files for pages that are still open
    assert excerpts(tmp_path) == []
    assert not list((tmp_path / "site").glob("audio/*"))
