"""Packages that add something to spotmap-build, as an installer leaves them in a folder that Python looks through."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples/spotmap-example"


def install(project: Path, target: Path) -> Path:
    """Install a project into a folder, without a network: what it needs is in the environment of the tests."""
    command = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target"]
    subprocess.run([sys.executable, *command, str(target), str(project)], check=True, capture_output=True)
    return target


def lay_out(folder: Path, package: str, announces: dict[str, str], code: str = "") -> Path:
    """Write an installed package by hand. ``announces``: from ``group:name`` to what it names; ``code``: its module."""
    module = package.replace("-", "_")
    said = folder / f"{module}-1.0.dist-info"
    said.mkdir(parents=True)
    (said / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    lines = []
    for place, reference in announces.items():
        group, name = place.split(":")
        lines.append(f"[spotmap_build.{group}]\n{name} = {reference}\n")
    (said / "entry_points.txt").write_text("".join(lines))
    if code:
        (folder / f"{module}.py").write_text(dedent(code))
    return folder
