"""Install packages that extend spotmap-build into a folder on the import path."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples/spotmap-example"


def install(project: Path, target: Path) -> Path:
    """Install a project into a folder without network access; its dependencies are in the tests' environment."""
    command = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--target"]
    subprocess.run([sys.executable, *command, str(target), str(project)], check=True, capture_output=True)
    return target


def lay_out(folder: Path, package: str, entry_points: dict[str, str], code: str = "") -> Path:
    """Write the files of an installed package.

    ``entry_points`` maps ``group:name`` to object references; ``code`` is the content of the module.
    """
    module = package.replace("-", "_")
    dist_info = folder / f"{module}-1.0.dist-info"
    dist_info.mkdir(parents=True)
    (dist_info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    lines = []
    for group_and_name, reference in entry_points.items():
        group, name = group_and_name.split(":")
        lines.append(f"[spotmap_build.{group}]\n{name} = {reference}\n")
    (dist_info / "entry_points.txt").write_text("".join(lines))
    if code:
        (folder / f"{module}.py").write_text(dedent(code))
    return folder
