"""Keep a folder of playlist files up to date. A run updates the files of earlier runs and no others.

``.spotmap-lists.json`` in the folder records the file of each list and the digest of its content. Files that were
changed by hand since, and files that no run wrote, are left as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from spotmap_build.cache.keys import digest_bytes
from spotmap_build.core.documents import decode_json
from spotmap_build.core.files import portable_name, read_bounded, write_atomically
from spotmap_build.errors import OutputError
from spotmap_build.registry.formats import LIST_MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEMA: Final = "spotmap.lists/1"
MAX_BYTES: Final = 1 << 26


class _Written(msgspec.Struct, frozen=True):
    file: str
    sha256: str


class _Manifest(msgspec.Struct, frozen=True):
    schema: str
    lists: dict[str, _Written]


@dataclass(frozen=True, slots=True)
class ListFile:
    """A file to write. ``key`` identifies the list even if its name changes; ``kind`` is its sub-folder."""

    key: str
    kind: str
    name: str
    suffix: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Updated:
    """Numbers of changed files. ``kept``: files of earlier runs that stay because they were changed by hand."""

    written: int = 0
    unchanged: int = 0
    removed: int = 0
    kept: tuple[str, ...] = ()


def update_folder(folder: Path, files: Iterable[ListFile]) -> Updated:
    """Bring a folder up to date.

    Parameters
    ----------
    folder : Path
        The folder; created if it does not exist.
    files : iterable of ListFile
        All current lists. Files of other lists that earlier runs wrote are removed.

    Raises
    ------
    OutputError
        The folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _update(folder, list(files))
    except OSError as error:
        raise OutputError(
            f"The lists cannot be written to {folder}: {error.strerror or error}.", hint="Choose another folder."
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
        digest = digest_bytes(file.content)
        target = folder / known.file
        current_digest = _digest(target)
        if current_digest not in ("", known.sha256):  # changed by hand
            kept.append(known.file)
            after[file.key] = known
            continue
        if current_digest == digest:
            unchanged_count += 1
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(target, file.content)
            written_count += 1
        after[file.key] = _Written(known.file, digest)
    removed = [known for key, known in before.items() if key not in after]
    removed += [before[key] for key in after if key in before and before[key].file != after[key].file]
    gone = [known for known in removed if _digest(folder / known.file) == known.sha256]
    write_atomically(folder / LIST_MANIFEST, msgspec.json.encode(_Manifest(SCHEMA, after)))
    for known in gone:
        (folder / known.file).unlink(missing_ok=True)
    kept += [known.file for known in removed if known not in gone and (folder / known.file).exists()]
    return Updated(written_count, unchanged_count, len(gone), tuple(kept))


def _free_name(folder: Path, file: ListFile, taken: set[str]) -> str:
    """Return an unused file name, ignoring case."""
    stem = portable_name(file.name) or file.key
    for number in range(1, 10_000):
        name = f"{file.kind}/{stem}{'' if number == 1 else f' ({number})'}{file.suffix}"
        if name.casefold() not in taken and not (folder / name).exists():
            taken.add(name.casefold())
            return name
    raise FileExistsError(f"too many lists are called {file.name}")


def _read_manifest(folder: Path) -> dict[str, _Written]:
    """Return the files of earlier runs by key. Entries that lead outside of the folder are ignored."""
    try:
        manifest = decode_json(read_bounded(folder / LIST_MANIFEST, MAX_BYTES), _Manifest)
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
    """Return the digest of a file's content; empty if there is no file."""
    try:
        return digest_bytes(read_bounded(path, MAX_BYTES))
    except FileNotFoundError:
        return ""
