"""Make SIGINT (Ctrl-C) and SIGTERM end a command at any time."""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from types import FrameType

RAISE_AGAIN_S: Final = 0.02
"""Delay after which Python has left the code that dropped the exception."""

_received = threading.Event()


def handle_interrupts() -> None:
    """Raise ``KeyboardInterrupt`` on SIGINT and SIGTERM. CI sends SIGTERM to cancel a job."""
    signal.signal(signal.SIGTERM, _interrupt)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # it is ignored in background jobs of a shell
        signal.signal(signal.SIGINT, _interrupt)
    sys.unraisablehook = _raise_again


def raise_if_interrupted() -> None:
    """Raise ``KeyboardInterrupt`` if one was raised before and work went on, because a library caught it.

    Called between the steps of a build. Some libraries catch every exception, for example around optional imports.
    Builds in other threads, such as those of ``preview --watch``, end with the process.
    """
    if _received.is_set() and threading.current_thread() is threading.main_thread():
        raise KeyboardInterrupt


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    _received.set()
    raise KeyboardInterrupt


def _raise_again(lost: sys.UnraisableHookArgs) -> None:
    """Raise an interrupt again if Python dropped it, as in ``__del__`` or during an import."""
    if issubclass(lost.exc_type, KeyboardInterrupt):
        again = threading.Timer(RAISE_AGAIN_S, _interrupt_main)  # an interrupt in this hook would be lost too
        again.daemon = True
        again.start()
    else:
        sys.__unraisablehook__(lost)


def _interrupt_main() -> None:
    if hasattr(signal, "pthread_kill"):
        # A signal also ends blocking calls. Not SIGINT: it can be ignored, as in background jobs of a shell script.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)
    else:
        _thread.interrupt_main()
