"""Helpers shared by all commands: options generated from the settings, reading the configuration, printing lines."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from spotmap_build.cli_help import Command, Group
from spotmap_build.core.language import AUTO, LANGUAGES
from spotmap_build.core.translation import gettext, set_language, translate
from spotmap_build.errors import SpotmapError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from spotmap_build.config import Config
    from spotmap_build.settings import Setting


CONFIG_OPTION: Final = "config_file"
OTHER_OPTIONS: Final = "The other options of a build are accepted too, but change nothing here."
_LIBRARY: Final = ("sources", "layers", "cache_dir", "audio", "overrides", "language", "log")
_RESULTS: Final = (*_LIBRARY, "embedder", "heads")
_MAP: Final = (*_RESULTS, "out", "metric", "seed", "anchor", "fresh")
_WORK: Final = ("out", "offline", "listen", "retry", "force")
USED: Final[dict[str | None, tuple[str, ...]]] = {
    "match": (*_LIBRARY, *_WORK, "report"),
    "plan": (*_RESULTS, *_WORK, "time_limit_s", "excerpts", "jobs", "shard"),
    "playlists": (*_MAP, "paths"),
    "push": _MAP,
    "export": (*_MAP, "force"),
    "card": (*_RESULTS, "force"),
}
"""The settings that have an effect on a command. Commands that are not listed use all settings that they accept."""


class DefaultCommandGroup(Group):
    """A group that runs ``build`` when no subcommand is given."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Insert ``build`` if no command is named."""
        if not args or (args[0].startswith("-") and args[0] not in {"--help", "-h", "--version"}):
            args = ["build", *args]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; say how to build a map of a path that is given in place of one."""
        from spotmap_build.registry.sources import looks_like_path, with_probable_kind

        if args[0] not in self.commands and looks_like_path(args[0]):
            raise click.UsageError(
                f"To build a map of {args[0]}, give it as --source {with_probable_kind(args[0])}", ctx
            )
        return super().resolve_command(ctx, args)


class BuildCommand(Command):
    """A command with the options of a build: one per setting, and ``--config``.

    The options are created on first use, so that ``spotmap-build --help``, which lists none of them, starts quickly.
    Those that have no effect (see :data:`USED`) are accepted, so that the options of a build can be given as they are,
    but not listed.

    Parameters
    ----------
    left_out : tuple of str
        Settings for which the command has no option.
    """

    def __init__(self, *arguments: Any, left_out: tuple[str, ...] = (), **more: Any) -> None:
        super().__init__(*arguments, **more)
        if self.name in USED:
            self.epilog = OTHER_OPTIONS
        self._left_out = left_out
        self._has_build_options = False

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's own options and arguments, then those of a build."""
        if not self._has_build_options:
            options = _build_options(self._left_out)
            for option in options if self.name in USED else ():
                option.hidden = option.name not in (*USED[self.name], CONFIG_OPTION)
            self.params += options
            self._has_build_options = True
        return super().get_params(ctx)


def _build_options(left_out: tuple[str, ...]) -> list[click.Option]:
    from spotmap_build.config import CONFIG_FILE
    from spotmap_build.settings import SETTINGS

    config_file = click.Option(
        ("--config", CONFIG_OPTION),
        type=click.Path(path_type=Path),
        metavar="FILE",
        help=f"Settings file.  [default: {CONFIG_FILE}, if it exists]",
    )
    return [*(_option(setting) for setting in SETTINGS if setting.option and setting.name not in left_out), config_file]


def _option(setting: Setting) -> click.Option:
    """Return the option for a setting. It has no default, so an option that is not given overrides nothing."""
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
    """Return the configuration for the given options; options that were not given override nothing."""
    from spotmap_build.config import load_config, working_folder

    file = flags.pop("config_file", None)
    config = load_config(flags, os.environ, working_folder(), file)
    set_language(AUTO if config.log == "json" else config.language)  # output for programs is always in English
    return config


def set_language_from(arguments: Sequence[str], *, reads_file: bool) -> None:
    """Set the output language before the configuration is read, for help texts and early errors.

    ``reads_file``: also use the language set in ``spotmap.toml``, if the working folder may hold one.
    """
    asked = _given("--language", arguments) or os.environ.get("SPOTMAP_LANGUAGE", "")
    is_for_programs = "json" in {_given("--log", arguments), os.environ.get("SPOTMAP_LOG", "")}
    set_language(AUTO if is_for_programs or asked not in LANGUAGES else asked)
    if reads_file and not asked and not is_for_programs and any(Path().glob("*.toml")):
        with suppress(SpotmapError):
            read_config({})


def _given(option: str, arguments: Sequence[str]) -> str:
    """Return the value of an option from the raw arguments; empty if it was not given."""
    given = ""
    for argument, following in zip(arguments, [*arguments[1:], ""], strict=False):
        if argument == option:
            given = following
        elif argument.startswith(f"{option}="):
            given = argument.partition("=")[2]
    return given


def echo(lines: Iterable[str], *, err: bool = False) -> None:
    """Print each text on one line, with control characters and line breaks made harmless."""
    from spotmap_build.core.program import with_program
    from spotmap_build.core.text import log_line

    for line in lines:
        click.echo(log_line(with_program(line)), err=err)


def ask(question: str) -> str:
    """Prompt for one line on the terminal. Raise ``EOFError`` at the end of input."""
    from spotmap_build.core.text import log_line

    click.echo(log_line(question), nl=False, err=True)
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line


def end_with(error: SpotmapError) -> NoReturn:
    """Print an error and what to do next, and end the command with the error's exit status."""
    word = gettext("error")
    echo(filter(None, (f"{word}: {translate(error.message)}", translate(error.hint))), err=True)
    sys.exit(error.exit_status)
