"""Translated help texts and usage errors.

In English, click shows the texts of the code unchanged. In other languages, the formatter translates everything that is
shown, including click's own words.
"""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any, Final

import click

from spotmap_build.core.translation import gettext, gettext_noop, is_english, translatable, translate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

VERBATIM: Final = "\b\n"
"""Click does not wrap a paragraph that begins with this."""
WORDS: Final = (
    gettext_noop("Options"),
    gettext_noop("Commands"),
    gettext_noop("Show this message and exit."),
    gettext_noop("Show the version and exit."),
    gettext_noop("[required]"),
)
"""Click's own words in help texts."""
COMPLAINTS: Final = (
    translatable("Missing command."),
    translatable("Missing argument {name}."),
    translatable("Missing option {name}."),
    translatable("Choose from: {choices}"),
    translatable("No such command {name}."),
    translatable("No such option {name}."),
    translatable("No such option: {name}"),
    translatable("Did you mean {name}?"),
    translatable("Did you mean one of: {names}?"),
    translatable("(Did you mean one of: {names}?)"),
    translatable("(Possible options: {names})"),
    translatable("Option {name} requires an argument."),
    translatable("Option {name} does not take a value."),
    translatable("Got unexpected extra argument ({names})"),
    translatable("Got unexpected extra arguments ({names})"),
    translatable("Invalid value: {message}"),
    translatable("Invalid value for {name}: {message}"),
    translatable("{value} is not one of {choices}."),
    translatable("{value} is not a valid integer."),
    translatable("{value} is not a valid integer range."),
    translatable("{value} is not a valid float range."),
    translatable("{value} is not in the range {range}."),
    translatable("File {name} is a directory."),
)
"""Click's own messages for usage errors."""
_WIDE: Final = r"\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60"
_NO_START: Final = "、。，：！？）」ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ"
_WIDE_WORD: Final = re.compile(rf"([「（]*[{_WIDE}][{_NO_START}]*)(?P<stays>(?=[ :;,.)\]]))?")
"""A double-width character with the punctuation that must stay on its line; ``stays`` matches if no line may end there.
"""
_FILLER: Final = "\ue000"
"""Placeholder for one column at which the line must not be broken."""


class Formatter(click.HelpFormatter):
    """Click's formatter with translation, and wrapping for double-width scripts.

    Click wraps at spaces and counts characters. Text in a double-width script has no spaces, so each character is
    padded to its width before wrapping; the padding is removed afterwards.
    """

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        if not is_english():
            self.width -= 1  # click drops the trailing space of a line, which here is half of a wide character

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the usage line."""
        super().write_usage(prog, args, prefix if is_english() else gettext("Usage: "))

    def write_heading(self, heading: str) -> None:
        """Write the heading of a list."""
        super().write_heading(gettext(heading))

    def write_text(self, text: str) -> None:
        """Write paragraphs."""
        if not is_english():
            text = "\n\n".join(_spaced(translated(paragraph)) for paragraph in paragraphs(text))
        super().write_text(text)

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write options or commands with their descriptions."""
        super().write_dl([(name, _spaced(_described(text))) for name, text in rows], col_max, col_spacing)

    def getvalue(self) -> str:
        """Return the formatted text without the padding."""
        text = super().getvalue()
        if is_english():
            return text
        return re.sub(rf"(?<=[{_WIDE}{_NO_START}]) +", "", text).replace(_FILLER, "")


class Context(click.Context):
    """A context that formats help with :class:`Formatter`."""

    formatter_class = Formatter


class Command(click.Command):
    """A command with translated help."""

    context_class = Context

    def get_short_help_str(self, limit: int = 45) -> str:  # noqa: ARG002 - as in click
        """Return the description for the list of commands: its first sentence, which click would truncate."""
        return _first_sentence(translated(paragraphs(self.help or "")[0]))


class Group(Command, click.Group):
    """A group with translated help, also of its commands."""

    command_class = Command


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a help text, each joined into one line unless it is marked as verbatim."""
    parts = [part.strip("\n") for part in re.split(r"\n{2,}", inspect.cleandoc(text).split("\f")[0])]
    return [part if VERBATIM in f"{part}\n" else " ".join(part.split("\n")) for part in parts]


def translated(paragraph: str) -> str:
    """Return a paragraph of a help text in the output language."""
    blocks = paragraph.split(VERBATIM)
    return VERBATIM.join(gettext(block) for block in blocks)


def messages(command: click.Command) -> Iterator[tuple[str, str]]:
    """Yield every help text of a command and its subcommands, each with a comment for translators."""
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
    """Show a usage error as click does, translated."""
    if is_english():
        error.show()
        return
    context = error.ctx if isinstance(error, click.UsageError) else None
    # A group without a command; click has a name for it since 8.2.
    if context is not None and isinstance(error, getattr(click.exceptions, "NoArgsIsHelpError", ())):
        click.echo(context.get_help(), err=True)  # format again: the language may be known only now
        return
    if context is not None:
        names = context.command.get_help_option_names(context)
        more = gettext("For help: {command}", command=" ".join((context.command_path, max(names, key=len))))
        click.echo(f"{context.get_usage()}\n{more}\n", err=True)
    words = " ".join(error.format_message().split())  # click puts choices on lines of their own
    word = gettext("error").capitalize()
    click.echo(f"{word}: {translate(words)}", err=True)


def _described(text: str) -> str:
    """Translate an option's description and, separately, the suffix in brackets that click adds."""
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
    return _WIDE_WORD.sub(_pad_to_width, text)


def _pad_to_width(word: re.Match[str]) -> str:
    if word["stays"] is not None:
        return word[0] + _FILLER * len(word[0])
    return _FILLER * (len(word[0]) - 1) + word[0] + " "
