"""What other installed packages add: rows for the tables, announced as entry points.

An entry point ``NAME = module:attribute`` in the group ``spotmap_build.sources`` (``.embedders``, ``.themes``) names a
row like those of the tables here. Packages are looked through only for a name that is not in a table, and only the row
that is asked for is imported: a package that is broken costs nobody a build who does not use it.
"""

from __future__ import annotations

import traceback
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeVar

from spotmap_build.errors import ConfigError, PluginError, SpotmapError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.metadata import EntryPoint

Group = Literal["sources", "embedders", "themes"]
GROUPS: Final[dict[Group, str]] = {"sources": "source", "embedders": "embedder", "themes": "theme"}
"""What a row of each group is called."""


class Row(Protocol):
    """What every row has. ``package``: which package added it; empty for what is ours."""

    @property
    def name(self) -> str:
        """What people call it by."""

    @property
    def package(self) -> str:
        """Where it comes from."""


AnyRow = TypeVar("AnyRow", bound=Row)


def announced(group: Group) -> Mapping[str, tuple[EntryPoint, ...]]:
    """Return what installed packages say that they add, by name, without importing any of it."""
    from importlib.metadata import entry_points  # not loaded where only our own names are used

    found: dict[str, tuple[EntryPoint, ...]] = {}
    for point in sorted(
        entry_points(group=f"spotmap_build.{group}"), key=lambda point: (point.name, package_of(point))
    ):
        found[point.name] = (*found.get(point.name, ()), point)
    return found


def package_of(point: EntryPoint) -> str:
    """Return the name of the package that announces it."""
    return "an unknown package" if point.dist is None else point.dist.name


def load_row(group: Group, name: str, row_type: type[AnyRow]) -> AnyRow:
    """Import the row of this name, which a package announces.

    Raises
    ------
    KeyError
        No package does.
    ConfigError
        More than one package does.
    PluginError
        It cannot be imported, or is no such row.
    """
    points, what = announced(group)[name], f"{GROUPS[group]} '{name}'"
    if len(points) > 1:
        packages = " and ".join(map(package_of, points))
        raise ConfigError(
            f"There is more than one {what}: of the packages {packages}.",
            hint="Uninstall all of them but one (pip uninstall NAME).",
        )
    (point,) = points
    package = package_of(point)
    with blaming(package, what):
        row = point.load()
    if not isinstance(row, row_type):
        raise PluginError(
            f"The {what} of the package {package} does not work: {point.value} is no {row_type.__name__}.",
            hint=_hint(package),
        )
    if row.name != name:
        raise PluginError(
            f"The {what} of the package {package} does not work: {point.value} calls itself '{row.name}'.",
            hint=_hint(package),
        )
    return replace(row, package=package)  # type: ignore[type-var]  # rows are data classes


@contextmanager
def blaming(package: str, what: str) -> Iterator[None]:
    """Say of an unforeseen error whose it is: of another package's code, not of ours. Without a package, nothing.

    Raises
    ------
    PluginError
        Naming the package, the line of its code, and what to do.
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
        f"It is no part of spotmap-build. Look for another version (pip install --upgrade {package}), or tell those "
        "who make it."
    )


def troubles(group: Group, row_type: type[Row], ours: frozenset[str]) -> Iterator[SpotmapError]:
    """Yield what is wrong with what packages add, for somebody who looks at the machine: every row is imported."""
    for name, points in announced(group).items():
        if name in ours:
            packages = " and ".join(map(package_of, points))
            yield ConfigError(
                f"The {GROUPS[group]} '{name}' is spotmap-build's own: the one of {packages} is not used.",
                hint="Its makers have to give it another name.",
            )
            continue
        try:
            load_row(group, name, row_type)
        except SpotmapError as error:
            yield error
