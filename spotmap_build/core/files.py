"""Safe reading of untrusted paths, and atomic writing of our own files.

A path in a music folder can point to anything: a pipe without a writer, an endless device, or a kernel file that
blocks. Every path that comes from outside the program is opened with the functions in this module.
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
from spotmap_build.core.translation import translatable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader

DISK_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
"""The disk is full, the quota is used up, or the file exceeds the maximum file size."""
NOT_WRITABLE: Final = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
SYSTEM_FOLDERS: Final = (Path("/proc"), Path("/sys"), Path("/dev"))
"""Where Unix systems show processes and devices as files."""
MAX_NAME_BYTES: Final = 255
"""Maximum length of a file name in nearly every file system."""

_NOT_IN_NAMES: Final = re.compile(r'[\x00-\x1f<>:"/\\|?*]+')
_RESERVED: Final = re.compile(r"con|prn|aux|nul|com\d|lpt\d", re.IGNORECASE)
"""Windows device names, which are reserved with any suffix."""
_NON_BLOCKING: Final = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_KINDS: Final = {
    stat.S_IFIFO: translatable("a pipe"),
    stat.S_IFCHR: translatable("a device"),
    stat.S_IFBLK: translatable("a device"),
    stat.S_IFSOCK: translatable("a socket"),
    stat.S_IFDIR: translatable("a folder"),
}


class NotRegularFile(OSError):
    """A path points to something other than a regular file, such as a pipe, a device, a socket or a folder."""

    def __init__(self, path: Path | str, mode: int) -> None:
        kind = _KINDS.get(stat.S_IFMT(mode), translatable("a special file"))
        super().__init__(errno.EINVAL, translatable(f"it is {kind}, not a regular file"), str(path))


class FileTooLarge(OSError):
    """A file exceeds the size limit for its kind."""

    def __init__(self, path: Path | str, limit_bytes: int) -> None:
        super().__init__(errno.EFBIG, f"it is larger than {limit_bytes:,} bytes", str(path))


def absolute_path(file: Path | str) -> str:
    """Return ``str(Path(file).absolute())`` of a non-empty, normalized path, but much faster."""
    return os.path.join(os.getcwd(), file)  # noqa: PTH109, PTH118 - pathlib is the slow part


def check_regular(path: Path | str) -> os.stat_result:
    """Return the status of a regular file, following links, without opening it.

    Raises
    ------
    NotRegularFile
        The path is a pipe, a device, a socket or a folder.
    OSError
        The file does not exist or may not be accessed. A path that contains a NUL counts as missing.
    """
    try:
        found = os.stat(path)  # noqa: PTH116 - three times as fast when path is a str
    except ValueError as error:  # a NUL in the name
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), repr(str(path))) from error
    if not stat.S_ISREG(found.st_mode):
        raise NotRegularFile(path, found.st_mode)
    return found


def resolve_path(path: Path) -> Path:
    """Resolve all links in a path that exists or could be created.

    Raises
    ------
    OSError
        The path can never exist: its links form a loop, one of its parents is a file, a name is too long, or it
        contains a NUL. Also raised if the path may not be accessed.
    """
    try:
        if any(len(os.fsencode(part)) > MAX_NAME_BYTES for part in path.parts):
            raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG), str(path))
        resolved = Path(os.path.realpath(path))
        with contextlib.suppress(FileNotFoundError):
            resolved.stat()
    except ValueError as error:  # a NUL in the name
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), repr(str(path))) from error
    return resolved


def is_inside(path: Path, folder: Path) -> bool:
    """Return whether a resolved path is ``folder`` or inside it, even under another name (mounts, case)."""
    if path.is_relative_to(folder):
        return True
    return folder.exists() and any(above.exists() and above.samefile(folder) for above in (path, *path.parents))


def portable_name(text: str, max_bytes: int = MAX_NAME_BYTES // 2) -> str:
    """Turn any text into a file name that is valid on every common file system.

    Parameters
    ----------
    text : str
        For example, a title.
    max_bytes : int
        Maximum length in UTF-8, which uses two to four bytes for each non-Latin character.

    Returns
    -------
    str
        The file name; empty if no character of the text is allowed in one.

    Examples
    --------
    >>> portable_name("AC/DC: Back in Black?")
    'AC_DC_ Back in Black_'
    """
    name = printable(_NOT_IN_NAMES.sub("_", text)).encode("utf-8", "ignore")[:max_bytes].decode("utf-8", "ignore")
    name = name.strip(" .")
    return f"{name}_" if _RESERVED.fullmatch(name.partition(".")[0].strip()) else name


def nearest_folder(path: Path) -> Path:
    """Return the resolved path itself or its nearest parent that is an existing folder."""
    return next(above for above in (path, *path.parents) if above.is_dir())


def open_regular(path: Path) -> BufferedReader:
    """Open a regular file for reading; never block on a pipe or device.

    The type is checked again on the open descriptor, so replacing the file between the two steps has no effect.

    Raises
    ------
    NotRegularFile
        The path is a pipe, a device, a socket or a folder.
    OSError
        The file cannot be opened.
    """
    return os.fdopen(_open_descriptor(path)[0], "rb")


def _open_descriptor(path: Path | str) -> tuple[int, os.stat_result]:
    """Open a regular file, and return its descriptor and status."""
    check_regular(path)  # opening some devices has side effects
    descriptor = os.open(path, os.O_RDONLY | _NON_BLOCKING)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise NotRegularFile(path, status.st_mode)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, status


def read_bounded(path: Path, limit_bytes: int) -> bytes:
    """Read a whole regular file of at most ``limit_bytes``.

    Reading stops at the size that the file reports. Kernel files such as ``/proc/kmsg`` report 0 and are read as empty.

    Raises
    ------
    FileTooLarge
        The file is larger.
    OSError
        As for :func:`open_regular`.
    """
    return read_with_status(path, limit_bytes)[0]


def read_with_status(path: Path | str, limit_bytes: int) -> tuple[bytes, os.stat_result]:
    """Read like :func:`read_bounded`, and also return the file's status. Fast enough for many files.

    Raises
    ------
    FileTooLarge, OSError
        As for :func:`read_bounded`.
    """
    descriptor, status = _open_descriptor(path)
    try:
        if status.st_size > limit_bytes:
            raise FileTooLarge(path, limit_bytes)
        data = os.read(descriptor, status.st_size)
        while len(data) < status.st_size and (more := os.read(descriptor, status.st_size - len(data))):
            data += more
        return data, status
    finally:
        os.close(descriptor)


def write_atomically(target: Path, data: bytes, *, is_private: bool = False) -> None:
    """Write ``data`` to ``target`` atomically: a reader sees either the old content or the new.

    The temporary file is created next to ``target`` with an unpredictable name, and only if no file of that name
    exists, so no link is followed. It takes over the mode of the file that it replaces. With ``is_private``, only its
    owner can read and write it, from the first byte on.

    Raises
    ------
    OSError
        Writing failed. The old content is intact, and the temporary file is removed.
    """
    temporary = target.with_name(f".{os.urandom(12).hex()}.tmp")
    mode, kept = (0o600, None) if is_private else (0o666, _mode_of(target))
    replace_file(target, data, temporary, mode=mode, kept=kept)


def replace_file(target: Path, data: bytes, temporary: Path, *, mode: int, kept: int | None = None) -> None:
    """Write ``temporary``, flush it to the disk, and rename it to ``target``.

    Parameters
    ----------
    temporary
        An unused path on the same file system. No file is left there.
    mode
        Permissions of the new file, reduced by the umask.
    kept
        Permissions to set regardless of the umask.

    Raises
    ------
    OSError
        Writing failed. The old content is intact.
    """
    try:
        with open(temporary, "xb", opener=lambda path, flags: os.open(path, flags, mode)) as file:
            if kept is not None:
                temporary.chmod(kept)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except BaseException:  # KeyboardInterrupt too: Ctrl-C must not leave a temporary file behind
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _mode_of(target: Path) -> int | None:
    """Return the permissions of a regular file; None if it does not exist."""
    try:
        found = target.lstat()
    except OSError:
        return None
    return stat.S_IMODE(found.st_mode) if stat.S_ISREG(found.st_mode) else None


def system_devices() -> frozenset[int]:
    """Return the device numbers of the file systems in which the system shows its state; none on Windows."""

    def devices(*folders: Path) -> Iterator[int]:
        for folder in folders:
            with contextlib.suppress(OSError):
                yield folder.stat().st_dev

    return frozenset(devices(*SYSTEM_FOLDERS)).difference(devices(Path("/")))
