"""Cut a short excerpt from a recording for the site: Opus in MP4, with fades.

All browsers support this format: Chromium and Firefox play Opus in any container, Safari plays it in MP4 since version
17, including on iPhones (Opus in WebM or Ogg only since 18.4). It is patent-free, and builds of Chromium without
licensed codecs play it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from spotmap_build.embed.decode import SEEK_LEAD_S, end_s, frames_of, open_audio, stated_duration_ms
from spotmap_build.embed.resample import resample
from spotmap_build.embed.sound import require_sound
from spotmap_build.embed.workers import audio_file
from spotmap_build.errors import TrackError
from spotmap_build.model import Done, Failed

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.stream import AudioStream
    from av.container import InputContainer

    from spotmap_build.model import Float32Array

RATE_HZ: Final = 48_000
BITS_PER_S: Final = 64_000
"""Twelve seconds take about 100 KB. At this rate, Opus is hard to distinguish from its source."""
CONTAINER_BYTES: Final = 2_500
"""Approximate overhead of the container."""
FADE_IN_S: Final = 0.3
FADE_OUT_S: Final = 1.2
PACKET_SAMPLES: Final = 960
MAX_START_S: Final = 15 * 60.0
"""In a recording that is not seekable, no excerpt begins later than this."""


@dataclass(frozen=True, slots=True)
class ExcerptJob:
    """One excerpt to cut. ``path``, ``prepare`` and ``temp_folder`` are as in ``EmbedJob``.

    ``start_s``: the start of the excerpt; None to take it from the middle. ``seconds``: its length, if the recording is
    long enough.
    """

    track_id: str
    path: str | None
    prepare: Callable[[Path], Path] | None
    temp_folder: str
    start_s: float | None
    seconds: int
    duration_ms: int | None = None


def forecast_bytes(count: int, seconds: int) -> int:
    """Estimate the total size of ``count`` excerpts."""
    return count * (seconds * BITS_PER_S // 8 + CONTAINER_BYTES)


def cut_excerpt(job: ExcerptJob) -> Done[bytes] | Failed:
    """Cut one excerpt in a worker process. Failures are reported like those of ``embed_file``."""
    try:
        with (
            audio_file(job.path, job.prepare, job.temp_folder) as path,
            tempfile.TemporaryDirectory(dir=job.temp_folder) as folder,
        ):
            return Done(encode(fade(read_part(path, job.start_s, job.seconds)), Path(folder)))
    except TrackError as error:
        return Failed(job.track_id, "excerpt", error.track_code, error.message, error.retryable)
    except MemoryError:
        return Failed(job.track_id, "excerpt", "out-of-memory", "There was not enough memory.", retryable=True)
    except Exception as error:  # noqa: BLE001 - a bug that one track triggers must not fail all other tracks
        return Failed(job.track_id, "excerpt", "internal-error", f"{type(error).__name__}: {error}")


def read_part(path: Path, start_s: float | None, seconds: int) -> Float32Array:
    """Decode ``seconds`` of a recording from ``start_s`` on to float32 ``[2, n]`` at 48 kHz.

    The part starts earlier if the recording would end before its length is reached.

    Raises
    ------
    TrackError
        The file cannot be read, is too short, or is silent in this part.
    """
    with open_audio(path) as (container, stream):
        length_s = stated_duration_ms(container) / 1000
        latest_s = max(0.0, length_s - seconds)
        begin_s = latest_s / 2 if start_s is None else min(start_s, latest_s)
        frames, early_s = _frames_from(container, stream, begin_s)
        early = round(early_s * RATE_HZ)
        samples = resample(frames, early + seconds * RATE_HZ, rate_hz=RATE_HZ, layout="stereo")[:, early:]
    require_sound(samples, RATE_HZ)
    return samples


def _frames_from(container: InputContainer, stream: AudioStream, begin_s: float) -> tuple[Iterator[AudioFrame], float]:
    """Return the frames from ``begin_s`` on, and by how many seconds the first one starts before it."""
    import av

    zero_s = (container.start_time or 0) / 1e6
    try:
        container.seek(max(0, int((zero_s + begin_s - SEEK_LEAD_S) * 1e6)))
    except av.FFmpegError:  # not seekable: read from the beginning
        if begin_s > MAX_START_S:
            begin_s = 0.0
    frames = frames_of(container, stream)
    for frame in frames:
        if frame.time is None:
            return chain((frame,), frames), 0.0
        if end_s(frame) > zero_s + begin_s:
            return chain((frame,), frames), max(0.0, zero_s + begin_s - frame.time)
    return iter(()), 0.0


def fade(samples: Float32Array) -> Float32Array:
    """Fade in and out."""
    length = samples.shape[1]
    fade_in, fade_out = (min(round(seconds * RATE_HZ), length // 4) for seconds in (FADE_IN_S, FADE_OUT_S))
    envelope = np.ones(length, dtype=np.float32)
    envelope[:fade_in] = np.sin(np.linspace(0, np.pi / 2, fade_in, dtype=np.float32)) ** 2
    envelope[length - fade_out :] *= np.cos(np.linspace(0, np.pi / 2, fade_out, dtype=np.float32)) ** 2
    return np.clip(samples, -1, 1) * envelope


def encode(samples: Float32Array, folder: Path) -> bytes:
    """Encode float32 ``[2, n]`` at 48 kHz, using a temporary file in ``folder``. Equal samples give equal bytes."""
    import av

    place = folder / "excerpt.m4a"
    # The index comes first, so that hosts without range requests work. FFmpeg can move it in files only.
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    with av.open(str(place.absolute()), "w", format="mp4", options=options) as container:
        stream = container.add_stream("libopus", rate=RATE_HZ, layout="stereo")
        stream.bit_rate = BITS_PER_S
        for first in range(0, samples.shape[1], PACKET_SAMPLES):
            part = np.ascontiguousarray(samples[:, first : first + PACKET_SAMPLES])
            frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = RATE_HZ, first
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return place.read_bytes()
