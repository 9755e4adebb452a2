"""Tuning of the C library's allocator and of Python's garbage collector."""

from __future__ import annotations

import atexit
import gc
import sys
from typing import Final

GC_THRESHOLDS: Final = (500_000, 20, 50)
"""New objects before a collection, and collections before one of the next generation. Python: 700, 10, 10."""

M_ARENA_MAX: Final = -8
"""From glibc's malloc.h."""


def share_one_arena() -> None:
    """Make all threads of this process allocate from one arena, if its C library is glibc. Call it before they start.

    glibc gives each thread an arena, whose free memory other threads cannot use. TensorFlow's threads kept 30 MB that
    way (discogs-effnet: 617 MB instead of 648), and one arena is as fast for workers, of which one thread computes.
    """
    if sys.platform == "linux":
        import ctypes  # not at the start of every command

        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:  # musl has none
            mallopt(M_ARENA_MAX, 1)


def tune_gc() -> None:
    """Search for reference cycles less often in this process, and not when it ends.

    A build creates millions of long-lived objects and hardly any cycles. With Python's thresholds, the searches took a
    sixth of the time of a map of 100,000 tracks with given positions. The one at the end, whose memory is released
    anyway, took 0.6 seconds after a build of 5,000 tracks.
    """
    gc.set_threshold(*GC_THRESHOLDS)
    atexit.register(gc.freeze)
