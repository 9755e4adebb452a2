"""Measure the cost of a command, and compare figures with their bounds."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

ROOT: Final = Path(__file__).parents[2]
COMMAND: Final = (sys.executable, "-m", "spotmap_build")


@dataclass(frozen=True)
class ResourceUsage:
    """Wall-clock seconds, processor seconds, and the peak memory (MiB) of the largest process of a command."""

    wall_s: float
    cpu_s: float
    peak_mib: float


@dataclass(frozen=True)
class Figure:
    """One figure and its bound.

    ``is_minimum``: the bound is a minimum, not a maximum. ``more``: additional measurements.
    """

    name: str
    value: float
    bound: float
    unit: str = ""
    is_minimum: bool = False
    more: str = ""

    @property
    def is_within_bound(self) -> bool:
        """Whether the figure is within its bound."""
        return self.value >= self.bound if self.is_minimum else self.value <= self.bound

    @property
    def line(self) -> str:
        """The figure as a row of the table."""
        sign = ">=" if self.is_minimum else "<="
        verdict = "ok  " if self.is_within_bound else "MISS"
        more = f"  ({self.more})" if self.more else ""
        return f"{verdict} {self.name:<58} {self.value:8.2f} {sign} {self.bound:g} {self.unit}{more}"


def python(program: str) -> tuple[str, ...]:
    """Return the command that runs a Python program given as text."""
    return (sys.executable, "-c", program)


def measure_command(command: Sequence[str | Path], cwd: Path, extra: Mapping[str, str] | None = None) -> ResourceUsage:
    """Run a command and measure it, including all its processes.

    This process must stay small: the measured memory of a command is at least that of the process that starts it.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SPOTMAP_")}
    environment |= {"PYTHONPATH": str(ROOT), "HOME": str(cwd), **(extra or {})}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program has compiled bytecode
    started_s = time.monotonic()
    with (cwd / "output.txt").open("w") as output:
        process = subprocess.Popen(list(map(str, command)), cwd=cwd, env=environment, stdout=output, stderr=output)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{(cwd / 'output.txt').read_text()}")
    in_kib = 1024 if sys.platform != "darwin" else 1024 * 1024
    return ResourceUsage(time.monotonic() - started_s, used.ru_utime + used.ru_stime, used.ru_maxrss / in_kib)


def measure_median(command: Sequence[str | Path], cwd: Path, times: int = 7) -> ResourceUsage:
    """Run a command several times, after one warm-up run, and return the median of each figure."""
    measure_command(command, cwd)
    all_used = [measure_command(command, cwd) for _ in range(times)]
    return ResourceUsage(
        *(median(getattr(used, name) for used in all_used) for name in ("wall_s", "cpu_s", "peak_mib"))
    )
