"""A recording session: the score, the random generator, and the tape to which sounds are added."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from spotmap_build.demo.harmony import Score, hits
from spotmap_build.demo.synthesis import Signal


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """The state of rendering one style. ``tape`` is float64 ``[2, samples]``, left and right."""

    score: Score
    rng: np.random.Generator
    tape: Signal = field(init=False)

    def __post_init__(self) -> None:
        samples = round(self.score.duration_s * self.score.sample_rate_hz)
        object.__setattr__(self, "tape", np.zeros((2, samples)))

    @property
    def rate_hz(self) -> int:
        return self.score.sample_rate_hz

    def lay(self, sound: Signal, start_s: float, gain: float, pan: float = 0.0) -> None:
        """Add a mono sound to the tape at ``start_s``; ``pan`` goes from -1 (left) to 1 (right) at constant power.

        Sounds are cut off at the end of the tape. A negative start counts as 0.
        """
        start = max(0, round(start_s * self.rate_hz))
        fitting = sound[: max(0, self.tape.shape[1] - start)]
        angle = (pan + 1) * np.pi / 4
        self.tape[0, start : start + fitting.size] += gain * np.cos(angle) * fitting
        self.tape[1, start : start + fitting.size] += gain * np.sin(angle) * fitting

    def lay_rhythm(self, sound: Signal, rhythm: str, start_s: float, gain: float, pan: float = 0.0) -> None:
        """Add the sound at each hit of ``rhythm`` (one bar in sixteenths), with its accent and slight variation."""
        for step, accent in hits(rhythm):
            self.lay(sound, start_s + step * self.score.step_s, gain * accent * self.rng.uniform(0.88, 1.0), pan)

    def choose(self, *options: str) -> str:
        return options[int(self.rng.integers(len(options)))]

    def wander(self, length: int, start: int = 7) -> list[int]:
        """Return a random melody of scale degrees: mostly steps, some leaps, reflected at the ends of the range."""
        lowest, highest = 3, 13
        degrees = [min(start, highest)]
        for move in self.rng.choice([-3, -2, -1, -1, 0, 1, 1, 2, 4], size=length - 1):
            following = degrees[-1] + int(move)
            degrees.append(following if lowest <= following <= highest else degrees[-1] - int(move))
        return degrees
