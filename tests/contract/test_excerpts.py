"""Excerpts: some seconds of each track in the site, cut from real files by the real command."""

from __future__ import annotations

import json
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

SECONDS = 2
LENGTH_S = 6.0


def read(place: Path) -> npt.NDArray[np.float32]:
    """The first channel of a sound, at 48 kHz."""
    with av.open(str(place)) as container:
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


@pytest.mark.parametrize(("start_s", "begins_s"), [(1.5, 1.5), (5.9, LENGTH_S - SECONDS), (None, 2.0), (0.0, 0.0)])
def test_an_excerpt_is_what_the_file_holds_there(
    song: Path, tmp_path: Path, start_s: float | None, begins_s: float
) -> None:
    made = cut(song, tmp_path, start_s=start_s)
    assert isinstance(made, Done)
    (tmp_path / "made.m4a").write_bytes(made.value)
    heard, whole = read(tmp_path / "made.m4a"), read(song)
    assert len(heard) == pytest.approx(SECONDS * RATE_HZ, abs=960)
    # Where it is at full level: after it has swelled, before it dies away.
    middle = slice(round(0.4 * RATE_HZ), round(1.2 * RATE_HZ))
    begin = round(begins_s * RATE_HZ)
    assert np.corrcoef(heard[middle], whole[begin : begin + len(heard)][middle])[0, 1] > 0.9
    assert abs(heard[: RATE_HZ // 100]).max() < 0.02
    assert abs(heard[-RATE_HZ // 100 :]).max() < 0.02
    assert list(tmp_path.iterdir()) == [tmp_path / "made.m4a"]


def test_the_same_sound_gives_the_same_bytes_of_about_the_size_that_was_forecast(song: Path, tmp_path: Path) -> None:
    made = [cut(song, tmp_path), cut(song, tmp_path)]
    assert made[0] == made[1]
    assert isinstance(made[0], Done)
    assert len(made[0].value) < 2 * forecast_bytes(1, SECONDS)


def test_a_short_file_is_its_own_excerpt(tmp_path: Path) -> None:
    short = write_audio(tmp_path / "short.flac", tune(1.0, rate_hz=RATE_HZ, seed=1), rate_hz=RATE_HZ)
    made = cut(short, tmp_path, seconds=30)
    assert isinstance(made, Done)
    (tmp_path / "made.m4a").write_bytes(made.value)
    assert len(read(tmp_path / "made.m4a")) == pytest.approx(RATE_HZ, abs=960)


@pytest.mark.parametrize("length_s", [0.2, 0.4])
@pytest.mark.parametrize("channels", [1, 2])
def test_what_is_too_short_to_listen_to_is_too_short_for_an_excerpt(
    tmp_path: Path, length_s: float, channels: int
) -> None:
    sound = np.stack([tune(length_s, seed=seed) for seed in range(channels)])
    made = cut(write_audio(tmp_path / "short.flac", sound), tmp_path)
    assert isinstance(made, Failed)
    assert made.code == "too-short"
    assert f"only {length_s:.2f} s long" in made.detail


@pytest.mark.parametrize("channels", [3, 4, 5, 6, 8, 9, 20])
def test_any_number_of_channels_becomes_two(tmp_path: Path, channels: int) -> None:
    """Where FFmpeg knows no way to mix them to two, both are the mean of all."""
    sound = tune(3.0, rate_hz=RATE_HZ)
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((channels, 2, RATE_HZ, 0, "NONE", ""))
        file.writeframes(np.repeat((sound * 10_000).astype("<i2"), channels).tobytes())
    samples = read_part(tmp_path / "a.wav", 0.5, SECONDS)
    assert samples.shape == (2, SECONDS * RATE_HZ)
    expected = sound[RATE_HZ // 2 :][: SECONDS * RATE_HZ]
    for heard in samples:
        assert np.corrcoef(heard, expected)[0, 1] > 0.999
    if channels > 8:
        np.testing.assert_allclose(samples, np.stack([expected, expected]) * 10_000 / 2**15, atol=1e-4)


@pytest.mark.parametrize(
    ("content", "code"), [(b"", "empty-file"), (b"no sound at all, but text", "not-audio"), (None, "unreadable")]
)
def test_what_cannot_be_read_gives_none_and_says_why(tmp_path: Path, content: bytes | None, code: str) -> None:
    place = tmp_path / "a.mp3"
    if content is not None:
        place.write_bytes(content)
    made = cut(place, tmp_path)
    assert isinstance(made, Failed)
    assert made.code == code


def excerpted(folder: Path, *paths: Path, age_s: float = 0.0, **options: object) -> tuple[Excerpted, StageCounters]:
    """What the stage gives of some files in a build that began a while ago, and how it used the cache."""
    config = Config(**({"out": folder / "site", "jobs": 1, "excerpts": SECONDS} | options))  # type: ignore[arg-type]
    tracks = tuple(Track(path.name, path.stem, recording=Recording("", path=str(path))) for path in paths)
    fetched = cast("Any", SimpleNamespace(loaded=SimpleNamespace(render=None)))
    with Cache.open(folder / "cache") as cache:
        run = Run(config, cache, make_progress("plain"), Clock(started_s=time.monotonic() - age_s))
        found = add_excerpts(run, fetched, Embedded(tracks, (), cast("Any", None), "none"))
        return found, cache.counters.snapshot()["excerpt"]


@pytest.fixture
def text(tmp_path: Path) -> Path:
    place = tmp_path / "text.mp3"
    place.write_bytes(b"no sound at all, but text")
    return place


def test_what_is_there_is_looked_up_once(song: Path, text: Path, tmp_path: Path) -> None:
    made, _ = excerpted(tmp_path, song, text)
    assert (list(made.digests), made.failed) == ([song.name], {"not-audio": 1})
    again, cost = excerpted(tmp_path, song, text)
    assert again == made
    assert (cost.hits, cost.misses) == (2, 0)


def attempt(folder: Path, path: Path, *, retry: bool = False) -> tuple[str, bool]:
    """Why there is no excerpt of a file, and whether it was tried to make one."""

    def kept() -> list[int]:
        return [record.stat().st_mtime_ns for record in folder.glob("cache/ac/excerpt-v*/*/*.json")]

    before = kept()
    found, _ = excerpted(folder, path, retry=retry)
    ((code, _count),) = found.failed.items()
    return code, kept() != before


def test_what_could_not_be_read_is_tried_once_more_by_a_newer_decoder(text: Path, tmp_path: Path) -> None:
    assert [attempt(tmp_path, text, retry=retry) for retry in (False, False, True)] == [
        ("not-audio", True),
        ("not-audio", False),
        ("not-audio", False),
    ]
    with newer_decoder():
        assert [attempt(tmp_path, text), attempt(tmp_path, text)] == [("not-audio", True), ("not-audio", False)]


def test_what_may_pass_is_tried_again_where_that_is_asked_for(tmp_path: Path) -> None:
    gone = tmp_path / "gone.mp3"
    assert [attempt(tmp_path, gone, retry=retry) for retry in (False, False, True)] == [
        ("unreadable", True),
        ("unreadable", False),
        ("unreadable", True),
    ]


def test_excerpts_that_there_is_no_time_for_are_made_by_the_next_build(song: Path, tmp_path: Path) -> None:
    late, _ = excerpted(tmp_path, song, time_limit_s=1_000, age_s=995)
    assert (late.digests, late.failed) == ({}, {"time-limit": 1})
    assert "The next build goes on there." in " ".join(late.notices)
    made, _ = excerpted(tmp_path, song, time_limit_s=1_000)
    assert list(made.digests) == [song.name]
    there, _ = excerpted(tmp_path, song, time_limit_s=1_000, age_s=995)
    assert there == made


def test_damaged_excerpts_are_set_aside_all_at_once(tmp_path: Path) -> None:
    with Cache.open(tmp_path) as cache:
        digests = {f"track {number}": cache.put_blob(b"excerpt %d" % number) for number in range(26)}
        *damaged, intact = digests.values()
        for digest in damaged:
            (place,) = tmp_path.rglob(digest)
            place.write_bytes(b"damaged")
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
    """What the page gets of each track."""
    page = (folder / "site/index.html").read_text()
    (details,) = [each for each in folder.glob("site/data/*/details-000.json") if each.parent.name in page]
    packed = json.loads(details.read_bytes()).get("excerpts")
    return unpack_ids({"prefix": "", **packed}) if packed else []


def test_a_build_makes_each_excerpt_once_and_takes_them_away_again(song: Path, tmp_path: Path) -> None:
    (tmp_path / "silent.flac").write_bytes(b"no sound at all, but text")
    rows = [f"Title {number},{number % 3},{number // 3},{song}" for number in range(6)]
    rows += ["Broken,9,9,silent.flac", "Nowhere,8,8,"]
    (tmp_path / "library.csv").write_text("\n".join(["title,x,y,path", *rows]) + "\n")
    first = build(tmp_path, "--excerpts", SECONDS)
    assert f"Excerpts of {SECONDS} s to make: " in first.stderr
    assert "publish excerpts only of music that is yours to share" in first.stderr
    said = excerpts(tmp_path)
    assert len(said) == 8
    (name,) = {one for one in said if one}
    assert said.count(name) == 6
    assert [place.name for place in (tmp_path / "site/audio").iterdir()] == [name]
    assert abs(read(tmp_path / "site/audio" / name)).max() > 0.01
    assert "no excerpt could be made" in first.stderr
    second = build(tmp_path, "--excerpts", SECONDS)
    assert "to make" not in second.stderr
    assert "unchanged" in second.stderr
    build(tmp_path)
    build(
        tmp_path, "--title", "another"
    )  # the generation before this one keeps its files for pages that are still open
    assert excerpts(tmp_path) == []
    assert not list((tmp_path / "site").glob("audio/*"))
