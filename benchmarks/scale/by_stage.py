"""Run the command, and write the processor seconds and peak memory of each stage to a file beside the site."""

from __future__ import annotations

import json
import resource
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spotmap_build import cli
from spotmap_build.run import Clock

STAGES = Path("stages.json")
"""Processor seconds of this process (vectors from a table need no workers), and peak MiB at the stage's end."""


def main() -> None:
    cpu_s: defaultdict[str, float] = defaultdict(float)
    peak_mib: dict[str, float] = {}
    timed = Clock.stage

    @contextmanager
    def stage(self: Clock, name: str) -> Iterator[None]:
        began_s = time.process_time()
        with timed(self, name):
            yield
        cpu_s[name] += time.process_time() - began_s
        peak_mib[name] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    Clock.stage = stage  # type: ignore[method-assign]
    try:
        cli.run()
    finally:
        STAGES.write_text(json.dumps({"cpu_s": cpu_s, "peak_mib": peak_mib}))


if __name__ == "__main__":
    main()
