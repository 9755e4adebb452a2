"""``python -m benchmarks.real_music``: corpus, build, screenshots. See ``benchmarks/README.md``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from benchmarks.pictures import PageError, photograph
from benchmarks.real_music.build import Build, BuildError, build, summary
from benchmarks.real_music.corpus import PACKAGES, Collected, CorpusError, collect


def main() -> int:
    arguments = _arguments()
    work: Path = arguments.work
    corpus: Path = arguments.corpus or work / "corpus"
    try:
        for collected in collect(PACKAGES, arguments.debs or work / "debs", corpus):
            print(_describe(collected), flush=True)
        if arguments.corpus_only:
            return 0
        output = work / arguments.embedder
        cold = build(corpus, output, arguments.embedder)
        warm = build(corpus, output, arguments.embedder)
        print(
            "\n".join([*summary(cold.report), _cost("first build", cold), _cost("nothing changed", warm)]), flush=True
        )
        for picture in photograph(output / "site", output / "pictures", "real-music"):
            print(picture)
    except (CorpusError, BuildError, PageError) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.real_music", description=__doc__)
    parser.add_argument(
        "--work",
        type=Path,
        default=Path("build/real-music"),
        metavar="DIR",
        help="folder for all files  [%(default)s]",
    )
    parser.add_argument("--debs", type=Path, metavar="DIR", help="downloaded packages; missing ones are added")
    parser.add_argument("--corpus", type=Path, metavar="DIR", help="folder of the tracks, existing or new")
    parser.add_argument("--corpus-only", action="store_true", help="collect the tracks and stop")
    parser.add_argument("--embedder", default="musicnn", choices=["musicnn", "discogs-effnet"])
    return parser.parse_args()


def _describe(collected: Collected) -> str:
    line = f"{collected.game}: {collected.tracks} tracks, {collected.duration_s / 60:.0f} min"
    if collected.too_short:
        line += f"; {len(collected.too_short)} too short to be music were left out"
    if collected.unreadable:
        line += f"; header not readable, kept: {', '.join(collected.unreadable)}"
    return line


def _cost(name: str, built: Build) -> str:
    return f"{name}: {built.wall_s:.1f} s, {built.cpu_s:.1f} CPU s"


if __name__ == "__main__":
    sys.exit(main())
