"""Find a JavaScript runtime for yt-dlp, which needs one to compute the URLs of YouTube's media."""

from __future__ import annotations

import re
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

POLL_S: Final = 20
"""Generous, because a first start can take seconds on a slow disk."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """A sufficiently recent runtime; ``name`` is yt-dlp's name for it (``deno`` or ``node``)."""

    name: str
    version: str
    path: Path


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    version: re.Pattern[str]
    oldest: tuple[int, ...]


KINDS: Final = (
    # Deno first, because yt-dlp runs it without any permissions. It is installed as a wheel with this package.
    _Kind("deno", re.compile(r"^deno (\d+(?:\.\d+)*)"), (2, 3, 0)),
    _Kind("node", re.compile(r"^v(\d+(?:\.\d+)*)"), (22, 0, 0)),
)


@lru_cache(maxsize=1)
def find_runtime() -> Runtime | None:
    """Return the runtime for downloads; None if there is none, or only one that is too old.

    A program in this Python environment takes precedence over one on the PATH, even if the environment is not
    activated.
    """
    for kind in KINDS:
        for folder in (sysconfig.get_path("scripts"), None):
            found = shutil.which(kind.name, path=folder)
            runtime = _examine(kind, Path(found)) if found else None
            if runtime is not None:
                return runtime
    return None


def _examine(kind: _Kind, path: Path) -> Runtime | None:
    try:
        done = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=POLL_S, check=False, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = kind.version.match(done.stdout)
    if version is None or tuple(map(int, version[1].split("."))) < kind.oldest:
        return None
    return Runtime(kind.name, version[1], path)
