"""Configuration of all tests."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import end_fork_server, fork_server, shared_fork_server, use_fork_server

# A shell makes background jobs ignore SIGINT, and child processes inherit that; tests interrupt their child processes.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

MAX_ID_LENGTH = 60
WORKER_NODES: set[Any] = set()
"""The xdist workers, known to the controller."""


def pytest_make_parametrize_id(val: object) -> str | None:
    """Truncate long values in test ids, which are sent between processes and logged."""
    if isinstance(val, str | bytes) and len(val) > MAX_ID_LENGTH:
        return f"{val[:MAX_ID_LENGTH]!r} and {len(val) - MAX_ID_LENGTH} more"
    return None


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Skip ``tests/browser`` if no browser test is selected: importing it takes each worker seconds."""
    is_excluded = "not browser" in config.getoption("markexpr")
    return True if is_excluded and collection_path == Path(__file__).parent / "browser" else None


def pytest_xdist_auto_num_workers() -> int:
    """Use two more workers than processors with ``-n auto``: tests often wait for a page, a service or a process.

    On two processors, the fast tests take 133 s with four workers and 182 s with two.
    """
    return (os.cpu_count() or 1) + 2


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Share one fork server among several workers; it imports packages while the workers start."""
    if (node.config.getoption("numprocesses") or 1) > 1:
        node.workerinput["fork_server"] = shared_fork_server()
        WORKER_NODES.add(node)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Stop the fork server after the last worker."""
    if node in WORKER_NODES:
        WORKER_NODES.remove(node)
        if not WORKER_NODES:
            end_fork_server()


def pytest_configure(config: pytest.Config) -> None:
    """Use the shared fork server in each worker."""
    if shared := getattr(config, "workerinput", {}).get("fork_server"):
        use_fork_server(*shared)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep the garbage collector from examining thousands of tests again and again, a twelfth of processor time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the tests of a file in one worker, so that imports and module fixtures are needed only once.

    Browser tests are distributed over all workers: they take longest and share nothing but the browser.
    """
    for item in items:
        if not (item.get_closest_marker("browser") or item.get_closest_marker("xdist_group")):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture
def forked_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fork workers from a process that has loaded their packages, for tests that do not depend on how workers start."""
    server = fork_server()
    monkeypatch.setattr(multiprocessing, "get_context", lambda _method=None: server)
