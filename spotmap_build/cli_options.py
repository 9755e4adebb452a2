"""What the commands share: their options, made from the settings; the configuration these make; how lines are shown."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spotmap_build.cli_help import Command, Group
from spotmap_build.core.language import AUTO, LANGUAGES
from spotmap_build.core.speech import speak
from spotmap_build.errors import SpotmapError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spotmap_build.config import Config
    from spotmap_build.settings import Setting


class DefaultCommandGroup(Group):
    """A group whose options belong to ``build``: without a subcommand, that is what runs."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Insert ``build`` where no command is named."""
        if not args or (args[0].startswith("-") and args[0] not in {"--help", "-h", "--version"}):
            args = ["build", *args]
        return super().parse_args(ctx, args)


class BuildCommand(Command):
    """A command with the options of a build: the settings, and which file of them.

    They are made when somebody asks for them: the help of all commands, which names none of them, starts sooner.

    Parameters
    ----------
    left_out : tuple of str
        The settings that it has no option for.
    """

    def __init__(self, *arguments: Any, left_out: tuple[str, ...] = (), **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._left_out = left_out
        self._has_them = False

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return its own options and arguments, then those of a build."""
        if not self._has_them:
            self.params += _options_of_a_build(self._left_out)
            self._has_them = True
        return super().get_params(ctx)


def _options_of_a_build(left_out: tuple[str, ...]) -> list[click.Option]:
    from spotmap_build.config import CONFIG_FILE
    from spotmap_build.settings import SETTINGS

    config_file = click.Option(
        ("--config", "config_file"),
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=f"Settings file.  [default: {CONFIG_FILE}, if it exists]",
    )
    return [*(_option(setting) for setting in SETTINGS if setting.option and setting.name not in left_out), config_file]


def _option(setting: Setting) -> click.Option:
    """Return a setting as an option. What is not given overrides nothing: no option has a default."""
    names, metavar = (setting.option, setting.name), setting.metavar or None
    if setting.kind == "switch":
        return click.Option(names, is_flag=True, default=None, help=setting.help)
    if setting.kind == "on-off":
        return click.Option((f"{setting.option}/--no-{setting.name}", setting.name), default=None, help=setting.help)
    if setting.choices:
        return click.Option(names, type=click.Choice(setting.choices), help=setting.help)
    value_type = click.INT if setting.kind == "number" else click.STRING
    return click.Option(names, type=value_type, multiple=setting.kind == "many", metavar=metavar, help=setting.help)


def read_config(flags: dict[str, Any]) -> Config:
    """Return the configuration that a command's options make; one that was not given overrides nothing."""
    from spotmap_build.config import load_config, working_folder

    file = flags.pop("config_file", None)
    config = load_config(flags, os.environ, working_folder(), file)
    speak(AUTO if config.log == "json" else config.language)  # programs read that
    return config


def speak_as_asked(arguments: Sequence[str], *, reads_file: bool) -> None:
    """Speak the language of the settings before a command reads them: for its help, and for errors until then.

    ``reads_file``: also that of the file, which is looked for where there may be one.
    """
    asked = _given("--language", arguments) or os.environ.get("SPOTMAP_LANGUAGE", "")
    is_for_programs = "json" in {_given("--log", arguments), os.environ.get("SPOTMAP_LOG", "")}
    speak(AUTO if is_for_programs or asked not in LANGUAGES else asked)
    if reads_file and not asked and not is_for_programs and any(Path().glob("*.toml")):
        with suppress(SpotmapError):
            read_config({})


def _given(option: str, arguments: Sequence[str]) -> str:
    """Return the value of an option that may be among the arguments of a command."""
    given = ""
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=False):
        if argument == option:
            given = following
        elif argument.startswith(f"{option}="):
            given = argument.partition("=")[2]
    return given


def echo(lines: Iterable[str], *, err: bool = False) -> None:
    """Show lines on the terminal, each on a line of its own whatever is in it."""
    from spotmap_build.core.text import log_line

    for line in lines:
        click.echo(log_line(line), err=err)
