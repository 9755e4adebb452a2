"""Read the template of the page, with files that a person replaces (``--template``) and the colors of a theme."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spotmap_build.core.documents import parse_json
from spotmap_build.core.files import read_bounded
from spotmap_build.errors import ConfigError, OutputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spotmap_build.registry.themes import Theme

TEMPLATE_SUFFIX: Final = ".j2"
BUNDLE: Final = ".bundle.js"
"""Suffix of the output of ``scripts/build_viewer.mjs``; in a site it is ``.js``."""
ASSET_SUFFIXES: Final = frozenset({".css", ".js", ".json", ".svg", ".png", ".ico", ".webp", ".woff2", ".webmanifest"})
"""Files that are copied to a site. The folder's modules, licenses and notes are not."""
STYLE: Final = "style.css"
INDEX: Final = f"index.html{TEMPLATE_SUFFIX}"
MAX_FILE_BYTES: Final = 8 << 20
_LEFT_BY_PROGRAMS: Final = re.compile(r"\..*|.*~|#.*#")
"""Hidden files and backup copies of editors, which are ignored."""
_ID: Final = re.compile(r"""\sid=["']([\w-]+)["']""")


@dataclass(frozen=True, slots=True)
class Template:
    """The files of a template by name, sorted.

    ``background``: background color while the page starts as an app; empty for the default.
    ``replaced``: paths of the files that replace the template's own, by name.
    """

    files: Mapping[str, bytes]
    background: str = ""
    replaced: Mapping[str, Path] | None = None

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of all files that determine the site."""
        digest = hashlib.sha256()
        for name, content in self.files.items():
            digest.update(f"{name}\0{len(content)}\0".encode())
            digest.update(content)
        return digest.hexdigest()

    @property
    def assets(self) -> dict[str, bytes]:
        """The files that are copied to ``data/<generation>/``, by their name there."""
        return {
            f"{name.removesuffix(BUNDLE)}.js" if name.endswith(BUNDLE) else name: content
            for name, content in self.files.items()
            if not name.endswith(TEMPLATE_SUFFIX)
        }

    @property
    def pages(self) -> dict[str, str]:
        """The files to render, by name."""
        return {name: content.decode() for name, content in self.files.items() if name.endswith(TEMPLATE_SUFFIX)}


def template_folder() -> Path:
    """Return the folder of the template: in the installed package, or next to it in a source checkout.

    Raises
    ------
    OutputError
        It is in neither place.
    """
    package = Path(str(resources.files("spotmap_build")))
    for folder in (package / "site_template", package.parent / "site_template"):
        if (folder / INDEX).is_file():
            return folder
    raise OutputError(
        f"The site's template is missing: there is no site_template in or next to {package}.",
        hint="Install spotmap-build again; in a source checkout, restore the folder site_template.",
    )


def read_template(folder: Path | None = None, *, replacing: Path | None = None, theme: Theme | None = None) -> Template:
    """Read the template (about 100 KB) without rendering it.

    Parameters
    ----------
    folder : Path | None
        The folder of the template; the installed one if None.
    replacing : Path | None
        A folder of files (``--template``) that replace those of the same names.
    theme : Theme | None
        Colors that replace those of the style sheet.

    Raises
    ------
    OutputError
        No folder was given, and the installed template is missing.
    ConfigError
        The folder ``replacing`` cannot be read, or contains a file that replaces nothing.
    """
    files = {path.name: path.read_bytes() for path in _files(folder or template_folder())}
    replaced = {} if replacing is None else _replacements(replacing, files)
    for name, path in replaced.items():
        content = _read(path)
        if name == INDEX:
            _check_index(path, content, files[name])
        files[name] = content
    if theme is None:
        return Template(files, replaced=replaced)
    return Template({**files, STYLE: files[STYLE] + theme.css().encode()}, theme.dark.background, replaced)


def _files(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_file() and (path.name.endswith(TEMPLATE_SUFFIX) or path.suffix in ASSET_SUFFIXES)
    )


def _replacements(folder: Path, names: Iterable[str]) -> dict[str, Path]:
    """Return the replacing files by name. A file without effect is an error."""
    try:
        found = {path.name: path for path in sorted(folder.iterdir()) if not _LEFT_BY_PROGRAMS.fullmatch(path.name)}
    except OSError as error:
        raise ConfigError(
            f"The folder of --template, {folder}, cannot be read: {error.strerror or error}.",
            hint="Use a folder with files that replace the template's.",
        ) from error
    unknown = [name for name, path in found.items() if name not in set(names) or not path.is_file()]
    if unknown or not found:
        reason = f"{folder / unknown[0]} replaces nothing" if unknown else f"There is no file in {folder}"
        raise ConfigError(f"--template: {reason}.", hint=f"The template's files are: {', '.join(names)}.")
    return found


def _read(path: Path) -> bytes:
    try:
        content = read_bounded(path, MAX_FILE_BYTES)
        if path.name.endswith((TEMPLATE_SUFFIX, ".css", ".js", ".svg")):
            content.decode()
        if path.suffix == ".json" and not isinstance(parse_json(content), dict):
            raise ValueError("it is not a JSON object")
    except (OSError, ValueError) as error:
        reason = "it is not in UTF-8" if isinstance(error, UnicodeDecodeError) else error
        raise ConfigError(
            f"--template: {path} cannot be used: {reason}.", hint="Fix the file, or remove it from the folder."
        ) from error
    return content


def _check_index(path: Path, content: bytes, own: bytes) -> None:
    """Raise if a page lacks an element that the viewer needs; it would stay empty without an explanation."""
    lacking = sorted(set(_ID.findall(own.decode())) - set(_ID.findall(content.decode())))
    if lacking:
        raise ConfigError(
            f"--template: {path} lacks elements that the viewer needs: {', '.join(f'#{each}' for each in lacking)}.",
            hint="Keep every id of the template's own page, and hide unwanted elements with a style.",
        )
