"""The options of the commands, made from the settings: what is not given overrides nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from spotmap_build.config import CONFIG_FILE
from spotmap_build.settings import SETTINGS, Setting

if TYPE_CHECKING:
    from collections.abc import Callable


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
