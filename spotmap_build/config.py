"""One frozen :class:`Config`, from flags, the environment, ``spotmap.toml`` and defaults, in that order of strength.

Which settings there are is declared in ``settings``. An unknown key is an error that names the nearest known one, so a
typing mistake never passes for a default.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from spotmap_build.config_values import NO_BOUND, FailureBound, Shard, shown
from spotmap_build.core.documents import parse_toml
from spotmap_build.core.files import LONGEST_NAME_BYTES, is_inside, read_bounded, resolve_place
from spotmap_build.core.language import AUTO
from spotmap_build.core.speech import sentence
from spotmap_build.errors import ConfigError
from spotmap_build.registry.sources import CARD
from spotmap_build.settings import ENDPOINTS, SETTINGS, Setting

CONFIG_FILE: Final = "spotmap.toml"
DEFAULT_OUT: Final = Path("site")
DEFAULT_CACHE: Final = Path(".spotmap/cache")
DEFAULT_OVERRIDES: Final = Path("overrides.toml")
BESIDE_CACHE: Final = ".spotmap"
BESIDE_REPORT: Final = ".report.json"
BESIDE_AUDIO: Final = ".audio.json"
BESIDE_PUSHED: Final = ".spotify.json"
BESIDE_UNCHANGED: Final = ".unchanged.json"
LARGEST_FILE_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Config:
    """What a build was asked to do. Paths are as given, made absolute against the folder that they were given in."""

    sources: tuple[str, ...] = ()
    out: Path = DEFAULT_OUT
    title: str = ""
    site_url: str = ""
    """Where the site will be published, for what needs its full address."""
    indexed: bool = False
    """Whether search engines may list the site."""
    embedder: str = ""
    theme: str = ""
    """The page's colors; empty for its own."""
    template: Path | None = None
    """A folder whose files stand in for those of the page's template with the same names."""
    engine: str = ""
    """What runs the embedder; empty for onnxruntime, or Essentia where only that is installed."""
    metric: str = "centered"
    """How vectors that a table brings are compared, see ``stages.embed.PREPROCESSING``."""
    cache_dir: Path = DEFAULT_CACHE
    report: Path | None = None
    summary: Path | None = None
    """Where to write the build's end as Markdown (a scheduled build shows it on its page)."""
    poster: Path | None = None
    """Where to draw the map as a poster: a file that ends in ``.svg`` or ``.png``."""
    poster_size: str = "a2"
    jobs: int = 0
    executor: str = ""
    """Where recordings are listened to: a Dask scheduler's address (``dask://HOST:PORT``); empty for this machine."""
    shard: Shard | None = None
    """The share of the tracks that is listened to, for the cache alone; None for a whole build."""
    max_failures: FailureBound = NO_BOUND
    force: bool = False
    seed: int = 42
    anchor: str = "auto"
    """The map that this one continues: ``auto`` (the last one), ``none``, or the folder or address of a site."""
    fresh: bool = False
    """Lay the map out from scratch, and only turn it to fit the last one."""
    models_url: str = "https://essentia.upf.edu/models/"
    models_dir: Path | None = None
    language: str = AUTO
    """Of the page, for everybody, and of what the terminal says: ``auto``, or one that there is a catalog of."""
    log: str = "auto"
    layers: tuple[str, ...] = ()
    """A name for each source, in their order (``--as``); empty where all is one person's."""
    offline: bool = False
    """Ask no service anything: the last snapshot, what was matched, what was listened to."""
    listen: bool = True
    """Whether new tracks are matched, downloaded and listened to; else they wait, and the map is made of the others."""
    heads: bool = True
    """Whether heads of the embedder are asked for moods, instruments and a voice, where it has some."""
    excerpts: int = 0
    """How many seconds of each track that is on this machine go into the site; none where 0."""
    paths: str = ""
    """How the site names the listener's own files (``relative`` or ``absolute``); empty where it does not."""
    fetch_covers: bool = True
    """Whether the covers of albums are fetched from the services that hold them."""
    retry: bool = False
    """Try again now what failed before and is not due yet."""
    overrides: Path = DEFAULT_OVERRIDES
    audio: str = "auto"
    """What is listened to of tracks that are not files: ``youtube`` (whole recordings), ``previews`` (30 seconds from
    Deezer), or ``auto``: previews first, for a map within the hour, then whole recordings."""
    time_limit_s: float | None = None
    """Seconds after which the build publishes what there is; what was not listened to waits for the next one."""
    keep_audio: Path | None = None
    """A folder where downloaded audio stays; by default it is deleted as soon as it was listened to."""
    cookies: Path | None = None
    """Cookies of a browser session (Netscape format) for YouTube."""
    max_rate_bytes_s: int | None = None
    searches_per_s: float = 2.0
    """To YouTube Music. Its limits are not documented; two a second was never refused."""
    download_pause_s: float = 8.0
    """From the start of one download to the next. YouTube gives a guest about 300 videos an hour, and yt-dlp's authors
    advise 5 to 10 s."""
    previews_per_s: float = 5.0
    """Requests to Deezer. It answers ten a second to one address on the internet, which others may share."""
    push_lists: tuple[str, ...] = ()
    """Which lists ``push`` brings to Spotify where the command names none."""
    spotify_login: str = field(default="", repr=False)
    """What ``login --print-ci-secret`` printed; else the token file of this machine is used."""
    token_file: Path | None = None
    spotify_api_url: str = "https://api.spotify.com/v1/"
    spotify_accounts_url: str = "https://accounts.spotify.com/"
    ytmusic_url: str = "https://music.youtube.com/"
    deezer_url: str = "https://api.deezer.com/"
    watch_url: str = "https://music.youtube.com/watch?v={video_id}"

    @property
    def report_path(self) -> Path:
        """Where the report goes: as asked, else beside the site, never inside it."""
        return self.report or beside(self.out, BESIDE_REPORT)

    @property
    def local_audio_path(self) -> Path:
        """Where the preview finds which file each track is: beside the site, never inside it."""
        return beside(self.out, BESIDE_AUDIO)

    @property
    def pushed_path(self) -> Path:
        """Where it is noted which playlists on Spotify were made of this map: beside the site, never inside it."""
        return beside(self.out, BESIDE_PUSHED)

    @property
    def unchanged_path(self) -> Path:
        """Where a build that had nothing to do notes of what that was true: beside the site, never inside it."""
        return beside(self.out, BESIDE_UNCHANGED)

    @property
    def library_folder(self) -> Path | None:
        """The folder that holds all that the sources name; None where that is a whole drive, or there are several.

        Where a friend's card lies says nothing of the library.
        """
        named = [source.partition(":") for source in self.sources]
        places = [Path(place) for kind, _, place in named if place and kind != CARD]
        folders = [place if place.is_dir() else place.parent for place in places]
        try:
            common = Path(os.path.commonpath(folders)) if folders else None
        except ValueError:
            return None
        return None if common is None or common == Path(common.anchor) else common

    @property
    def cache_is_beside_site(self) -> bool:
        """Whether the cache has no place in the working folder, because that is in the site."""
        return self.cache_dir == beside(self.out, BESIDE_CACHE) / DEFAULT_CACHE.name

    @property
    def other_endpoints(self) -> tuple[str, ...]:
        """Addresses that the person set in place of a service's own."""
        usual = Config()
        names = [setting.name for setting in SETTINGS if setting.table == ENDPOINTS]
        return tuple(getattr(self, name) for name in names if getattr(self, name) != getattr(usual, name))

    @property
    def worker_count(self) -> int:
        """Embedding processes: as asked, else one a processor that this process may use."""
        return self.jobs or available_processors()


def beside(out: Path, ending: str) -> Path:
    """Name a place next to the site's folder after it; where that would be too long a name, by its beginning."""
    site = Path(os.path.realpath(out))
    # A name such as `..`, or a link in the site that leads to it, is not next to the site.
    folder = site if Path(os.path.realpath(out.parent)).is_relative_to(site) else out
    name = os.fsencode(folder.name)
    if len(name) + len(ending) > LONGEST_NAME_BYTES:
        import hashlib  # not loaded for --help

        digest = hashlib.sha256(name).hexdigest()[:12]
        beginning = name[: LONGEST_NAME_BYTES - len(ending) - len(digest) - 1].decode("utf-8", "ignore")
        return folder.parent / f"{beginning}-{digest}{ending}"
    return folder.parent / (folder.name + ending)


def script_beside(place: Path) -> Path:
    """Return where the list of local audio is as a script, for pages from disk."""
    return place.with_name(f"{place.name}.js")


def available_processors() -> int:
    """How many processors this process may run on (a container is often allowed fewer than the machine has)."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


_SETTING: Final = {setting.name: setting for setting in SETTINGS}


def load_config(
    flags: Mapping[str, object], environment: Mapping[str, str], folder: Path, file: Path | None = None
) -> Config:
    """Put the four layers together.

    Parameters
    ----------
    flags : Mapping[str, object]
        What was given on the command line; a flag that was not given is absent or None (and overrides nothing).
    environment : Mapping[str, str]
        Usually ``os.environ``.
    folder : Path
        The working folder: relative paths of flags and environment start here, and ``spotmap.toml`` is looked for.
    file : Path | None
        Another configuration file; then it must exist. Relative paths in a file start at the file's folder.

    Raises
    ------
    ConfigError
        Naming the flag, the variable or the key, and what it must be.
    """
    source = file or folder / CONFIG_FILE
    found = _read_file(source, must_exist=file is not None)
    of_file = set(found)
    for setting in SETTINGS:
        if environment.get(setting.env):
            raw: object = environment[setting.env]
            if setting.name == "sources":
                raw = environment[setting.env].split()
            found[setting.name] = _read(setting, raw, folder, sentence(f"the environment variable {setting.env}"))
            of_file.discard(setting.name)
        flag = flags.get(setting.name)
        if flag is not None and flag != ():
            found[setting.name] = _read(setting, flag, folder, setting.option)
            of_file.discard(setting.name)
    out = found.setdefault("out", folder / DEFAULT_OUT)
    beside_site = {"report"}
    if _is_in_site(folder / DEFAULT_CACHE, out):
        beside_site.add("cache_dir")
    if "out" in of_file:  # what goes beside the site goes where the file says as well
        of_file |= beside_site - set(found)
    cache = beside(out, BESIDE_CACHE) / DEFAULT_CACHE.name if "cache_dir" in beside_site else folder / DEFAULT_CACHE
    found.setdefault("cache_dir", cache)
    found.setdefault("overrides", folder / DEFAULT_OVERRIDES)
    config = Config(**found)
    _check_file(config, of_file, source)
    return config


def usual_config(environment: Mapping[str, str]) -> Config:
    """Return what a command takes that is given no flags.

    The defaults alone, where only flags make a build possible.
    """
    try:
        return load_config({}, environment, working_folder())
    except ConfigError:
        return Config()


def working_folder() -> Path:
    """Return the folder that the command was started in.

    Raises
    ------
    ConfigError
        It was deleted since.
    """
    try:
        return Path.cwd()
    except OSError as error:
        raise ConfigError(
            f"The folder that this was started in cannot be used: {error.strerror}.",
            hint="It was moved or deleted. Change to another folder, then run this again.",
        ) from error


def _is_in_site(place: Path, out: Path) -> bool:
    """Whether the usual place of the cache is in the site: the working folder is it (``--out .``), or lies in it."""
    try:
        return is_inside(resolve_place(place), resolve_place(out))
    except OSError:  # what is wrong with the place is reported by whoever uses it
        return False


def _check_file(config: Config, of_file: set[str], file: Path) -> None:
    """Refuse what a file may not decide, although it may set it. See :class:`Setting`."""
    for setting in SETTINGS:
        if setting.name in of_file and setting.is_place:
            place = config.report_path if setting.name == "report" else getattr(config, setting.name)
            _check_inside_project(setting, place, file)
    if "anchor" in of_file and config.anchor.lower().startswith("http://"):
        raise ConfigError(
            f"{file}: [build] anchor is an address without https.",
            hint=f"Give one that starts with https://. If you want this one, {_SETTING['anchor'].elsewhere}.",
        )


def _check_inside_project(setting: Setting, place: Path, file: Path) -> None:
    where = f"{file}: [build] {setting.name}"
    try:
        project, target = resolve_place(file.parent), resolve_place(place)
    except OSError as error:
        raise ConfigError(
            f"{where} is no place that can be used: {shown(place)} ({error.strerror or error}).",
            hint="Name another one.",
        ) from error
    if not is_inside(target, project):
        raise ConfigError(
            f"{where} leads out of the folder that the file lies in: to {shown(target)}.",
            hint=f"A file may only name places inside of its folder. If you want this one, {setting.elsewhere}.",
        )


def _read_file(file: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        tables = parse_toml(read_bounded(file, LARGEST_FILE_BYTES))
    except FileNotFoundError as error:
        if must_exist:
            raise ConfigError(
                f"There is no configuration file {file}.", hint="Check the path after --config."
            ) from error
        return {}
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"{file} cannot be read: {reason}.", hint="Mend that line, or move the file away.") from error
    known = {(setting.table, setting.key_in_file): setting for setting in SETTINGS}
    found: dict[str, Any] = {}
    for table, content in tables.items():
        if not isinstance(content, dict):
            raise ConfigError(
                f"{file}: {shown(table)} stands outside of a table.",
                hint="Put it below a line that says [build].",
            )
        for key, raw in content.items():
            if (table, key) not in known:
                raise ConfigError(f"{file}: [{table}] has an unknown key {shown(key)}.", hint=_nearest(table, key))
            setting = known[table, key]
            if not setting.in_file:
                is_what = "is a secret" if setting.secret else "cannot be set in a file"
                raise ConfigError(
                    f"{file}: [{table}] {key} {is_what}.", hint=f"Take that line away, and {setting.elsewhere} instead."
                )
            found[setting.name] = _read(setting, raw, file.parent, f"{file}: [{table}] {key}")
    return found


def _read(setting: Setting, raw: object, base: Path, where: str) -> object:
    try:
        return setting.read(raw, base)
    except ValueError as error:
        value = "" if setting.secret else "; " + sentence(f"it is {shown(raw)}")
        raise ConfigError(f"{where} {error}{value}.", hint="See spotmap-build --help.") from error


def _nearest(table: str, key: str) -> str:
    names = [setting.key_in_file for setting in SETTINGS if setting.table == table and setting.in_file]
    if not names:
        return f"The tables are {', '.join(sorted({f'[{setting.table}]' for setting in SETTINGS if setting.in_file}))}."
    import difflib

    near = difflib.get_close_matches(key[:100], names, n=1)
    return f"Did you mean '{near[0]}'?" if near else f"Known keys: {', '.join(names)}."
