"""Ask for the choices that a new map needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spotmap_build.core.translation import gettext, gettext_noop, translate
from spotmap_build.errors import ConfigError
from spotmap_build.registry import sources as registry

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DEFAULT_SOURCE: Final = "demo"
"""Builds on any machine without preparation, so it shows that everything works."""
DEFAULT_TITLE: Final = gettext_noop("My music")


@dataclass(frozen=True, slots=True)
class Choices:
    """The choices for a new map. ``has_workflow``: whether GitHub should build and publish the map."""

    sources: tuple[str, ...]
    title: str = DEFAULT_TITLE
    has_workflow: bool = True


def choose(
    sources: Sequence[str], title: str | None, has_workflow: bool | None, ask: Callable[[str], str] | None = None
) -> Choices:
    """Ask for the choices that were not given; without ``ask``, use the defaults.

    Parameters
    ----------
    sources, title, has_workflow
        Values given on the command line.
    ask
        Asks a question and returns the answer; None in a non-interactive session.

    Raises
    ------
    ConfigError
        A source is not valid.
    """
    for source in sources:
        registry.parse(source)
    if not sources:
        sources = _asked_sources(ask) if ask else (DEFAULT_SOURCE,)
    if title is None:
        usual = gettext(DEFAULT_TITLE)
        title = (ask(gettext("What is the map called? [{usual}] ", usual=usual)).strip() if ask else "") or usual
    if has_workflow is None:
        answer = ask(gettext("Should GitHub build and publish it twice a week? [Y/n] ")) if ask else ""
        has_workflow = not answer.strip().casefold().startswith("n")
    return Choices(tuple(sources), title, has_workflow)


def _asked_sources(ask: Callable[[str], str]) -> tuple[str, ...]:
    """Ask until the answer is valid."""
    usages = ", ".join(kind.usage for kind in registry.SOURCES)
    question = gettext("Where does the music come from ({kinds})? [{usual}] ", kinds=usages, usual=DEFAULT_SOURCE)
    while True:
        source = ask(question).strip() or DEFAULT_SOURCE
        try:
            registry.parse(source)
        except ConfigError as error:
            question = f"{translate(error.message)} {translate(error.hint)} [{DEFAULT_SOURCE}] "
        else:
            return (source,)
