"""One frozen :class:`Config`, from flags, the environment, ``spotmap.toml`` and defaults, in that order of strength.

Every setting is declared once, in ``SETTINGS``: its name on the command line and in the file, its environment variable,
how its text is read, and what it is for. An unknown key is an error that names the nearest known one, so a typing
mistake never passes for a default.
"""

from __future__ import annotations

import difflib
import math
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from spotmap_build.errors import ConfigError

CONFIG_FILE: Final = "spotmap.toml"
DEFAULT_OUT: Final = Path("site")
DEFAULT_CACHE: Final = Path(".spotmap/cache")
DEFAULT_OVERRIDES: Final = Path("overrides.toml")
EMBEDDERS: Final = ("discogs-effnet", "musicnn")


@dataclass(frozen=True, slots=True)
class FailureBound:
    """How many tracks may be missing before the build ends with status 3: a number, or a share of the library."""

    count: int | None = None
    share: float | None = None

    def is_passed(self, failed: int, total: int) -> bool:
        """Whether ``failed`` of ``total`` tracks are too many."""
        if self.count is not None:
            return failed > self.count
        return self.share is not None and total > 0 and failed / total > self.share


@dataclass(frozen=True, slots=True)
class Config:
    """What a build was asked to do. Paths are as given, made absolute against the folder that they were given in."""

    sources: tuple[str, ...] = ()
    out: Path = DEFAULT_OUT
    title: str = ""
    embedder: str = ""
    cache_dir: Path = DEFAULT_CACHE
    report: Path | None = None
    summary: Path | None = None
    """Where to write the build's end as Markdown (a scheduled build shows it on its page)."""
    jobs: int = 0
    max_failures: FailureBound = FailureBound()
    force: bool = False
    seed: int = 42
    anchor: str = "auto"
    """The map that this one continues: ``auto`` (the last one), ``none``, or the folder or address of a site."""
    fresh: bool = False
    """Lay the map out afresh, and only turn it to fit the last one."""
    models_url: str = "https://essentia.upf.edu/models/"
    models_dir: Path | None = None
    log: str = "auto"
    layers: tuple[str, ...] = ()
    """A name for each source, in their order (``--as``); empty where all is one person's."""
    offline: bool = False
    """Ask no service anything: the last snapshot, what was matched, what was heard."""
    listen: bool = True
    """Whether new tracks are matched, downloaded and heard; else they wait, and the map is made of what was heard."""
    retry: bool = False
    """Try again now what failed before and is not due yet."""
    overrides: Path = DEFAULT_OVERRIDES
    keep_audio: Path | None = None
    """A folder where downloaded audio stays; by default it is deleted as soon as it was heard."""
    cookies: Path | None = None
    """Cookies of a browser session (Netscape format) for YouTube."""
    max_rate_bytes_s: int | None = None
    searches_per_s: float = 2.0
    """To YouTube Music. Its limits are not documented; two a second was never refused."""
    download_pause_s: float = 8.0
    """From the start of one download to the next. YouTube gives a guest about 300 videos an hour, and yt-dlp's authors
    advise 5 to 10 s."""
    spotify_login: str = field(default="", repr=False)
    """What ``login --print-ci-secret`` printed; else the token file of this machine is used."""
    token_file: Path | None = None
    spotify_api_url: str = "https://api.spotify.com/v1/"
    spotify_accounts_url: str = "https://accounts.spotify.com/"
    ytmusic_url: str = "https://music.youtube.com/"
    watch_url: str = "https://music.youtube.com/watch?v={video_id}"

    @property
    def report_path(self) -> Path:
        """Where the report goes: as asked, else beside the site, never inside it."""
        return self.report or self.out.with_name(self.out.name + ".report.json")

    @property
    def worker_count(self) -> int:
        """Embedding processes: as asked, else one a processor that this process may use."""
        return self.jobs or available_processors()


def available_processors() -> int:
    """How many processors this process may run on (a container is often allowed fewer than the machine has)."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: where it may be given and how its text is read."""

    name: str
    env: str
    read: Callable[[object, Path], object]
    """Takes the raw value and the folder that relative paths start from; raises ValueError with a plain sentence."""
    table: str = "build"
    flag: str = ""
    """Its name on the command line, where that is another."""
    secret: bool = False
    """Never shown, not even in an error, and not to be written into a file."""


def _text(value: object, _base: Path) -> str:
    if not isinstance(value, str):
        raise ValueError("must be a text")
    return value


def _path(value: object, base: Path) -> Path:
    if not isinstance(value, (str, os.PathLike)) or not str(value):
        raise ValueError("must be the path of a file or folder")
    return base / Path(value).expanduser()


def _sources(value: object, base: Path) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, (list, tuple)) or not all(isinstance(item, str) and item for item in values):
        raise ValueError("must be a source such as 'folder:~/Music', or a list of them")
    return tuple(_anchored_source(item, base) for item in values)


def _anchored_source(source: str, base: Path) -> str:
    kind, colon, path = source.partition(":")
    return f"{kind}:{base / Path(path).expanduser()}" if colon and path else source


def _whole_number(value: object, _base: Path) -> int:
    try:
        number = int(str(value))
    except ValueError:
        number = -1
    if number < 0 or isinstance(value, bool):
        raise ValueError("must be a whole number, 0 or more")
    return number


def _flag(value: object, _base: Path) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if isinstance(value, bool):
        return value
    if str(value).lower() not in words:
        raise ValueError("must be true or false")
    return words[str(value).lower()]


def _choice(*allowed: str) -> Callable[[object, Path], str]:
    def read(value: object, _base: Path) -> str:
        if value not in allowed:
            raise ValueError(f"must be one of {', '.join(allowed)}")
        return str(value)

    return read


def _failure_bound(value: object, _base: Path) -> FailureBound:
    text = str(value).strip()
    try:
        if text.endswith("%"):
            share = float(text[:-1]) / 100
            if 0 <= share <= 1:
                return FailureBound(share=share)
        elif not isinstance(value, bool) and int(text) >= 0:
            return FailureBound(count=int(text))
    except ValueError:
        pass
    raise ValueError("must be a number of tracks such as 10, or a share such as 5%")


def _names(value: object, _base: Path) -> tuple[str, ...]:
    values = value.split(",") if isinstance(value, str) else value
    if not isinstance(values, (list, tuple)) or not all(isinstance(item, str) and item.strip() for item in values):
        raise ValueError("must be names with commas between, such as me,friend")
    return tuple(item.strip() for item in values)


def _positive(value: object, _base: Path) -> float:
    try:
        number = float(str(value))
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf or isinstance(value, bool):
        raise ValueError("must be a number above 0")
    return number


def _not_negative(value: object, base: Path) -> float:
    return 0.0 if str(value) in {"0", "0.0"} else _positive(value, base)


def parse_size(value: object, _base: Path | None = None) -> int:
    """``500M``, ``2G``, ``1.5GB`` as bytes; powers of 1,000.

    Raises
    ------
    ValueError: with a plain sentence.
    """
    powers = {"K": 1, "M": 2, "G": 3, "T": 4}
    number = str(value).upper().removesuffix("B")
    power = powers.get(number[-1:], 0)
    try:
        size = int(float(number[:-1] if power else number) * 1000**power)
    except (ValueError, OverflowError):
        size = -1
    if size < 0 or isinstance(value, bool):
        raise ValueError("must be a size such as 500M or 2G")
    return size


def _watch_url(value: object, _base: Path) -> str:
    if not isinstance(value, str) or not value.startswith(("https://", "http://")) or "{video_id}" not in value:
        raise ValueError("must be an address that holds {video_id}")
    return value


def _url(value: object, _base: Path) -> str:
    if not isinstance(value, str) or not value.startswith(("https://", "http://")):
        raise ValueError("must be an address that starts with https:// or http://")
    return value if value.endswith("/") else value + "/"


SETTINGS: Final = (
    Setting("sources", "SPOTMAP_SOURCES", _sources),
    Setting("out", "SPOTMAP_OUT", _path),
    Setting("title", "SPOTMAP_TITLE", _text),
    Setting("embedder", "SPOTMAP_EMBEDDER", _choice(*EMBEDDERS)),
    Setting("cache_dir", "SPOTMAP_CACHE_DIR", _path),
    Setting("report", "SPOTMAP_REPORT", _path),
    Setting("summary", "SPOTMAP_SUMMARY", _path),
    Setting("jobs", "SPOTMAP_JOBS", _whole_number),
    Setting("max_failures", "SPOTMAP_MAX_FAILURES", _failure_bound),
    Setting("force", "SPOTMAP_FORCE", _flag),
    Setting("seed", "SPOTMAP_SEED", _whole_number),
    Setting("anchor", "SPOTMAP_ANCHOR", _text),
    Setting("fresh", "SPOTMAP_FRESH", _flag),
    Setting("models_dir", "SPOTMAP_MODELS_DIR", _path),
    Setting("log", "SPOTMAP_LOG", _choice("auto", "tty", "plain", "json")),
    Setting("layers", "SPOTMAP_AS", _names, flag="as"),
    Setting("offline", "SPOTMAP_OFFLINE", _flag),
    Setting("listen", "SPOTMAP_LISTEN", _flag),
    Setting("retry", "SPOTMAP_RETRY", _flag),
    Setting("overrides", "SPOTMAP_OVERRIDES", _path),
    Setting("keep_audio", "SPOTMAP_KEEP_AUDIO", _path),
    Setting("cookies", "SPOTMAP_COOKIES", _path),
    Setting("max_rate_bytes_s", "SPOTMAP_MAX_RATE", parse_size, flag="max-rate"),
    Setting("searches_per_s", "SPOTMAP_SEARCHES_PER_S", _positive),
    Setting("download_pause_s", "SPOTMAP_DOWNLOAD_PAUSE_S", _not_negative),
    Setting("spotify_login", "SPOTMAP_SPOTIFY_LOGIN", _text, secret=True),
    Setting("token_file", "SPOTMAP_TOKEN_FILE", _path),
    Setting("models_url", "SPOTMAP_MODELS", _url, table="endpoints"),
    Setting("spotify_api_url", "SPOTMAP_SPOTIFY_API", _url, table="endpoints"),
    Setting("spotify_accounts_url", "SPOTMAP_SPOTIFY_ACCOUNTS", _url, table="endpoints"),
    Setting("ytmusic_url", "SPOTMAP_YTMUSIC", _url, table="endpoints"),
    Setting("watch_url", "SPOTMAP_WATCH_URL", _watch_url, table="endpoints"),
)


def load_config(
    flags: Mapping[str, object], environment: Mapping[str, str], folder: Path, file: Path | None = None
) -> Config:
    """Put the four layers together.

    Parameters
    ----------
    flags: what was given on the command line; a flag that was not given is absent or None (and overrides nothing).
    environment: usually ``os.environ``.
    folder: the working folder: relative paths of flags and environment start here, and ``spotmap.toml`` is looked for.
    file: another configuration file; then it must exist. Relative paths in a file start at the file's folder.

    Raises
    ------
    ConfigError: naming the flag, the variable or the key, and what it must be.
    """
    values = _read_file(file or folder / CONFIG_FILE, must_exist=file is not None)
    for setting in SETTINGS:
        if environment.get(setting.env):
            raw: object = environment[setting.env]
            if setting.name == "sources":
                raw = environment[setting.env].split()
            values[setting.name] = _read(setting, raw, folder, f"the environment variable {setting.env}")
        flag = flags.get(setting.name)
        if flag is not None and flag != ():
            values[setting.name] = _read(setting, flag, folder, f"--{setting.name.replace('_', '-')}")
    values["out"] = values.get("out", folder / DEFAULT_OUT)
    values["cache_dir"] = values.get("cache_dir", folder / DEFAULT_CACHE)
    values["overrides"] = values.get("overrides", folder / DEFAULT_OVERRIDES)
    return Config(**values)


def _read_file(file: Path, *, must_exist: bool) -> dict[str, Any]:
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if must_exist:
            raise ConfigError(
                f"There is no configuration file {file}.", hint="Check the path after --config."
            ) from error
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{file} cannot be read: {error}.", hint="Mend that line, or move the file away.") from error
    known = {(setting.table, setting.name): setting for setting in SETTINGS}
    values: dict[str, Any] = {}
    for table, content in tables.items():
        if not isinstance(content, dict):
            raise ConfigError(
                f"{file}: '{table}' stands outside of a table.",
                hint=f"Put it below a line that says [build]: {table} = ...",
            )
        for key, raw in content.items():
            if (table, key) in known and known[table, key].secret:
                raise ConfigError(
                    f"{file}: [{table}] {key} is a secret.", hint=f"Give it as {known[table, key].env} instead."
                )
            if (table, key) not in known:
                raise ConfigError(f"{file}: [{table}] has an unknown key '{key}'.", hint=_nearest(table, key))
            values[key] = _read(known[table, key], raw, file.parent, f"{file}: [{table}] {key}")
    return values


def _read(setting: Setting, raw: object, base: Path, where: str) -> object:
    try:
        return setting.read(raw, base)
    except ValueError as error:
        shown = "" if setting.secret else f"; it is {raw!r}"
        raise ConfigError(f"{where} {error}{shown}.", hint="See spotmap-build --help.") from error


def _nearest(table: str, key: str) -> str:
    names = [setting.name for setting in SETTINGS if setting.table == table]
    if not names:
        return f"The tables are {', '.join(sorted({f'[{setting.table}]' for setting in SETTINGS}))}."
    near = difflib.get_close_matches(key, names, n=1)
    return f"Did you mean '{near[0]}'?" if near else f"Known keys: {', '.join(names)}."
