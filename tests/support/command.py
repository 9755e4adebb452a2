"""Run the real command as its user would, in a process of its own."""

from __future__ import annotations

import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from multiprocessing import forkserver
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.support.patience import patience

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext

PRELOADED: Final = "tests.support.preloaded"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run of the command ended, and what it said."""

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
    """Run ``spotmap-build`` with the given arguments, in a process that has loaded its packages already.

    Loading them takes two to four seconds of processor, more than most commands of a test: so each process is forked
    from one that has done nothing else. What depends on the start of an interpreter, as the order of sets does, is for
    :func:`run_in_new_interpreter`.
    """
    with tempfile.TemporaryDirectory() as said:
        stdout, stderr = Path(said, "stdout"), Path(said, "stderr")
        call = ([*map(str, arguments)], str(cwd), environment(extra), stdout, stderr)
        process = _context().Process(target=_run_command, args=call)
        process.start()
        process.join(patience(timeout_s))
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(["spotmap-build", *call[0]], timeout_s, stdout.read_bytes())
        assert process.exitcode is not None
        return Outcome(process.exitcode, _text(stdout), _text(stderr))


def run_in_new_interpreter(
    *arguments: object,
    cwd: Path,
    extra: Mapping[str, str] | None = None,
    timeout_s: float = 300,
    module: str = "spotmap_build",
) -> Outcome:
    """Run ``spotmap-build``, or another ``module`` made of it, as a shell does: by an interpreter of its own."""
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=cwd,
        env=environment(extra),
        capture_output=True,
        text=True,
        timeout=patience(timeout_s),
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([PRELOADED])
    return context


def _run_command(arguments: list[str], cwd: str, variables: dict[str, str], stdout: Path, stderr: Path) -> None:
    """The forked process: become the command."""
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(variables)
    for descriptor, path in ((0, Path(os.devnull)), (1, stdout), (2, stderr)):
        opened = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, descriptor)
        os.close(opened)
    tempfile.tempdir = None  # read from the variables again
    sys.argv = ["spotmap-build", *arguments]
    _fork_workers()

    from spotmap_build.cli import run

    run()


def _fork_workers() -> None:
    """Have the workers of this process forked from where it comes from itself, instead of loading everything again.

    They take a second of processor less each. How workers start elsewhere is for tests that start processes themselves.
    """
    # Children of a fork server are meant to use it as well; until now Python starts another one for them.
    forkserver._forkserver.ensure_running = forkserver.ensure_running = lambda: None  # type: ignore[method-assign]
    server = _context()
    multiprocessing.get_context = lambda method=None: server  # type: ignore[assignment]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def build(source: object, cwd: Path, *more: object, extra: Mapping[str, str] | None = None) -> Outcome:
    """Build a map of a source with musicnn, whose weights are in the package; outputs go to ``cwd / site``."""
    return spotmap("--source", source, "--embedder", "musicnn", "--log", "json", *more, cwd=cwd, extra=extra)


def report(cwd: Path) -> dict[str, Any]:
    """The report of the last build in ``cwd``."""
    document: dict[str, Any] = json.loads((cwd / "site.report.json").read_text())
    _report_schema().validate(document)
    return document


@cache
def _report_schema() -> Any:
    """What docs/reference says a report has in it: each report that a test reads is held against that."""
    from jsonschema import Draft202012Validator

    schema = Path(__file__).parents[2] / "docs/reference/report.schema.json"
    return Draft202012Validator(json.loads(schema.read_text()))


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
