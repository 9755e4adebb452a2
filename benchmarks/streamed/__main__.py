"""``python -m benchmarks.streamed``: builds of a synthetic Spotify library against services on 127.0.0.1."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.streamed.covers import prove_covers
from benchmarks.streamed.library import Oddities
from benchmarks.streamed.limits import measure_limits, measure_many
from benchmarks.streamed.proof import prove


def main() -> int:
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.what == "proof":
            count = arguments.tracks
            odd = Oddities(no_isrc=count * 12 // 100, empty=count * 4 // 100, wrong=count * 2 // 100)
            return prove(count, odd, Path(folder))
        if arguments.what == "covers":
            return prove_covers(arguments.tracks, Path(folder))
        if arguments.what == "limits":
            return measure_limits(arguments.tracks, arguments.seconds, arguments.others, Path(folder))
        return measure_many(arguments.tracks, arguments.seconds[0], arguments.builds, Path(folder))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.streamed", description=__doc__)
    parser.add_argument("what", choices=["proof", "covers", "limits", "many"])
    parser.add_argument("--tracks", type=int, default=500, metavar="N", help="[%(default)s]")
    parser.add_argument("--seconds", type=float, nargs="+", default=[30, 60, 120], help="time limits  [30 60 120]")
    parser.add_argument("--builds", type=int, default=10, metavar="N", help="approximate, for *many*  [%(default)s]")
    parser.add_argument("--others", type=int, default=0, metavar="N", help="processes that add load in *limits*")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
