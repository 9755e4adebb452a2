"""Decode audio files to samples with PyAV, and compute digests of their audio.

``resample`` converts decoded frames to samples; ``excerpts`` encodes with PyAV.

Essentia's own loaders are not used: they cannot read Opus, and are 5 to 20 times slower at their default quality.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.core.text import decode_text
from spotmap_build.embed.file_head import begins_like_audio, read_head, tag_bytes, unreadable
from spotmap_build.embed.resample import require_rate, resample
from spotmap_build.embed.sound import SAMPLE_RATE_HZ, Sound, level_of, require_sound
from spotmap_build.errors import TrackError

if TYPE_CHECKING:
    import av
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer

    from spotmap_build.model import Float32Array

MAX_FULL_DECODE_MS: Final = 15 * 60 * 1000
"""Longer recordings are decoded in windows only: an hour of samples takes 230 MB."""
WINDOWS: Final = 20
WINDOW_SAMPLES: Final = 30 * SAMPLE_RATE_HZ
SEEK_LEAD_S: Final = 0.25
"""How much earlier than needed decoding starts after a seek: the first frames lack the decoder's earlier state."""
DAMAGED_BELOW_SAMPLES: Final = SAMPLE_RATE_HZ // 10
MAX_DURATION_MS: Final = 2**31 - 1
"""25 days. A file that states a longer duration is damaged."""
ID3V1_BYTES: Final = 128
MAX_TAG_BYTES: Final = 32 << 20
QUIET_RMS: Final = 10 ** (-30 / 20)
"""A mix below this level is compared with the first channel. Quiet music is rare, so this costs little."""
CANCELED: Final = 10
"""Channels in opposite phase cancel out if the first has this many times the level of the mix; otherwise, at most 2."""
PLAYLISTS: Final = frozenset({"concat", "dash", "hls"})
"""Formats that make FFmpeg open other files."""


@dataclass(frozen=True, slots=True)
class Probe:
    """Properties of a recording that are known without decoding it. ``audio_digest``: see :func:`probe`."""

    duration_ms: int
    audio_digest: str


def decode(path: Path) -> Sound:
    """Decode the first audio stream to 16 kHz mono.

    Channels are mixed as ``0.5 (L + R)``, or as their mean if FFmpeg cannot mix them. If channels of opposite phase
    would cancel each other out, the first one is used. For recordings over 15 minutes, 20 evenly spaced windows of 30 s
    are decoded and joined, or the first 15 minutes if the file is not seekable, so that no recording takes more than
    about 60 MB. A truncated file is decoded as far as possible.

    Raises
    ------
    TrackError
        ``unreadable``, ``empty-file``, ``not-audio``, ``damaged-audio``, ``too-short`` (under 0.5 s) or ``silent`` (an
        effective level below -75 dBFS).
    """
    sound = _decode_full_or_windows(path)
    if level_of(sound.samples) < QUIET_RMS and _count_channels(path) > 1:
        first = _decode_full_or_windows(path, channel=0)
        if level_of(first.samples) > CANCELED * level_of(sound.samples):
            sound = first
    require_sound(sound.samples)
    return sound


def probe(path: Path) -> Probe:
    """Return the duration of a file and a digest of its audio, without decoding.

    ``audio_digest`` is the SHA-256 (hex) of codec, rate, channels and the compressed audio itself, so it does not
    change with tags, covers or file names. The duration is summed over the packets, because headers can be wrong.

    Raises
    ------
    TrackError
        ``unreadable``, ``empty-file``, ``not-audio`` or ``damaged-audio``.
    """
    with open_audio(path) as (container, stream):
        codec = stream.codec_context.codec.canonical_name
        digest = hashlib.sha256(f"{codec} {stream.rate} {stream.channels}\n".encode())
        ticks = 0
        last = b""
        for packet in _packets(container, stream):
            if packet.size:  # the last one is empty: it flushes decoders
                digest.update(last)
                last = bytes(packet)
                ticks += packet.duration or 0
        # In FLAC files with an ID3v1 tag at the end, FFmpeg returns the tag as part of the last packet.
        digest.update(last[:-ID3V1_BYTES] if last[-ID3V1_BYTES:].startswith(b"TAG") else last)
        duration_ms = round(ticks * stream.time_base * 1000) if stream.time_base else 0
        if duration_ms <= 0:
            duration_ms = stated_duration_ms(container)
        if not last or not 0 < duration_ms <= MAX_DURATION_MS:
            raise _damaged()
        return Probe(duration_ms, digest.hexdigest())


def read_metadata(path: Path) -> dict[str, str]:
    """Return the metadata of the container and of its audio stream, with names in lower case.

    Raises
    ------
    TrackError
        As for :func:`probe`.
    """
    with open_audio(path) as (container, stream):
        metadata = {**stream.metadata, **container.metadata}
    return {
        decode_text(name.encode("latin-1")).lower(): decode_text(text.encode("latin-1"))
        for name, text in metadata.items()
    }


def _count_channels(path: Path) -> int:
    with open_audio(path) as (_, stream):
        return stream.channels


def _decode_full_or_windows(path: Path, channel: int | None = None) -> Sound:
    """Decode a recording completely, or windows of a long one; mixed to mono, or only ``channel`` of it."""
    windows = _decode_windows(path, channel)
    return Sound(_decode_from_start(path, channel)) if windows is None else windows


def _decode_windows(path: Path, channel: int | None) -> Sound | None:
    """Decode evenly spaced windows of a long recording; None if it is not long or not seekable."""
    with open_audio(path) as (container, stream):
        duration_ms = stated_duration_ms(container)
        if duration_ms <= MAX_FULL_DECODE_MS:
            return None
        first_s = (container.start_time or 0) / 1e6
        last_s = first_s + duration_ms / 1000 - WINDOW_SAMPLES / SAMPLE_RATE_HZ
        starts_s = np.linspace(first_s, last_s, WINDOWS)
        samples, length = np.empty(WINDOWS * WINDOW_SAMPLES, dtype=np.float32), 0
        windows: list[tuple[int, float]] = []
        for start_s in starts_s.tolist():
            window = _decode_window(container, stream, start_s, channel)
            windows.append((length, start_s - first_s))
            samples[length : length + len(window)] = window
            length += len(window)
    # With less than half of the requested samples, the stated duration is wrong or seeking does not work.
    return Sound(samples[:length], tuple(windows)) if length >= len(samples) // 2 else None


def _decode_window(container: InputContainer, stream: AudioStream, start_s: float, channel: int | None) -> Float32Array:
    """Decode 30 s from ``start_s`` on: fewer samples at the end of the file, none if the file is not seekable."""
    import av

    no_samples = np.zeros(0, dtype=np.float32)
    try:
        container.seek(max(0, int((start_s - SEEK_LEAD_S) * 1e6)))
    except av.FFmpegError:
        return no_samples
    frames = frames_of(container, stream)
    first = next((frame for frame in frames if frame.time is None or end_s(frame) > start_s), None)
    if first is None or first.time is None:
        return no_samples
    early_samples = max(0, round((start_s - first.time) * SAMPLE_RATE_HZ))
    return _to_mono(chain([first], frames), early_samples + WINDOW_SAMPLES, channel)[early_samples:]


def _decode_from_start(path: Path, channel: int | None) -> Float32Array:
    limit_samples = MAX_FULL_DECODE_MS * SAMPLE_RATE_HZ // 1000
    with open_audio(path) as (container, stream):
        samples = _to_mono(frames_of(container, stream), limit_samples, channel)
        stated_ms = stated_duration_ms(container)
    analyzed_ms = len(samples) * 1000 // SAMPLE_RATE_HZ
    is_truncated = len(samples) < DAMAGED_BELOW_SAMPLES and not 0 < stated_ms < analyzed_ms + 100
    if len(samples) == 0 or is_truncated:
        raise _damaged()
    return samples


def _to_mono(frames: Iterator[AudioFrame], limit_samples: int, channel: int | None) -> Float32Array:
    """Return the frames as 16 kHz mono, float32 ``[n]`` with ``n <= limit_samples``."""
    samples = resample(frames, limit_samples, rate_hz=SAMPLE_RATE_HZ, layout="mono", channel=channel)
    return samples.reshape(-1)


@contextmanager
def open_audio(path: Path) -> Iterator[tuple[InputContainer, AudioStream]]:
    """Yield the opened file and its first audio stream. Covers are video streams and are ignored."""
    import av

    head = read_head(path)
    try:
        # The path is absolute so that FFmpeg does not take a file name for a URL. The whitelist keeps it from following
        # playlists. Latin-1 preserves the bytes of metadata.
        options = {"protocol_whitelist": "file,subfile"}
        container = av.open(_address(path.absolute(), head), options=options, metadata_encoding="latin-1")
    except (av.FFmpegError, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None and not isinstance(error, av.InvalidDataError):
            raise unreadable(error) from error
        raise (_damaged() if begins_like_audio(head) else _not_audio()) from error
    with container:
        if container.format.name in PLAYLISTS or not container.streams.audio:
            raise _not_audio()
        stream = container.streams.audio[0]
        if stream.codec_context is None:
            raise _not_audio()
        if stream.rate:
            require_rate(stream.rate)
        stream.codec_context.thread_count = 1
        try:
            yield container, stream
        except av.FFmpegError as error:
            raise (unreadable(error) if isinstance(error, OSError) else _damaged()) from error


def _address(path: Path, head: bytes) -> str:
    """Return the address under which FFmpeg opens the file, skipping a large tag that it would read into memory."""
    tag = tag_bytes(head)
    return f"subfile,,start,{tag},end,0,,:{path}" if tag > MAX_TAG_BYTES else str(path)


def _packets(container: InputContainer, stream: AudioStream) -> Iterator[av.Packet[AudioStream]]:
    """Yield the stream's packets until the file ends or is truncated. A failing disk raises an error."""
    import av

    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except OSError as error:
            raise unreadable(error) from error
        except (av.FFmpegError, IndexError):
            # PyAV raises IndexError after the last packet if streams appeared that were unknown when it opened the file
            # (``InputContainer.demux`` in 18.1).
            return
        if packet is None:
            return
        yield packet


def frames_of(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """Yield the stream's decoded frames, skipping packets that cannot be decoded, as players do."""
    import av

    for packet in _packets(container, stream):
        try:
            yield from packet.decode()
        except av.FFmpegError:
            continue


def end_s(frame: AudioFrame) -> float:
    """Return the time at which a frame ends, in seconds."""
    return (frame.time or 0.0) + frame.samples / frame.sample_rate


def stated_duration_ms(container: InputContainer) -> int:
    """Return the duration that the header states or FFmpeg estimates; 0 if neither is available."""
    return max(0, (container.duration or 0) // 1000)


def _damaged() -> TrackError:
    text = "The file is damaged: no audio can be read from it."
    return TrackError("damaged-audio", text, hint="Copy or download it again.")


def _not_audio() -> TrackError:
    return TrackError("not-audio", "The file is not audio, or uses a codec that cannot be decoded.")
