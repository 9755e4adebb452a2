"""A store as a branch of a git repository.

A push adds a commit on top of the branch. If another push was faster, git rejects ours, and the same packs are added on
top of the other one.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Final

from spotmap_build.store.branch import FILE, TREE, Branch, Entry, GitFailed
from spotmap_build.store.files import (
    FORMAT,
    FORMAT_NAME,
    MAX_FORMAT_BYTES,
    PACKS,
    README,
    README_NAME,
    StoreError,
    check_format,
    file_name,
    pack_name,
)
from spotmap_build.store.packs import MAX_PACK_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

ATTEMPTS: Final = 10
"""An attempt fails only if another push succeeded in the meantime."""
_MESSAGE: Final = "Add analysis results and matches"


class GitStore:
    """A store in a branch of a git repository."""

    def __init__(self, url: str, branch: str, cache_dir: Path, *, shown: str) -> None:
        self.shown = shown
        self._branch = Branch(url, branch, cache_dir)
        self._packs: dict[str, Entry] = {}

    def names(self) -> tuple[str, ...] | None:
        """Return the names of all packs; None if the store does not exist yet."""
        commit = self._fetched()
        if not commit:
            return None
        self._packs = self._listed(commit)
        return tuple(self._packs)

    def read(self, name: str) -> bytes:
        """Return the bytes of a pack. Raises ``ValueError`` if the file cannot be a pack."""
        entry = self._packs.get(name)
        if entry is None or entry.size_bytes is None or entry.size_bytes > MAX_PACK_BYTES:
            raise ValueError("it is not a file of a pack's size")
        try:
            return self._branch.read_blob(entry)
        except GitFailed as error:
            if self._branch.was_renewed:
                raise ValueError("git cannot read it") from error
        self._branch.delete_mirror()  # possibly only our copy is damaged
        self.names()
        return self.read(name)

    def add(self, packs: Iterable[tuple[str, bytes]]) -> None:
        """Add packs on top of the current state of the branch."""
        blobs: dict[str, str] = {}
        try:
            for attempt in range(ATTEMPTS):
                base = self._fetched(may_renew=not attempt)  # after the first attempt, only our copy has the new blobs
                blobs |= {file_name(name): self._branch.write_blob(packed) for name, packed in packs}
                commit = self._commit(base, blobs)
                try:
                    self._branch.push(commit)
                except GitFailed as error:
                    if self._branch.head() == base:  # no other push was faster: it was rejected for another reason
                        raise self._unusable(error) from error
                    time.sleep(random.uniform(0, 0.05 * 2**attempt))
                else:
                    return
        except GitFailed as error:
            raise self._unusable(error) from error
        raise StoreError(f"Other pushes to {self.shown} repeatedly interfered with this one.", hint="Push again later.")

    def _commit(self, base: str, blobs: Mapping[str, str]) -> str:
        """Create a commit with the files of ``base`` and these packs."""
        if base:
            self._listed(base)  # raises if it is not a store
        root = {entry.name: entry for entry in self._branch.list_tree(base)} if base else {}
        packs = {entry.name: entry for entry in self._branch.list_tree(f"{base}:{PACKS}")} if PACKS in root else {}
        packs |= {name: Entry(FILE, "blob", blob, name) for name, blob in blobs.items()}
        root[PACKS] = Entry(TREE, "tree", self._branch.write_tree(packs.values()), PACKS)
        if not base:
            for name, content in ((FORMAT_NAME, FORMAT), (README_NAME, README)):
                root[name] = Entry(FILE, "blob", self._branch.write_blob(content), name)
        parents = ("-p", base) if base else ()
        return self._branch.git("commit-tree", self._branch.write_tree(root.values()), *parents, "-m", _MESSAGE)

    def _listed(self, commit: str) -> dict[str, Entry]:
        """Return the packs of a commit. Raises ``StoreError`` if it is not a store."""
        try:
            root = {entry.name: entry for entry in self._branch.list_tree(commit)}
            marked = root.get(FORMAT_NAME)
            if marked is None or marked.size_bytes is None or marked.size_bytes > MAX_FORMAT_BYTES:
                raise StoreError(f"{self.shown} is not a store: it contains other files.", hint="Use a new branch.")
            check_format(self._branch.read_blob(marked), self.shown)
            packs = self._branch.list_tree(f"{commit}:{PACKS}") if PACKS in root else ()
        except GitFailed as error:
            raise self._unusable(error) from error
        return {name: entry for entry in packs if (name := pack_name(entry.name)) and entry.kind == "blob"}

    def _fetched(self, *, may_renew: bool = True) -> str:
        try:
            return self._branch.fetch(may_renew=may_renew)
        except GitFailed as error:
            raise self._unusable(error) from error

    def _unusable(self, error: GitFailed) -> StoreError:
        return StoreError(
            f"The store at {self.shown} cannot be used: {error}.",
            hint="Check the address, and that git can read from it (and write to it, for a push).",
        )
