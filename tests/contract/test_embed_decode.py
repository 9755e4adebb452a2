"""Files of all formats are decoded with the right level and length, and their digest depends only on the audio."""

from __future__ import annotations

import io
import os
import resource
import shutil
import struct
import subprocess
import sys
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import mutagen.apev2
import mutagen.flac
import mutagen.id3
import mutagen.mp4
import numpy as np
import numpy.typing as npt
import pytest

from spotmap_build.embed import decode as module
from spotmap_build.embed.decode import decode, probe
from spotmap_build.errors import TrackError
from tests.fakes.audio_files import CODECS, tune, write_audio

tagger: Any = mutagen  # untyped
PNG = b"\x89PNG\r\n\x1a\n" + bytes(3000)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The same audio in every format."""
    folder = tmp_path_factory.mktemp("formats")
    sound = np.stack([tune(2), tune(2, seed=1)])
    return {suffix: write_audio(folder / f"sound.{suffix}", sound) for suffix in CODECS}


def refusal(path: Path, function: Callable[[Path], object] = decode) -> str:
    with pytest.raises(TrackError) as refused:
        function(path)
    assert refused.value.message.endswith(".")
    return refused.value.track_code


@pytest.mark.parametrize("suffix", CODECS)
def test_every_format_is_decoded_to_the_mean_of_its_channels_at_16_khz(files: dict[str, Path], suffix: str) -> None:
    audio, reference = decode(files[suffix]).samples, decode(files["wav"]).samples
    assert audio.dtype == np.float32
    assert len(audio) / 16 == pytest.approx(2000, abs=60)
    level = np.sqrt(np.mean(audio**2)) / np.sqrt(np.mean(reference**2))
    # Lossy encoders change the level slightly; a power-preserving mix would be off by a factor of 1.41.
    assert level == pytest.approx(1, abs=0.1)


def test_stereo_at_16_khz_is_exactly_the_mean_of_left_and_right(tmp_path: Path) -> None:
    left, right = tune(1, rate_hz=16_000), tune(1, rate_hz=16_000, seed=1)
    stereo = write_audio(tmp_path / "a.wav", np.stack([left, right]), codec="pcm_f32le", rate_hz=16_000)
    mono = write_audio(tmp_path / "b.wav", left, codec="pcm_f32le", rate_hz=16_000)
    np.testing.assert_allclose(decode(stereo).samples, 0.5 * (left + right), atol=1.2e-7)
    np.testing.assert_array_equal(decode(mono).samples, left)


def test_decoding_is_deterministic(files: dict[str, Path]) -> None:
    assert all(decode(path).samples.tobytes() == decode(path).samples.tobytes() for path in files.values())


@pytest.mark.parametrize("suffix", CODECS)
def test_probe_returns_the_duration(files: dict[str, Path], suffix: str) -> None:
    assert probe(files[suffix]).duration_ms == pytest.approx(2000, abs=60)


def _tag(path: Path, length: int = 40_000) -> None:
    """Write long tags (several pages in Ogg) and a cover, like a tag editor."""
    picture = tagger.id3.APIC(encoding=3, mime="image/png", type=3, desc="", data=PNG)
    match path.suffix:
        case ".mp3":
            tags = tagger.id3.ID3()
            tags.add(tagger.id3.TIT2(encoding=3, text="é" * length))
            tags.add(picture)
            tags.save(path, v1=2)
        case ".wav":
            file = tagger.File(path)
            file.add_tags()
            file["TIT2"] = tagger.id3.TIT2(encoding=3, text="é" * length)
            file["APIC"] = picture
            file.save()
        case ".m4a":
            file = tagger.File(path)
            file["\xa9nam"] = "é" * length
            file["covr"] = [tagger.mp4.MP4Cover(PNG, tagger.mp4.MP4Cover.FORMAT_PNG)]
            file.save()
        case _:
            file = tagger.File(path)
            file["title"] = "é" * length
            if path.suffix == ".flac":
                cover = tagger.flac.Picture()
                cover.data, cover.mime = PNG, "image/png"
                file.add_picture(cover)
            file.save()


def _append_id3v1(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"TAG" + b"x" * 125)


def _append_ape_and_id3v1(path: Path) -> None:
    tags = tagger.apev2.APEv2()
    tags["Title"] = "some title " * 100
    tags.save(path)
    _append_id3v1(path)


@pytest.mark.parametrize(
    ("suffix", "change"),
    [
        *((suffix, _tag) for suffix in CODECS),
        *((suffix, _append_id3v1) for suffix in ("mp3", "flac", "ogg")),
        ("mp3", _append_ape_and_id3v1),
    ],
)
def test_digest_does_not_depend_on_tags_and_file_names(
    files: dict[str, Path], tmp_path: Path, suffix: str, change: Callable[[Path], None]
) -> None:
    other = tmp_path / f"renamed.{suffix}"
    shutil.copy(files[suffix], other)
    change(other)
    assert other.read_bytes() != files[suffix].read_bytes()
    assert probe(other) == probe(files[suffix])


PEAK = """import re, sys; from pathlib import Path; from spotmap_build.embed.decode import probe
found = probe(Path(sys.argv[1]))
print(found.audio_digest, *re.findall(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text()))"""
"""Print the digest and the process's own peak memory (``getrusage`` includes that of the parent at the fork)."""


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_200_mb_picture_in_a_tag_is_not_read_into_memory(files: dict[str, Path], tmp_path: Path) -> None:
    path, size = tmp_path / "vast, with commas.mp3", 200 << 20
    syncsafe_size = [size >> shift & 0x7F for shift in (21, 14, 7, 0)]
    frame = b"APIC" + bytes([(size - 10) >> shift & 0x7F for shift in (21, 14, 7, 0)]) + b"\0\0\0image/png\0\3\0"
    with path.open("wb") as file:
        file.write(b"ID3\4\0\0" + bytes(syncsafe_size) + frame + PNG)
        file.seek(10 + size)
        file.write(files["mp3"].read_bytes())
    answer = subprocess.run([sys.executable, "-c", PEAK, path], capture_output=True, text=True, check=True).stdout
    digest, peak_kib = answer.split()
    assert digest == probe(files["mp3"]).audio_digest
    assert int(peak_kib) < 150 << 10
    assert decode(path).samples.size == decode(files["mp3"]).samples.size


@pytest.mark.parametrize("suffix", CODECS)
def test_different_audio_has_a_different_digest(files: dict[str, Path], tmp_path: Path, suffix: str) -> None:
    other = write_audio(tmp_path / f"other.{suffix}", np.stack([tune(2), tune(2, seed=2)]))
    assert probe(other).audio_digest != probe(files[suffix]).audio_digest


@pytest.mark.parametrize("suffix", ["ogg", "opus"])
def test_chained_ogg_files_are_decoded_completely(files: dict[str, Path], tmp_path: Path, suffix: str) -> None:
    tagged = tmp_path / f"tagged.{suffix}"
    shutil.copy(files[suffix], tagged)
    _tag(tagged, length=3000)
    chains = [tmp_path / f"chain-{number}.{suffix}" for number in (1, 2)]
    chains[0].write_bytes(files[suffix].read_bytes() * 2)
    chains[1].write_bytes(files[suffix].read_bytes() + tagged.read_bytes())
    assert probe(chains[0]).audio_digest == probe(chains[1]).audio_digest
    assert len(decode(chains[0]).samples) / 16 == pytest.approx(4000, abs=120)


def test_unusable_files_are_refused_with_an_error_code(files: dict[str, Path], tmp_path: Path) -> None:
    def file(name: str, content: bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content)
        return path

    text = file("text.mp3", b"Not music at all.\n" * 100)
    playlist = file("playlist.mp3", b"ffconcat version 1.0\nfile 'sound.wav'\n")
    shutil.copy(files["wav"], tmp_path / "sound.wav")
    for function in (decode, probe):
        assert refusal(file("empty.mp3", b""), function) == "empty-file"
        assert refusal(text, function) == "not-audio"
        assert refusal(playlist, function) == "not-audio"
        assert refusal(file("half.m4a", files["m4a"].read_bytes()[:5000]), function) == "damaged-audio"
        assert refusal(file("head.wav", files["wav"].read_bytes()[:60]), function) == "damaged-audio"
        assert refusal(tmp_path / "missing.mp3", function) == "unreadable"
        assert refusal(tmp_path, function) == "unreadable"


def test_truncated_mp3_is_decoded_as_far_as_possible(files: dict[str, Path], tmp_path: Path) -> None:
    content = files["mp3"].read_bytes()
    (tmp_path / "half.mp3").write_bytes(content[: len(content) // 2])
    assert 500 < len(decode(tmp_path / "half.mp3").samples) / 16 < 1500
    (tmp_path / "bit.mp3").write_bytes(content[:1500])
    assert refusal(tmp_path / "bit.mp3") == "damaged-audio"


def transport_stream(sound: npt.NDArray[np.float32], streams: int, **options: str) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mpegts", options=options) as container:
        made = [container.add_stream("mp2", rate=44_100, layout="mono", bit_rate=384_000) for _ in range(streams)]
        for start in range(0, len(sound) - 1151, 1152):
            samples = (sound[start : start + 1152] * 32_767).astype(np.int16)
            for stream in made:
                frame = av.AudioFrame.from_ndarray(samples[np.newaxis], format="s16", layout="mono")
                frame.rate, frame.pts = 44_100, start
                container.mux(stream.encode(frame))
    return file.getvalue()


def test_recording_of_a_broadcast_in_which_more_streams_appear_is_decoded(tmp_path: Path) -> None:
    second = (np.sin(np.arange(44_100) / 20) / 2).astype(np.float32)
    one = transport_stream(np.tile(second, 20).astype(np.float32), 1)
    many = transport_stream(second, 40, tables_version="1")
    # FFmpeg reads the first 5 MB and the end of a file to find its streams.
    (tmp_path / "a.ts").write_bytes(one * 5 + many + one)
    with av.open(tmp_path / "a.ts") as container:
        assert len(container.streams) == 1
    assert probe(tmp_path / "a.ts").duration_ms == pytest.approx(121_000, abs=500)
    assert len(decode(tmp_path / "a.ts").samples) / 16_000 == pytest.approx(121, abs=0.5)


@pytest.mark.parametrize(
    ("seconds", "gain", "expected"),
    [(0.45, 1, "too-short"), (0.05, 1, "too-short"), (2, 0, "silent"), (2, 9e-5, "silent")],
)
def test_too_short_or_silent_audio_is_refused(tmp_path: Path, seconds: float, gain: float, expected: str) -> None:
    sound = np.clip(tune(seconds), -0.9, 0.9) * np.float32(gain)
    assert refusal(write_audio(tmp_path / "a.wav", sound, codec="pcm_f32le")) == expected


def test_nan_samples_are_damaged_audio(tmp_path: Path) -> None:
    sound = tune(1)
    sound[1000] = np.nan
    assert refusal(write_audio(tmp_path / "a.wav", sound, codec="pcm_f32le")) == "damaged-audio"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_file_without_read_permission_is_unreadable(files: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "locked.mp3"
    shutil.copy(files["mp3"], path)
    path.chmod(0)
    assert refusal(path) == "unreadable"


def _write_rising_tone(path: Path, hours: float) -> Path:
    """Write a tone that rises every minute (16 kHz mono), so that its pitch identifies the position."""
    time_s = np.arange(60 * 16_000) / 16_000
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        for minute in range(round(hours * 60)):
            tone = np.sin(2 * np.pi * (100 + 20 * minute) * time_s)
            file.writeframes((tone * 16_000).astype("<i2").tobytes())
    return path


def test_long_recording_is_sampled_in_windows_with_little_memory(tmp_path: Path) -> None:
    path = _write_rising_tone(tmp_path / "long.wav", 1)
    decode(_write_rising_tone(tmp_path / "warm.wav", 1 / 30))
    unit = 1024 if sys.platform == "linux" else 1
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    audio = decode(path).samples
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit - before < 150e6
    assert len(audio) == 600 * 16_000
    starts_s = np.linspace(0, 3570, 20)
    for window, start_s in zip(audio.reshape(20, -1), starts_s, strict=True):
        steady_part = window[: 8 * 16_000] if start_s % 60 < 50 else window[-8 * 16_000 :]
        minute = int((start_s + (0 if start_s % 60 < 50 else 22)) // 60)
        peak_hz = np.argmax(np.abs(np.fft.rfft(steady_part))) / 8
        assert peak_hz == pytest.approx(100 + 20 * minute, abs=1)


@pytest.mark.parametrize("suffix", ["mp3", "opus", "m4a", "flac"])
def test_windows_of_compressed_files_start_at_the_right_time(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_FULL_DECODE_MS", 5_000)
    monkeypatch.setattr(module, "WINDOWS", 3)
    monkeypatch.setattr(module, "WINDOW_SAMPLES", 16_000)
    path = write_audio(tmp_path / f"a.{suffix}", tune(9))
    sound = decode(path)
    joined = sound.samples
    monkeypatch.setattr(module, "MAX_FULL_DECODE_MS", 60_000)
    whole = decode(path).samples
    with av.open(str(path)) as file:
        length_s = (file.duration or 0) // 1000 / 1000
    for number, start_s in enumerate(np.linspace(0, length_s - 1, 3)):
        assert sound.time_s(number * 16_000 + 800) == pytest.approx(start_s + 0.05, abs=1e-3)
        window = joined[number * 16_000 :][:15_000]
        expected = whole[round(start_s * 16_000) :][: len(window)]
        # A window is exact to one sample; an offset of a few milliseconds would halve the correlation.
        assert np.corrcoef(window, expected)[0, 1] > 0.9


def test_long_file_without_seeking_is_decoded_from_its_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = decode(write_audio(tmp_path / "a.wav", tune(8))).samples
    monkeypatch.setattr(module, "MAX_FULL_DECODE_MS", 3_000)
    content = bytearray((tmp_path / "a.wav").read_bytes())
    # Sizes as written by programs that stream a WAV file without knowing its length.
    for offset in (4, content.index(b"data") + 4):
        content[offset : offset + 4] = struct.pack("<I", 0xFFFFFFFF)
    (tmp_path / "streamed.wav").write_bytes(content)
    samples = decode(tmp_path / "streamed.wav").samples
    assert len(samples) == 3 * 16_000
    np.testing.assert_array_equal(samples, whole[: len(samples)])


def stated_wav(path: Path, *, rate_hz: int, channels: int) -> Path:
    """Write a WAV file of half a megabyte with implausible values in its header."""
    block_bytes = channels * 2
    sizes = (16, 1, channels, rate_hz, min(rate_hz * block_bytes, 2**32 - 1), min(block_bytes, 65_535), 16)
    data = b"\x11\x22" * 250_000
    form = b"WAVEfmt " + struct.pack("<IHHIIHH", *sizes) + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(form)) + form)
    return path


@pytest.mark.parametrize("channels", [9, 25])
def test_channel_counts_that_ffmpeg_cannot_downmix_are_averaged(tmp_path: Path, channels: int) -> None:
    samples = decode(stated_wav(tmp_path / "a.wav", rate_hz=8_000, channels=channels)).samples
    assert len(samples) == pytest.approx(2 * 250_000 // channels, abs=channels)
    np.testing.assert_allclose(samples[100:-100], 0x2211 / 2**15, rtol=1e-3)


def extensible_wav(path: Path, channels: npt.NDArray[np.float32], *, mask: int, bits: int) -> Path:
    """Write a WAV file (16 kHz) with a channel mask."""
    count, tag = len(channels), 3 if bits > 32 else 1
    data = {
        8: lambda: (channels.T * 127 + 128).round().astype("u1"),
        16: lambda: (channels.T * 32_767).round().astype("<i2"),
        32: lambda: (channels.T * (2**31 - 129)).round().astype("<i4"),
        64: lambda: channels.T.astype("<f8"),
    }[bits]()
    block_bytes = count * bits // 8
    form = struct.pack("<HHIIHHHHI", 0xFFFE, count, 16_000, 16_000 * block_bytes, block_bytes, bits, 22, bits, mask)
    form += struct.pack("<H", tag) + bytes.fromhex("000000001000800000aa00389b71")
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", data.nbytes) + data.tobytes()
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


@pytest.mark.parametrize("bits", [8, 16, 32, 64])
@pytest.mark.parametrize(
    ("count", "mask"),
    [(2, 0x30), (2, 0x600), (2, 0x5), (9, 0), (60, 0)],
    ids=["BL+BR", "SL+SR", "FL+FC", "9 without layout", "60 without layout"],
)
def test_unusual_channel_layouts_are_averaged(tmp_path: Path, count: int, mask: int, bits: int) -> None:
    sounds = [0.3 * tune(1, rate_hz=16_000, seed=seed) for seed in range(3)]
    channels = np.stack([sounds[number % 3] for number in range(count)])
    samples = decode(extensible_wav(tmp_path / "a.wav", channels, mask=mask, bits=bits)).samples
    # Other versions of FFmpeg may downmix some of these layouts, with another level.
    shape, expected = samples / np.linalg.norm(samples), channels.mean(axis=0) / np.linalg.norm(channels.mean(axis=0))
    assert np.dot(shape, expected) > 0.99


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [1e300, np.nan, np.inf])
def test_impossible_samples_of_unusual_layouts_are_damaged_audio(tmp_path: Path, value: float) -> None:
    path = extensible_wav(tmp_path / "a.wav", np.tile(tune(2, rate_hz=16_000), (11, 1)), mask=0, bits=64)
    content = bytearray(path.read_bytes())
    content[-880:-792] = struct.pack("<11d", *[value] * 11)
    path.write_bytes(content)
    assert refusal(path) == "damaged-audio"


@pytest.mark.parametrize("suffix", CODECS)
@pytest.mark.parametrize("opposite", [-1, -0.9])
def test_channels_in_opposite_phase_do_not_cancel(tmp_path: Path, suffix: str, opposite: float) -> None:
    left = tune(2)
    alone = decode(write_audio(tmp_path / "left.wav", left)).samples
    samples = decode(write_audio(tmp_path / f"a.{suffix}", np.stack([left, np.float32(opposite) * left]))).samples
    assert np.linalg.norm(samples) == pytest.approx(np.linalg.norm(alone), rel=0.1)


def test_channels_in_opposite_phase_do_not_cancel_in_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = tune(6, rate_hz=16_000)
    monkeypatch.setattr(module, "MAX_FULL_DECODE_MS", 3_000)
    monkeypatch.setattr(module, "WINDOWS", 2)
    monkeypatch.setattr(module, "WINDOW_SAMPLES", 16_000)
    path = write_audio(tmp_path / "a.wav", np.stack([left, -left]), codec="pcm_f32le", rate_hz=16_000)
    np.testing.assert_allclose(decode(path).samples, np.concatenate([left[:16_000], left[-16_000:]]), atol=1e-6)


def test_quiet_stereo_is_mixed_like_loud_stereo(tmp_path: Path) -> None:
    left, right = 1e-2 * tune(1, rate_hz=16_000), 1e-2 * tune(1, rate_hz=16_000, seed=1)
    quiet = write_audio(tmp_path / "a.wav", np.stack([left, right]), codec="pcm_f32le", rate_hz=16_000)
    np.testing.assert_allclose(decode(quiet).samples, 0.5 * (left + right), atol=1e-9)


def test_impossible_channel_count_is_damaged_audio(tmp_path: Path) -> None:
    assert refusal(stated_wav(tmp_path / "a.wav", rate_hz=8_000, channels=65_535)) == "damaged-audio"


@pytest.mark.parametrize("function", [decode, probe])
def test_library_errors_become_track_errors(
    files: dict[str, Path], monkeypatch: pytest.MonkeyPatch, function: Callable[[Path], object]
) -> None:
    def fail(*_arguments: object) -> None:
        raise av.BugError(1, "a bug")

    for name in ("stated_duration_ms", "_packets"):
        monkeypatch.setattr(module, name, fail)
    assert refusal(files["wav"], function) == "damaged-audio"


@pytest.mark.parametrize("function", [decode, probe])
@pytest.mark.parametrize("rate_hz", [1, 10, 999, 50_000_001, 2_000_000_000, 4_000_000_000])
def test_implausible_sample_rate_is_damaged_audio(
    tmp_path: Path, rate_hz: int, function: Callable[[Path], object]
) -> None:
    assert refusal(stated_wav(tmp_path / "a.wav", rate_hz=rate_hz, channels=1), function) == "damaged-audio"


def test_unusual_sample_rate_is_decoded(tmp_path: Path) -> None:
    samples = decode(stated_wav(tmp_path / "a.wav", rate_hz=1_000, channels=1)).samples
    assert len(samples) / 16 == pytest.approx(250_000, abs=100)


@pytest.mark.parametrize("error", [av.ArgumentError(22, "Invalid argument"), ValueError("layout"), OverflowError()])
def test_resampler_errors_are_damaged_audio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    class Resampler:
        def __init__(self, **_form: object) -> None:
            pass

        def resample(self, _frame: object) -> list[object]:
            raise error

    path = write_audio(tmp_path / "a.wav", tune(1))
    monkeypatch.setattr("av.AudioResampler", Resampler)
    assert refusal(path) == "damaged-audio"
