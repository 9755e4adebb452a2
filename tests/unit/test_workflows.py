"""The GitHub workflows, action, issue forms and release script are valid, as checked by the usual linters."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.release_notes import NotReady, notes
from spotmap_build.scaffold import Choices, make_files

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github"
TOOLS = {name: shutil.which(name, path=str(Path(sys.executable).parent)) for name in ("actionlint", "zizmor")}


def load(path: Path) -> Any:
    return yaml.load(path.read_text(), Loader=yaml.BaseLoader)


def check(tool: str, *arguments: str | Path, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    program = TOOLS[tool]
    if program is None:
        pytest.skip(f"{tool} has no wheel for this machine")
    return subprocess.run([program, *arguments], cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def init_folder(tmp_path: Path) -> Path:
    """Return a folder with the workflow that init writes."""
    made = make_files(Choices(("spotify",), "My map", True), "somebody/spotmap-build@" + "0" * 40 + " # v1.0.0")
    (tmp_path / ".github/workflows").mkdir(parents=True)
    (tmp_path / ".github/workflows/map.yml").write_text(made[".github/workflows/map.yml"])
    return tmp_path


def test_actionlint_and_zizmor_find_nothing() -> None:
    done = check("actionlint", "-no-color", *sorted((GITHUB / "workflows").glob("*.yml")))
    assert done.returncode == 0, done.stdout
    done = check("zizmor", "--offline", "--quiet", "--no-progress", str(GITHUB), "action.yml")
    assert done.returncode == 0, done.stdout


def test_actionlint_and_zizmor_find_nothing_in_the_workflow_of_init(init_folder: Path) -> None:
    done = check("actionlint", "-no-color", ".github/workflows/map.yml", folder=init_folder)
    assert done.returncode == 0, done.stdout
    done = check("zizmor", "--offline", "--quiet", "--no-progress", ".github/workflows/map.yml", folder=init_folder)
    assert done.returncode == 0, done.stdout


def test_actionlint_and_zizmor_detect_mistakes(tmp_path: Path) -> None:
    workflow = (GITHUB / "workflows/audit.yml").read_text()
    broken = tmp_path / "broken.yml"
    broken.write_text(workflow.replace("runs-on: ubuntu-latest", "runs-on: ${{ github.no_such_thing }}"))
    assert "no_such_thing" in check("actionlint", "-no-color", broken).stdout
    broken.write_text(
        workflow.replace("persist-credentials: false", "persist-credentials: true")
        + "      - run: echo ${{ github.head_ref }}\n"
    )
    found = check("zizmor", "--offline", "--quiet", "--no-progress", broken)
    assert found.returncode != 0
    assert "template-injection" in found.stdout


FORMS = GITHUB / "ISSUE_TEMPLATE"


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("issue-forms", [path for path in sorted(FORMS.glob("*.yml")) if path.name != "config.yml"]),
        ("issue-config", [FORMS / "config.yml"]),
    ],
)
def test_issue_forms_are_valid(schema: str, files: list[Path]) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.github-{schema}"]
    done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=False)
    assert files
    assert done.returncode == 0, done.stdout
    for path in files:
        assert all((FORMS / name).is_file() for name in re.findall(r"template=([\w.-]+)", path.read_text()))


def test_bug_report_requires_the_output_of_doctor() -> None:
    (doctor,) = (each for each in load(GITHUB / "ISSUE_TEMPLATE/bug.yml")["body"] if each.get("id") == "doctor")
    assert doctor["validations"]["required"] == "true"


def test_hooks_and_dev_container_call_existing_programs() -> None:
    hooks = load(ROOT / ".pre-commit-config.yaml")["repos"]
    assert [repo["repo"] for repo in hooks] == ["local"], "versions of tools come from requirements.lock"
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())
    calls = [hook["entry"] for hook in hooks[0]["hooks"]] + [container["postCreateCommand"]]
    made = [name for call in calls if call.startswith("make ") for name in call.split()[1:]]
    assert made
    assert set(made) <= targets
    programs = [Path(call.split()[0]).name for call in calls if call.startswith(".venv/bin/")]
    assert [name for name in programs if not Path(sys.executable).with_name(name).exists()] == []


PROJECT = '[project]\nversion = "1.2.0"\n'
CHANGELOG = (
    "# Changelog\n\n## Unreleased\n\n## 1.2.0 - 2026-12-01\n\n### Added\n\n- A map.\n"
    "\n## 1.1.0 - 2026-11-01\n\n- Old.\n"
)


def test_release_notes_are_the_section_of_the_changelog() -> None:
    assert notes("v1.2.0", PROJECT, CHANGELOG) == "### Added\n\n- A map.\n"


@pytest.mark.parametrize(
    ("tag", "changelog", "message"),
    [
        ("v1.2.1", CHANGELOG, "it would have to be v1.2.0"),
        ("1.2.0", CHANGELOG, "it would have to be v1.2.0"),
        ("v1.2.0", "## Unreleased\n\n- A map.\n", "no section of 1.2.0"),
        ("v1.2.0", CHANGELOG.replace("### Added\n\n- A map.\n", ""), "no section of 1.2.0, an empty one"),
        ("v1.2.0", CHANGELOG.replace("## 1.1.0", "## 1.2.0"), "or two"),
        ("v1.2.0", CHANGELOG.replace(" - 2026-12-01", ""), "has no date"),
    ],
)
def test_release_that_is_not_ready_is_refused(tag: str, changelog: str, message: str) -> None:
    with pytest.raises(NotReady, match=message):
        notes(tag, PROJECT, changelog)


def test_only_checked_packages_are_published() -> None:
    jobs = load(GITHUB / "workflows/release.yml")["jobs"]
    assert jobs["pypi"]["needs"] == "build"
    assert jobs["github"]["needs"] == "pypi"
    runs = [step.get("run", "") for step in jobs["build"]["steps"]]
    assert any("release_notes.py" in run for run in runs)
    assert "make package" in runs
    # Jobs with permission to publish run no code of the repository.
    for name in ("pypi", "github"):
        assert not any("checkout" in step.get("uses", "") for step in jobs[name]["steps"])
