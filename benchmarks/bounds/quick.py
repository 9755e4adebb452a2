"""Ratios that do not depend on the machine's speed, compared with stored ones: what became slower or larger?"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.bounds import placed, starting
from benchmarks.bounds.measuring import COMMAND, Figure, measure_command, measure_median, python

STORED: Final = Path(__file__).with_name("stored.json")
TOLERANCE: Final = 1.25
ANALYZED, PLACED = 1_000, 20_000
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
    unit_s = measure_median(python("import click, orjson"), folder, times=15).cpu_s
    yield "--help", measure_median((*COMMAND, "--help"), folder, times=9).cpu_s / unit_s
    place = folder / "analyzed"
    place.mkdir()
    measure_command((sys.executable, "-m", "benchmarks.bounds.analyzed", place, str(ANALYZED)), place)
    yield f"a map of {ANALYZED:,} analyzed tracks", measure_command((*COMMAND, *starting.OPTIONS), place).cpu_s / unit_s
    yield (
        f"nothing to do, {ANALYZED:,} analyzed tracks",
        measure_median((*COMMAND, *starting.OPTIONS), place).cpu_s / unit_s,
    )
    place = folder / "placed"
    place.mkdir()
    measure_command(python(placed.WRITE.format(PLACED)), place)
    yield f"{PLACED:,} tracks with positions", measure_command((*COMMAND, *placed.OPTIONS), place).cpu_s / unit_s
    for engine in ("essentia", "onnx"):
        place = folder / engine
        place.mkdir()
        measure_command((sys.executable, "-m", "benchmarks.bounds.listening", "file", place), place)
        used = measure_command((sys.executable, "-c", ANALYZE, engine, place), place)
        yield f"analyzing four minutes with musicnn on {engine}", used.cpu_s / unit_s
        yield f"MiB of a worker with musicnn on {engine}", used.peak_mib
