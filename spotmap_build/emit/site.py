"""Publish a site to a folder atomically: a visitor sees either the old site or the new one, never a mixture.

A failure or power cut between any two of these steps leaves a working site:

1. New files are written to a staging folder and flushed. If the disk is full, this fails before anything is changed.
   The staging folder is inside the output folder, which is certainly writable and on the same disk (an output folder
   can be a mount point that cannot be detected, such as a bind mount of the same disk). It also gives files the owner,
   access control list and label that a web server expects.
2. The marker file is replaced, and lists the new files as ours from here on.
3. New content is renamed into place. Its names are new (``data/<generation>/``, ``art/<digest>.webp``), so no page uses
   it yet.
4. ``index.html`` is replaced by a rename. This is when the site changes.
5. Versions older than the previous one are removed. The previous version stays for cached pages.

The next build, plan or preview removes what an interrupted run leaves behind. The preview never serves it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import stat
import sys
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from spotmap_build.cache.files import flush_folder
from spotmap_build.core.files import (
    DISK_FULL,
    NOT_WRITABLE,
    FileTooLarge,
    NotRegularFile,
    nearest_folder,
    read_bounded,
    resolve_path,
)
from spotmap_build.emit.marker import MAX_MARKER_BYTES, Marker, is_generation, is_safe_path
from spotmap_build.emit.staging import STAGING_NAME, check_staging, remove_staging
from spotmap_build.errors import OutputError
from spotmap_build.registry.formats import MARKER_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PAGE_NAME = "index.html"
MAX_PAGE_BYTES = 1 << 24

_SERVED_GENERATION = re.compile(rb'data-generation="([0-9a-zA-Z]+)"')
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF})
"""Errors of file systems without locks for folders, such as NFS. There, concurrent publishing is not detected."""


@dataclass(frozen=True, slots=True)
class Site:
    """All files of a site by path (relative, forward slashes), and the name of this version."""

    generation: str
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class PublishResult:
    """Result of publishing: the number of files written and removed."""

    generation: str
    written: int
    removed: int

    @property
    def is_unchanged(self) -> bool:
        """Whether the folder already contained exactly this site, so that nothing was written."""
        return self.written == 0 and self.removed == 0


def publish(out: Path, files: Mapping[str, bytes], generation: str, *, force: bool) -> PublishResult:
    """Publish ``files`` to the folder ``out``, atomically from a visitor's point of view.

    Parameters
    ----------
    out : Path
        The site's folder. It may be missing, empty, or one that this program wrote.
    files : Mapping[str, bytes]
        Content by path (relative, forward slashes). It includes ``index.html``, which names its generation in a
        ``data-generation`` attribute. Existing files with the right content are not written again.
    generation : str
        The name of this version.
    force : bool
        Also publish to a folder with other files. These are kept unless they have the name of a file of the site.

    Raises
    ------
    OutputError
        The folder is not ours or cannot be written, another build is publishing to it, or the disk is full. The
        previous site is still served.
    """
    unsafe = sorted(path for path in files if not is_safe_path(path))
    if unsafe or PAGE_NAME not in files or not is_generation(generation):
        raise ValueError(f"a site has an {PAGE_NAME} and plain relative paths, not {unsafe} ({generation!r})")
    folder = output_folder(out)
    is_new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            try:
                return _publish(folder, files, generation, force=force)
            finally:
                if is_new:
                    with contextlib.suppress(OSError):
                        folder.rmdir()  # succeeds only if nothing was published
    except OSError as error:
        raise _translate(error, folder) from error


def compare(
    folder: Path, files: Mapping[str, bytes], generation: str, *, force: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the files that :func:`publish` would write to a folder, and of those it would remove."""
    if not folder.exists():
        return tuple(sorted(files)), ()
    try:
        before = _read_marker(folder, force=force)
        _check_folders_are_real(folder, files)
        missing = [path for path in files if not _holds(folder / path, files, path)]
        after = before.publishing(generation, files, served=served_generation(folder))
        removed = [path for path in before.paths - after.paths if (folder / path).exists()]
    except OSError as error:
        raise _translate(error, folder) from error
    return tuple(sorted(missing)), tuple(sorted(removed))


def check_output(out: Path, *, force: bool) -> None:
    """Raise the errors of :func:`publish` that can be detected early, before hours of analysis."""
    folder = output_folder(out)
    remove_debris(folder)
    check_staging(folder / STAGING_NAME)
    try:
        if not folder.exists() or not _read_marker(folder, force=force).generations:
            _check_writable(nearest_folder(folder))
    except OSError as error:
        raise _translate(error, folder) from error


def remove_debris(folder: Path) -> None:
    """Remove the staging folder of an interrupted run, unless another build is publishing right now.

    It is also left alone if it contains anything else. Errors are ignored here; publishing reports them.
    """
    if os.path.lexists(folder / STAGING_NAME):
        with contextlib.suppress(OSError, OutputError), _locked(folder):
            remove_staging(folder / STAGING_NAME)


def _publish(folder: Path, files: Mapping[str, bytes], generation: str, *, force: bool) -> PublishResult:
    before = _read_marker(folder, force=force)
    after = before.publishing(generation, files, served=served_generation(folder))
    _check_folders_are_real(folder, files)
    staging = folder / STAGING_NAME
    remove_staging(staging)
    missing = [path for path in files if not _holds(folder / path, files, path)]
    if before == after and not missing:
        return PublishResult(generation, written=0, removed=0)
    may_lie_there = Marker((after.generations[0], *before.generations))
    try:
        _write_flushed(staging / "markers" / "before", may_lie_there.encode())
        _write_flushed(staging / "markers" / "after", after.encode())
        _stage(staging / "content", files, missing)
        (staging / "markers" / "before").replace(folder / MARKER_NAME)
        flush_folder(folder)
        page = staging / PAGE_NAME
        if PAGE_NAME in missing:
            (staging / "content" / PAGE_NAME).replace(page)
        _move_into_place(staging / "content", folder)
        if PAGE_NAME in missing:
            page.replace(folder / PAGE_NAME)
            flush_folder(folder)
        removed = _remove_files(folder, before.paths - after.paths)
        (staging / "markers" / "after").replace(folder / MARKER_NAME)
        flush_folder(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return PublishResult(generation, written=len(missing), removed=removed)


def output_folder(out: Path) -> Path:
    """Return the folder with links resolved. Raises for places to which no site should be published, even if forced."""
    try:
        folder = resolve_path(out.expanduser())
    except OSError as error:
        raise _translate(error, out) from error
    home = _home()
    if folder == home or folder in home.parents or folder == Path(folder.anchor):
        raise OutputError(
            f"The site cannot be published to {folder}: it is {'your home' if folder == home else 'too high up'}.",
            hint="Use a separate folder for the site, for example --out site.",
        )
    if folder.exists() and not folder.is_dir():
        raise OutputError(
            f"The site cannot be published to {folder}: that is a file.", hint="Choose a folder with --out."
        )
    return folder


def _home() -> Path:
    """Return the person's home directory; in a container without one, the root directory."""
    try:
        return Path.home().resolve()
    except RuntimeError:
        return Path(os.sep)


def _check_writable(folder: Path) -> None:
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))


def _read_marker(folder: Path, *, force: bool) -> Marker:
    """Return the marker, which lists our files. Without a usable one, raise ``OutputError`` unless forced."""
    entries = sorted(entry.name for entry in folder.iterdir() if entry.name != STAGING_NAME)
    if not entries:
        return Marker()
    if MARKER_NAME not in entries:
        if force:
            return Marker()
        raise OutputError(
            f"{folder} contains files that spotmap-build did not write (such as {entries[0]!r}).",
            hint="Choose another folder with --out, or add --force to publish next to those files: they are kept, "
            "except where one has the name of a file of the site.",
        )
    try:
        return Marker.decode(read_bounded(folder / MARKER_NAME, MAX_MARKER_BYTES))
    except (ValueError, NotRegularFile, FileTooLarge) as error:
        if force:
            return Marker()
        raise OutputError(
            f"{folder / MARKER_NAME} cannot be used: {_reason(error)}.",
            hint="Publish with the newest spotmap-build or to an empty folder; with --force, old files are kept.",
        ) from error


def _reason(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


def served_generation(folder: Path) -> str:
    """Return the version that visitors currently see, read from the page; empty if there is no page of ours."""
    try:
        return generation_of_page(read_bounded(folder / PAGE_NAME, MAX_PAGE_BYTES))
    except OSError:
        return ""


def generation_of_page(page: bytes) -> str:
    """Return the version that a page belongs to; empty if it is not one of ours."""
    found = _SERVED_GENERATION.search(page)
    return found[1].decode() if found else ""


def _check_folders_are_real(folder: Path, files: Iterable[str]) -> None:
    """Raise for links: with a linked ``data`` folder, we would write and later delete files elsewhere."""
    parents = {parent for path in files for parent in PurePosixPath(path).parents if parent.name}
    for parent in sorted(parents):
        place = folder / parent
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            kind = "a symbolic link" if place.is_symlink() else "a file"
            raise OutputError(
                f"{place} is in the way: it is {kind}, the site needs a folder.",
                hint="Move or rename it, then publish again.",
            )


def _holds(place: Path, files: Mapping[str, bytes], path: str) -> bool:
    """Return whether a file exists with exactly this content.

    The content is compared because browsers reject a file in which the disk flipped a bit. Reading a file takes little
    longer than checking its size.
    """
    try:
        found = place.lstat()
    except FileNotFoundError:
        return False
    if stat.S_ISDIR(found.st_mode):
        raise OutputError(f"{place} is in the way: it is a folder, the site needs a file.", hint="Move or rename it.")
    if not stat.S_ISREG(found.st_mode):
        return False
    data = files[path]
    return found.st_size == len(data) and place.read_bytes() == data


def _stage(content: Path, files: Mapping[str, bytes], wanted: list[str]) -> None:
    """Write the wanted files below ``content`` and flush them. At most one file is in memory if ``files`` is lazy.

    All files are written before any is flushed, so that the disk can write them together.
    """
    content.mkdir(parents=True)
    for path in wanted:
        place = content / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(files[path])
    for path in wanted:
        _flush_file(content / path)
    for parent in {(content / path).parent for path in wanted}:
        flush_folder(parent)


def _write_flushed(place: Path, data: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)
    _flush_file(place)


def _flush_file(place: Path) -> None:
    with place.open("rb+") as file:
        os.fsync(file.fileno())


def _move_into_place(source: Path, target: Path) -> None:
    """Move everything from ``source`` to ``target``: new folders by one rename, existing ones file by file."""
    for entry in sorted(source.iterdir()):
        place = target / entry.name
        if entry.is_dir() and place.is_dir():
            _move_into_place(entry, place)
        else:
            entry.replace(place)
    flush_folder(target)


def _remove_files(folder: Path, paths: Iterable[str]) -> int:
    """Delete files and folders that become empty, but nothing behind a link; return the number of files."""
    removed = 0
    parents: set[PurePosixPath] = set()
    for path in sorted(paths):
        above = [parent for parent in PurePosixPath(path).parents if parent.name]
        if any((folder / parent).is_symlink() for parent in above):
            continue
        place = folder / path
        if place.is_file() or place.is_symlink():
            place.unlink()
            removed += 1
        parents.update(above)
    for parent in sorted(parents, key=lambda parent: len(parent.parts), reverse=True):
        with contextlib.suppress(OSError):
            (folder / parent).rmdir()
    return removed


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Lock the folder exclusively. A lock on the folder itself leaves no file, and always ends with the process."""
    if sys.platform == "win32":  # folders cannot be locked there
        yield
        return
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise OutputError(
            f"Another build is publishing to {folder} right now.", hint="Wait until it ends, then run this again."
        ) from error
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            os.close(descriptor)
            raise
    try:
        yield
    finally:
        os.close(descriptor)


def _translate(error: OSError, folder: Path) -> OutputError:
    """Translate an operating system error into an ``OutputError`` that says what to do about it."""
    reason = error.strerror or str(error)
    if error.errno in DISK_FULL:
        hint = "Free some space or choose another disk with --out, then build again: the cache keeps computed results."
    elif error.errno in NOT_WRITABLE:
        hint = "Give yourself write permission for the folder, or choose another one with --out."
    else:
        hint = "Check the folder and its disk, or choose another one with --out."
    return OutputError(
        f"The site cannot be published to {folder}: {reason}. An existing site there is still intact.", hint=hint
    )
