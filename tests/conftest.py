"""What holds for all tests."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import end_fork_server, shared_fork_server, use_fork_server

# A shell that starts tests in the background has them ignore Ctrl-C, and so would every process that they start and
# interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

LONGEST_ID = 60
TESTING: set[Any] = set()
"""The processes that test, in the one that hands out the tests."""


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a long value by its beginning: names of tests go from process to process, and into logs."""
    if isinstance(val, str | bytes) and len(val) > LONGEST_ID:
        return f"{val[:LONGEST_ID]!r} and {len(val) - LONGEST_ID} more"
    return None


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where no browser is wanted, do not load what drives one either: each process that tests takes seconds for it."""
    is_unwanted = "not browser" in config.getoption("markexpr")
    return True if is_unwanted and collection_path == Path(__file__).parent / "browser" else None


def pytest_xdist_auto_num_workers() -> int:
    """With ``-n auto``, two workers more than there are processors: often one waits for a page, a service, a process.

    On two processors, fast tests take 133 s with four workers and 182 s with two.
    """
    return (os.cpu_count() or 1) + 2


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Let several processes that test have commands forked from one process, which loads packages while they begin."""
    if (node.config.getoption("numprocesses") or 1) > 1:
        node.workerinput["fork_server"] = shared_fork_server()
        TESTING.add(node)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """End that process after the last of these."""
    if node in TESTING:
        TESTING.remove(node)
        if not TESTING:
            end_fork_server()


def pytest_configure(config: pytest.Config) -> None:
    """In each process that tests: use the process that is there for all."""
    if given := getattr(config, "workerinput", {}).get("fork_server"):
        use_fork_server(*given)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file in one process: what they load and make is then loaded and made once.

    Those that drive a browser are spread, as they take longest and share nothing but the browser.
    """
    for item in items:
        if not (item.get_closest_marker("browser") or item.get_closest_marker("xdist_group")):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))
