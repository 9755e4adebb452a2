"""Ctrl-C, and a polite request to end, end a command whenever they come."""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import FrameType

AGAIN_S: Final = 0.02
"""By then, Python is done with what it was at."""


def heed_interrupts() -> None:
    """Have this process end by ``KeyboardInterrupt`` at SIGINT and SIGTERM (CI cancels a job with the latter)."""
    signal.signal(signal.SIGTERM, _interrupt)
    sys.unraisablehook = _raise_again


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _raise_again(lost: sys.UnraisableHookArgs) -> None:
    """Raise an interrupt again that came where Python drops what is raised, as in ``__del__`` or while it imports."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        again = threading.Timer(AGAIN_S, _interrupt_main)  # at once it would be raised in here, and lost as well
        again.daemon = True
        again.start()
    else:
        sys.__unraisablehook__(lost)


def _interrupt_main() -> None:
    if hasattr(signal, "pthread_kill"):
        # This ends what it waits for, too; SIGINT may be ignored, as in what a script starts in the background.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
    else:
        _thread.interrupt_main()
