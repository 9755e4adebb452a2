"""How busy the machine is, as the thread that asks has felt it: for how long it ran, and waited for a processor."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

SCHEDSTAT: Final = Path("/proc/thread-self/schedstat")
"""Linux only; where there is none, no machine counts as busy."""
LEAST_S: Final = 0.1
"""Less than that says nothing: one turn of another process is some milliseconds."""


@dataclass(frozen=True, slots=True)
class Turns:
    """Seconds of a thread since it began."""

    ran_s: float = 0.0
    waited_s: float = 0.0

    def slowdown(self, since: Turns | None = None) -> float:
        """Tell how many times as long as on an idle machine its work took, from the beginning or another moment on.

        Examples
        --------
        >>> Turns(4.0, 6.0).slowdown(since=Turns(1.0, 0.0))
        3.0
        """
        before = since or Turns()
        ran_s, waited_s = self.ran_s - before.ran_s, self.waited_s - before.waited_s
        return 1.0 if ran_s < LEAST_S else (ran_s + waited_s) / ran_s


def read_turns(path: Path = SCHEDSTAT) -> Turns:
    """Return what the system says of the calling thread; nothing where it says nothing."""
    try:
        ran_ns, waited_ns = map(int, path.read_text().split()[:2])
    except (OSError, ValueError):
        return Turns()
    return Turns(ran_ns / 1e9, waited_ns / 1e9)
