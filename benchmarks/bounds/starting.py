"""The cost of a command with nothing to do, or with one new track."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.bounds.measuring import COMMAND, Figure, ResourceUsage, measure_command, measure_median, python

MUSIC: Final = "music"
OPTIONS: Final = ("--source", f"folder:{MUSIC}", "--embedder", "musicnn", "--cache-dir", "cache", "--out", "site")
NEW_TRACK_S: Final = 60.0
NEW: Final = f"""
import sys
from pathlib import Path
from benchmarks.bounds.analyzed import write_tone
write_tone(Path("{MUSIC}/New/New.wav"), 1_000_000, {NEW_TRACK_S})
"""


def help_figures(folder: Path) -> Iterator[Figure]:
    """Compare ``--help`` with the import of click."""
    plain, ours = measure_median(python("import click"), folder), measure_median((*COMMAND, "--help"), folder)
    yield Figure("--help against `import click`", ours.cpu_s / plain.cpu_s, 2, "times", more=_walls(ours, plain))


def analyzed_figures(folder: Path, counts: tuple[int, ...]) -> Iterator[Figure]:
    """Measure builds of analyzed folders: with nothing to do, and for the first folder with one new track."""
    plain = measure_median(python("import click, orjson"), folder)
    took: dict[int, ResourceUsage] = {}
    for count in counts:
        place = folder / f"analyzed-{count}"
        place.mkdir()
        measure_command((sys.executable, "-m", "benchmarks.bounds.analyzed", place, str(count)), place)
        measure_command((*COMMAND, *OPTIONS), place)
        took[count] = used = measure_median((*COMMAND, *OPTIONS), place, times=3)
        ratio = used.cpu_s / plain.cpu_s
        if count == counts[0]:
            name = f"nothing to do, {count:,} tracks, against `import click, orjson`"
            yield Figure(name, ratio, 4, "times", more=_walls(used, plain))
            yield from _one_new(place, count)
        else:
            yield Figure(
                f"nothing to do, {count:,} tracks", used.wall_s, 3, "s", more=f"{used.cpu_s:.1f} s of processors"
            )
    if len(counts) > 1:
        few, many = counts[0], counts[-1]
        each = (took[many].cpu_s / many) / (took[few].cpu_s / few)
        yield Figure(f"nothing to do, per track: {many:,} against {few:,}", each, 1.2, "times")


def _one_new(place: Path, count: int) -> Iterator[Figure]:
    measure_command(python(NEW), place)
    used = measure_command((*COMMAND, *OPTIONS), place)
    seconds = json.loads((place / "site.report.json").read_text())["seconds"]
    more = ", ".join(f"{stage} {took:.1f}" for stage, took in seconds.items())
    yield Figure(f"one new track in {count:,}, without analysis", used.wall_s - seconds["embed"], 2, "s", more=more)


def _walls(ours: ResourceUsage, plain: ResourceUsage) -> str:
    return f"wall clock {ours.wall_s / plain.wall_s:.2f} times; {ours.cpu_s:.2f} and {plain.cpu_s:.2f} s of CPU time"
