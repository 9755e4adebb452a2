"""Kinds of libraries that ``--source`` can name. To add one, add a row to :data:`SOURCES`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from spotmap_build.errors import ConfigError
from spotmap_build.registry import plugins


@dataclass(frozen=True, slots=True)
class SourceKind:
    """A kind of library.

    Parameters
    ----------
    name : str
        What ``--source`` calls it.
    make : str
        What makes a :class:`~spotmap_build.fetch.source.LibrarySource`, as ``module:attribute``: it is called with the
        path, or where there is none with the build's configuration.
    takes_path : bool
        Whether it lies at a path, so that it is given as ``name:PATH``.
    title : str
        What a map of it is called; a library at a path is called as its file or folder.
    package : str
        Which installed package adds it; empty for what is ours.
    is_complete : bool
        Whether it has all that a map needs; else titles, recordings or covers may have to be fetched.
    depends_on_files_only : bool
        Whether it depends on nothing but what lies at its path, unless it says so when it is loaded
        (:attr:`~spotmap_build.fetch.source.Loaded.depends_on_more`): no service, no other file, not the time. While
        that stays as it is, a build that had nothing to do is not done again.
    """

    name: str
    make: str
    takes_path: bool = True
    title: str = ""
    package: str = ""
    is_complete: bool = False
    depends_on_files_only: bool = False

    @property
    def usage(self) -> str:
        """How it is given on the command line."""
        return f"{self.name}:PATH" if self.takes_path else self.name


CARD: Final = "card"
"""A friend's: no part of the person's own library."""
SOURCES: tuple[SourceKind, ...] = (
    SourceKind(
        "demo",
        "spotmap_build.fetch.demo:DemoSource.from_config",
        takes_path=False,
        title="Demo library",
        is_complete=True,
        depends_on_files_only=True,
    ),
    SourceKind(
        "spotify",
        "spotmap_build.fetch.spotify.source:SpotifySource.from_config",
        takes_path=False,
        title="My Spotify library",
    ),
    SourceKind(
        "folder", "spotmap_build.fetch.folders.folder:FolderSource", is_complete=True, depends_on_files_only=True
    ),
    SourceKind("table", "spotmap_build.fetch.tables.table:TableSource", depends_on_files_only=True),
    SourceKind("takeout", "spotmap_build.fetch.exports.takeout:TakeoutSource"),
    SourceKind("exportify", "spotmap_build.fetch.exports.exportify:ExportifySource"),
    SourceKind(CARD, "spotmap_build.fetch.card:CardSource", is_complete=True, depends_on_files_only=True),
)


def find(name: str) -> SourceKind:
    """Return the kind of that name: one of :data:`SOURCES`, else what an installed package adds.

    Raises
    ------
    ConfigError
        There is none, or more than one package adds it.
    PluginError
        A package adds it, and it cannot be imported.
    """
    for kind in SOURCES:
        if kind.name == name:
            return kind
    try:
        return plugins.load_row("sources", name, SourceKind)
    except KeyError:
        usages = ", ".join([*(kind.usage for kind in SOURCES), *plugins.announced("sources")])
        raise ConfigError(f"There is no source '{name}'.", hint=f"Sources are: {usages}.") from None
