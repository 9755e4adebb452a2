"""Plugins: rows that other installed packages add to the tables by entry points.

An entry point ``NAME = module:attribute`` in the group ``spotmap_build.sources`` (``.embedders``, ``.themes``) refers
to a row like those of the tables. Entry points are searched only for a name that is in no table, and only the requested
row is imported, so a broken package fails only the builds that use it.
"""

from __future__ import annotations

import traceback
from contextlib import contextmanager
from dataclasses import Field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, Protocol, TypeVar

from spotmap_build.core.translation import translatable
from spotmap_build.errors import ConfigError, PluginError, SpotmapError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.metadata import EntryPoint

Group = Literal["sources", "embedders", "themes"]
GROUPS: Final[dict[Group, str]] = {
    "sources": translatable("source '{name}'"),
    "embedders": translatable("embedder '{name}'"),
    "themes": translatable("theme '{name}'"),
}
"""Name of a row of each group, for messages."""


class Row(Protocol):
    """The fields that every row has. Rows are data classes."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    @property
    def name(self) -> str:
        """The name by which options refer to it."""

    @property
    def package(self) -> str:
        """The package that added it; empty for our own rows."""


AnyRow = TypeVar("AnyRow", bound=Row)


def entry_points_by_name(group: Group) -> Mapping[str, tuple[EntryPoint, ...]]:
    """Return the entry points of installed packages by name, without importing what they refer to."""
    from importlib.metadata import entry_points  # not loaded if only our own names are used

    found: dict[str, tuple[EntryPoint, ...]] = {}
    for point in sorted(
        entry_points(group=f"spotmap_build.{group}"), key=lambda point: (point.name, package_of(point))
    ):
        found[point.name] = (*found.get(point.name, ()), point)
    return found


def package_of(point: EntryPoint) -> str:
    """Return the name of the package that declares an entry point."""
    return "an unknown package" if point.dist is None else point.dist.name


def load_row(group: Group, name: str, row_type: type[AnyRow]) -> AnyRow:
    """Import the row with this name from the package that adds it.

    Raises
    ------
    KeyError
        No package adds it.
    ConfigError
        More than one package adds it.
    PluginError
        It cannot be imported, or is not a row of this type.
    """
    points, what = entry_points_by_name(group)[name], GROUPS[group].format(name=name)
    if len(points) > 1:
        packages = ", ".join(map(package_of, points))
        raise ConfigError(
            f"More than one package adds the {what}: {packages}.",
            hint="Uninstall all of them but one (pip uninstall NAME).",
        )
    (point,) = points
    package = package_of(point)
    with attribute_errors(package, what):
        row = point.load()
    if not isinstance(row, row_type):
        raise PluginError(
            f"The {what} of the package {package} does not work: {point.value} is not of type {row_type.__name__}.",
            hint=_hint(package),
        )
    if row.name != name:
        raise PluginError(
            f"The {what} of the package {package} does not work: {point.value} has the name '{row.name}'.",
            hint=_hint(package),
        )
    return replace(row, package=package)


@contextmanager
def attribute_errors(package: str, what: str) -> Iterator[None]:
    """Attribute unexpected errors to another package's code. Does nothing if ``package`` is empty.

    Raises
    ------
    PluginError
        An unexpected error occurred. The message names the package and the line of its code.
    """
    try:
        yield
    except SpotmapError:
        raise
    except (Exception, SystemExit) as error:
        if not package:
            raise
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(frame.filename).name}, line {frame.lineno}"
        raise PluginError(
            f"The {what} of the package {package} does not work: {type(error).__name__}: {error} ({where}).",
            hint=_hint(package),
        ) from error


def _hint(package: str) -> str:
    return (
        f"It is not part of spotmap-build. Try another version (pip install --upgrade {package}), or report it to its "
        "authors."
    )


def plugin_errors(group: Group, row_type: type[Row], ours: frozenset[str]) -> Iterator[SpotmapError]:
    """Yield the problems of all rows that packages add, for ``doctor``. Imports every row."""
    for name, points in entry_points_by_name(group).items():
        if name in ours:
            packages, what = ", ".join(map(package_of, points)), GROUPS[group].format(name=name)
            yield ConfigError(
                f"The {what} is built into spotmap-build: the one of {packages} is ignored.",
                hint="Its authors have to give it another name.",
            )
            continue
        try:
            load_row(group, name, row_type)
        except SpotmapError as error:
            yield error
