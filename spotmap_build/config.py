"""One frozen :class:`Config`, from flags, the environment, ``spotmap.toml`` and defaults, in that order of strength.

Every setting is declared once, in ``SETTINGS``: its name on the command line and in the file, its environment variable,
how its text is read, and what it is for. An unknown key is an error that names the nearest known one, so a typing
mistake never passes for a default.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from spotmap_build.errors import ConfigError

CONFIG_FILE: Final = "spotmap.toml"
DEFAULT_OUT: Final = Path("site")
DEFAULT_CACHE: Final = Path(".spotmap/cache")
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
    jobs: int = 0
    max_failures: FailureBound = FailureBound()
    force: bool = False
    seed: int = 42
    models_url: str = "https://essentia.upf.edu/models/"
    models_dir: Path | None = None
    log: str = "auto"

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
    Setting("jobs", "SPOTMAP_JOBS", _whole_number),
    Setting("max_failures", "SPOTMAP_MAX_FAILURES", _failure_bound),
    Setting("force", "SPOTMAP_FORCE", _flag),
    Setting("seed", "SPOTMAP_SEED", _whole_number),
    Setting("models_dir", "SPOTMAP_MODELS_DIR", _path),
    Setting("log", "SPOTMAP_LOG", _choice("auto", "tty", "plain", "json")),
    Setting("models_url", "SPOTMAP_MODELS", _url, table="endpoints"),
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
            if (table, key) not in known:
                raise ConfigError(f"{file}: [{table}] has an unknown key '{key}'.", hint=_nearest(table, key))
            values[key] = _read(known[table, key], raw, file.parent, f"{file}: [{table}] {key}")
    return values


def _read(setting: Setting, raw: object, base: Path, where: str) -> object:
    try:
        return setting.read(raw, base)
    except ValueError as error:
        raise ConfigError(f"{where} {error}; it is {raw!r}.", hint="See spotmap-build --help.") from error


def _nearest(table: str, key: str) -> str:
    names = [setting.name for setting in SETTINGS if setting.table == table]
    if not names:
        return f"The tables are {', '.join(sorted({f'[{setting.table}]' for setting in SETTINGS}))}."
    near = difflib.get_close_matches(key, names, n=1)
    return f"Did you mean '{near[0]}'?" if near else f"Known keys: {', '.join(names)}."
