"""``python -m benchmarks.bounds``: the cost of a build against its bounds. See ``benchmarks/README.md``."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from benchmarks.bounds import listening, placed, quick, starting
from benchmarks.bounds.measuring import Figure

GROUPS: Final[dict[str, Callable[[Path], Iterator[Figure]]]] = {
    "help": starting.help_figures,
    "analyzed": lambda folder: starting.analyzed_figures(folder, (5_000, 50_000)),
    "placed": lambda folder: placed.figures(folder, (100_000, 1_000_000)),
    "listening": listening.figures,
}


def main() -> int:
    arguments = _arguments()
    with tempfile.TemporaryDirectory(dir=arguments.work) as folder:
        if arguments.store:
            quick.store(Path(folder))
            return 0
        groups = {"quick": quick.figures} if arguments.quick else {name: GROUPS[name] for name in arguments.only}
        print(f"load before the benchmark: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors", flush=True)
        missed = 0
        for name, figures in groups.items():
            place = Path(folder) / name
            place.mkdir()
            for figure in figures(place):
                missed += not figure.is_within_bound
                print(figure.line, flush=True)
    print("all within their bounds" if not missed else f"{missed} not within their bounds")
    return 1 if missed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bounds", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=sorted(GROUPS), default=list(GROUPS), help="[all]")
    parser.add_argument("--quick", action="store_true", help="compare ratios with the stored ones, in three minutes")
    parser.add_argument("--store", action="store_true", help="measure these ratios and store them")
    parser.add_argument("--work", type=Path, help="folder with 2 GB of space  [the folder for temporary files]")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
