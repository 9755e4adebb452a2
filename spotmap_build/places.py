"""Where what a build writes may lie: nothing private in the site, and nothing of others' replaced.

All of this is looked at before anything is listened to.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from spotmap_build.core.files import is_inside, read_bounded, resolve_place, write_atomically
from spotmap_build.emit.marker import MARKER_NAME
from spotmap_build.emit.site import check_output, output_folder
from spotmap_build.errors import CacheError, ConfigError, OutputError
from spotmap_build.report import POSTER, REPORT, SUMMARY, check_document

if TYPE_CHECKING:
    from pathlib import Path

    from spotmap_build.config import Config

NOT_IN_THE_SITE: Final = ("report", "summary", "poster", "keep_audio", "models_dir", "cookies", "token_file")
NOT_IN_THE_CACHE: Final = ("report", "summary", "poster", "keep_audio")
FILES: Final = frozenset({"report", "summary", "poster"})
USUAL_CACHE: Final = ".spotmap/cache"
_CACHE_TAG: Final = "CACHEDIR.TAG"
_OUR_TAG: Final = b"made by spotmap-build"
_LARGEST_TAG_BYTES: Final = 4096


def check_places(config: Config, *, publishes: bool = True) -> None:
    """Refuse places where a build would publish what is private, or replace what no build wrote.

    Parameters
    ----------
    config : Config
        Its paths need not be there yet.
    publishes : bool
        Whether a site is written, or only the report.

    Raises
    ------
    SpotmapError
        ``OutputError``, ``CacheError`` where the cache can never be in its place, or ``ConfigError`` for a poster that
        cannot be drawn.
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
            f"A poster is a file that ends in .svg or .png, not {poster.name}.",
            hint="For a PDF, let it end in .svg, open it in a browser and print it to a file: that has the fonts.",
        )
    if kind == ".png" and not find_spec("resvg_py"):
        raise ConfigError(
            "A poster as PNG needs the package resvg-py.",
            hint="Install it: pip install 'spotmap-build[poster]'. Or let --poster end in .svg.",
        )
    check_document(poster, POSTER, force=force)


def _check_nesting(config: Config) -> None:
    """Refuse a cache in a site, a site in a cache, and anything else in either. Not even --force asks for that."""
    site, cache = output_folder(config.out), _cache_place(config.cache_dir)
    if is_inside(cache, site) or is_inside(site, cache):
        raise OutputError(
            f"The site ({site}) and the cache ({cache}) cannot lie in each other.",
            hint="The cache is private, a site is not. Name another folder with --cache-dir or --out.",
        )
    if is_in_a_cache(site):
        raise OutputError(
            f"The site cannot be published to {site}: that lies in a cache of spotmap-build.",
            hint="The cache is private, a site is not. Name another folder with --out.",
        )
    if _is_cache(site / USUAL_CACHE):
        raise OutputError(
            f"{site} holds a cache of spotmap-build ({USUAL_CACHE}), which would be published with the site.",
            hint="Choose another folder with --out, or move that cache away and name it with --cache-dir.",
        )
    _check_none_in_a_site(cache)
    wishes = {name: getattr(config, name) for name in NOT_IN_THE_SITE} | {"report": config.report_path}
    for name, place in wishes.items():
        if place is not None:
            _check_apart(name, place, site, cache)
    if config.summary is not None and _same(config.summary, config.report_path):
        raise OutputError(
            f"The report and the summary cannot be one file: {config.summary}.", hint="Give another --summary."
        )


def _cache_place(cache_dir: Path) -> Path:
    try:
        return resolve_place(cache_dir)
    except OSError as error:
        raise CacheError(
            f"The cache cannot be at {cache_dir}: {error.strerror or error}.",
            hint="Name another folder with --cache-dir.",
        ) from error


def _check_none_in_a_site(cache: Path) -> None:
    for above in cache.parents:
        if (above / MARKER_NAME).exists():
            raise OutputError(
                f"The cache ({cache}) would lie in a site that was published to {above}.",
                hint="The cache is private, a site is not. Name another folder with --cache-dir.",
            )


def _check_apart(name: str, place: Path, site: Path, cache: Path) -> None:
    what, lies_in = name.replace("_", " "), None
    try:
        resolved = resolve_place(place.parent) / place.name if name in FILES else resolve_place(place)
    except OSError:  # whoever opens or makes it says what is wrong with it
        return
    if is_inside(resolved, site):
        lies_in = f"the site ({site}), and be published with it"
    elif name in NOT_IN_THE_CACHE and is_inside(resolved, cache):
        lies_in = f"the cache ({cache})"
    if lies_in:
        raise OutputError(f"The {what} {place} would lie in {lies_in}.", hint="Name another place for it.")


def _same(first: Path, second: Path) -> bool:
    try:
        return resolve_place(first) == resolve_place(second)
    except OSError:
        return False


def is_in_a_cache(place: Path) -> bool:
    """Whether a place is a cache of spotmap-build, or lies in one."""
    return any(_is_cache(above) for above in (place, *place.parents))


def _is_cache(folder: Path) -> bool:
    try:
        return _OUR_TAG in read_bounded(folder / _CACHE_TAG, _LARGEST_TAG_BYTES)
    except OSError:
        return False


def check_new_file(path: Path, *, force: bool) -> None:
    """Refuse to write where a file is, unless a person insists.

    Raises
    ------
    OutputError
        There is one.
    """
    if path.exists() and not force:
        raise OutputError(f"{path} is there already.", hint="Name another file, or add --force to replace it.")


def write_file(path: Path, content: bytes) -> None:
    """Write a file that a person asked for, whole or not at all.

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
