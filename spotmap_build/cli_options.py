"""What the commands share: their options, made from the settings; the configuration these make; how lines are shown."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from spotmap_build.config import CONFIG_FILE, Config, load_config, working_folder
from spotmap_build.core.text import log_line
from spotmap_build.settings import SETTINGS, Setting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class DefaultCommandGroup(click.Group):
    """A group whose options belong to ``build``: without a subcommand, that is what runs."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Insert ``build`` where no command is named."""
        if not args or (args[0].startswith("-") and args[0] not in {"--help", "-h", "--version"}):
            args = ["build", *args]
        return super().parse_args(ctx, args)


def options_of_a_build_except(*left_out: str) -> Callable[[Any], Any]:
    """Give a command the options that ``build``, ``match`` and ``plan`` share: the settings, and which file of them."""
    config_file = click.option(
        "--config",
        "config_file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=f"Settings.  [default: {CONFIG_FILE}, if it is there]",
    )
    settings = [setting for setting in SETTINGS if setting.option and setting.name not in left_out]

    def decorate(command: Any) -> Any:
        for option in reversed([*map(_option, settings), config_file]):
            command = option(command)
        return command

    return decorate


build_options: Final = options_of_a_build_except()


def _option(setting: Setting) -> Any:
    """Return a setting as an option. What is not given overrides nothing: no option has a default."""
    names, metavar = (setting.option, setting.name), setting.metavar or None
    if setting.kind == "switch":
        return click.option(*names, is_flag=True, default=None, help=setting.help)
    if setting.kind == "on-off":
        return click.option(f"{setting.option}/--no-{setting.name}", setting.name, default=None, help=setting.help)
    if setting.choices:
        return click.option(*names, type=click.Choice(setting.choices), help=setting.help)
    value_type = click.INT if setting.kind == "number" else click.STRING
    return click.option(*names, type=value_type, multiple=setting.kind == "many", metavar=metavar, help=setting.help)


def read_config(flags: dict[str, Any]) -> Config:
    """Return the configuration that a command's options make; one that was not given overrides nothing."""
    file = flags.pop("config_file", None)
    return load_config(flags, os.environ, working_folder(), file)


def echo(lines: Iterable[str], *, err: bool = False) -> None:
    """Show lines on the terminal, each on a line of its own whatever is in it."""
    for line in lines:
        click.echo(log_line(line), err=err)
