"""Build again when something changes that the map is made of, and remember for the pages how that went.

Whole folders (music, the template) are looked at with all that is in them; of single files (settings, names, a table)
the folder around them, since editors put a new file in the place of the old one. Neither sees what builds write.
"""

from __future__ import annotations

import contextlib
import os
import threading
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final

from spotmap_build.core.files import nearest_folder
from spotmap_build.core.speech import gettext, ngettext, said
from spotmap_build.errors import ConfigError, SpotmapError

if TYPE_CHECKING:
    from collections.abc import Callable

QUIET_MS: Final = 100
"""So long nothing may change before a build begins: programs save in several steps."""
LONGEST_MS: Final = 1_600
"""It begins after this time all the same, where changes never end: music is being copied."""
WAKE_MS: Final = 100


@dataclass(frozen=True, slots=True)
class Places:
    """What to look at. Folders and files need not be there yet; what lies in ``not_these`` is written by builds."""

    paths: tuple[Path, ...]
    not_these: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Watch:
    """What to look at, and what to do when it changes.

    Both may raise SpotmapError, which is reported; the watch goes on, as the next change may be the repair.

    Attributes
    ----------
    places
        Asked before each build: a change of the settings may name others.
    rebuild
        Publishes to the folder that is served.
    """

    places: Callable[[], Places]
    rebuild: Callable[[], None]


@dataclass(slots=True)
class Rebuilds:
    """Counts rebuilds, keeps what is wrong since the last good one, and wakes the pages that wait for either."""

    count: int = 0
    problem: SpotmapError | None = None
    closed: bool = False
    changed: threading.Condition = field(default_factory=threading.Condition)

    def succeed(self) -> None:
        """Tell the pages of a new map."""
        with self.changed:
            self.count += 1
            self.problem = None
            self.changed.notify_all()

    def fail(self, problem: SpotmapError) -> None:
        """Tell the pages why there is none."""
        with self.changed:
            self.problem = problem
            self.changed.notify_all()

    def close(self) -> None:
        """Let the pages go."""
        with self.changed:
            self.closed = True
            self.changed.notify_all()


def rebuild_on_change(watch: Watch, rebuilds: Rebuilds, stopped: threading.Event, say: Callable[[str], None]) -> None:
    """Build again whenever something changes, until ``stopped`` is set. What goes wrong is reported; nothing ends."""
    with contextlib.closing(_Lookout()) as lookout:

        def build() -> None:
            count = lookout.wait()
            if not count:
                return
            say(ngettext("{count} file changed, building again", "{count} files changed, building again", count))
            lookout.look_at(watch.places())  # before it builds, during which nothing may change unseen
            watch.rebuild()
            rebuilds.succeed()

        _attempt(lambda: lookout.look_at(watch.places()), rebuilds, say)
        say(gettext("Watching for changes."))
        while not stopped.is_set():
            _attempt(build, rebuilds, say)


def _attempt(action: Callable[[], None], rebuilds: Rebuilds, say: Callable[[str], None]) -> None:
    try:
        action()
    except SpotmapError as error:
        problem = error
    except Exception as error:  # noqa: BLE001 - a bug that one change brings out must not end the watch
        problem = SpotmapError(f"The build failed, {type(error).__name__}: {error}")
    else:
        return
    say(said(f"{problem.message} {problem.hint}".strip()))
    rebuilds.fail(problem)


class _Lookout:
    """Sees changes in the places that it was last given to look at."""

    def __init__(self) -> None:
        self._seen: SimpleQueue[int | ConfigError] = SimpleQueue()
        self._places: tuple[tuple[Path, ...], tuple[Path, ...], tuple[Path, ...]] | None = None
        self._stop = threading.Event()

    def look_at(self, places: Places) -> None:
        """Look at these places from now on, in place of others."""
        paths = tuple(dict.fromkeys(map(_real, places.paths)))
        folders = tuple(path for path in paths if path.is_dir())
        files = tuple(path for path in paths if path not in folders)
        not_these = tuple(map(_real, places.not_these))
        if (folders, files, not_these) == self._places:
            return
        before, self._stop = self._stop, threading.Event()
        around = tuple(dict.fromkeys(nearest_folder(path.parent) for path in files))
        running = [
            self._start(folders, lambda path: _is_of_a_folder(path, folders, not_these), is_deep=True),
            # A file may come with the folder that it lies in.
            self._start(around, lambda path: any(file.is_relative_to(path) for file in files), is_deep=False),
        ]
        for is_running in running:
            is_running.wait()
        before.set()
        self._places = (folders, files, not_these)

    def wait(self) -> int:
        """Return how many files have changed, or 0 if none does for a moment.

        Raises
        ------
        ConfigError
            The system does not let anybody look at a place.
        """
        found = 0
        with contextlib.suppress(Empty):
            seen = self._seen.get(timeout=WAKE_MS / 1000)
            while True:
                if isinstance(seen, ConfigError):
                    raise seen
                found += seen
                seen = self._seen.get_nowait()
        return found

    def close(self) -> None:
        """Look away."""
        self._stop.set()

    def _start(self, folders: tuple[Path, ...], counts: Callable[[Path], bool], *, is_deep: bool) -> threading.Event:
        """Look at folders in a thread of its own; returns what is set once it does."""
        is_running = threading.Event()
        if folders:
            look = partial(_look, folders, counts, self._seen, self._stop, is_running, is_deep=is_deep)
            threading.Thread(target=look, name="watch", daemon=True).start()
        else:
            is_running.set()
        return is_running


def _look(
    folders: tuple[Path, ...],
    counts: Callable[[Path], bool],
    seen: SimpleQueue[int | ConfigError],
    stop: threading.Event,
    is_running: threading.Event,
    *,
    is_deep: bool,
) -> None:
    import watchfiles

    look = watchfiles.watch(
        *folders,
        watch_filter=lambda _change, path: counts(Path(path)),
        debounce=LONGEST_MS,
        step=QUIET_MS,
        stop_event=stop,
        rust_timeout=WAKE_MS,
        yield_on_timeout=True,
        raise_interrupt=False,
        recursive=is_deep,
        ignore_permission_denied=True,
    )
    try:
        for changes in look:
            is_running.set()
            if changes:
                seen.put(len(changes))
    except (OSError, RuntimeError) as error:  # of the latter kind are watchfiles' own
        names = ", ".join(map(str, folders))
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        hint = (
            "Start the preview again once that is mended; on Linux, a large folder may need a higher "
            "fs.inotify.max_user_watches."
        )
        seen.put(ConfigError(f"{names} cannot be watched: {reason}.", hint=hint))
    finally:
        is_running.set()


def _real(path: Path) -> Path:
    """Return a path as the system names it in changes: with the links in the folders above it resolved."""
    return Path(os.path.realpath(path))


def _is_of_a_folder(path: Path, folders: tuple[Path, ...], not_these: tuple[Path, ...]) -> bool:
    """Whether a change in a folder counts: not of what builds write there, nor of hidden files."""
    if any(path.is_relative_to(place) for place in not_these):
        return False
    inside = [path.relative_to(folder) for folder in folders if path.is_relative_to(folder)]
    return any(not any(part.startswith(".") for part in relative.parts) for relative in inside)
