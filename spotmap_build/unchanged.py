"""Skip a build if nothing has changed since a build that had nothing to do.

A build that found everything in its cache and the site up to date would do the same again, as long as the files that it
read are unchanged: those of its sources, its cache and its site. Such a build writes a note next to the site
(``site.unchanged.json``) with its output and a digest of the metadata of these files (name, size, modification time,
inode; not their content), the settings, this program, and the installed packages. The next build recomputes the digest
before it imports anything else.

If anything differs, even a modification time, the build runs normally. It also runs normally once a day, because the
cache records its used entries by the day, and to verify everything that is read.
"""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spotmap_build.config import default_config, sibling_script
from spotmap_build.core.files import read_bounded, system_devices, write_atomically
from spotmap_build.registry import embedders, sources
from spotmap_build.registry.formats import MARKER_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from spotmap_build.config import Config
    from spotmap_build.progress import Progress

SCHEMA: Final = "spotmap.unchanged/1"
BEGINNING: Final = b'{"schema":"spotmap.unchanged/'
"""Marks the note as replaceable by a later build."""
MAX_AGE_S: Final = 86_400
"""Maximum lifetime of a note."""
MAX_NOTE_BYTES: Final = 1 << 20
CACHE_PARTS: Final = ("ac", "cas", "FORMAT", "CACHEDIR.TAG")
"""Parts of a cache that determine what a build finds in it."""
ROOTS: Final = "roots"
PACKAGE: Final = Path(__file__).parent
TEMPLATE: Final = PACKAGE.parent / "site_template"
"""The template in a source checkout; in an installed package, it is inside ``PACKAGE``."""
INSTALLED: Final = (".dist-info", ".egg-info", ".pth")
"""Suffixes of files and folders in ``site-packages`` that identify installed packages and their versions."""
MARKERS: Final = ("CACHEDIR.TAG", MARKER_NAME, ".spotmap/cache/CACHEDIR.TAG")
"""Files in a parent folder that forbid a build to write below it."""


@dataclass(frozen=True, slots=True)
class State:
    """Everything that a build depends on, as two digests.

    ``found``: files that a build with nothing to do leaves unchanged. ``written``: files that every build writes.
    """

    found: bytes
    written: bytes


@dataclass(frozen=True, slots=True)
class Ending:
    """How a build ended: its summary lines, each with a level, and the exit status of the command.

    In the lines, ``TOOK`` is a placeholder for the duration.
    """

    lines: tuple[tuple[str, str], ...]
    exit_status: int


TOOK: Final = "\0"


class RecordingProgress:
    """A :class:`~spotmap_build.progress.Progress` that also records all events, to replay them later."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.events: list[tuple[str, ...]] = []

    def begin(self, stage: str, title: str, total: int | None = None) -> None:
        """Report that a stage starts."""
        self._progress.begin(stage, title, total)
        self.events.append(("begin", stage, title))

    def advance(self, done: int) -> None:
        """Report the progress of a stage; this is not recorded."""
        self._progress.advance(done)

    def end(self, outcome: str) -> None:
        """Report the end of a stage."""
        self._progress.end(outcome)
        self.events.append(("end", outcome))

    def say(self, message: str, *, level: str = "info") -> None:
        """Report a message."""
        self._progress.say(message, level=level)
        self.events.append(("say", message, level))

    def close(self) -> None:
        """Restore the terminal."""
        self._progress.close()


def read_state(config: Config) -> State | None:
    """Return the state that a build of ``config`` depends on; None if it depends on more than local files."""
    is_plain = config.anchor == "auto" and config.shard is None and config.summary is None
    if not is_plain or config.retry or config.fresh or not config.sources:
        return None
    kinds = {kind.name: kind for kind in sources.SOURCES}
    given = [source.partition(":") for source in config.sources]
    if not all(name in kinds and kinds[name].depends_on_files_only for name, _, _ in given) or _uses_plugins(config):
        return None
    try:
        return _compute_state(config, [path for _, _, path in given if path])
    except OSError:
        return None


def _uses_plugins(config: Config) -> bool:
    """Return whether the build uses a plugin, whose code may change without a new version number."""
    if config.theme:
        from spotmap_build.registry import themes

        if config.theme not in {theme.name for theme in themes.THEMES}:
            return True
    return config.embedder not in {"", *embedders.EMBEDDERS}


def replay(state: State, config: Config, progress: Progress) -> Ending | None:
    """Replay the last build's output and return its ending, if this build would do the same.

    Returns None, without any output, if anything has changed.
    """
    try:
        note = json.loads(read_bounded(config.unchanged_path, MAX_NOTE_BYTES))
        if note.pop("seal") != _seal(state, note):
            return None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    if not note["from_unix_s"] <= time.time() < note["until_unix_s"]:
        return None
    if any(_path_status(path) != shown for path, shown in note["roots"].items()):
        return None
    for kind, *words in note["said"]:
        _REPLAY[kind](progress, *words)
    return Ending(tuple((text, level) for text, level in note["lines"]), note["exit_status"])


def save_note(
    before: State, config: Config, events: Sequence[Sequence[str]], ending: Ending, until_unix_s: float
) -> None:
    """Write a note of how a build ended, valid until ``until_unix_s``, if the state is the same as ``before``."""
    after = read_state(config)
    if after is None or after.found != before.found:
        return
    note = {
        "schema": SCHEMA,
        "from_unix_s": int(time.time()),
        "until_unix_s": int(min(until_unix_s, time.time() + MAX_AGE_S)),
        "said": events,
        "lines": ending.lines,
        "exit_status": ending.exit_status,
        "roots": _own_roots(config),
    }
    with suppress(OSError):  # without a note, the next build runs normally
        if _is_replaceable(config.unchanged_path):
            note["seal"] = _seal(after, note)
            write_atomically(config.unchanged_path, _encode(note), is_private=True)


def _own_roots(config: Config) -> dict[str, str]:
    """Return the state of the cache's records of this site's builds; those of other sites may change freely."""
    from spotmap_build.cache.roots import site_name  # not loaded where nothing is built

    roots = (config.cache_dir / ROOTS).glob(f"*.{site_name(config.out)}.json")
    return {str(path): _path_status(str(path)) for path in sorted(roots)}


def _is_replaceable(path: Path) -> bool:
    try:
        return read_bounded(path, MAX_NOTE_BYTES).startswith(BEGINNING)
    except FileNotFoundError:
        return True


_REPLAY: Final[Mapping[str, Callable[..., None]]] = {
    "begin": lambda progress, stage, title: progress.begin(stage, title),
    "end": lambda progress, outcome: progress.end(outcome),
    "say": lambda progress, message, level: progress.say(message, level=level),
}


def _seal(state: State, note: Mapping[str, object]) -> str:
    """Return a digest that ties a note to its state."""
    return blake2b(state.found + state.written + _encode(note), digest_size=32).hexdigest()


def _encode(note: Mapping[str, object]) -> bytes:
    return json.dumps(note, separators=(",", ":")).encode()


def _compute_state(config: Config, paths: Iterable[str]) -> State:
    cache, site = str(config.cache_dir), str(config.out)
    audio = config.local_audio_path
    written = tuple(map(str, filter(None, (config.report_path, audio, sibling_script(audio), config.poster))))
    ours = frozenset((cache, site, *written, str(config.unchanged_path)))
    settings = (repr(config), repr(default_config(os.environ)), os.environ.get("SOURCE_DATE_EPOCH", ""))
    found, later = _Digest(), _Digest()
    found.add("settings", settings)
    found.add("python", (sys.version, sys.platform, *(os.uname() if hasattr(os, "uname") else ())))
    found.add("installed", _installed())
    for folder in (PACKAGE, TEMPLATE):
        found.add_tree(str(folder), without_names=frozenset({"__pycache__"}))
    for path in paths:
        # Outputs of builds may lie in the library's folder. The .npy file holds the vectors of a table.
        found.add_tree(str(Path(path)), without=ours)
        found.add_tree(str(Path(path).with_suffix(".npy")) if Path(path).suffix else "")
    for name in CACHE_PARTS:
        found.add_tree(os.path.join(cache, name))  # noqa: PTH118 - Path objects would dominate the run time
    found.add_tree(site)
    for read in (config.overrides, config.template):
        found.add_tree(str(read or ""), without=ours)
    found.add("places", map(os.path.realpath, (cache, site, written[0])))
    found.add("markers", _markers((config.cache_dir, config.out)))
    for path in written:
        later.add_tree(path)
    return State(found.digest(), later.digest())


def _installed() -> Iterable[str]:
    """Yield names that identify the installed packages and versions, in the order of ``sys.path``."""
    for place in dict.fromkeys(map(os.path.realpath, sys.path)):
        try:
            with os.scandir(place) as entries:
                yield from sorted(entry.name for entry in entries if entry.name.endswith(INSTALLED))
        except NotADirectoryError:  # an archive
            yield _path_status(place)
        except OSError:  # missing, such as the zip archive on the default sys.path
            continue


def _markers(places: Iterable[Path]) -> Iterable[str]:
    return [
        f"{above / name}"
        for place in places
        for above in (place, *place.parents)
        for name in MARKERS
        if (above / name).exists()
    ]


class _Digest:
    """A digest of names and file metadata."""

    def __init__(self) -> None:
        self._hash = blake2b(digest_size=32)
        self._system = system_devices()

    def add(self, name: str, rows: Iterable[str]) -> None:
        """Add rows of text under a name."""
        self._hash.update("\0".join((name, *rows, "\n")).encode("utf-8", "surrogatepass"))

    def add_tree(
        self, root: str, *, without: frozenset[str] = frozenset(), without_names: frozenset[str] = frozenset()
    ) -> None:
        """Add the metadata of everything at and below a path, if it exists; each link to a folder is followed once.

        Folders in which the system shows its state are left out, as by the sources: they change all the time.
        """
        self.add(root, (_path_status(root),))
        followed: set[str] = set()
        folders = [root]
        while folders:
            folder = folders.pop()
            rows, below = [], []
            try:
                if os.stat(folder).st_dev in self._system:  # noqa: PTH116 - as above
                    continue
                with os.scandir(folder) as entries:
                    for entry in entries:
                        if without and entry.path in without:
                            continue
                        if not entry.is_dir():
                            rows.append(_row(entry))
                        elif entry.name not in without_names:
                            target = os.path.realpath(entry.path) if entry.is_symlink() else ""
                            rows.append(f"{entry.name}/{target}")
                            if not target or _add_if_new(target, followed):
                                below.append(entry.path)
            except NotADirectoryError:
                continue
            except OSError as error:
                rows.append(f"! {error.errno}")
            rows.sort()
            self.add(folder, rows)
            folders += sorted(below)

    def digest(self) -> bytes:
        """Return the digest of everything that was added."""
        return self._hash.digest()


def _add_if_new(place: str, followed: set[str]) -> bool:
    is_new = place not in followed
    followed.add(place)
    return is_new


def _path_status(path: str) -> str:
    """Return the metadata of one path; of a folder only its permissions, because its times change with its content."""
    try:
        status = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError) as error:
        return f"! {getattr(error, 'errno', '')}"
    if stat.S_ISDIR(status.st_mode):
        return f"/ {status.st_mode}"
    return _format_status(status)


def _row(entry: os.DirEntry[str]) -> str:
    try:
        status = entry.stat()
    except OSError as error:  # a broken link
        return f"{entry.name}\0! {error.errno}"
    return f"{entry.name}\0{_format_status(status)}"


def _format_status(status: os.stat_result) -> str:
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino} {status.st_mode}"
