"""Checks of output paths: nothing private ends up in the site, and no foreign file is replaced.

All checks run before any audio is analyzed.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from spotmap_build.companion_files import POSTER, REPORT, SUMMARY, check_document
from spotmap_build.core.files import is_inside, read_bounded, resolve_path, write_atomically
from spotmap_build.core.translation import translatable
from spotmap_build.emit.site import check_output, output_folder
from spotmap_build.errors import CacheError, ConfigError, OutputError
from spotmap_build.registry.formats import MARKER_NAME

if TYPE_CHECKING:
    from pathlib import Path

    from spotmap_build.config import Config

NOT_IN_THE_SITE: Final = {
    "report": translatable("The report {path} would be inside {parent}."),
    "summary": translatable("The summary {path} would be inside {parent}."),
    "poster": translatable("The poster {path} would be inside {parent}."),
    "keep_audio": translatable("The folder for audio {path} would be inside {parent}."),
    "models_dir": translatable("The folder of models {path} would be inside {parent}."),
    "cookies": translatable("The file of cookies {path} would be inside {parent}."),
    "token_file": translatable("The file of the login {path} would be inside {parent}."),
}
NOT_IN_THE_CACHE: Final = ("report", "summary", "poster", "keep_audio")
FILES: Final = frozenset({"report", "summary", "poster"})
USUAL_CACHE: Final = ".spotmap/cache"
_CACHE_TAG: Final = "CACHEDIR.TAG"
_OUR_TAG: Final = b"made by spotmap-build"
_MAX_TAG_BYTES: Final = 4096


def check_output_paths(config: Config, *, publishes: bool = True) -> None:
    """Refuse paths with which a build would publish private files, or replace files that no build wrote.

    Parameters
    ----------
    config : Config
        Its paths need not exist yet.
    publishes : bool
        Whether a site is written, or only the report.

    Raises
    ------
    SpotmapError
        ``OutputError``; ``CacheError`` if the path of the cache is invalid; ``ConfigError`` for a poster that cannot be
        drawn.
    """
    if publishes:
        check_output(config.out, force=config.force)
    _check_nesting(config)
    check_document(config.report_path, REPORT, force=config.force)
    if publishes and config.summary is not None:
        check_document(config.summary, SUMMARY, force=config.force)
    if publishes and config.poster is not None:
        _check_poster(config.poster, force=config.force)


def _check_poster(poster: Path, *, force: bool) -> None:
    kind = poster.suffix.lower()
    if kind not in {".svg", ".png"}:
        raise ConfigError(
            f"A poster must be a .svg or .png file, not {poster.name}.",
            hint="For a PDF, write an .svg, open it in a browser and print it to a file: this embeds the fonts.",
        )
    if kind == ".png" and not find_spec("resvg_py"):
        raise ConfigError(
            "A PNG poster needs the package resvg-py.",
            hint="Install it: pip install 'spotmap-build[poster]'. Or name an .svg file with --poster.",
        )
    check_document(poster, POSTER, force=force)


def _check_nesting(config: Config) -> None:
    """Refuse to nest the cache, the site and other outputs in each other, even with ``--force``."""
    site, cache = output_folder(config.out), _cache_place(config.cache_dir)
    if is_inside(cache, site) or is_inside(site, cache):
        raise OutputError(
            f"The site ({site}) and the cache ({cache}) cannot be inside each other.",
            hint="The cache is private, a site is not. Name another folder with --cache-dir or --out.",
        )
    if is_in_a_cache(site):
        raise OutputError(
            f"The site cannot be published to {site}, which is inside a cache of spotmap-build.",
            hint="The cache is private, a site is not. Name another folder with --out.",
        )
    if _is_cache(site / USUAL_CACHE):
        raise OutputError(
            f"{site} contains a cache of spotmap-build ({USUAL_CACHE}), which would be published with the site.",
            hint="Choose another folder with --out, or move that cache away and name it with --cache-dir.",
        )
    _check_none_in_a_site(cache)
    paths = {name: getattr(config, name) for name in NOT_IN_THE_SITE} | {"report": config.report_path}
    for name, path in paths.items():
        if path is not None:
            _check_apart(name, path, site, cache)
    if config.summary is not None and _same(config.summary, config.report_path):
        raise OutputError(
            f"The report and the summary cannot be the same file: {config.summary}.", hint="Give another --summary."
        )


def _cache_place(cache_dir: Path) -> Path:
    try:
        return resolve_path(cache_dir)
    except OSError as error:
        raise CacheError(
            f"The cache cannot be at {cache_dir}: {error.strerror or error}.",
            hint="Name another folder with --cache-dir.",
        ) from error


def _check_none_in_a_site(cache: Path) -> None:
    if above := _site_above(cache):
        raise OutputError(
            f"The cache ({cache}) would be inside the site published to {above}.",
            hint="The cache is private, a site is not. Name another folder with --cache-dir.",
        )


def _site_above(path: Path) -> Path | None:
    return next((above for above in (path, *path.parents) if (above / MARKER_NAME).exists()), None)


def check_private_folder(folder: Path) -> None:
    """Refuse to write private files into a site, or files to keep into a cache, which may be deleted at any time.

    Raises
    ------
    OutputError
        The folder is, or would be, inside one of them.
    """
    try:
        resolved = resolve_path(folder)
    except OSError:  # reported when the folder is opened or created
        return
    if site := _site_above(resolved):
        raise OutputError(
            f"{folder} would be inside the site published to {site}, where everybody could read it.",
            hint="Name another folder.",
        )
    if is_in_a_cache(resolved):
        raise OutputError(f"{folder} would be inside a cache of spotmap-build.", hint="Name another folder.")


def _check_apart(name: str, path: Path, site: Path, cache: Path) -> None:
    parent = None
    try:
        resolved = resolve_path(path.parent) / path.name if name in FILES else resolve_path(path)
    except OSError:  # reported when the file is opened or created
        return
    if is_inside(resolved, site):
        parent = translatable(f"the site ({site}), and be published with it")
    elif name in NOT_IN_THE_CACHE and is_inside(resolved, cache):
        parent = translatable(f"the cache ({cache})")
    if parent:
        raise OutputError(NOT_IN_THE_SITE[name].format(path=path, parent=parent), hint="Name another place for it.")


def _same(first: Path, second: Path) -> bool:
    try:
        return resolve_path(first) == resolve_path(second)
    except OSError:
        return False


def is_in_a_cache(path: Path) -> bool:
    """Return whether a path is a cache of spotmap-build, or inside one."""
    return any(_is_cache(above) for above in (path, *path.parents))


def _is_cache(folder: Path) -> bool:
    try:
        return _OUR_TAG in read_bounded(folder / _CACHE_TAG, _MAX_TAG_BYTES)
    except OSError:
        return False


def check_new_file(path: Path, *, force: bool) -> None:
    """Refuse to replace an existing file, unless ``force`` is given.

    Raises
    ------
    OutputError
        The file exists.
    """
    if path.exists() and not force:
        raise OutputError(f"{path} already exists.", hint="Name another file, or add --force to replace it.")


def write_file(path: Path, content: bytes) -> None:
    """Write a file that the user asked for, atomically.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, content)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.", hint="Name another file.") from error
