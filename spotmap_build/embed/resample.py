"""Resample decoded frames of any format to samples of one rate and layout with PyAV."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from spotmap_build.errors import TrackError

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame

    from spotmap_build.model import Float32Array

RATES_HZ: Final = (1_000, 50_000_000)
"""No audio is stored at a lower or higher rate. At 1 Hz, a file of some MB would have a million packets and last for
years."""
CHUNK_SAMPLES: Final = 1 << 16
"""Samples per resampling call. Decoders return about a thousand, and one call for each would double the time."""
CHANNELS: Final = {"mono": 1, "stereo": 2}

Layout = Literal["mono", "stereo"]


def resample(
    frames: Iterator[AudioFrame], limit_samples: int, *, rate_hz: int, layout: Layout, channel: int | None = None
) -> Float32Array:
    """Return the frames as float32 ``[channels, n]`` with ``n <= limit_samples``.

    Beyond the limit, at most ``CHUNK_SAMPLES`` samples are decoded. Mono is ``0.5 (L + R)``. Channels that FFmpeg
    cannot mix are replaced by their mean, for either layout.

    Parameters
    ----------
    frames
        Decoded frames; in chained files their format can change.
    limit_samples
        Maximum number of samples to return, at ``rate_hz``.
    rate_hz, layout
        Format of the result.
    channel
        Use only this channel of the frames.

    Raises
    ------
    TrackError
        ``damaged-audio``.
    """
    # Memory is used only for the part that is written. Joining a list of chunks would need all samples twice.
    samples = np.empty((CHANNELS[layout], limit_samples), dtype=np.float32)
    length_samples = 0
    for chunk in _chunks(frames, rate_hz, layout, channel):
        added = chunk[:, : limit_samples - length_samples]
        samples[:, length_samples : length_samples + added.shape[1]] = added
        length_samples += added.shape[1]
        if length_samples == limit_samples:
            break
    return samples[:, :length_samples]


def _chunks(frames: Iterator[AudioFrame], rate_hz: int, layout: Layout, channel: int | None) -> Iterator[Float32Array]:
    """Yield samples. Uses a new resampler when the format changes (chained Ogg files, broadcast recordings)."""
    resampler: _Resampler | None = None
    source_format = None
    for frame in frames:
        if resampler is None or source_format != (frame.format.name, frame.layout.name, frame.sample_rate):
            if resampler is not None:
                yield from resampler.finish()
            source_format = (frame.format.name, frame.layout.name, frame.sample_rate)
            require_rate(frame.sample_rate)
            resampler = _Resampler(frame.layout.nb_channels, rate_hz, layout, channel)
        frame.pts = None  # do not fill gaps in the timestamps with silence
        resampler.push(frame)
        if resampler.is_full:
            yield from resampler.flush()
    if resampler is not None:
        yield from resampler.finish()


class _Resampler:
    """Resamples frames of one format. FFmpeg mixes the channels; if it cannot, their mean is used.

    ``channels``: number of channels of the frames. ``channel``: the only channel to use.
    """

    def __init__(self, channels: int, rate_hz: int, layout: Layout, channel: int | None) -> None:
        from av import AudioFifo

        self._rate_hz, self._layout = rate_hz, layout
        self._channel = channel
        self._waiting = AudioFifo()
        # FFmpeg preserves the power of two equal channels, sqrt(0.5) (L + R); the models were trained on the mean,
        # 0.5 (L + R). The level matters: 12 dB less gives a vector with a cosine of only 0.92.
        self._gain = np.float32(2**-0.5 if layout == "mono" and channels > 1 else 1)
        self._is_mixed_here = False
        self._start(is_mixed_here=channel is not None)

    def _start(self, *, is_mixed_here: bool) -> None:
        from av import AudioResampler

        layout = "mono" if is_mixed_here else self._layout
        self._resampler = AudioResampler(format="fltp", layout=layout, rate=self._rate_hz)
        if is_mixed_here:
            self._is_mixed_here, self._gain = True, np.float32(1)

    @property
    def is_full(self) -> bool:
        return self._waiting.samples >= CHUNK_SAMPLES

    def push(self, frame: AudioFrame) -> None:
        """Add a frame. Called thousands of times per track.

        Raises
        ------
        TrackError
            ``damaged-audio``.
        """
        try:
            self._waiting.write(frame)
        except _mixing_errors() as error:
            raise _unmixable(frame) from error

    def flush(self) -> Iterator[Float32Array]:
        """Yield the added frames, resampled. The resampler keeps back the last few samples.

        Raises
        ------
        TrackError
            ``damaged-audio``.
        """
        frame = self._waiting.read()
        if frame is None:
            return
        try:
            yield from self._samples(frame)
        except TrackError:
            if self._is_mixed_here:
                raise
            self._start(is_mixed_here=True)
            yield from self._samples(frame)

    def finish(self) -> Iterator[Float32Array]:
        """Yield all remaining samples."""
        yield from self.flush()
        yield from self._samples(None)

    def _samples(self, frame: AudioFrame | None) -> Iterator[Float32Array]:
        try:
            mixed = _mono_frame(frame, self._channel) if frame is not None and self._is_mixed_here else frame
            resampled = self._resampler.resample(mixed)
        except _mixing_errors() as error:
            raise _unmixable(frame) from error
        for resampled_frame in resampled:
            samples = (resampled_frame.to_ndarray() * self._gain).astype(np.float32, copy=False)
            yield np.broadcast_to(samples, (CHANNELS[self._layout], samples.shape[1]))  # one channel if mixed here


def _mixing_errors() -> tuple[type[Exception], ...]:
    import av

    return av.FFmpegError, ValueError, OverflowError


def _unmixable(frame: AudioFrame | None) -> TrackError:
    form = f"{frame.layout.nb_channels} channels, {frame.sample_rate:,} Hz" if frame else "at its end"
    return TrackError(
        "damaged-audio",
        f"Its audio cannot be mixed to one channel ({form}).",
        hint="It may be damaged: copy or download it again. Otherwise convert it to two channels.",
    )


def _mono_frame(frame: AudioFrame, channel: int | None) -> AudioFrame:
    """Return the mean of a frame's channels, or only ``channel``, as a mono frame."""
    from av import AudioFrame

    samples = frame.to_ndarray()
    if not frame.format.is_planar:
        samples = samples.reshape(-1, frame.layout.nb_channels).T
    with np.errstate(over="ignore", invalid="ignore"):  # callers check that the result is finite
        mixed = samples.mean(axis=0, dtype=np.float64) if channel is None else samples[channel].astype(np.float64)
        if samples.dtype.kind == "u":  # 8 bits: silence is 128
            mixed = (mixed - 128) / 128
        elif samples.dtype.kind == "i":
            mixed = mixed / 2.0 ** (8 * samples.itemsize - 1)
        mono = AudioFrame.from_ndarray(mixed.astype(np.float32)[np.newaxis], format="fltp", layout="mono")
    mono.sample_rate = frame.sample_rate
    return mono


def require_rate(rate_hz: int) -> None:
    """Raise for a sample rate that no audio has.

    Raises
    ------
    TrackError
        ``damaged-audio``.
    """
    if not RATES_HZ[0] <= rate_hz <= RATES_HZ[1]:
        raise TrackError(
            "damaged-audio",
            f"The file is damaged: it states a sample rate of {rate_hz:,} Hz.",
            hint="Copy or download it again.",
        )
