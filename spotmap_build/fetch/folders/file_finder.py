"""Find the files named in a playlist, which may come from another program, system or machine."""

from __future__ import annotations

import contextlib
import os
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Final

from spotmap_build.core.text import decode_text
from spotmap_build.fetch.folders.m3u import path_readings, without_fragment

if TYPE_CHECKING:
    from spotmap_build.core.encodings import Encoding

Parts = tuple[str, ...]
Ends = dict[Parts, list[tuple[Parts, Path]]]
MAX_END_PARTS: Final = 3
MAX_ALIKE: Final = 100
"""A name shared by more files ("Track 01.mp3") is ambiguous."""
MIN_PLAIN_LETTERS: Final = 4
_NOT_PLAIN: Final = re.compile(r"[^a-z0-9]+")
NO_NAMES: Final = frozenset(("", ".", "..", "/", "//"))


class FileFinder:
    """An index of the audio files below a folder, and their folders, for lookups by the names in a playlist.

    Parameters
    ----------
    root
        The folder.
    files
        The audio files in it. If empty, only exact paths are found.
    """

    def __init__(self, root: Path, files: Iterable[Path]) -> None:
        self.has_looked_on_disk = False
        """Whether any file outside of ``files`` was looked up on disk."""
        self._root = root.absolute()
        self._real_root = root.resolve()
        self._files = list(files)
        holding = dict.fromkeys(file.parent for file in self._files)
        folders = (above for folder in holding for above in (folder, *folder.parents) if above.is_relative_to(root))
        self._folders = list(dict.fromkeys(folders))
        self._parts = {path: path.relative_to(root).parts for path in (*self._files, *self._folders)}

    @cached_property
    def _exact(self) -> dict[Path, Path]:
        return {self._root.joinpath(*parts): path for path, parts in self._parts.items()}

    @cached_property
    def _folded(self) -> dict[Parts, list[Path]]:
        folded = defaultdict(list)
        for path, parts in self._parts.items():
            folded[_fold_all(parts)].append(path)
        return folded

    @cached_property
    def _file_ends(self) -> Ends:
        return _ends({path: _fold_all(self._parts[path]) for path in self._files})

    @cached_property
    def _folder_ends(self) -> Ends:
        return _ends({path: _fold_all(self._parts[path]) for path in self._folders})

    @cached_property
    def _stem_ends(self) -> Ends:
        return _ends({path: _without_suffix(self._parts[path]) for path in self._files})

    @cached_property
    def _plain_ends(self) -> Ends:
        return _ends({path: plain for path in self._files if (plain := _plain_parts(self._parts[path]))})

    def find(self, line: str, folder: Path, encoding: Encoding | None = None) -> Path | None:
        """Return the file or folder that a line means, if it exists.

        The line is tried unchanged, then percent-decoded, then ignoring case and Unicode normalization, then by the
        longest path suffix that matches exactly one file below the root. Finally, the file may be in another format, or
        have other characters in place of those that a system or an encoding lacks. If nothing is found, a query or
        fragment after the file name is ignored.

        Parameters
        ----------
        folder
            The folder of the playlist, to which paths are relative.
        encoding
            Encoding of percent-encoded lines, see :attr:`~spotmap_build.fetch.folders.m3u.M3u.encoding`.
        """
        found = self.find_literal(line, folder, encoding)
        if found is None and (shorter := without_fragment(line)):
            return self.find_literal(shorter, folder, encoding)
        return found

    def find_literal(self, line: str, folder: Path, encoding: Encoding | None = None) -> Path | None:
        """Like :meth:`find`, but a query or fragment counts as a part of the file name."""
        readings = [reading for reading in path_readings(line, encoding) if reading.strip("/")]
        places = [Path(os.path.normpath(folder.absolute() / reading)) for reading in readings]
        with contextlib.suppress(RuntimeError):  # no home folder
            places += [Path(reading).expanduser() for reading in readings if reading.startswith("~/")]
        for look in (self._exactly, self._whatever_case):
            for place in places:
                found = look(place)
                if found is not None:
                    return found
        found = _by_end(readings, self._file_ends) or _by_end(readings, self._folder_ends)
        if found is not None or not self._files:
            return found
        inside = [os.path.relpath(place, self._root) for place in places if place.is_relative_to(self._root)]
        similar = [*inside, *readings]
        return _by_end(similar, self._stem_ends, _without_suffix, 2) or _by_end(
            similar, self._plain_ends, _plain_parts, 2
        )

    def files_in(self, folder: Path) -> list[Path]:
        """Return the files in a folder, at any depth."""
        if self._real_root.is_relative_to(folder.resolve()):
            return list(self._files)
        return [file for file in self._files if file.is_relative_to(folder)]

    def is_there(self, path: Path) -> bool:
        """Return whether a file or folder exists, see :func:`is_there`."""
        self.has_looked_on_disk = True
        return is_there(path)

    def _exactly(self, place: Path) -> Path | None:
        if place in self._exact:
            return self._exact[place]
        if not self.is_there(place):  # also excludes devices and pipes
            return None
        # The path may be a link, or the file system may be case-insensitive.
        below = os.path.relpath(place.resolve(), self._real_root)
        return self._exact.get(self._root / below) or self._whatever_case(place) or place

    def _whatever_case(self, place: Path) -> Path | None:
        parts = PurePath(os.path.relpath(place, self._root)).parts
        return _only(self._folded.get(_fold_all(parts), ()), parts)


def is_there(path: Path) -> bool:
    """Return whether a file or folder exists; False for paths that cannot be checked, such as too long names."""
    with contextlib.suppress(OSError, ValueError):
        return path.is_file() or path.is_dir()
    return False


def _ends(paths: Mapping[Path, Parts]) -> Ends:
    """Index paths by their last one, two and three components, so that few share a key."""
    ends = defaultdict(list)
    for path, parts in paths.items():
        for length in range(1, min(len(parts), MAX_END_PARTS) + 1):
            ends[parts[-length:]].append((parts, path))
    return ends


def _by_end(
    readings: Iterable[str], ends: Ends, fold: Callable[[Iterable[str]], Parts] | None = None, min_parts: int = 1
) -> Path | None:
    """Return the only path that has the longest suffix in common with one of the readings, or equals it."""
    longest = 0
    wanted: Parts = ()
    alike: dict[Path, bool] = {}
    for reading in readings:
        parts = tuple(part for part in PurePath(reading).parts if part not in NO_NAMES)
        folded = (fold or _fold_all)(parts)
        lengths = range(min(len(folded), MAX_END_PARTS), 0, -1)
        candidates = next((ends[end] for length in lengths if (end := folded[-length:]) in ends), [])
        for candidate, path in candidates if len(candidates) <= MAX_ALIKE else ():
            length = _common_end(candidate, folded)
            if length < min_parts and length < max(len(candidate), len(folded)):
                continue
            if length > longest:
                longest, wanted = length, parts[-length:]
                alike.clear()
            if length == longest:
                alike[path] = length == len(candidate)
    # A match of the whole path from the root counts more than the suffix of a longer path.
    whole = [path for path, is_whole in alike.items() if is_whole and longest > 1]
    return _only(list(alike), wanted) or _only(whole, wanted)


def _common_end(one: Parts, other: Parts) -> int:
    length = 0
    for mine, others in zip(reversed(one), reversed(other), strict=False):
        if mine != others:
            break
        length += 1
    return length


def _only(paths: Sequence[Path], wanted: Parts) -> Path | None:
    """Return the only path, or the only one with the exact spelling."""
    if len(paths) > 1:
        paths = [path for path in paths if path.parts[-len(wanted) :] == wanted]
    return paths[0] if len(paths) == 1 else None


def _without_suffix(names: Iterable[str]) -> Parts:
    """Return the parts of a path to a file, in whatever format."""
    *folders, name = _fold_all(names) or ("",)
    return (*folders, PurePath(name).stem)


def _plain_parts(names: Iterable[str]) -> Parts:
    """Return only the ASCII letters and digits of a path; nothing if there are few in the file's name.

    >>> _plain_parts(["A", "D\u00fcrst_live.mp3"]) == _plain_parts(["A", "D?rst: live.flac"]) == ("a", "d?rst?live")
    True
    """
    parts = tuple(_NOT_PLAIN.sub("?", part) for part in _without_suffix(names))
    plain = len(parts[-1].replace("?", ""))
    return parts if plain >= MIN_PLAIN_LETTERS and 2 * plain >= len(parts[-1]) else ()


def _fold_all(names: Iterable[str]) -> Parts:
    return tuple(map(fold_name, names))


@lru_cache(maxsize=1 << 16)
def fold_name(name: str) -> str:
    """Normalize Unicode form and case of a name; undecodable bytes become what a playlist would contain."""
    if not name.isascii():
        try:
            name.encode()
        except UnicodeEncodeError:
            name = decode_text(os.fsencode(name))
        name = unicodedata.normalize("NFC", name)
    return unicodedata.normalize("NFC", name.casefold())
