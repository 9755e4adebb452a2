"""What holds for all tests of contracts."""

from __future__ import annotations

import pytest

from tests.support.command import fork_server


@pytest.fixture(scope="session", autouse=True)
def one_fork_server() -> None:
    """The first that a process starts is the one that it has."""
    fork_server()
