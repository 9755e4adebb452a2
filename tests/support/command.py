"""Run the real command as its user would, in a separate process."""

from __future__ import annotations

import atexit
import json
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from multiprocessing import forkserver
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TextIO

from tests.support.patience import patience

if TYPE_CHECKING:
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkServerContext, ForkServerProcess

PRELOADED: Final = "tests.support.preloaded"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Exit status and output of a command."""

    status: int
    stdout: str
    stderr: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """The lines of ``--log json``."""
        return [json.loads(line) for line in self.stderr.splitlines() if line.startswith("{")]

    @property
    def analyzed_count(self) -> int:
        """Number of recordings that the embed stage started to analyze."""
        totals = [event["total"] for event in self.events if event["event"] == "begin" and event["stage"] == "embed"]
        return sum(total or 0 for total in totals)


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a test's command: without the settings of the developer, and with one worker.

    A second worker costs three processor seconds before it analyzes anything, and tests run in parallel anyway. A test
    of several workers sets their number.
    """
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SPOTMAP_")}
    clean.pop("SOURCE_DATE_EPOCH", None)
    return {**clean, "SPOTMAP_JOBS": "1", **(extra or {})}


def spotmap(*arguments: object, cwd: Path, extra: Mapping[str, str] | None = None, timeout_s: float = 300) -> Outcome:
    """Run ``spotmap-build`` with the given arguments, in a process that has imported its packages already.

    Importing them takes two to four processor seconds, more than most commands of a test, so each process is forked
    from one that has only imported them. Use :func:`run_in_new_interpreter` for behavior that depends on the start of
    an interpreter, such as the order of sets.
    """
    with tempfile.TemporaryDirectory() as said:
        stdout, stderr = Path(said, "stdout"), Path(said, "stderr")
        call = ([*map(str, arguments)], str(cwd), environment(extra), stdout, stderr)
        process = fork_server().Process(target=_run_command, args=call)
        process.start()
        process.join(patience(timeout_s))
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(["spotmap-build", *call[0]], timeout_s, stdout.read_bytes())
        assert process.exitcode is not None
        return Outcome(process.exitcode, _text(stdout), _text(stderr))


@contextmanager
def started(
    *arguments: object, cwd: Path, extra: Mapping[str, str] | None = None
) -> Iterator[tuple[ForkServerProcess, TextIO]]:
    """Start ``spotmap-build`` in the same way, for tests that send signals; return the process and its stderr."""
    reader, writer = fork_server().Pipe(duplex=False)
    process = fork_server().Process(
        target=_run_piped, args=([*map(str, arguments)], str(cwd), environment(extra), writer)
    )
    process.start()
    writer.close()
    with os.fdopen(os.dup(reader.fileno()), encoding="utf-8") as said:
        reader.close()
        try:
            yield process, said
        finally:
            process.kill()
            process.join()


def run_in_new_interpreter(
    *arguments: object,
    cwd: Path,
    extra: Mapping[str, str] | None = None,
    timeout_s: float = 300,
    module: str = "spotmap_build",
) -> Outcome:
    """Run ``spotmap-build``, or another ``module``, in a new interpreter, like a shell."""
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
def fork_server() -> ForkServerContext:
    """Return the multiprocessing context whose processes are forked from one that has imported the packages."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([PRELOADED])
    return context


def shared_fork_server() -> tuple[str, str]:
    """Start the fork server; return the address and key with which other processes can use it.

    It imports packages for three seconds, so all test processes share one.
    """
    fork_server()
    forkserver.ensure_running()
    made: Any = forkserver._forkserver
    return made._forkserver_address, getattr(made, "_forkserver_authkey", b"").hex()  # a key since Python 3.14


def end_fork_server() -> None:
    """End it, which measures itself where the tests are measured."""
    made: Any = forkserver._forkserver
    made._stop()


def use_fork_server(address: str, key: str) -> None:
    """Use the fork server that another process has started."""
    given: Any = forkserver._forkserver
    given._forkserver_address, given._forkserver_authkey = address, bytes.fromhex(key)
    given._forkserver_alive_fd = os.open(os.devnull, os.O_RDWR)  # it is not for this process to keep it alive
    given.ensure_running = forkserver.ensure_running = lambda: None


def _run_command(arguments: list[str], cwd: str, variables: dict[str, str], stdout: Path, stderr: Path) -> None:
    """Run the command in the forked process."""
    opened = [os.open(path, os.O_RDWR | os.O_CREAT) for path in (Path(os.devnull), stdout, stderr)]
    _become(arguments, cwd, variables, opened)


def _run_piped(arguments: list[str], cwd: str, variables: dict[str, str], stderr: Connection) -> None:
    """Run the command in the forked process of :func:`started`."""
    opened = [*(os.open(os.devnull, os.O_RDWR) for _ in range(2)), os.dup(stderr.fileno())]
    stderr.close()
    _become(arguments, cwd, variables, opened)


def _become(arguments: list[str], cwd: str, variables: dict[str, str], opened: Sequence[int]) -> None:
    """Run the command in this folder, with these variables and these files as stdin, stdout and stderr."""
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(variables)
    for descriptor, given in enumerate(opened):
        os.dup2(given, descriptor)
        os.close(given)
    tempfile.tempdir = None  # read from the variables again
    sys.argv = ["spotmap-build", *arguments]
    _fork_workers()

    from spotmap_build.cli import run

    run()


def _fork_workers() -> None:
    """Fork the workers of this process from its own fork server, instead of importing everything again.

    This saves a processor second per worker. Tests that start processes themselves cover the usual start of workers.
    """
    # Children of a fork server are meant to use it as well; until now Python starts another one for them.
    forkserver._forkserver.ensure_running = forkserver.ensure_running = lambda: None  # type: ignore[method-assign]
    server = fork_server()
    multiprocessing.get_context = lambda method=None: server  # type: ignore[assignment]


@cache
def forked_program() -> Path:
    """Return a ``spotmap-build`` for shells and scripts whose processes are forked like those of :func:`spotmap`.

    Signals do not reach the forked process.
    """
    folder = Path(tempfile.mkdtemp())
    address = folder / "socket"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(address))
    listener.listen()
    server = fork_server().Process(target=_serve, args=(listener,))
    server.start()
    listener.close()

    def end() -> None:
        server.kill()
        server.join()
        shutil.rmtree(folder)

    atexit.register(end)
    client = Path(__file__).with_name("forked_client.py")
    program = folder / "spotmap-build"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{client}" "{address}" "$@"\n')
    program.chmod(0o755)
    return program


def _serve(listener: socket.socket) -> None:
    """Fork a command for each request, until the parent process ends."""
    parent = os.getppid()
    listener.settimeout(1)
    while os.getppid() == parent:
        with suppress(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)
        with suppress(TimeoutError):
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                _answer(connection)
                return
            connection.close()


def _answer(connection: socket.socket) -> None:
    """Read a command, run it in another process, and return its status."""
    connection.settimeout(None)
    length, opened, _, _ = socket.recv_fds(connection, 4, 3)
    with connection.makefile("rb") as asked:
        arguments, cwd, variables = json.loads(asked.read(int.from_bytes(length, "big")))
    process = os.fork()
    if process == 0:
        connection.close()
        _become(arguments, cwd, variables, opened)
        return
    for descriptor in opened:
        os.close(descriptor)
    _, status = os.waitpid(process, 0)
    with suppress(BrokenPipeError):
        connection.sendall(bytes([os.waitstatus_to_exitcode(status) % 256]))
    os._exit(0)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def build(source: object, cwd: Path, *more: object, extra: Mapping[str, str] | None = None) -> Outcome:
    """Build a map of a source with musicnn, whose weights are in the package; outputs go to ``cwd / site``."""
    return spotmap("--source", source, "--embedder", "musicnn", "--log", "json", *more, cwd=cwd, extra=extra)


def report(cwd: Path) -> dict[str, Any]:
    """Return the report of the last build in ``cwd``."""
    document: dict[str, Any] = json.loads((cwd / "site.report.json").read_text())
    _report_schema().validate(document)
    return document


@cache
def _report_schema() -> Any:
    """Return the schema in docs/reference, against which each report that a test reads is validated."""
    from jsonschema import Draft202012Validator

    schema = Path(__file__).parents[2] / "docs/reference/report.schema.json"
    return Draft202012Validator(json.loads(schema.read_text()))


def tree(folder: Path) -> dict[str, bytes]:
    """Return the content of every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
