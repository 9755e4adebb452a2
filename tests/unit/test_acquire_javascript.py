"""The JavaScript runtime for yt-dlp is found in the Python environment or on the PATH, if it is recent enough."""

from __future__ import annotations

import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from spotmap_build.acquire.youtube.javascript import Runtime, find_runtime

Install = Callable[[str, str, str], Path]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Yield a function that writes a program into ``environment`` (this Python's) or ``path``, both otherwise empty."""
    for place in ("environment", "path"):
        (tmp_path / place).mkdir()
    monkeypatch.setattr(sysconfig, "get_path", lambda _name: str(tmp_path / "environment"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))

    def put(place: str, name: str, version: str) -> Path:
        program = tmp_path / place / name
        program.write_text(f"#!/bin/sh\necho '{version}'\n")
        program.chmod(0o700)
        return program

    find_runtime.cache_clear()
    yield put
    find_runtime.cache_clear()


def test_no_runtime_is_found_in_empty_folders(install: Install) -> None:
    assert find_runtime() is None


def test_deno_in_the_environment_comes_first(install: Install) -> None:
    install("path", "deno", "deno 2.9.9")
    install("path", "node", "v24.1.0")
    expected = install("environment", "deno", "deno 2.3.0 (stable, release, x86_64-unknown-linux-gnu)")
    assert find_runtime() == Runtime("deno", "2.3.0", expected)


@pytest.mark.parametrize("version", ["deno 2.2.14 (stable)", "deno 1.46", "v2.9.0", ""])
def test_outdated_or_invalid_deno_is_skipped(install: Install, version: str) -> None:
    install("environment", "deno", version)
    expected = install("path", "deno", "deno 2.10.1")
    assert find_runtime() == Runtime("deno", "2.10.1", expected)


def test_node_is_the_fallback_for_deno(install: Install) -> None:
    expected = install("path", "node", "v22.0.0")
    assert find_runtime() == Runtime("node", "22.0.0", expected)


def test_outdated_node_is_skipped(install: Install) -> None:
    install("path", "node", "v20.19.1")
    assert find_runtime() is None


def test_program_that_cannot_be_executed_is_skipped(install: Install) -> None:
    install("path", "deno", "deno 2.9.9").write_bytes(b"\x7fELF not really")
    assert find_runtime() is None
