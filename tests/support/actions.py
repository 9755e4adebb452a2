"""Run the steps of ``action.yml`` as GitHub does, with folders in the place of its cache and its pages.

What a step runs is run by bash; of the actions that it uses, those that matter to a map are played here.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from tests.support.command import environment, forked_program
from tests.support.patience import patience

ROOT: Final = Path(__file__).parents[2]
ACTION: Final[dict[str, Any]] = yaml.load((ROOT / "action.yml").read_text(), Loader=yaml.BaseLoader)
BUILD: Final = "Build the map"


@dataclass(frozen=True, slots=True)
class Run:
    """How one run went: the build's status, whether a site was handed over, how the run ended, and what it showed."""

    status: str
    deploy: str
    ends: int
    printed: str
    page: str


@dataclass
class Repository:
    """Somebody's repository on GitHub: what it was pushed to, what its cache holds, and what is published."""

    folder: Path
    inputs: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    """Of the environment: where the services are, in a test."""
    has_interpreter: bool = False
    """Each command is run by an interpreter of its own, and gets signals; else it is forked, which is far cheaper."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held while a run takes or gives what GitHub keeps, which does each at once."""

    @property
    def origin(self) -> Path:
        return self.folder / "origin.git"

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    @property
    def pages(self) -> Path:
        return self.folder / "pages"

    @contextmanager
    def runner(self, name: str = "runner") -> Iterator[Runner]:
        """A machine that GitHub lends for one run."""
        machine = self.folder / name
        shutil.rmtree(machine, ignore_errors=True)
        machine.mkdir()
        yield Runner(self, machine)
        shutil.rmtree(machine)

    def run(self, name: str = "runner") -> Run:
        """Run the action on a new machine."""
        with self.runner(name) as runner:
            return runner.run()


@dataclass
class Runner:
    """One machine, and the outputs of the steps that it ran."""

    repository: Repository
    folder: Path
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    def run(self) -> Run:
        """Run all steps, until one fails; then only those that always run. No step tells the login."""
        printed, failed_with = "", 0
        for step in ACTION["runs"]["steps"]:
            wanted = step.get("if", "success()")
            if wanted == "always()" or (not failed_with and self._holds(wanted)):
                status, reported = self._do(step)
                failed_with, printed = failed_with or status, printed + reported
        page = self.folder / "page.md"
        build = self.outputs.get("build", {})
        shown = page.read_text() if page.exists() else ""
        secret = self.repository.inputs.get("spotify-login")
        assert not secret or secret not in printed + shown
        return Run(build.get("status", ""), build.get("deploy", ""), failed_with, printed, shown)

    def start(self, step: Mapping[str, Any]) -> subprocess.Popen[str]:
        """Start a step that runs a script."""
        assert step["shell"] == "bash"
        command = self.folder / "bin/spotmap-build"
        if not command.exists():
            command.parent.mkdir()
            if self.repository.has_interpreter:
                command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m spotmap_build "$@"\n')
                command.chmod(0o755)
            else:
                command.symlink_to(forked_program())
        given = {name: self._value(text) for name, text in step.get("env", {}).items()}
        own = {
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_REPOSITORY": "",
            "GITHUB_OUTPUT": str(self.folder / f"outputs-{step.get('id', '')}"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "page.md"),
            "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
        }
        return subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
            cwd=self.workspace,
            env=environment({**own, **self.repository.variables, **given}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def use(self, step: Mapping[str, Any]) -> None:
        """Do what another action does for ours."""
        with self.repository.lock:
            self._use(step)

    def _use(self, step: Mapping[str, Any]) -> None:
        action, kept = step["uses"].partition("@")[0], self.repository.cache
        paths = step.get("with", {}).get("path", "").split()
        if action == "actions/checkout":
            clone = ["git", "clone", "--quiet", "--depth=1", f"file://{self.repository.origin}", str(self.workspace)]
            subprocess.run(clone, check=True)
        elif action == "actions/cache/restore" and kept.exists():
            for path in paths:
                if (kept / path).exists():
                    shutil.copytree(kept / path, self.workspace / path)
        elif action == "actions/cache/save":
            shutil.rmtree(kept, ignore_errors=True)
            for path in paths:
                if (self.workspace / path).exists():
                    shutil.copytree(self.workspace / path, kept / path)
        elif action == "actions/upload-pages-artifact":
            shutil.copytree(self.workspace / step["with"]["path"], self.folder / "artifact")
        elif action == "actions/deploy-pages":
            shutil.rmtree(self.repository.pages, ignore_errors=True)
            shutil.copytree(self.folder / "artifact", self.repository.pages)
            self.outputs[step["id"]] = {"page_url": "https://me.github.example/map/"}
        else:
            assert action in {"actions/setup-python", "actions/cache/restore"}, "who plays this one?"

    def _do(self, step: Mapping[str, Any]) -> tuple[int, str]:
        if "uses" in step:
            self.use(step)
            return 0, ""
        if step["name"] == "Install spotmap-build":
            return 0, ""
        with self.start(step) as running:
            reported, _ = running.communicate(timeout=patience(300))
        said = self.folder / f"outputs-{step.get('id', '')}"
        if said.exists():
            self.outputs[step["id"]] = dict(line.split("=") for line in said.read_text().splitlines())
        return running.returncode, reported

    def _holds(self, condition: str) -> bool:
        if condition == "success()":
            return True
        compared = re.fullmatch(r"steps\.(\w+)\.outputs\.(\w+) == '(\w+)'", condition)
        assert compared, f"a condition of another kind: {condition}"
        return self.outputs.get(compared[1], {}).get(compared[2]) == compared[3]

    def _value(self, text: str) -> str:
        """A value with its expressions worked out: inputs, and outputs of steps."""

        def worked_out(found: re.Match[str]) -> str:
            where, _, name = found[1].partition(".")
            if where == "inputs":
                return self.repository.inputs.get(name, ACTION["inputs"][name]["default"])
            if where == "steps":
                step, _, output = name.split(".")
                return self.outputs.get(step, {}).get(output, "")
            assert found[1] == "github.token"
            return ""

        return re.sub(r"\$\{\{ (.+?) \}\}", worked_out, text)
