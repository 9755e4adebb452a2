"""Run the steps of ``action.yml`` as GitHub does; folders stand for GitHub's cache and pages.

Scripts of steps are run by bash. The other actions that steps use are simulated.
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
    """A workflow run: the outputs ``status`` and ``deploy`` of its build, its exit status, output and summary page."""

    status: str
    deploy: str
    exit_status: int
    output: str
    summary: str


@dataclass
class Repository:
    """A repository on GitHub: the branches pushed to it, its cache, and its published pages."""

    folder: Path
    inputs: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables of all steps, such as the URLs of fake services."""
    has_interpreter: bool = False
    """Run each command in a new interpreter, which receives signals; otherwise it is forked, which is much faster."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Makes each access to the cache and pages atomic, as on GitHub."""

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
        """A new machine, deleted after the run."""
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
    """A machine, and the outputs of the steps that it has run."""

    repository: Repository
    folder: Path
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def workspace(self) -> Path:
        return self.folder / "workspace"

    def run(self) -> Run:
        """Run all steps until one fails, then only those with ``always()``; check that no output has the login."""
        output, exit_status = "", 0
        for step in ACTION["runs"]["steps"]:
            condition = step.get("if", "success()")
            if condition == "always()" or (not exit_status and self._is_true(condition)):
                status, output_of_step = self._run_step(step)
                exit_status, output = exit_status or status, output + output_of_step
        page = self.folder / "page.md"
        build = self.outputs.get("build", {})
        summary = page.read_text() if page.exists() else ""
        secret = self.repository.inputs.get("spotify-login")
        assert not secret or secret not in output + summary
        return Run(build.get("status", ""), build.get("deploy", ""), exit_status, output, summary)

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
        variables = {name: self._expanded(text) for name, text in step.get("env", {}).items()}
        defaults = {
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
            env=environment({**defaults, **self.repository.variables, **variables}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def use(self, step: Mapping[str, Any]) -> None:
        """Simulate the action that a step uses."""
        with self.repository.lock:
            self._use(step)

    def _use(self, step: Mapping[str, Any]) -> None:
        action, cache = step["uses"].partition("@")[0], self.repository.cache
        paths = step.get("with", {}).get("path", "").split()
        if action == "actions/checkout":
            clone = ["git", "clone", "--quiet", "--depth=1", f"file://{self.repository.origin}", str(self.workspace)]
            subprocess.run(clone, check=True)
        elif action == "actions/cache/restore" and cache.exists():
            for path in paths:
                if (cache / path).exists():
                    shutil.copytree(cache / path, self.workspace / path)
        elif action == "actions/cache/save":
            shutil.rmtree(cache, ignore_errors=True)
            for path in paths:
                if (self.workspace / path).exists():
                    shutil.copytree(self.workspace / path, cache / path)
        elif action == "actions/upload-pages-artifact":
            shutil.copytree(self.workspace / step["with"]["path"], self.folder / "artifact")
        elif action == "actions/deploy-pages":
            shutil.rmtree(self.repository.pages, ignore_errors=True)
            shutil.copytree(self.folder / "artifact", self.repository.pages)
            self.outputs[step["id"]] = {"page_url": "https://me.github.example/map/"}
        else:
            assert action in {"actions/setup-python", "actions/cache/restore"}, f"no simulation of {action}"

    def _run_step(self, step: Mapping[str, Any]) -> tuple[int, str]:
        if "uses" in step:
            self.use(step)
            return 0, ""
        if step["name"] == "Install spotmap-build":
            return 0, ""
        with self.start(step) as running:
            output, _ = running.communicate(timeout=patience(300))
        outputs = self.folder / f"outputs-{step.get('id', '')}"
        if outputs.exists():
            self.outputs[step["id"]] = dict(line.split("=") for line in outputs.read_text().splitlines())
        return running.returncode, output

    def _is_true(self, condition: str) -> bool:
        if condition == "success()":
            return True
        comparison = re.fullmatch(r"steps\.(\w+)\.outputs\.(\w+) == '(\w+)'", condition)
        assert comparison, f"unsupported condition: {condition}"
        return self.outputs.get(comparison[1], {}).get(comparison[2]) == comparison[3]

    def _expanded(self, text: str) -> str:
        """Return a value in which expressions are replaced: inputs, and outputs of steps."""

        def replacement(expression: re.Match[str]) -> str:
            context, _, name = expression[1].partition(".")
            if context == "inputs":
                return self.repository.inputs.get(name, ACTION["inputs"][name]["default"])
            if context == "steps":
                step, _, output = name.split(".")
                return self.outputs.get(step, {}).get(output, "")
            assert expression[1] == "github.token"
            return ""

        return re.sub(r"\$\{\{ (.+?) \}\}", replacement, text)
