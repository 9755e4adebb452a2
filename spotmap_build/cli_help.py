"""What the commands say of themselves, ``--help`` and errors of usage, in the person's language.

The texts are those of the code; in English, click shows them as it always does. The formatter gets all that is shown,
and translates it, click's own words as well.
"""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any, Final

import click

from spotmap_build.core.speech import gettext, gettext_noop, is_english, said, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

VERBATIM: Final = "\b\n"
"""What a paragraph begins with that click does not wrap."""
WORDS: Final = (
    gettext_noop("Options"),
    gettext_noop("Commands"),
    gettext_noop("Show this message and exit."),
    gettext_noop("Show the version and exit."),
    gettext_noop("[required]"),
)
"""Click's own, where it shows help."""
COMPLAINTS: Final = (
    sentence("Missing command."),
    sentence("Missing argument {name}."),
    sentence("Missing option {name}."),
    sentence("Choose from: {choices}"),
    sentence("No such command {name}."),
    sentence("No such option {name}."),
    sentence("No such option: {name}"),
    sentence("Did you mean {name}?"),
    sentence("Did you mean one of: {names}?"),
    sentence("(Did you mean one of: {names}?)"),
    sentence("(Possible options: {names})"),
    sentence("Option {name} requires an argument."),
    sentence("Option {name} does not take a value."),
    sentence("Got unexpected extra argument ({names})"),
    sentence("Got unexpected extra arguments ({names})"),
    sentence("Invalid value: {message}"),
    sentence("Invalid value for {name}: {message}"),
    sentence("{value} is not one of {choices}."),
    sentence("{value} is not a valid integer."),
    sentence("{value} is not a valid integer range."),
    sentence("{value} is not a valid float range."),
    sentence("{value} is not in the range {range}."),
    sentence("File {name} is a directory."),
)
"""Click's own, where it does not understand a command."""
_WIDE: Final = r"\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60"
_NO_START: Final = "、。，：！？）」ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ"
_WIDE_WORD: Final = re.compile(rf"([「（]*[{_WIDE}][{_NO_START}]*)(?P<stays>(?=[ :;,.)\]]))?")
"""A letter that is two columns wide, with what must not begin or end a line without it, and whether a line may end."""
_FILLER: Final = "\ue000"
"""Fills a column where no line may end, or where the text itself has a space."""


class Formatter(click.HelpFormatter):
    """Click's formatter, which says in the person's language what it is given.

    Click wraps at spaces and counts letters. Where letters are two columns wide, and have no spaces between them, each
    is given as many spaces as it lacks columns, until the text is wrapped.
    """

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        if not is_english():
            self.width -= 1  # the space after the last letter of a line is dropped, though it stands for half of that

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the line that says how to call a command."""
        super().write_usage(prog, args, prefix if is_english() else gettext("Usage: "))

    def write_heading(self, heading: str) -> None:
        """Write what stands above a list."""
        super().write_heading(gettext(heading))

    def write_text(self, text: str) -> None:
        """Write paragraphs."""
        if not is_english():
            text = "\n\n".join(_spaced(translated(paragraph)) for paragraph in paragraphs(text))
        super().write_text(text)

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write options or commands, each with what it is."""
        super().write_dl([(name, _spaced(_described(text))) for name, text in rows], col_max, col_spacing)

    def getvalue(self) -> str:
        """Return all that was written."""
        text = super().getvalue()
        if is_english():
            return text
        return re.sub(rf"(?<=[{_WIDE}{_NO_START}]) +", "", text).replace(_FILLER, "")


class Context(click.Context):
    """A context that shows help by :class:`Formatter`."""

    formatter_class = Formatter


class Command(click.Command):
    """A command whose help is in the person's language."""

    context_class = Context

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return what the list of commands says of it; in English, click cuts that to a line."""
        if is_english():
            return super().get_short_help_str(limit)
        return _first_sentence(translated(paragraphs(self.help or "")[0]))


class Group(Command, click.Group):
    """A group whose help, and that of the commands in it, is in the person's language."""

    command_class = Command


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a help text: each one line, or as it is where it is not to be wrapped."""
    parts = [part.strip("\n") for part in re.split(r"\n{2,}", inspect.cleandoc(text).split("\f")[0])]
    return [part if VERBATIM in f"{part}\n" else " ".join(part.split("\n")) for part in parts]


def translated(paragraph: str) -> str:
    """Return a paragraph of a help text in the person's language."""
    blocks = paragraph.split(VERBATIM)
    return VERBATIM.join(gettext(block) for block in blocks)


def messages(command: click.Command) -> Iterator[tuple[str, str]]:
    """Yield what a command says of itself, and those in it say of themselves, with what each text is of."""
    context = Context(command, info_name=command.name)
    for text in (command.help, command.epilog):
        for paragraph in paragraphs(text or ""):
            yield from ((block, f"Help of {command.name}") for block in paragraph.split(VERBATIM) if block)
    for parameter in command.get_params(context):
        if isinstance(parameter, click.Option) and parameter.help:
            yield parameter.help, f"Help of {max(parameter.opts, key=len)}"
    if isinstance(command, click.Group):
        for below in command.commands.values():
            yield from messages(below)


def show_usage_error(error: click.ClickException) -> None:
    """Show what is wrong with a command as click does, in the person's language."""
    if is_english():
        error.show()
        return
    context = error.ctx if isinstance(error, click.UsageError) else None
    # A group without a command; click has a name for it since 8.2.
    if context is not None and isinstance(error, getattr(click.exceptions, "NoArgsIsHelpError", ())):
        click.echo(context.get_help(), err=True)  # once more: the language may be known only now
        return
    if context is not None:
        names = context.command.get_help_option_names(context)
        more = gettext("For help: {command}", command=" ".join((context.command_path, max(names, key=len))))
        click.echo(f"{context.get_usage()}\n{more}\n", err=True)
    words = " ".join(error.format_message().split())  # click puts choices on lines of their own
    word = gettext("error").capitalize()
    click.echo(f"{word}: {said(words)}", err=True)


def _described(text: str) -> str:
    """Return what is said of an option, and what click adds to that."""
    known = gettext(text)
    if known != text or is_english():
        return known
    own, gap, rest = text.rpartition("  [")
    added = f"[{rest}"
    return f"{gettext(own)}  {gettext(added)}" if gap else text


def _first_sentence(text: str) -> str:
    return re.split(r"(?<=[.:]) |(?<=。)", text, maxsplit=1)[0].rstrip(".。:")


def _spaced(text: str) -> str:
    if is_english() or not re.search(f"[{_WIDE}]", text):
        return text
    return _WIDE_WORD.sub(_with_its_width, text)


def _with_its_width(word: re.Match[str]) -> str:
    if word["stays"] is not None:
        return word[0] + _FILLER * len(word[0])
    return _FILLER * (len(word[0]) - 1) + word[0] + " "
