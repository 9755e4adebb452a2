"""Ratios that do not ask how fast a machine is, beside those that were stored: what has become slower or larger?"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.bounds import placed, starting
from benchmarks.bounds.measuring import COMMAND, Figure, often, python, use

STORED: Final = Path(__file__).with_name("stored.json")
TOLERANCE: Final = 1.25
HEARD, PLACED = 1_000, 20_000
LISTEN: Final = """
import sys
from pathlib import Path
from benchmarks.bounds.listening import listen_once
listen_once(sys.argv[1], Path(sys.argv[2]))
"""


def figures(folder: Path) -> Iterator[Figure]:
    """Every ratio, with a quarter more than the stored one as its bound; without one, none."""
    stored = json.loads(STORED.read_text()) if STORED.exists() else {}
    for name, value in ratios(folder):
        last = stored.get(name, float("inf"))
        yield Figure(name, value, round(last * TOLERANCE, 2), more=f"stored: {last}")


def store(folder: Path) -> None:
    """Measure them, and keep them for the next time."""
    found = {name: round(value, 2) for name, value in ratios(folder)}
    STORED.write_text(json.dumps(found, indent=2) + "\n")
    print(STORED.read_text(), end="")


def ratios(folder: Path) -> Iterator[tuple[str, float]]:
    """Processor seconds, in those of a Python that imports click and orjson; MiB of the workers."""
    unit_s = often(python("import click, orjson"), folder, times=15).cpu_s
    yield "--help", often((*COMMAND, "--help"), folder, times=9).cpu_s / unit_s
    place = folder / "heard"
    place.mkdir()
    use((sys.executable, "-m", "benchmarks.bounds.heard", place, str(HEARD)), place)
    yield f"a map of {HEARD:,} heard tracks", use((*COMMAND, *starting.OPTIONS), place).cpu_s / unit_s
    yield f"nothing to do, {HEARD:,} heard tracks", often((*COMMAND, *starting.OPTIONS), place).cpu_s / unit_s
    place = folder / "placed"
    place.mkdir()
    use(python(placed.WRITE.format(PLACED)), place)
    yield f"{PLACED:,} tracks with places", use((*COMMAND, *placed.OPTIONS), place).cpu_s / unit_s
    for engine in ("essentia", "onnx"):
        place = folder / engine
        place.mkdir()
        use((sys.executable, "-m", "benchmarks.bounds.listening", "file", place), place)
        used = use((sys.executable, "-c", LISTEN, engine, place), place)
        yield f"listening to four minutes with musicnn on {engine}", used.cpu_s / unit_s
        yield f"MiB of a worker with musicnn on {engine}", used.peak_mib
