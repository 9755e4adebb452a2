"""Kinds of libraries for ``--source``. To add one, add a row to :data:`SOURCES`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final

from spotmap_build.core.translation import translatable
from spotmap_build.errors import ConfigError
from spotmap_build.registry import plugins


@dataclass(frozen=True, slots=True)
class SourceKind:
    """A kind of library.

    Parameters
    ----------
    name : str
        Its name in ``--source``.
    make : str
        The code that creates a :class:`~spotmap_build.fetch.source.LibrarySource`, as ``module:attribute``. It is
        called with the path, or with the build's configuration if it takes no path.
    takes_path : bool
        Whether it is given as ``name:PATH``.
    title : str
        Default title of its map; empty to use the name of the file or folder.
    package : str
        The installed package that adds it; empty for our own.
    is_complete : bool
        Whether it provides everything that a map needs; otherwise titles, recordings or covers may have to be fetched.
    depends_on_files_only : bool
        Whether it depends only on the files at its path, and not on services, other files or the time. A library can
        declare an exception when it is loaded (:attr:`~spotmap_build.fetch.source.Loaded.depends_on_more`). A build
        that had nothing to do is not repeated while these files are unchanged.
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
        """Its syntax on the command line."""
        return f"{self.name}:PATH" if self.takes_path else self.name


CARD: Final = "card"
"""The card of a friend, which is not part of the person's own library."""
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


FILES: Final = translatable(
    "A folder of music is folder:PATH; a playlist, a table or the library of a music program is table:PATH; Spotify's "
    "export is takeout:PATH."
)


def find(name: str) -> SourceKind:
    """Return the kind with this name: one of :data:`SOURCES`, or one of an installed package.

    Raises
    ------
    ConfigError
        There is none, or more than one package adds it.
    PluginError
        A package adds it, but it cannot be imported.
    """
    for kind in SOURCES:
        if kind.name == name:
            return kind
    try:
        return plugins.load_row("sources", name, SourceKind)
    except KeyError:
        usages = ", ".join([*(kind.usage for kind in SOURCES), *plugins.entry_points_by_name("sources")])
        near = next((kind for kind in SOURCES if kind.name == name.casefold()), None)
        meant = translatable(f"Did you mean {near.usage}?") if near else translatable(f"Sources are: {usages}.")
        raise ConfigError(f"There is no source '{name}'.", hint=" ".join((FILES, meant))) from None


def parse(text: str) -> tuple[SourceKind, str]:
    """Split a source such as ``folder:/music`` into its kind and its path; the path need not exist.

    Raises
    ------
    ConfigError
        There is no such kind, its path is missing, or it takes none.
    PluginError
        A package adds the kind, but it cannot be imported.
    """
    name, _, path = text.partition(":")
    try:
        kind = find(name)
    except ConfigError:
        if path.startswith("//"):
            raise ConfigError(
                f"'{text}' is a web address, which no source reads.",
                hint="Your Spotify library is --source spotify. Other lists: save or export them as a file, and give "
                "that as table:PATH.",
            ) from None
        if not looks_like_path(text):
            raise
        raise ConfigError(
            f"'{text}' does not say what kind of source it is.",
            hint=" ".join((f"Give it as {with_probable_kind(text)}.", FILES)),
        ) from None
    if kind.takes_path and not path:
        raise ConfigError(f"The source '{name}' needs a path.", hint=f"Give it as {kind.usage}.")
    if path and not kind.takes_path:
        raise ConfigError(f"The source '{name}' takes no path.", hint=f"Give it as {kind.usage}.")
    return kind, path


def with_probable_kind(path: str) -> str:
    """Return a path as a source of the kind that it probably means."""
    suffix = os.path.splitext(path)[1].lower()  # noqa: PTH122 - any text
    kind = "takeout" if suffix == ".zip" else "table"
    return f"{'folder' if not suffix or os.path.isdir(path) else kind}:{path}"  # noqa: PTH112


def looks_like_path(text: str) -> bool:
    """Return whether a text that names no kind is probably a path: it has the form of one, or exists."""
    name, _, _ = text.partition(":")
    is_drive = len(name) == 1
    return is_drive or any(mark in name for mark in "/\\~") or os.path.exists(text)  # noqa: PTH110 - any text
