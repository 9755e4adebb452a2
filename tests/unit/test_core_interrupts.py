"""Ctrl-C ends a command, also where Python would drop what it raises."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

SCRIPT = """
    import signal
    import time
    from spotmap_build.core.interrupts import heed_interrupts

    class Cleaned:
        def __del__(self):
            signal.raise_signal(signal.{name})

    heed_interrupts()
    try:
        cleaned = Cleaned()
        del cleaned
        time.sleep(60)
        print("not interrupted")
    except KeyboardInterrupt:
        print("interrupted")
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupt_that_comes_while_python_cleans_up_is_not_lost(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT).format(name=name)], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("interrupted\n", "")


def test_other_errors_that_python_drops_are_shown() -> None:
    script = textwrap.dedent(SCRIPT).replace("signal.raise_signal(signal.{name})", "raise ValueError('dropped')")
    script = script.replace("time.sleep(60)", "").replace('print("not interrupted")', "")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert "ValueError: dropped" in done.stderr
