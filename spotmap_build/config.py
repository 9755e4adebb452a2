"""The :class:`Config` of a build, from flags, the environment, ``spotmap.toml`` and defaults, in order of precedence.

The settings are declared in ``settings``. An unknown key is an error that suggests the nearest known key, so a typo is
never silently ignored.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from spotmap_build.config_values import NO_BOUND, FailureBound, Shard, shown
from spotmap_build.core.documents import parse_toml, toml_advice
from spotmap_build.core.files import MAX_NAME_BYTES, is_inside, read_bounded, resolve_path
from spotmap_build.core.language import AUTO
from spotmap_build.core.translation import translatable
from spotmap_build.errors import ConfigError
from spotmap_build.registry.sources import CARD
from spotmap_build.settings import ENDPOINTS, SETTINGS, Setting

CONFIG_FILE: Final = "spotmap.toml"
DEFAULT_OUT: Final = Path("site")
DEFAULT_CACHE: Final = Path(".spotmap/cache")
DEFAULT_OVERRIDES: Final = Path("overrides.toml")
CACHE_ENDING: Final = ".spotmap"
REPORT_ENDING: Final = ".report.json"
AUDIO_ENDING: Final = ".audio.json"
PUSHED_ENDING: Final = ".spotify.json"
UNCHANGED_ENDING: Final = ".unchanged.json"
MAX_FILE_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Config:
    """The settings of a build. Relative paths were made absolute, but not resolved further."""

    sources: tuple[str, ...] = ()
    out: Path = DEFAULT_OUT
    title: str = ""
    site_url: str = ""
    """URL where the site will be published, for the parts of the page that need a full URL."""
    indexed: bool = False
    """Whether search engines may list the site."""
    embedder: str = ""
    theme: str = ""
    """The page's color theme; empty for the default."""
    template: Path | None = None
    """A folder whose files replace those of the same name in the page's template."""
    engine: str = ""
    """The library that runs the embedder; empty for onnxruntime, or Essentia if only that is installed."""
    metric: str = "centered"
    """How vectors from a table are compared, see ``stages.embed.PREPROCESSING``."""
    cache_dir: Path = DEFAULT_CACHE
    report: Path | None = None
    summary: Path | None = None
    """Where to write a Markdown summary of the build (scheduled builds show it on their page)."""
    poster: Path | None = None
    """Where to write the map as a poster: a ``.svg`` or ``.png`` file."""
    poster_size: str = "a2"
    jobs: int = 0
    executor: str = ""
    """Where recordings are analyzed: a Dask scheduler's address (``dask://HOST:PORT``); empty for this machine."""
    shard: Shard | None = None
    """The share of the tracks to analyze into the cache, without a map; None for a normal build."""
    max_failures: FailureBound = NO_BOUND
    force: bool = False
    seed: int = 42
    anchor: str = "auto"
    """The map that this one continues: ``auto`` (the last one), ``none``, or the folder or address of a site."""
    fresh: bool = False
    """Compute a new layout, and only rotate it to align with the last one."""
    models_url: str = "https://essentia.upf.edu/models/"
    models_dir: Path | None = None
    language: str = AUTO
    """Language of the page, for all visitors, and of the terminal: ``auto``, or a language with a catalog."""
    log: str = "auto"
    layers: tuple[str, ...] = ()
    """A name for each source, in their order (``--as``); empty if all belong to one person."""
    offline: bool = False
    """Contact no service; use the last snapshot of the library, known matches and cached analyses."""
    listen: bool = True
    """Whether new tracks are matched, downloaded and analyzed; otherwise they wait, and the map has only the others."""
    heads: bool = True
    """Whether to run the embedder's heads for moods, instruments and voices, if it has any."""
    excerpts: int = 0
    """Seconds of each local track to publish with the site; 0 for none."""
    paths: str = ""
    """How the site refers to the listener's own files (``relative`` or ``absolute``); empty for not at all."""
    fetch_covers: bool = True
    """Whether album covers are fetched from online services."""
    retry: bool = False
    """Retry failed tracks now, even if they are not due yet."""
    overrides: Path = DEFAULT_OVERRIDES
    audio: str = "auto"
    """The audio of tracks that are not local files: ``youtube`` (whole recordings), ``previews`` (30 seconds from
    Deezer), or ``auto``: previews first, for a map within the hour, then whole recordings."""
    time_limit_s: float | None = None
    """Seconds after which the build publishes a map of the finished tracks; the others wait for the next build."""
    keep_audio: Path | None = None
    """A folder in which to keep downloaded audio; by default it is deleted once analyzed."""
    cookies: Path | None = None
    """Cookies of a browser session (Netscape format) for YouTube."""
    max_rate_bytes_s: int | None = None
    searches_per_s: float = 2.0
    """Searches on YouTube Music. Its limits are undocumented; two per second were never refused."""
    download_pause_s: float = 8.0
    """From the start of one download to the start of the next. YouTube allows a guest about 300 videos per hour, and
    yt-dlp's authors recommend 5 to 10 s."""
    previews_per_s: float = 5.0
    """Requests to Deezer, which allows ten per second per IP address; other programs may share the address."""
    push_lists: tuple[str, ...] = ()
    """The lists that ``push`` sends to Spotify if the command names none."""
    spotify_login: str = field(default="", repr=False)
    """Output of ``login --print-ci-secret``; if empty, the token file of this machine is used."""
    token_file: Path | None = None
    spotify_api_url: str = "https://api.spotify.com/v1/"
    spotify_accounts_url: str = "https://accounts.spotify.com/"
    ytmusic_url: str = "https://music.youtube.com/"
    deezer_url: str = "https://api.deezer.com/"
    watch_url: str = "https://music.youtube.com/watch?v={video_id}"

    @property
    def report_path(self) -> Path:
        """Path of the report: as given, or next to the site, never inside it."""
        return self.report or sibling_path(self.out, REPORT_ENDING)

    @property
    def local_audio_path(self) -> Path:
        """Path of the list of local audio files for the preview: next to the site, never inside it."""
        return sibling_path(self.out, AUDIO_ENDING)

    @property
    def pushed_path(self) -> Path:
        """Path of the record of Spotify playlists created from this map: next to the site, never inside it."""
        return sibling_path(self.out, PUSHED_ENDING)

    @property
    def unchanged_path(self) -> Path:
        """Path of the note of a build that had nothing to do (``unchanged``): next to the site, never inside it."""
        return sibling_path(self.out, UNCHANGED_ENDING)

    @property
    def library_folder(self) -> Path | None:
        """The common parent folder of all sources; None if it is the root of a drive, or they are on several drives.

        Friends' cards do not count, since their location says nothing about the library.
        """
        named = [source.partition(":") for source in self.sources]
        places = [Path(path) for kind, _, path in named if path and kind != CARD]
        folders = [path if path.is_dir() else path.parent for path in places]
        try:
            common = Path(os.path.commonpath(folders)) if folders else None
        except ValueError:
            return None
        return None if common is None or common == Path(common.anchor) else common

    @property
    def cache_is_beside_site(self) -> bool:
        """Whether the cache is next to the site because the working folder is inside the site."""
        return self.cache_dir == sibling_path(self.out, CACHE_ENDING) / DEFAULT_CACHE.name

    @property
    def other_endpoints(self) -> tuple[str, ...]:
        """URLs that the user set in place of a service's own."""
        usual = Config()
        names = [setting.name for setting in SETTINGS if setting.table == ENDPOINTS]
        return tuple(getattr(self, name) for name in names if getattr(self, name) != getattr(usual, name))

    @property
    def worker_count(self) -> int:
        """Number of embedding processes: as given, or one per processor available to this process."""
        return self.jobs or available_processors()


def sibling_path(out: Path, ending: str) -> Path:
    """Return a path next to the site's folder, with its name plus ``ending``; a name that is too long is shortened."""
    site = Path(os.path.realpath(out))
    # With a path such as `site/..`, or a link inside the site, the parent of `out` would be inside the site.
    folder = site if Path(os.path.realpath(out.parent)).is_relative_to(site) else out
    name = os.fsencode(folder.name)
    if len(name) + len(ending) > MAX_NAME_BYTES:
        import hashlib  # not loaded for --help

        digest = hashlib.sha256(name).hexdigest()[:12]
        beginning = name[: MAX_NAME_BYTES - len(ending) - len(digest) - 1].decode("utf-8", "ignore")
        return folder.parent / f"{beginning}-{digest}{ending}"
    return folder.parent / (folder.name + ending)


def sibling_script(path: Path) -> Path:
    """Return the path of the script version of the list of local audio, for pages opened from disk."""
    return path.with_name(f"{path.name}.js")


def available_processors() -> int:
    """Return the number of processors this process may use (in a container, often fewer than the machine has)."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


_SETTING: Final = {setting.name: setting for setting in SETTINGS}


def load_config(
    flags: Mapping[str, object], environment: Mapping[str, str], folder: Path, file: Path | None = None
) -> Config:
    """Combine flags, environment, settings file and defaults.

    Parameters
    ----------
    flags : Mapping[str, object]
        Values from the command line. A flag that was not given is absent or None, and overrides nothing.
    environment : Mapping[str, str]
        Usually ``os.environ``.
    folder : Path
        The working folder: base of relative paths from flags and the environment, and location of ``spotmap.toml``.
    file : Path | None
        Another settings file, which must exist. Relative paths in a file are relative to its folder.

    Raises
    ------
    ConfigError
        A value is invalid; the message names the flag, variable or key, and what it must be.
    """
    source = file or folder / CONFIG_FILE
    in_file = _read_file(source, must_exist=file is not None)
    elsewhere = _read_outside_files(flags, environment, folder)
    given = in_file | elsewhere
    of_file = in_file.keys() - elsewhere.keys()
    out = given.setdefault("out", folder / DEFAULT_OUT)
    beside_site, cache_dir = {"report"}, folder / DEFAULT_CACHE
    if _is_in_site(cache_dir, out):
        beside_site.add("cache_dir")
        cache_dir = sibling_path(out, CACHE_ENDING) / DEFAULT_CACHE.name
    from_out = beside_site - given.keys() if "out" in of_file else set()  # it then decides where these files go as well
    config = Config(**({"cache_dir": cache_dir, "overrides": folder / DEFAULT_OVERRIDES} | given))
    _check_file(config, of_file, from_out, source)
    return config


def _read_outside_files(flags: Mapping[str, object], environment: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """Return the values of flags and of the environment by setting; flags take precedence."""
    found: dict[str, Any] = {}
    for setting in SETTINGS:
        text = environment.get(setting.env)
        if text:
            raw = text.split() if setting.name == "sources" else text
            found[setting.name] = _read(setting, raw, folder, translatable(f"the environment variable {setting.env}"))
        flag = flags.get(setting.name)
        if flag is not None and flag != ():
            found[setting.name] = _read(setting, flag, folder, setting.option)
    return found


def default_config(environment: Mapping[str, str]) -> Config:
    """Return the configuration without flags; the defaults if it is invalid without flags."""
    try:
        return load_config({}, environment, working_folder())
    except ConfigError:
        return Config()


def working_folder() -> Path:
    """Return the folder that the command was started in.

    Raises
    ------
    ConfigError
        The folder was deleted in the meantime.
    """
    try:
        return Path.cwd()
    except OSError as error:
        raise ConfigError(
            f"The working folder cannot be used: {error.strerror}.",
            hint="It was moved or deleted. Change to another folder, then run this again.",
        ) from error


def _is_in_site(path: Path, out: Path) -> bool:
    """Return whether the default cache would be inside the site, as with ``--out .``."""
    try:
        return is_inside(resolve_path(path), resolve_path(out))
    except OSError:  # reported when the path is used
        return False


def _check_file(config: Config, of_file: set[str], from_out: set[str], file: Path) -> None:
    """Refuse values that a settings file may not choose, see :class:`Setting`.

    ``from_out``: settings whose default depends on the file's choice of a site.
    """
    for setting in SETTINGS:
        if setting.name in of_file | from_out and setting.is_place:
            path = config.report_path if setting.name == "report" else getattr(config, setting.name)
            _check_inside_project(setting, path, file, is_from_out=setting.name in from_out)
    if "anchor" in of_file and config.anchor.lower().startswith("http://"):
        raise ConfigError(
            f"{file}: [build] anchor is an address without https.",
            hint=f"Give one that starts with https://. If you want this one, {_SETTING['anchor'].elsewhere}.",
        )


def _check_inside_project(setting: Setting, path: Path, file: Path, *, is_from_out: bool) -> None:
    where = f"{file}: [build] {setting.name}"
    try:
        project, target = resolve_path(file.parent), resolve_path(path)
    except OSError as error:
        raise ConfigError(
            f"{where} is not a usable path: {shown(path)} ({error.strerror or error}).",
            hint="Name another one.",
        ) from error
    if not is_inside(target, project) and is_from_out:
        raise ConfigError(
            f"{file}: [build] out leaves no place inside its folder for the files next to the site.",
            hint='Name a folder below it, as in out = "site".',
        )
    if not is_inside(target, project):
        raise ConfigError(
            f"{where} points outside the folder of the file: {shown(target)}.",
            hint=f"A file may only name paths inside its own folder. If you want this one, {setting.elsewhere}.",
        )


def _read_file(file: Path, *, must_exist: bool) -> dict[str, Any]:
    content = b""
    try:
        content = read_bounded(file, MAX_FILE_BYTES)
        tables = parse_toml(content)
    except FileNotFoundError as error:
        if must_exist:
            raise ConfigError(
                f"The settings file {file} does not exist.", hint="Check the path after --config."
            ) from error
        return {}
    except OSError as error:
        hint = "Move it away, or name a settings file with --config."
        raise ConfigError(f"{file} cannot be read: {error.strerror}.", hint=hint) from error
    except ValueError as error:
        hint = toml_advice(content, error) or "Fix that line, or move the file away."
        raise ConfigError(f"{file} cannot be read: {error}.", hint=hint) from error
    known = {(setting.table, setting.key_in_file): setting for setting in SETTINGS}
    found: dict[str, Any] = {}
    for table, content in tables.items():
        if not isinstance(content, dict):
            raise ConfigError(
                f"{file}: {shown(table)} is outside of a table.",
                hint="Put it below a line that says [build].",
            )
        for key, raw in content.items():
            if (table, key) not in known:
                raise ConfigError(f"{file}: [{table}] has an unknown key {shown(key)}.", hint=_nearest(table, key))
            setting = known[table, key]
            if not setting.in_file:
                is_what = "is a secret" if setting.secret else "cannot be set in a file"
                raise ConfigError(
                    f"{file}: [{table}] {key} {is_what}.", hint=f"Remove that line, and {setting.elsewhere} instead."
                )
            found[setting.name] = _read(setting, raw, file.parent, f"{file}: [{table}] {key}")
    return found


def _read(setting: Setting, raw: object, base: Path, where: str) -> object:
    try:
        return setting.read(raw, base)
    except ValueError as error:
        value = "" if setting.secret else "; " + translatable(f"it is {shown(raw)}")
        raise ConfigError(f"{where} {error}{value}.", hint="See spotmap-build build --help.") from error


def _nearest(table: str, key: str) -> str:
    names = [setting.key_in_file for setting in SETTINGS if setting.table == table and setting.in_file]
    if not names:
        return f"The tables are {', '.join(sorted({f'[{setting.table}]' for setting in SETTINGS if setting.in_file}))}."
    import difflib

    options = {setting.flag: setting.key_in_file for setting in SETTINGS if setting.flag and setting.in_file}
    near = difflib.get_close_matches(key[:100], [*names, *options], n=1)
    return f"Did you mean '{options.get(near[0], near[0])}'?" if near else f"Known keys: {', '.join(names)}."
