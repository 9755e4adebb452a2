"""The files that a page is made of: the template's, of which a person may replace single ones, and a theme's colors."""

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
"""What ``scripts/build_viewer.mjs`` makes is called so here, and plainly in a site."""
ASSET_SUFFIXES: Final = frozenset({".css", ".js", ".json", ".svg", ".png", ".ico", ".webp", ".woff2", ".webmanifest"})
"""What lands in a site; the folder's modules, licenses and notes stay behind."""
STYLE: Final = "style.css"
INDEX: Final = f"index.html{TEMPLATE_SUFFIX}"
LARGEST_FILE_BYTES: Final = 8 << 20
_LEFT_BY_PROGRAMS: Final = re.compile(r"\..*|.*~|#.*#")
"""Hidden files, and the copies that editors leave beside a file: no mistakes of a person's."""
_ID: Final = re.compile(r"""\sid=["']([\w-]+)["']""")


@dataclass(frozen=True, slots=True)
class Template:
    """The files of a template, by name, in the order of their names.

    ``background``: the color behind everything while the page loads, where it is an app; empty for the usual one.
    ``replaced``: where files lie that a person put in place of the template's own, by name.
    """

    files: Mapping[str, bytes]
    background: str = ""
    replaced: Mapping[str, Path] | None = None

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over every file that makes the site what it is."""
        digest = hashlib.sha256()
        for name, content in self.files.items():
            digest.update(f"{name}\0{len(content)}\0".encode())
            digest.update(content)
        return digest.hexdigest()

    @property
    def assets(self) -> dict[str, bytes]:
        """The files that go to ``data/<generation>/`` unchanged, by the name they have there."""
        return {
            f"{name.removesuffix(BUNDLE)}.js" if name.endswith(BUNDLE) else name: content
            for name, content in self.files.items()
            if not name.endswith(TEMPLATE_SUFFIX)
        }

    @property
    def pages(self) -> dict[str, str]:
        """The files that are rendered, by name."""
        return {name: content.decode() for name, content in self.files.items() if name.endswith(TEMPLATE_SUFFIX)}


def template_folder() -> Path:
    """Where the template lies: in the installed package, or beside it in a source checkout.

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
        f"The site's template is missing: there is no site_template in or beside {package}.",
        hint="Install spotmap-build again; in a source checkout, restore the folder site_template.",
    )


def read_template(folder: Path | None = None, *, replacing: Path | None = None, theme: Theme | None = None) -> Template:
    """Read the template. That is about 100 KB, and nothing is rendered.

    Parameters
    ----------
    folder : Path | None
        Where it lies; the one that is installed if None.
    replacing : Path | None
        A folder with files of a person's (``--template``), which stand in for those with the same names.
    theme : Theme | None
        Colors other than the style sheet's.

    Raises
    ------
    OutputError
        No folder was given, and there is no template.
    ConfigError
        The person's folder cannot be read, or has something in it that replaces nothing.
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
    """Return the files of a person's folder by name; what would have no effect is an error."""
    try:
        found = {path.name: path for path in sorted(folder.iterdir()) if not _LEFT_BY_PROGRAMS.fullmatch(path.name)}
    except OSError as error:
        raise ConfigError(
            f"The folder of --template, {folder}, cannot be read: {error.strerror or error}.",
            hint="Give a folder with files that stand in for the template's.",
        ) from error
    unknown = [name for name, path in found.items() if name not in set(names) or not path.is_file()]
    if unknown or not found:
        what = f"{folder / unknown[0]} stands in for nothing" if unknown else f"There is no file in {folder}"
        raise ConfigError(f"--template: {what}.", hint=f"The template's files are: {', '.join(names)}.")
    return found


def _read(path: Path) -> bytes:
    try:
        content = read_bounded(path, LARGEST_FILE_BYTES)
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
    """Refuse a page that lacks an element which the viewer looks for: it would stay empty, and say nothing of why."""
    lacking = sorted(set(_ID.findall(own.decode())) - set(_ID.findall(content.decode())))
    if lacking:
        raise ConfigError(
            f"--template: {path} lacks elements that the viewer needs: {', '.join(f'#{each}' for each in lacking)}.",
            hint="Keep every id of the template's own page; hide what you do not want to show by a style.",
        )
