"""Run the tutorial's commands word for word, as a reader types them into one shell."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.support.command import environment, forked_program
from tests.support.patience import patience

ROOT: Final = Path(__file__).parents[2]
TUTORIAL: Final = ROOT / "docs/tutorial.md"
PREVIEW: Final = "spotmap-build preview"
"""The one command that goes on until its reader stops it."""


def commands() -> list[str]:
    """What stands in the tutorial's shell blocks, a line each; not how to install (``sh title="once"``)."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", TUTORIAL.read_text(), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def follow(folder: Path) -> dict[str, str]:
    """Follow the tutorial from an empty folder on. Returns what each command printed.

    Raises
    ------
    subprocess.CalledProcessError
        A command failed.
    """
    variables = environment({"PATH": f"{forked_program().parent}{os.pathsep}{os.environ['PATH']}"})
    variables["PYTHONPATH"] = str(ROOT)
    installed = variables | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    printed = {}
    for command in commands():
        if command == PREVIEW:
            printed[command] = _look_and_stop(folder, installed)
            continue
        done = subprocess.run(
            # A shell's only state that the tutorial needs from one command to the next is the folder that it is in.
            ["sh", "-c", command],
            cwd=folder,
            env=variables,
            capture_output=True,
            text=True,
            timeout=patience(300),
            check=False,
        )
        printed[command] = done.stdout + done.stderr
        done.check_returncode()
        if command.startswith("cd "):
            folder = folder / command.removeprefix("cd ")
    return printed


def _look_and_stop(folder: Path, variables: dict[str, str]) -> str:
    """Start the preview, fetch the page from the address that it prints, and press Ctrl+C."""
    import requests

    with subprocess.Popen(
        PREVIEW.split(), cwd=folder, env=variables, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as preview:
        assert preview.stdout is not None
        printed = ""
        while not (address := re.search(r"http://\S+/", printed)):
            line = preview.stdout.readline()
            assert line, f"it ended: {printed}"
            printed += line
        page = requests.get(address[0], timeout=patience(30))
        preview.send_signal(signal.SIGINT)
        printed += preview.stdout.read()
    assert page.ok
    return printed
