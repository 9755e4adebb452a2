"""What a person has to choose for a new map, and no more than that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spotmap_build.core.speech import gettext, gettext_noop, said
from spotmap_build.errors import ConfigError
from spotmap_build.registry import sources as registry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DEFAULT_SOURCE: Final = "demo"
"""It builds anywhere at once, and shows that all works."""
DEFAULT_TITLE: Final = gettext_noop("My music")


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person chose. ``has_workflow``: whether GitHub is to build and publish the map."""

    sources: tuple[str, ...]
    title: str = DEFAULT_TITLE
    has_workflow: bool = True


def choose(
    sources: Sequence[str], title: str | None, has_workflow: bool | None, ask: Callable[[str], str] | None = None
) -> Choices:
    """Ask for what was not given; where nobody can be asked, it is as usual.

    Parameters
    ----------
    sources, title, has_workflow
        What was given on the command line.
    ask
        Puts a question to the person, and returns a line; None where there is nobody.

    Raises
    ------
    ConfigError
        A source is given that there is none of.
    """
    for source in sources:
        check_source(source)
    if not sources:
        sources = _asked_sources(ask) if ask else (DEFAULT_SOURCE,)
    if title is None:
        usual = gettext(DEFAULT_TITLE)
        title = (ask(gettext("What is the map called? [{usual}] ", usual=usual)).strip() if ask else "") or usual
    if has_workflow is None:
        answer = ask(gettext("Is GitHub to build and publish it twice a week? [Y/n] ")) if ask else ""
        has_workflow = not answer.strip().casefold().startswith("n")
    return Choices(tuple(sources), title, has_workflow)


def check_source(source: str) -> None:
    """Make sure that a source can be meant; its path need not be there yet.

    Raises
    ------
    ConfigError
        There is no such kind, or it is given with a path that it does not take, or without the one it needs.
    """
    name, _, path = source.partition(":")
    kind = registry.find(name)
    if kind.takes_path != bool(path):
        raise ConfigError(f"The source '{source}' is not given as it should be.", hint=f"Give it as {kind.usage}.")


def _asked_sources(ask: Callable[[str], str]) -> tuple[str, ...]:
    """Ask until the answer can be meant."""
    usages = ", ".join(kind.usage for kind in registry.SOURCES)
    question = gettext("Where does the music come from ({kinds})? [{usual}] ", kinds=usages, usual=DEFAULT_SOURCE)
    while True:
        source = ask(question).strip() or DEFAULT_SOURCE
        try:
            check_source(source)
        except ConfigError as error:
            question = f"{said(error.message)} {said(error.hint)} [{DEFAULT_SOURCE}] "
        else:
            return (source,)
