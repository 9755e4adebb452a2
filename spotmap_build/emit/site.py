"""Put the site's files where they are served from, so that a visitor sees the old site or the new one, never a mixture.

The order, and why a failure or a power cut between any two steps leaves the old site unchanged:

1. Everything new is written to a staging folder and flushed. A full disk is noticed here, with nothing touched. The
   folder lies inside the output, the one place that is writable and on the same disk for sure (an output is often a
   mount point, which nothing shows where it is bound to the same disk), and that gives files the owner, the access
   list and the label that a web server expects.
2. The marker file is replaced: from here on the new files are known to be ours, whatever happens.
3. New content is renamed into place. It has names of its own (``data/<generation>/``, ``art/<digest>.webp``), so no
   page uses it yet.
4. ``index.html`` is replaced by rename. This is the moment at which the site changes.
5. Versions older than the previous one are removed; the previous one stays, for pages that are still cached somewhere.

What a run that was killed leaves behind is removed by whoever comes next: a build or a plan when it begins, and the
preview, which shows none of it in any case.
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
    resolve_place,
)
from spotmap_build.emit.marker import LARGEST_MARKER_BYTES, MARKER_NAME, Marker, is_generation, is_safe_path
from spotmap_build.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PAGE_NAME = "index.html"
STAGING_NAME = ".spotmap-staging"
LARGEST_PAGE_BYTES = 1 << 24

_SERVED_GENERATION = re.compile(rb'data-generation="([0-9a-zA-Z]+)"')
_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF})
"""How file systems without locks for folders answer (NFS among them); there a second publisher is not noticed."""


@dataclass(frozen=True, slots=True)
class Site:
    """Every file of a site by its path (relative, forward slashes), and the name of this version."""

    generation: str
    files: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class PublishResult:
    """What publishing did: how many files were written and removed, and how many bytes were written."""

    generation: str
    written: int
    removed: int

    @property
    def is_unchanged(self) -> bool:
        """Whether the folder held exactly this site already, and nothing was written."""
        return self.written == 0 and self.removed == 0


def publish(out: Path, files: Mapping[str, bytes], generation: str, *, force: bool) -> PublishResult:
    """Make ``out`` serve ``files``, in one step as far as visitors can tell.

    Parameters
    ----------
    out : Path
        The site's folder. It may be absent, empty, or one that this program wrote.
    files : Mapping[str, bytes]
        Content by path (relative, forward slashes); has ``index.html``, which names its generation by a
        ``data-generation`` attribute. A file that is there with the right content is not written again.
    generation : str
        The name of this version.
    force : bool
        Also publish into a folder with foreign files, which stay, except where one has the name of a file of the site.

    Raises
    ------
    OutputError
        The folder is not ours, cannot be written, is being published to by another build, or the disk is full. The site
        that was there is still served.
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
                        folder.rmdir()  # succeeds only where nothing was published
    except OSError as error:
        raise _translate(error, folder) from error


def compare(
    folder: Path, files: Mapping[str, bytes], generation: str, *, force: bool
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the names of the files that :func:`publish` would write to a folder, and of those that it would remove."""
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
    """Refuse early, before hours of listening, what :func:`publish` would refuse at the end; raises the same errors."""
    folder = output_folder(out)
    remove_debris(folder)
    try:
        if not folder.exists() or not _read_marker(folder, force=force).generations:
            _check_writable(nearest_folder(folder))
    except OSError as error:
        raise _translate(error, folder) from error


def remove_debris(folder: Path) -> None:
    """Remove what a publication that was killed left in the folder; one that goes on right now is left alone.

    Where it cannot be removed it stays: publishing says why.
    """
    if os.path.lexists(folder / STAGING_NAME):
        with contextlib.suppress(OSError, OutputError), _locked(folder):
            _remove_staging(folder / STAGING_NAME)


def _publish(folder: Path, files: Mapping[str, bytes], generation: str, *, force: bool) -> PublishResult:
    before = _read_marker(folder, force=force)
    after = before.publishing(generation, files, served=served_generation(folder))
    _check_folders_are_real(folder, files)
    staging = folder / STAGING_NAME
    _remove_staging(staging)
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
    """Return the folder itself, links resolved.

    Refuses what no site should ever be published to, whatever is asked for.
    """
    try:
        folder = resolve_place(out.expanduser())
    except OSError as error:
        raise _translate(error, out) from error
    home = _home()
    if folder == home or folder in home.parents or folder == Path(folder.anchor):
        raise OutputError(
            f"The site cannot be published to {folder}: it is {'your home' if folder == home else 'too high up'}.",
            hint="Name a folder of its own for the site, for example --out site.",
        )
    if folder.exists() and not folder.is_dir():
        raise OutputError(
            f"The site cannot be published to {folder}: that is a file.", hint="Name a folder with --out."
        )
    return folder


def _home() -> Path:
    """Return the person's home; in a container without one, a place that is nobody's."""
    try:
        return Path.home().resolve()
    except RuntimeError:
        return Path(os.sep)


def _check_writable(folder: Path) -> None:
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))


def _read_marker(folder: Path, *, force: bool) -> Marker:
    """Which files in the folder are ours. Raises OutputError where none can be known to be, unless forced."""
    entries = sorted(entry.name for entry in folder.iterdir() if entry.name != STAGING_NAME)
    if not entries:
        return Marker()
    if MARKER_NAME not in entries:
        if force:
            return Marker()
        raise OutputError(
            f"{folder} contains files that spotmap-build did not write (such as {entries[0]!r}).",
            hint="Choose another folder with --out, or add --force to publish beside those files: they are kept, "
            "except where one has the name of a file of the site.",
        )
    try:
        return Marker.decode(read_bounded(folder / MARKER_NAME, LARGEST_MARKER_BYTES))
    except (ValueError, NotRegularFile, FileTooLarge) as error:
        if force:
            return Marker()
        raise OutputError(
            f"{folder / MARKER_NAME} cannot be used: {_reason(error)}.",
            hint="Publish with the newest spotmap-build or to an empty folder; with --force old files stay.",
        ) from error


def _reason(error: Exception) -> str:
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


def served_generation(folder: Path) -> str:
    """Return the version that visitors see now, by the page itself; empty where there is no page of ours to read."""
    try:
        return generation_of_page(read_bounded(folder / PAGE_NAME, LARGEST_PAGE_BYTES))
    except OSError:
        return ""


def generation_of_page(page: bytes) -> str:
    """Return the version that a page belongs to; empty where it is none of ours."""
    found = _SERVED_GENERATION.search(page)
    return found[1].decode() if found else ""


def _check_folders_are_real(folder: Path, files: Iterable[str]) -> None:
    """Refuse links: a linked ``data`` would have us write, and later delete, somewhere else."""
    parents = {parent for path in files for parent in PurePosixPath(path).parents if parent.name}
    for parent in sorted(parents):
        place = folder / parent
        if place.is_symlink() or (place.exists() and not place.is_dir()):
            kind = "a symbolic link" if place.is_symlink() else "a file"
            raise OutputError(
                f"{place} is in the way: it is {kind}, the site needs a folder.",
                hint="Move it away, then publish again.",
            )


def _holds(place: Path, files: Mapping[str, bytes], path: str) -> bool:
    """Whether a file is there already, byte for byte: a visitor's browser refuses one in which a disk flipped a bit.

    To read a file takes little longer than to look at its size.
    """
    try:
        found = place.lstat()
    except FileNotFoundError:
        return False
    if stat.S_ISDIR(found.st_mode):
        raise OutputError(f"{place} is in the way: it is a folder, the site needs a file.", hint="Move it away.")
    if not stat.S_ISREG(found.st_mode):
        return False
    data = files[path]
    return found.st_size == len(data) and place.read_bytes() == data


def _stage(content: Path, files: Mapping[str, bytes], wanted: list[str]) -> None:
    """Write the wanted files below ``content`` and flush them; one at a time is held, where ``files`` reads them.

    All are written before any is flushed: the disk then takes them in one go instead of one turn a file.
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
    """Rename everything in ``source`` to ``target``: a folder that is new in one step, others file by file."""
    for entry in sorted(source.iterdir()):
        place = target / entry.name
        if entry.is_dir() and place.is_dir():
            _move_into_place(entry, place)
        else:
            entry.replace(place)
    flush_folder(target)


def _remove_files(folder: Path, paths: Iterable[str]) -> int:
    """Delete the named files and the folders that this empties; nothing that lies behind a link. Returns how many."""
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


def _remove_staging(staging: Path) -> None:
    """Remove what an interrupted run left; never what a link of that name leads to."""
    if staging.is_dir() and not staging.is_symlink():
        shutil.rmtree(staging)
    else:
        staging.unlink(missing_ok=True)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Publish alone. The lock is on the folder itself: it leaves no file, and ends with the process in any case."""
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
            f"Another build is publishing to {folder} right now.", hint="Wait until it has ended, then run this again."
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
    """Say what an operating system error means for the site, and what to do about it."""
    reason = error.strerror or str(error)
    if error.errno in DISK_FULL:
        hint = "Free some space or choose another disk with --out, then build again: the cache keeps what is computed."
    elif error.errno in NOT_WRITABLE:
        hint = "Make the folder writable for you, or choose another one with --out."
    else:
        hint = "Check the folder and the disk that it lies on, or choose another one with --out."
    return OutputError(
        f"The site cannot be published to {folder}: {reason}. A site that was there is still whole.", hint=hint
    )
