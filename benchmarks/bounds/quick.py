"""Ratios that do not depend on the machine's speed, compared with stored ones: what became slower or larger?"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.bounds import placed, starting
from benchmarks.bounds.measuring import COMMAND, Figure, measure_command, python

STORED: Final = Path(__file__).with_name("stored.json")
TOLERANCE: Final = 1.25
ANALYZED, PLACED = 1_000, 20_000
RUNS: Final = 5
"""Number of runs of the slower commands."""
UNIT_RUNS: Final = 5
ANALYZE: Final = """
import sys
from pathlib import Path
from benchmarks.bounds.listening import analyze_once
analyze_once(sys.argv[1], Path(sys.argv[2]))
"""


def figures(folder: Path) -> Iterator[Figure]:
    """Measure every ratio. Its bound is a quarter above the stored ratio; a new ratio has no bound."""
    stored = json.loads(STORED.read_text()) if STORED.exists() else {}
    for name, value in ratios(folder):
        last = stored.get(name, float("inf"))
        yield Figure(name, value, round(last * TOLERANCE, 2), more=f"stored: {last}")


def store(folder: Path) -> None:
    """Measure the ratios, and store them for the next comparison."""
    found = {name: round(value, 2) for name, value in ratios(folder)}
    STORED.write_text(json.dumps(found, indent=2) + "\n")
    print(STORED.read_text(), end="")


def ratios(folder: Path) -> Iterator[tuple[str, float]]:
    """Measure processor seconds relative to a Python process that imports click and orjson, and MiB of the workers."""
    yield "--help", _ratio((*COMMAND, "--help"), [folder] * 9)
    place = folder / "analyzed"
    place.mkdir()
    measure_command((sys.executable, "-m", "benchmarks.bounds.analyzed", place, str(ANALYZED)), place)
    copies, build = _copies(place), (*COMMAND, *starting.OPTIONS)
    yield f"a map of {ANALYZED:,} analyzed tracks", _ratio(build, copies)
    measure_command(build, place)  # from the second build with nothing to do, less is read
    yield f"nothing to do, {ANALYZED:,} analyzed tracks", _ratio(build, [place] * 9)
    place = folder / "placed"
    place.mkdir()
    measure_command(python(placed.WRITE.format(PLACED)), place)
    yield f"{PLACED:,} tracks with positions", _ratio((*COMMAND, *placed.OPTIONS), _copies(place))
    for engine in ("essentia", "onnx"):
        place = folder / engine
        place.mkdir()
        measure_command((sys.executable, "-m", "benchmarks.bounds.listening", "file", place), place)
        analyze = (sys.executable, "-c", ANALYZE, engine, place)
        yield f"analyzing four minutes with musicnn on {engine}", _ratio(analyze, [place] * RUNS)
        yield f"MiB of a worker with musicnn on {engine}", measure_command(analyze, place).peak_mib


def _ratio(command: Sequence[str | Path], folders: Sequence[Path]) -> float:
    """Return the processor time of a command, run once in each folder, relative to the import: the median of the runs.

    The import is measured right before each run, because the speed of a shared machine changes by the minute.
    """
    found = []
    for folder in folders:
        unit_s = min(measure_command(python("import click, orjson"), folder).cpu_s for _ in range(UNIT_RUNS))
        found.append(measure_command(command, folder).cpu_s / unit_s)
    return median(found)


def _copies(place: Path) -> list[Path]:
    """Return folders in which nothing was built yet: the given one, and copies of it."""
    copies = [place.with_name(f"{place.name}-{number}") for number in range(1, RUNS)]
    for copy in copies:
        shutil.copytree(place, copy)
    return [place, *copies]
