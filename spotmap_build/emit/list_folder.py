"""A folder of lists that live: a later run updates what an earlier one wrote, and touches nothing of the person's own.

``.spotmap-lists.json`` in the folder says which file each list is and what was written into it. A file that was changed
by hand since is left as it is, and so is any that no run wrote.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from spotmap_build.core.documents import decode_json
from spotmap_build.core.files import portable_name, read_bounded, write_atomically
from spotmap_build.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Iterable

MANIFEST: Final = ".spotmap-lists.json"
SCHEMA: Final = "spotmap.lists/1"
LARGEST_BYTES: Final = 1 << 26


class _Written(msgspec.Struct, frozen=True):
    file: str
    sha256: str


class _Manifest(msgspec.Struct, frozen=True):
    schema: str
    lists: dict[str, _Written]


@dataclass(frozen=True, slots=True)
class ListFile:
    """What is to be in the folder. ``key`` stays what it is while the name may change; ``kind`` is its sub-folder."""

    key: str
    kind: str
    name: str
    suffix: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Updated:
    """What was done, in numbers of files; ``kept``: files of earlier runs that were changed by hand, and so stay."""

    written: int = 0
    unchanged: int = 0
    removed: int = 0
    kept: tuple[str, ...] = ()


def update_folder(folder: Path, files: Iterable[ListFile]) -> Updated:
    """Bring a folder up to date.

    Parameters
    ----------
    folder : Path
        Made where it is not there.
    files : iterable of ListFile
        All lists that there are now: lists of earlier runs that are no longer among them are removed.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _update(folder, list(files))
    except OSError as error:
        raise OutputError(
            f"The lists cannot be written to {folder}: {error.strerror or error}.", hint="Name another folder."
        ) from error


def _update(folder: Path, files: list[ListFile]) -> Updated:
    before = _read_manifest(folder)
    after: dict[str, _Written] = {}
    taken = {written.file.casefold() for written in before.values()}
    written_count = unchanged_count = 0
    kept = []
    for file in files:
        known = before.get(file.key)
        if known is None or Path(known.file).suffix != file.suffix:
            known = _Written(_free_name(folder, file, taken), "")
        digest = hashlib.sha256(file.content).hexdigest()
        target = folder / known.file
        now = _digest(target)
        if now not in ("", known.sha256):  # somebody's own by now
            kept.append(known.file)
            after[file.key] = known
            continue
        if now == digest:
            unchanged_count += 1
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(target, file.content)
            written_count += 1
        after[file.key] = _Written(known.file, digest)
    removed = [known for key, known in before.items() if key not in after]
    removed += [before[key] for key in after if key in before and before[key].file != after[key].file]
    gone = [known for known in removed if _digest(folder / known.file) == known.sha256]
    write_atomically(folder / MANIFEST, msgspec.json.encode(_Manifest(SCHEMA, after)))
    for known in gone:
        (folder / known.file).unlink(missing_ok=True)
    kept += [known.file for known in removed if known not in gone and (folder / known.file).exists()]
    return Updated(written_count, unchanged_count, len(gone), tuple(kept))


def _free_name(folder: Path, file: ListFile, taken: set[str]) -> str:
    """Return a name that no file has yet, by whatever case."""
    stem = portable_name(file.name) or file.key
    for number in range(1, 10_000):
        name = f"{file.kind}/{stem}{'' if number == 1 else f' ({number})'}{file.suffix}"
        if name.casefold() not in taken and not (folder / name).exists():
            taken.add(name.casefold())
            return name
    raise FileExistsError(f"too many lists are called {file.name}")


def _read_manifest(folder: Path) -> dict[str, _Written]:
    """Return what earlier runs wrote, by key. Whatever the manifest says, nothing outside of the folder is ours."""
    try:
        manifest = decode_json(read_bounded(folder / MANIFEST, LARGEST_BYTES), _Manifest)
    except (OSError, ValueError):
        return {}
    if manifest.schema != SCHEMA:
        return {}
    return {key: written for key, written in manifest.lists.items() if _is_inside(folder, written.file)}


def _is_inside(folder: Path, name: str) -> bool:
    place = Path(name)
    is_plain = not place.is_absolute() and ".." not in place.parts and "\0" not in name and len(place.parts) == 2
    return is_plain and (folder / place).resolve().is_relative_to(folder.resolve())


def _digest(path: Path) -> str:
    """Of a file's content; empty where there is no file."""
    try:
        return hashlib.sha256(read_bounded(path, LARGEST_BYTES)).hexdigest()
    except FileNotFoundError:
        return ""
