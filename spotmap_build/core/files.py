"""Open files that other people made, and replace our own in one step.

A name in a folder of music can lead anywhere: to a pipe that nobody writes to, to a device without an end, to a file of
the kernel that waits. Whatever is opened by a name from outside goes through here.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spotmap_build.core.text import printable

if TYPE_CHECKING:
    from io import BufferedReader

DISK_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""The disk, the quota or the largest size of a file is used up."""
NOT_WRITABLE: Final = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
LONGEST_NAME_BYTES: Final = 255
"""Of one name in a folder, in nearly every file system."""

_NOT_IN_NAMES: Final = re.compile(r'[\x00-\x1f<>:"/\\|?*]+')
_RESERVED: Final = re.compile(r"con|prn|aux|nul|com\d|lpt\d", re.IGNORECASE)
"""Names of devices on Windows, whatever their suffix."""
_NO_WAITING: Final = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_KINDS: Final = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
    stat.S_IFDIR: "a folder",
}


class NotRegularFile(OSError):
    """A name leads to something that is not a regular file: a pipe, a device, a socket, a folder."""

    def __init__(self, path: Path | str, mode: int) -> None:
        kind = _KINDS.get(stat.S_IFMT(mode), "a special file")
        super().__init__(errno.EINVAL, f"it is {kind}, not a regular file", str(path))


class FileTooLarge(OSError):
    """A file is larger than its kind ever needs to be."""

    def __init__(self, path: Path | str, limit_bytes: int) -> None:
        super().__init__(errno.EFBIG, f"it is larger than {limit_bytes:,} bytes", str(path))


def absolute_path(file: Path) -> str:
    """Return ``str(file.absolute())`` of a path that names something, in a fraction of its time: for thousands."""
    return os.path.join(os.getcwd(), file)  # noqa: PTH109, PTH118 - that is what takes the time


def check_regular(path: Path | str) -> os.stat_result:
    """Look at what a path leads to, links followed, without opening it.

    Raises
    ------
    NotRegularFile
        It is a pipe, a device, a socket or a folder.
    OSError
        There is nothing, or it may not be looked at. A path that holds a NUL is nothing as well.
    """
    try:
        found = os.stat(path)  # noqa: PTH116 - three times as fast for text
    except ValueError as error:  # a NUL in the name
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), repr(str(path))) from error
    if not stat.S_ISREG(found.st_mode):
        raise NotRegularFile(path, found.st_mode)
    return found


def resolve_place(path: Path) -> Path:
    """Follow every link of a path where something is, or could be made.

    Raises
    ------
    OSError
        Nothing can ever be there: its links lead in a circle, it lies below a file, it has too long a name or a NUL.
        Or it may not be looked at.
    """
    try:
        if any(len(os.fsencode(part)) > LONGEST_NAME_BYTES for part in path.parts):
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), str(path))
        place = Path(os.path.realpath(path))
        with contextlib.suppress(FileNotFoundError):
            place.stat()
    except ValueError as error:  # a NUL in the name
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), repr(str(path))) from error
    return place


def is_inside(place: Path, folder: Path) -> bool:
    """Tell whether a resolved path is ``folder`` or lies in it, by whatever name the folder goes (mounts, case)."""
    if place.is_relative_to(folder):
        return True
    return folder.exists() and any(above.exists() and above.samefile(folder) for above in (place, *place.parents))


def portable_name(text: str, most_bytes: int = LONGEST_NAME_BYTES // 2) -> str:
    """Make a file's name of any text: nothing that a file system does not take, and no longer than it takes.

    Parameters
    ----------
    text : str
        A title, say.
    most_bytes : int
        Of the name in UTF-8, which in other scripts than Latin has two to four a character.

    Returns
    -------
    str
        Empty where nothing of the text can be in a name.

    Examples
    --------
    >>> portable_name("AC/DC: Back in Black?")
    'AC_DC_ Back in Black_'
    """
    name = printable(_NOT_IN_NAMES.sub("_", text)).encode("utf-8", "ignore")[:most_bytes].decode("utf-8", "ignore")
    name = name.strip(" .")
    return f"{name}_" if _RESERVED.fullmatch(name.partition(".")[0].strip()) else name


def nearest_folder(place: Path) -> Path:
    """Return the first folder from a resolved path upwards that is there."""
    return next(above for above in (place, *place.parents) if above.is_dir())


def open_regular(path: Path) -> BufferedReader:
    """Open a regular file for reading, and nothing else; never wait for what is no regular file.

    The check is made on the file that was opened, so that nothing can be put in its place in between.

    Raises
    ------
    NotRegularFile
        It is a pipe, a device, a socket or a folder.
    OSError
        It cannot be opened.
    """
    check_regular(path)  # some devices act when they are opened
    descriptor = os.open(path, os.O_RDONLY | _NO_WAITING)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise NotRegularFile(path, mode)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_bounded(path: Path, limit_bytes: int) -> bytes:
    """Read a whole regular file of at most ``limit_bytes``.

    Files of the kernel (``/proc/kmsg``) claim to be empty and are: no more is read than the size that a file states.

    Raises
    ------
    FileTooLarge
        It holds more.
    OSError
        As for :func:`open_regular`.
    """
    return read_with_status(path, limit_bytes)[0]


def read_with_status(path: Path | str, limit_bytes: int) -> tuple[bytes, os.stat_result]:
    """Do the same as :func:`read_bounded`, and return the status of the file that was read. Fast, for many files.

    Raises
    ------
    FileTooLarge, OSError
        As for :func:`read_bounded`.
    """
    check_regular(path)  # some devices act when they are opened
    descriptor = os.open(path, os.O_RDONLY | _NO_WAITING)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise NotRegularFile(path, status.st_mode)
        if status.st_size > limit_bytes:
            raise FileTooLarge(path, limit_bytes)
        data = os.read(descriptor, status.st_size)
        while len(data) < status.st_size and (more := os.read(descriptor, status.st_size - len(data))):
            data += more
        return data, status
    finally:
        os.close(descriptor)


def write_atomically(target: Path, data: bytes, *, is_private: bool = False) -> None:
    """Put ``data`` at ``target`` in one step: a reader sees the old content or the new, never a part.

    The temporary file lies beside ``target`` under a name that nobody can guess, and is made only where nothing of that
    name exists, so that no link is followed. It keeps the mode of the file that it replaces, or (``is_private``) can be
    read and written by its owner only, from its first byte on.

    Raises
    ------
    OSError
        It cannot be written; what was there is still whole, and nothing is left behind.
    """
    temporary = target.with_name(f".{os.urandom(12).hex()}.tmp")
    mode, kept = (0o600, None) if is_private else (0o666, _mode_of(target))
    replace_file(target, data, temporary, mode=mode, kept=kept)


def replace_file(target: Path, data: bytes, temporary: Path, *, mode: int = 0o666, kept: int | None = None) -> None:
    """Write ``temporary``, flush it to the disk, and put it in the place of ``target``.

    Parameters
    ----------
    temporary
        A name on the same file system where nothing is yet. Nothing is left there.
    mode
        What the file may be opened by, less what the umask takes away.
    kept
        Permissions that it has to have whatever the umask says.

    Raises
    ------
    OSError
        It cannot be written; what was there is still whole.
    """
    try:
        with open(temporary, "xb", opener=lambda path, flags: os.open(path, flags, mode)) as file:
            if kept is not None:
                temporary.chmod(kept)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:  # an interrupt as well: the person pressed Ctrl-C, and wants no debris
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _mode_of(target: Path) -> int | None:
    """Return the permissions of a regular file; None where there is none yet."""
    try:
        found = target.lstat()
    except OSError:
        return None
    return stat.S_IMODE(found.st_mode) if stat.S_ISREG(found.st_mode) else None
