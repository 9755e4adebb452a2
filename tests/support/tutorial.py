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
"""The only command that runs until it is stopped."""


def commands() -> list[str]:
    """Return the lines of the tutorial's shell blocks, except those for installing (``sh title="once"``)."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", TUTORIAL.read_text(), re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def follow(folder: Path) -> dict[str, str]:
    """Run the tutorial's commands, starting in ``folder``, and return the output of each.

    Raises
    ------
    subprocess.CalledProcessError
        A command failed.
    """
    variables = environment({"PATH": f"{forked_program().parent}{os.pathsep}{os.environ['PATH']}"})
    variables["PYTHONPATH"] = str(ROOT)
    installed = variables | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    outputs = {}
    for command in commands():
        if command == PREVIEW:
            outputs[command] = _run_preview(folder, installed)
            continue
        done = subprocess.run(
            # The only shell state that the tutorial's commands share is the working directory.
            ["sh", "-c", command],
            cwd=folder,
            env=variables,
            capture_output=True,
            text=True,
            timeout=patience(300),
            check=False,
        )
        outputs[command] = done.stdout + done.stderr
        done.check_returncode()
        if command.startswith("cd "):
            folder = folder / command.removeprefix("cd ")
    return outputs


def _run_preview(folder: Path, variables: dict[str, str]) -> str:
    """Start the preview, fetch the page from the URL that it prints, and press Ctrl+C."""
    import requests

    with subprocess.Popen(
        PREVIEW.split(), cwd=folder, env=variables, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as preview:
        assert preview.stdout is not None
        outputs = ""
        while not (address := re.search(r"http://\S+/", outputs)):
            line = preview.stdout.readline()
            assert line, f"the preview ended: {outputs}"
            outputs += line
        page = requests.get(address[0], timeout=patience(30))
        preview.send_signal(signal.SIGINT)
        outputs += preview.stdout.read()
    assert page.ok
    return outputs
