"""Run a workflow of GitHub's on this machine: the real shell of its steps, in a fresh checkout, in their order.

The actions that this project uses are played with local folders; whatever else a workflow says is refused, so that
nothing passes because it was not understood.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from tests.support.expressions import Scope, Unsupported, fill_in, is_met
from tests.support.patience import patience, slowness

WORKFLOW_KEYS: Final = {"name", "on", "permissions", "concurrency", "env", "jobs"}
JOB_KEYS: Final = {
    *("if", "needs", "runs-on", "timeout-minutes", "permissions", "environment", "outputs", "env", "steps"),
}
STEP_KEYS: Final = {"name", "id", "if", "uses", "with", "env", "run", "timeout-minutes"}
GRACE_S: Final = ((signal.SIGINT, 7.5), (signal.SIGTERM, 2.5), (signal.SIGKILL, 60.0))
"""How a hosted runner ends a step: signal by signal, with so many seconds after each (more on a busy machine)."""
LONGEST_STEP_S: Final = 600


@dataclass(frozen=True, slots=True)
class StepResult:
    """How one step ended: ``success``, ``failure``, ``cancelled`` or ``skipped``; what it printed and set."""

    name: str
    outcome: str
    printed: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobResult:
    """How one job ended, with the page of its summary, and the folder that it worked in."""

    conclusion: str
    steps: tuple[StepResult, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    summary: str = ""
    workspace: Path = Path()

    def step(self, name: str) -> StepResult:
        """The step of that name, or of that action."""
        return next(step for step in self.steps if step.name == name)

    @property
    def printed(self) -> str:
        return "".join(step.printed for step in self.steps)


@dataclass
class Repository:
    """A repository on a pretended GitHub: its files, settings, caches and pages. ``home`` is a folder for all of it."""

    source: Path
    home: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    """What every step finds in its environment: where the fake services are."""
    runs: int = 0

    @property
    def pages(self) -> Path:
        """The published site; absent before the first deployment."""
        return self.home / "pages"

    def run(
        self, workflow: Path, *, event: str = "schedule", cancel_when: Callable[[Path], bool] | None = None
    ) -> dict[str, JobResult]:
        """Run all jobs of a workflow. ``cancel_when`` is asked with the workspace while a step runs; once it says yes,
        the run is cancelled, as by the button on the page."""
        self.runs += 1
        document = yaml.load(workflow.read_text(), Loader=yaml.BaseLoader)
        _refuse_others(document, WORKFLOW_KEYS, "workflow")
        results: dict[str, JobResult] = {}
        for name, job in document["jobs"].items():
            _refuse_others(job, JOB_KEYS, f"job {name}")
            needs = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
            github = {"event_name": event, "run_id": f"{self.runs:04d}", "run_attempt": "1", "token": "a-token"}
            contexts: dict[str, Any] = {
                "github": {**github, "repository": "somebody/their-map"},
                "vars": self.variables,
                "needs": {
                    need: {"result": results[need].conclusion, "outputs": results[need].outputs} for need in needs
                },
            }
            conclusions = [results[need].conclusion for need in needs]
            status = next((worst for worst in ("cancelled", "failure", "skipped") if worst in conclusions), "success")
            if is_met(job.get("if", "success()"), Scope(contexts, status)):
                contexts["secrets"] = self.secrets
                contexts["env"] = {**document.get("env", {}), **job.get("env", {})}
                results[name] = _Job(self, name, job, contexts, cancel_when).run()
            else:
                results[name] = JobResult("skipped")
        return results


def _refuse_others(found: Mapping[str, Any], known: set[str], where: str) -> None:
    others = set(found) - known
    if others:
        raise Unsupported(f"{where}: {', '.join(sorted(others))}")


class _Job:
    def __init__(
        self,
        repository: Repository,
        name: str,
        job: Mapping[str, Any],
        contexts: dict[str, Any],
        cancel_when: Callable[[Path], bool] | None,
    ) -> None:
        self._repository = repository
        self._job = job
        self._cancel_when = cancel_when
        self._folder = repository.home / f"run-{repository.runs}" / name
        self._workspace = self._folder / "workspace"
        self._temp = self._folder / "temp"
        for folder in (self._workspace, self._temp, self._folder / "home"):
            folder.mkdir(parents=True)
        self._status = "success"
        # A step that has not run yet is known, and has no outcome.
        self._steps: dict[str, Any] = {
            step["id"]: {"outputs": {}, "outcome": ""} for step in job["steps"] if "id" in step
        }
        self._contexts = {**contexts, "steps": self._steps, "runner": {"temp": str(self._temp), "os": "Linux"}}
        self._environment = {**self._runners_environment(), **repository.environment, **contexts["env"]}
        self._paths = [os.environ["PATH"]]

    def run(self) -> JobResult:
        results = tuple(self._step(step) for step in self._job["steps"])
        outputs = {name: fill_in(text, self._scope) for name, text in self._job.get("outputs", {}).items()}
        summaries = sorted(self._temp.glob("summary-*"))
        summary = "".join(path.read_text() for path in summaries)
        return JobResult(self._status, results, outputs, summary, self._workspace)

    @property
    def _scope(self) -> Scope:
        return Scope(self._contexts, self._status)

    def _runners_environment(self) -> dict[str, str]:
        """What a step finds. Of this machine: the way to Python's packages, and nothing that is about its user."""
        kept = {name: value for name, value in os.environ.items() if name.startswith("PIP_") or name == "LANG"}
        github = self._contexts["github"]
        return {
            **kept,
            "HOME": str(self._folder / "home"),
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(self._workspace),
            "GITHUB_REPOSITORY": github["repository"],
            "GITHUB_RUN_ID": github["run_id"],
            # Nobody listens there; a test that has a GitHub to talk to gives its address.
            "GITHUB_API_URL": "http://127.0.0.1:9",
            "RUNNER_TEMP": str(self._temp),
        }

    def _step(self, step: Mapping[str, Any]) -> StepResult:
        name = step.get("name") or step.get("uses", step.get("run", "")).partition("@")[0]
        _refuse_others(step, STEP_KEYS, f"step {name}")
        if not is_met(step.get("if", "success()"), self._scope):
            return self._note(step, StepResult(name, "skipped"))
        if "uses" in step:
            return self._note(step, self._act(name, step))
        return self._note(step, self._shell(name, step))

    def _note(self, step: Mapping[str, Any], result: StepResult) -> StepResult:
        if result.outcome in {"failure", "cancelled"} and self._status == "success":
            self._status = result.outcome
        if "id" in step:
            self._steps[step["id"]] = {"outputs": result.outputs, "outcome": result.outcome}
        return result

    def _act(self, name: str, step: Mapping[str, Any]) -> StepResult:
        action = step["uses"].partition("@")[0]
        given = {key: fill_in(value, self._scope) for key, value in step.get("with", {}).items()}
        actions: dict[str, Callable[[Mapping[str, str]], Mapping[str, str]]] = {
            "actions/checkout": self._check_out,
            "actions/setup-python": self._set_up_python,
            "actions/cache/restore": self._restore,
            "actions/cache/save": self._save,
            "actions/upload-pages-artifact": self._hand_over,
            "actions/deploy-pages": self._deploy,
        }
        if action not in actions:
            raise Unsupported(f"the action {action}")
        try:
            return StepResult(name, "success", outputs=actions[action](given))
        except FileNotFoundError as error:
            return StepResult(name, "failure", printed=f"{error}\n")

    def _check_out(self, given: Mapping[str, str]) -> dict[str, str]:
        """The working tree as it is, with what is not committed yet and without what git ignores."""
        listed = ["git", "-C", str(self._repository.source), "ls-files", "-z", "-co", "--exclude-standard"]
        names = subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split("\0")
        for path in (self._repository.source / name for name in names if name):
            if path.is_file():
                target = self._workspace / path.relative_to(self._repository.source)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target)
        return {}

    def _set_up_python(self, given: Mapping[str, str]) -> dict[str, str]:
        """An environment of its own that only borrows the packages of the one that runs the tests: installing into it
        changes nothing elsewhere."""
        folder = self._temp / "python"
        venv.create(folder, with_pip=True)
        borrowed = next(path for path in sys.path if path.endswith("site-packages"))
        (own,) = folder.glob("lib/python*/site-packages")
        own.joinpath("borrowed.pth").write_text(borrowed)
        self._paths.insert(0, str(folder / "bin"))
        return {}

    def _restore(self, given: Mapping[str, str]) -> dict[str, str]:
        """The entry of that key, else the newest of a key that begins so. An entry of other paths is another cache."""
        prefixes = given.get("restore-keys", "").split()
        keys = sorted(path.name for path in self._caches.iterdir() if (path / "paths").read_text() == given["path"])
        begun = [max(found) for prefix in prefixes if (found := [key for key in keys if key.startswith(prefix)])]
        key = given["key"] if given["key"] in keys else next(iter(begun), "")
        if key:
            shutil.copytree(self._caches / key / "files", self._workspace, dirs_exist_ok=True, symlinks=True)
        return {
            "cache-hit": str(key == given["key"]).lower(),
            "cache-matched-key": key,
            "cache-primary-key": given["key"],
        }

    def _save(self, given: Mapping[str, str]) -> dict[str, str]:
        """Keep the paths that are there; with no path, or a key that is taken, GitHub only warns."""
        present = [path for path in given["path"].split() if (self._workspace / path).exists()]
        entry = self._caches / given["key"]
        if present and not entry.exists():
            for path in present:
                shutil.copytree(self._workspace / path, entry / "files" / path, symlinks=True)
            (entry / "paths").write_text(given["path"])
        return {}

    @property
    def _caches(self) -> Path:
        folder = self._repository.home / "caches"
        folder.mkdir(exist_ok=True)
        return folder

    def _hand_over(self, given: Mapping[str, str]) -> dict[str, str]:
        shutil.copytree(self._workspace / given["path"], self._artifact)
        return {}

    def _deploy(self, given: Mapping[str, str]) -> dict[str, str]:
        if self._job.get("permissions") != {"pages": "write", "id-token": "write"}:
            raise Unsupported("deploy-pages needs pages: write and id-token: write, and nothing else")
        shutil.rmtree(self._repository.pages, ignore_errors=True)
        shutil.copytree(self._artifact, self._repository.pages)
        return {"page_url": "https://somebody.github.io/their-map/"}

    @property
    def _artifact(self) -> Path:
        return self._folder.parent / "github-pages"

    def _shell(self, name: str, step: Mapping[str, Any]) -> StepResult:
        number = len(list(self._temp.glob("step-*")))
        script, output = self._temp / f"step-{number:02d}.sh", self._temp / f"output-{number:02d}"
        script.write_text(fill_in(step["run"], self._scope))
        output.touch()
        environment = {
            **self._environment,
            "PATH": os.pathsep.join(self._paths),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(self._temp / f"summary-{number:02d}.md"),
            **{key: fill_in(value, self._scope) for key, value in step.get("env", {}).items()},
        }
        log = self._temp / f"log-{number:02d}"
        with log.open("wb") as printed:
            process = subprocess.Popen(
                ["bash", "-e", str(script)],
                cwd=self._workspace,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            was_cancelled = self._watch(process, float(step.get("timeout-minutes", 60)) * 60)
        outcome = "cancelled" if was_cancelled else "failure" if process.returncode else "success"
        return StepResult(name, outcome, log.read_text(errors="replace"), _outputs(output))

    def _watch(self, process: subprocess.Popen[bytes], timeout_s: float) -> bool:
        """Wait for a step. Returns whether the run was cancelled meanwhile; one that takes too long is a failure."""
        ends = time.monotonic() + min(timeout_s, patience(LONGEST_STEP_S))
        while process.poll() is None:
            # The person cancels once: what is done after that is not cancelled again.
            asks = self._cancel_when if self._status != "cancelled" else None
            is_cancelled = asks is not None and asks(self._workspace)
            if is_cancelled or time.monotonic() > ends:
                self._end(process)
                return is_cancelled
            time.sleep(0.05)
        return False

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        for number, grace_s in GRACE_S:
            if process.poll() is None:
                os.killpg(process.pid, number)
                try:
                    process.wait(grace_s * slowness())
                except subprocess.TimeoutExpired:
                    continue


def _outputs(path: Path) -> dict[str, str]:
    lines = path.read_text().splitlines()
    if any("=" not in line for line in lines):
        raise Unsupported(f"an output of several lines: {lines}")
    return dict(line.split("=", 1) for line in lines)
