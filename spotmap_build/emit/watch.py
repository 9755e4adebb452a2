"""Rebuild the map when its inputs change, and keep the result for the open pages.

Folders (music, the template) are watched recursively. For single files (settings, names, a table), the parent folder is
watched, because editors replace the file. Files that builds write are ignored.
"""

from __future__ import annotations

import contextlib
import os
import threading
import traceback
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final

from spotmap_build.core.files import nearest_folder
from spotmap_build.core.translation import gettext, ngettext, translate
from spotmap_build.errors import ConfigError, SpotmapError, unexpected

if TYPE_CHECKING:
    from collections.abc import Callable

QUIET_MS: Final = 100
"""A build begins after this time without changes, because programs save in several steps."""
MAX_DELAY_MS: Final = 1_600
"""A build begins at the latest after this time, even if changes continue (music is being copied)."""
WAKE_MS: Final = 100


@dataclass(frozen=True, slots=True)
class WatchedPaths:
    """What to watch. Folders and files need not exist yet. ``excluded``: places within them where builds write."""

    paths: tuple[Path, ...]
    excluded: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Watch:
    """What to watch, and what to do when it changes.

    Both functions may raise SpotmapError, which is reported. Watching continues, as the next change may fix the error.

    Attributes
    ----------
    places
        Returns the places to watch. Called before each build, since changed settings may name others.
    rebuild
        Builds and publishes to the served folder.
    """

    places: Callable[[], WatchedPaths]
    rebuild: Callable[[], None]


@dataclass(slots=True)
class Rebuilds:
    """Counts rebuilds, keeps the error since the last successful one, and wakes the pages that wait for either."""

    count: int = 0
    problem: SpotmapError | None = None
    closed: bool = False
    changed: threading.Condition = field(default_factory=threading.Condition)

    def succeed(self) -> None:
        """Notify the pages of a new map."""
        with self.changed:
            self.count += 1
            self.problem = None
            self.changed.notify_all()

    def fail(self, problem: SpotmapError) -> None:
        """Notify the pages of an error."""
        with self.changed:
            self.problem = problem
            self.changed.notify_all()

    def close(self) -> None:
        """Release the waiting pages."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()


def rebuild_on_change(watch: Watch, rebuilds: Rebuilds, stopped: threading.Event, say: Callable[[str], None]) -> None:
    """Rebuild whenever something changes, until ``stopped`` is set. Errors are reported and do not end the loop."""
    with contextlib.closing(_Watcher()) as watcher:

        def build() -> None:
            count = watcher.wait()
            if not count:
                return
            say(ngettext("{count} file changed, building again", "{count} files changed, building again", count))
            watcher.watch(watch.places())  # before the build, so that no change during it is missed
            watch.rebuild()
            rebuilds.succeed()

        _attempt(lambda: watcher.watch(watch.places()), rebuilds, say)
        say(gettext("Watching for changes."))
        while not stopped.is_set():
            _attempt(build, rebuilds, say)


def _attempt(action: Callable[[], None], rebuilds: Rebuilds, say: Callable[[str], None]) -> None:
    try:
        action()
    except SpotmapError as error:
        problem = error
    except Exception as error:  # noqa: BLE001 - a bug that one change triggers must not end watching
        traceback.print_exc()
        problem = unexpected(error)
    else:
        return
    say(translate(f"{problem.message} {problem.hint}".strip()))
    rebuilds.fail(problem)


class _Watcher:
    """Detects changes in the places that were last passed to ``watch``."""

    def __init__(self) -> None:
        self._events: SimpleQueue[int | ConfigError] = SimpleQueue()
        self._places: tuple[tuple[Path, ...], tuple[Path, ...], tuple[Path, ...]] | None = None
        self._stop = threading.Event()

    def watch(self, places: WatchedPaths) -> None:
        """Watch these places from now on, instead of the previous ones."""
        paths = tuple(dict.fromkeys(map(_real, places.paths)))
        folders = tuple(path for path in paths if path.is_dir())
        files = tuple(path for path in paths if path not in folders)
        excluded = tuple(map(_real, places.excluded))
        if (folders, files, excluded) == self._places:
            return
        before, self._stop = self._stop, threading.Event()
        around = tuple(dict.fromkeys(nearest_folder(path.parent) for path in files))
        running = [
            self._start(folders, lambda path: _is_relevant(path, folders, excluded), is_recursive=True),
            # A file may be created together with its folder.
            self._start(around, lambda path: any(file.is_relative_to(path) for file in files), is_recursive=False),
        ]
        for is_running in running:
            is_running.wait()
        before.set()
        self._places = (folders, files, excluded)

    def wait(self) -> int:
        """Return the number of changed files, or 0 if none changes within a short time.

        Raises
        ------
        ConfigError
            The operating system cannot watch a place.
        """
        count = 0
        with contextlib.suppress(Empty):
            event = self._events.get(timeout=WAKE_MS / 1000)
            while True:
                if isinstance(event, ConfigError):
                    raise event
                count += event
                event = self._events.get_nowait()
        return count

    def close(self) -> None:
        """Stop watching."""
        self._stop.set()

    def _start(
        self, folders: tuple[Path, ...], is_relevant: Callable[[Path], bool], *, is_recursive: bool
    ) -> threading.Event:
        """Watch folders in a separate thread; return an event that is set once it is running."""
        is_running = threading.Event()
        if folders:
            arguments = (folders, is_relevant, self._events, self._stop, is_running)
            target = partial(_watch_folders, *arguments, is_recursive=is_recursive)
            threading.Thread(target=target, name="watch", daemon=True).start()
        else:
            is_running.set()
        return is_running


def _watch_folders(
    folders: tuple[Path, ...],
    is_relevant: Callable[[Path], bool],
    events: SimpleQueue[int | ConfigError],
    stop: threading.Event,
    is_running: threading.Event,
    *,
    is_recursive: bool,
) -> None:
    import watchfiles

    batches = watchfiles.watch(
        *folders,
        watch_filter=lambda _change, path: is_relevant(Path(path)),
        debounce=MAX_DELAY_MS,
        step=QUIET_MS,
        stop_event=stop,
        rust_timeout=WAKE_MS,
        yield_on_timeout=True,
        raise_interrupt=False,
        recursive=is_recursive,
        ignore_permission_denied=True,
    )
    try:
        for changes in batches:
            is_running.set()
            if changes:
                events.put(len(changes))
    except (OSError, RuntimeError) as error:  # watchfiles raises RuntimeError
        names = ", ".join(map(str, folders))
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        hint = (
            "Start the preview again once that is fixed; on Linux, a large folder may need a higher "
            "fs.inotify.max_user_watches."
        )
        events.put(ConfigError(f"{names} cannot be watched: {reason}.", hint=hint))
    finally:
        is_running.set()


def _real(path: Path) -> Path:
    """Return a path with links resolved, as the operating system reports it."""
    return Path(os.path.realpath(path))


def _is_relevant(path: Path, folders: tuple[Path, ...], excluded: tuple[Path, ...]) -> bool:
    """Return whether a change in a folder matters: changes of hidden files and of files that builds write do not."""
    if any(path.is_relative_to(place) for place in excluded):
        return False
    inside = [path.relative_to(folder) for folder in folders if path.is_relative_to(folder)]
    return any(not any(part.startswith(".") for part in relative.parts) for relative in inside)
