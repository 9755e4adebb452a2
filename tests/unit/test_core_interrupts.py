"""Ctrl-C ends a command even where Python would discard the exception."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

SCRIPT = """
    import signal
    import time
    from spotmap_build.core.interrupts import handle_interrupts

    class Cleaned:
        def __del__(self):
            signal.raise_signal(signal.{name})

    handle_interrupts()
    try:
        cleaned = Cleaned()
        del cleaned
        time.sleep(60)
        print("not interrupted")
    except KeyboardInterrupt:
        print("interrupted")
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_interrupt_during_a_finalizer_is_not_lost(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT).format(name=name)], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("interrupted\n", "")


def test_build_ends_at_the_next_step_if_a_library_catches_the_interrupt() -> None:
    script = """
        import signal
        from spotmap_build.core.interrupts import handle_interrupts
        from spotmap_build.run import Clock

        handle_interrupts()
        clock = Clock()
        with clock.stage("fetch"):
            try:
                signal.raise_signal(signal.SIGINT)
            except BaseException:
                print("caught")
        with clock.stage("embed"):
            print("not interrupted")
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False)
    assert done.stdout == "caught\n"
    assert done.stderr.endswith("KeyboardInterrupt\n")


def test_thread_goes_on_after_an_interrupt_of_the_main_thread() -> None:
    script = """
        import signal, threading
        from spotmap_build.core.interrupts import handle_interrupts, raise_if_interrupted

        handle_interrupts()
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            thread = threading.Thread(target=raise_if_interrupted)
            thread.start()
            thread.join()
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_other_errors_in_a_finalizer_are_shown() -> None:
    script = textwrap.dedent(SCRIPT).replace("signal.raise_signal(signal.{name})", "raise ValueError('dropped')")
    script = script.replace("time.sleep(60)", "").replace('print("not interrupted")', "")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert "ValueError: dropped" in done.stderr
