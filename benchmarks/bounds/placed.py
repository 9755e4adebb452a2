"""Tables that provide positions, from the file to the published site."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.bounds.measuring import COMMAND, Figure, measure_command, python

OPTIONS = ("--source", "table:library.csv", "--cache-dir", "cache", "--out", "site")
WRITE = "from pathlib import Path; from benchmarks.viewer.library import write_table as w; w(Path('library.csv'), {})"


def figures(folder: Path, counts: tuple[int, ...]) -> Iterator[Figure]:
    """Measure publishing: 100,000 tracks within 10 s, a million within two minutes and 3 GB."""
    for count in counts:
        place = folder / f"placed-{count}"
        place.mkdir()
        measure_command(python(WRITE.format(count)), place)
        used = measure_command((*COMMAND, *OPTIONS), place)
        name = f"{count:,} tracks with positions, published"
        bound_s = 10.0 if count <= 100_000 else 120.0
        yield Figure(name, used.wall_s, bound_s, "s", more=f"{used.cpu_s:.1f} s of CPU time")
        if count > 100_000:
            yield Figure(f"{name}: memory", used.peak_mib, 3_000, "MiB")
