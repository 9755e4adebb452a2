"""Run the command line on a corpus, as a user would, and read its report."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EXIT_PUBLISHED = frozenset({0, 3})
"""The exit statuses after which there is a site: complete, or with tracks missing."""


class BuildError(Exception):
    """The build ended without a site; its message is already on the terminal."""


@dataclass(frozen=True, slots=True)
class Build:
    """The cost of one build. ``cpu_s`` counts all its processes."""

    wall_s: float
    cpu_s: float
    report: dict[str, Any]


def build(corpus: Path, output: Path, embedder: str) -> Build:
    """Build the map of ``corpus`` into ``output``/site, with the cache and the report beside it.

    Raises
    ------
    BuildError: if no site was published.
    """
    report = output / "report.json"
    command = [sys.executable, "-m", "spotmap_build", "--source", f"folder:{corpus}", "--title", "Free game music"]
    command += ["--out", str(output / "site"), "--cache-dir", str(output / "cache")]
    command += ["--embedder", embedder, "--report", str(report)]
    cpu_before_s, began = _children_cpu_s(), time.monotonic()
    status = subprocess.run(command, check=False).returncode
    wall_s = time.monotonic() - began
    if status not in EXIT_PUBLISHED:
        raise BuildError(f"spotmap-build ended with status {status}")
    return Build(wall_s, _children_cpu_s() - cpu_before_s, json.loads(report.read_text(encoding="utf-8")))


def summary(report: dict[str, Any]) -> list[str]:
    """Summarize the outcome: how many tracks are on the map, and the missing ones by reason."""
    missing = [row for row in report["ledger"] if row["status"] == "failed"]
    lines = [f"{report['mapped']} of {report['tracks']} tracks are on the map"]
    for (stage, code), count in Counter((row["stage"], row["code"]) for row in missing).most_common():
        lines.append(f"  {count} failed to {stage}: {code}")
        lines += [
            f"    {row['title']}: {row['detail']}" for row in missing if (row["stage"], row["code"]) == (stage, code)
        ]
    return lines


def _children_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
