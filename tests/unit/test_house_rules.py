"""The rules of the house that the import linter cannot hold: one module a foreign engine, and no clutter."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "spotmap_build"

HOME = {
    "av": "embed/decode.py",
    "essentia": "embed/engine.py",
    "numba": "project/kernels.py",
    "pynndescent": "project/neighbours.py",
    "hdbscan": "cluster/density.py",
    "tomlkit": "fetch/recordings/overrides.py",
    "opencc": "fetch/normalise.py",
    "pykakasi": "fetch/recordings/matching/readings.py",
    "mutagen": "fetch/libraries/tags.py",
    "PIL": "fetch/libraries/covers.py",
    "pyarrow": "fetch/libraries/table_files.py",
    "jinja2": "emit/page.py",
    "watchfiles": "emit/preview.py",
    "rich": "progress.py",
    "click": "cli.py",
    "spotipy": "fetch/libraries/spotify/api.py",
    "ytmusicapi": "fetch/recordings/youtube_music.py",
    "yt_dlp": "fetch/recordings/download.py",
}
LONGEST_FILE = 420


def imported(path: Path) -> set[str]:
    """Top-level names of all packages that a file imports, wherever in the file."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize(("engine", "home"), HOME.items())
def test_an_engine_is_imported_in_one_module_only(engine: str, home: str) -> None:
    importers = {path.relative_to(PACKAGE).as_posix() for path in sources() if engine in imported(path)}
    assert importers <= {home}


def test_no_file_is_too_long_to_read_in_one_go() -> None:
    files = [*sources(), *(ROOT / "site_template/viewer").glob("*.js")]
    too_long = {str(path): lines for path in files if (lines := path.read_text().count("\n")) > LONGEST_FILE}
    assert not too_long


def test_nothing_is_caught_without_a_name() -> None:
    bare = [
        f"{path.name}:{node.lineno}"
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler) and node.type is None
    ]
    assert not bare


def test_only_progress_the_command_line_and_the_preview_print() -> None:
    printers = {
        path.relative_to(PACKAGE).as_posix()
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    }
    assert not printers


def test_the_locked_versions_meet_the_floors() -> None:
    locked = dict(
        line.split("==") for line in (ROOT / "requirements.lock").read_text().split() if re.match(r"[\w.-]+==", line)
    )
    names = {name.lower().replace("_", "-") for name in locked}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    required = {re.match(r"[\w.-]+", line).group().lower() for line in project["dependencies"]}  # type: ignore[union-attr]
    assert required <= names


def test_the_architecture_page_knows_every_room() -> None:
    page = (ROOT / "docs/architecture.md").read_text()
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir() and (path / "__init__.py").exists()}
    missing = {room for room in rooms if f"{room}/" not in page}
    assert not missing


def test_the_workflows_are_valid() -> None:
    workflows = sorted((ROOT / ".github/workflows").glob("*.yml"))
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run([*command, *map(str, workflows)], capture_output=True, text=True, check=False)
    assert workflows
    assert done.returncode == 0, done.stdout


def test_conda_takes_its_requirements_from_the_project() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"python {project['requires-python']}" in environment["dependencies"]
    assert environment["dependencies"][-1] == {"pip": ["--editable ."]}
