"""Run the real command as its user would, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.patience import patience


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run of the command ended, and what it told."""

    status: int
    stdout: str
    stderr: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """The lines of ``--log json``."""
        return [json.loads(line) for line in self.stderr.splitlines() if line.startswith("{")]

    @property
    def listened_to(self) -> int:
        """How many recordings the embed stage set out to listen to."""
        totals = [event["total"] for event in self.events if event["event"] == "begin" and event["stage"] == "embed"]
        return sum(total or 0 for total in totals)


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a test's command: no settings of the person who runs the tests, and one worker.

    A second worker costs three seconds of processor before it hears anything, and tests run side by side anyway; a test
    that is about several workers says how many.
    """
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SPOTMAP_")}
    clean.pop("SOURCE_DATE_EPOCH", None)
    return {**clean, "SPOTMAP_JOBS": "1", **(extra or {})}


def spotmap(*arguments: object, cwd: Path, extra: Mapping[str, str] | None = None, timeout_s: float = 300) -> Outcome:
    """Run ``spotmap-build`` with the given arguments."""
    done = subprocess.run(
        [sys.executable, "-m", "spotmap_build", *map(str, arguments)],
        cwd=cwd,
        env=environment(extra),
        capture_output=True,
        text=True,
        timeout=patience(timeout_s),
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def build(source: object, cwd: Path, *more: object, extra: Mapping[str, str] | None = None) -> Outcome:
    """Build a map of a source with musicnn, whose weights are in the package; outputs go to ``cwd / site``."""
    return spotmap("--source", source, "--embedder", "musicnn", "--log", "json", *more, cwd=cwd, extra=extra)


def report(cwd: Path) -> dict[str, Any]:
    """The report of the last build in ``cwd``."""
    document: dict[str, Any] = json.loads((cwd / "site.report.json").read_text())
    return document


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
