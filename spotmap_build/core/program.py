"""What to type to run this program, in the sentences that it prints."""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path
from typing import Final

PROGRAM: Final = "spotmap-build"
COMMANDS: Final = (
    *("build", "cache", "card", "deploy", "doctor", "export", "init", "login", "match", "plan", "playlists", "preview"),
    *("push", "review", "store"),
)
_COMMAND: Final = re.compile(rf"(?<![\w./-]){PROGRAM}(?= (?:--[a-z]|(?:{'|'.join(COMMANDS)})\b))")
"""The program in a command, and not in a sentence about it."""


def shell_word(text: str) -> str:
    """Quote a text as one word for the shell of this system.

    Control characters and undecodable bytes are escaped in the ``$'...'`` syntax of bash and zsh.

    >>> shell_word("my map"), shell_word("site"), shell_word("-map")
    ("'my map'", 'site', './-map')
    """
    word = f"./{text}" if text.startswith("-") else text
    if sys.platform == "win32":
        import subprocess  # takes long to import

        return subprocess.list2cmdline([word])
    if word.isprintable():
        return shlex.quote(word)
    plain = {byte: chr(byte) for byte in range(0x20, 0x7F) if chr(byte) not in "'\\"}
    return "$'" + "".join(plain.get(byte, f"\\{byte:03o}") for byte in os.fsencode(word)) + "'"


def program() -> str:
    """Return what to type to run this program: its name, or how it was started if the shell does not find it."""
    import shutil  # takes long to import

    started_by = Path(sys.argv[0])
    if shutil.which(PROGRAM):
        return PROGRAM
    if started_by.name == "__main__.py":
        return f"{shell_word(sys.executable)} -m {__package__.partition('.')[0]}"
    return shell_word(sys.argv[0]) if started_by.stem == PROGRAM else PROGRAM


def with_program(text: str) -> str:
    """Replace the program's name in the commands of a text by what to type on this machine."""
    if PROGRAM not in text or (typed := program()) == PROGRAM:
        return text
    return _COMMAND.sub(lambda _: typed, text)
