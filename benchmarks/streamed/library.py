"""A synthetic Spotify library with all kinds of oddities on Deezer, and short sounds in a few styles."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import numpy as np

from tests.fakes.audio_files import write_audio
from tests.fakes.deezer_server import FakeTrack
from tests.fakes.spotify_library import FakeLibrary, FakePlaylist, playlist_row, stamp
from tests.support.streaming import Services, previews_of, services, video_id

if TYPE_CHECKING:
    from spotmap_build.model import Float32Array

RATE_HZ: Final = 16_000
PREVIEW_S: Final = 2.5
WHOLE_S: Final = 4.0
STYLES: Final = 8
PLAYLISTS: Final = 6
FIRST_ID: Final = 1_000_000
"""First Deezer id of recordings that are not in the library."""


@dataclass(frozen=True)
class Oddities:
    """Number of tracks with each oddity. ``empty``: Deezer has the recording, but no preview. ``wrong``: the track's
    ISRC returns another song; for every second one of these, a search finds the right one."""

    no_isrc: int = 0
    empty: int = 0
    wrong: int = 0


@dataclass(frozen=True)
class MadeUp:
    """A library, its recordings on Deezer, and the titles by oddity."""

    library: FakeLibrary
    previews: tuple[FakeTrack, ...]
    no_isrc: frozenset[str]
    without_preview: frozenset[str]

    @property
    def titles(self) -> frozenset[str]:
        """All tracks' titles."""
        return frozenset(row["track"]["name"] for row in self.library.saved)


def make_up(count: int, odd: Oddities) -> MadeUp:
    """Generate a library. The odd tracks are spread over it."""
    library = FakeLibrary.with_numbers(count)
    for number in range(PLAYLISTS):
        rows = [playlist_row(row["track"], stamp(at)) for at, row in enumerate(library.saved[number::PLAYLISTS])]
        library.playlists.append(FakePlaylist(f"Playlist {number}", rows))
    previews = previews_of(library)
    total = odd.no_isrc + odd.empty + odd.wrong
    places = [round(number * (count - 1) / max(total - 1, 1)) for number in range(total)]
    order = np.random.default_rng(7).permutation(places).tolist()
    no_isrc, empty = order[: odd.no_isrc], order[odd.no_isrc : odd.no_isrc + odd.empty]
    wrong = order[odd.no_isrc + odd.empty :]
    for place in no_isrc:
        library.saved[place]["track"]["external_ids"] = {}
    for place in empty:
        previews[place] = replace(previews[place], has_preview=False)
    elsewhere = []
    for number, place in enumerate(wrong):
        right = previews[place]
        previews[place] = replace(right, title="Another Song Altogether", artists=("Nobody Here",), album="Else")
        if number % 2:
            elsewhere.append(replace(right, id=FIRST_ID + place, isrc=f"XXOTH26{place:05}"))
    unheard = [*empty, *wrong[::2]]

    def titles(rows: list[int]) -> frozenset[str]:
        return frozenset(library.saved[row]["track"]["name"] for row in rows)

    return MadeUp(library, (*previews, *elsewhere), titles(no_isrc), titles(unheard))


@contextmanager
def serve(made: MadeUp, folder: Path) -> Iterator[Services]:
    """Serve the library to the real command, which analyzes previews first. Sounds of one style are similar."""
    with (
        tempfile.TemporaryDirectory() as sounds,
        services(made.library, folder, previews=made.previews, audio_mode="auto") as running,
    ):
        numbers = {row["track"]["name"]: number for number, row in enumerate(made.library.saved)}
        for offer in made.previews:
            number = numbers.get(offer.title, offer.id)
            running.deezer.contents[offer.id] = encoded(Path(sounds) / "preview.mp3", sound(number, PREVIEW_S))
        for number, row in enumerate(made.library.saved):
            audio = encoded(Path(sounds) / "whole.m4a", sound(number, WHOLE_S))
            running.audio.contents[video_id(row["track"])] = audio
        yield running


def encoded(path: Path, samples: Float32Array) -> bytes:
    """Encode a sound in the file format of the path's suffix, and return the bytes."""
    return write_audio(path, samples, rate_hz=RATE_HZ).read_bytes()


def sound(number: int, seconds: float) -> Float32Array:
    """Generate a track's sound: its style sets register, tempo, overtones and noise, and its number sets the notes."""
    style = np.random.default_rng(number % STYLES)
    register_hz, beats_a_second = style.uniform(60, 900), style.uniform(1.5, 6)
    overtones, noise, decay = style.uniform(0, 1, 5), style.uniform(0, 0.3), style.uniform(1, 12)
    own = np.random.default_rng(1_000 + number)
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    beat = np.floor(time_s * beats_a_second).astype(int)
    pitches_hz = register_hz * 2 ** (own.integers(0, 12, 128) / 12)
    phase = 2 * np.pi * pitches_hz[beat % 128] * time_s
    tone = np.sin(phase) + sum(gain * np.sin((order + 2) * phase) for order, gain in enumerate(overtones))
    tone *= np.exp(-decay * (time_s * beats_a_second % 1)) / 4
    return cast("Float32Array", (tone + noise * own.uniform(0.8, 1.2) * own.normal(size=len(tone)) / 4).astype("f4"))
