"""Tuning of memory allocation in worker processes."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

COUNT_ARENAS = """
import ctypes, sys, threading
from spotmap_build.core.memory import share_one_arena
if sys.argv[1] == "shared":
    share_one_arena()
both_allocated = threading.Barrier(3)
def allocate():
    kept = [b"x" * 1000 for _ in range(1000)]
    libc.free(libc.malloc(1000))
    both_allocated.wait()
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]
for _ in range(2):
    threading.Thread(target=allocate).start()
both_allocated.wait()
libc.fdopen.restype = ctypes.c_void_p
libc.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
libc.fflush.argtypes = [ctypes.c_void_p]
stdout = libc.fdopen(1, b"w")
libc.malloc_info(0, stdout)
libc.fflush(stdout)
"""


def _arena_count(how: str) -> int:
    done = subprocess.run([sys.executable, "-c", COUNT_ARENAS, how], capture_output=True, text=True, check=True)
    return done.stdout.count("<heap nr=")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has arenas")
def test_threads_share_one_arena() -> None:
    assert _arena_count("separate") > 1
    assert _arena_count("shared") == 1
