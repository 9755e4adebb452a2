"""Generate the reference pages from the code: ``python -m scripts.reference``.

A test compares them with the output of this script, so they are always current.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from spotmap_build import cli
from spotmap_build.settings import NOT_A_FLAG, SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

REFERENCE: Final = Path(__file__).parents[1] / "docs/reference"
SCHEMA: Final = REFERENCE / "report.schema.json"
WIDTH: Final = 100
MADE: Final = "<!-- Made by scripts/reference.py (make docs); what is changed here is lost. -->\n\n"


def pages() -> dict[str, str]:
    """Return the pages by name."""
    return {"commands.md": commands(), "settings.md": settings(), "report.md": report()}


def commands() -> str:
    """Return the ``--help`` text of each command."""
    parts = [f"{MADE}# Commands\n\nWhat `--help` says of each. Without a command, the map is built.\n"]
    for name, context in _walk(click.Context(cli.main, info_name="spotmap-build", terminal_width=WIDTH)):
        parts.append(f"\n## {name}\n\n```text\n{context.command.get_help(context).rstrip()}\n```\n")
    return "".join(parts)


def _walk(context: click.Context) -> Iterator[tuple[str, click.Context]]:
    yield context.command_path, context
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            command = context.command.get_command(context, name)
            assert command is not None
            yield from _walk(click.Context(command, parent=context, info_name=name, terminal_width=WIDTH))


def settings() -> str:
    """Return a table of the settings, with the places where each can be set."""
    head = (
        f"{MADE}# Settings\n\nA setting is taken from the command line, else from the environment, else from "
        "`spotmap.toml`; what is given nowhere has its default.\nPaths in a file start at the file's folder, and may "
        "not lead out of it.\n\n"
    )
    lines = [head]
    lines.append("| In `spotmap.toml` | On the command line | In the environment | What it is |\n|---|---|---|---|\n")
    for setting in SETTINGS:
        in_file = f"`[{setting.table}] {setting.key_in_file}`" if setting.in_file else ""
        option = "" if setting.flag == NOT_A_FLAG else f"`{setting.option}`"
        choices = f" One of: {', '.join(setting.choices)}." if setting.choices else ""
        lines.append(f"| {in_file} | {option} | `{setting.env}` | {_cell(setting.help + choices)} |\n")
    return "".join(lines)


def report() -> str:
    """Return a description of the report's fields, from its schema."""
    schema = json.loads(SCHEMA.read_text())
    head = (
        f"{MADE}# The report\n\n`site.report.json`, beside the site (or where `--report` says): what became of every "
        f"track, and what the build cost.\n[{SCHEMA.name}]({SCHEMA.name}) says the same to programs, as JSON Schema.\n"
    )
    parts = [head, _table(schema)]
    for name, part in schema["$defs"].items():
        parts.append(f"\n## {part['title']}{'' if name == 'row' else f' (`{name}`)'}\n{_table(part)}")
    return "".join(parts)


def _table(schema: dict[str, Any]) -> str:
    rows = [
        f"| `{name}` | {'' if name in schema['required'] else 'sometimes'} | {_cell(part['description'])} |\n"
        for name, part in schema["properties"].items()
    ]
    return "\n| Field | | What it is |\n|---|---|---|\n" + "".join(rows)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    REFERENCE.mkdir(exist_ok=True)
    for page, content in pages().items():
        (REFERENCE / page).write_text(content, encoding="utf-8")
