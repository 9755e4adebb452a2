"""A store as a branch of a git repository, by the ``git`` of this machine.

A push adds a commit on top of what is there. Where somebody else was faster, git refuses it, and the same packs are
added on top of theirs. No working tree is touched: commits are made and read in a repository of the cache's
(``store.git``), which keeps what was fetched, so that only what is new travels. It is made again where it is damaged.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spotmap_build.cache.keys import digest_bytes
from spotmap_build.core.text import printable
from spotmap_build.store.files import (
    FORMAT,
    FORMAT_NAME,
    LARGEST_FORMAT_BYTES,
    PACKS,
    README,
    README_NAME,
    StoreError,
    check_format,
    file_name,
    pack_name,
)
from spotmap_build.store.packs import LARGEST_PACK_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MIRROR: Final = "store.git"
ATTEMPTS: Final = 10
"""Each fails only if somebody else's push got through in the meantime."""
_NOT_OURS: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE", "GIT_PREFIX")
"""Set where git itself runs us, as in a hook."""
_AUTHOR: Final = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "spotmap-build"), ("EMAIL", "spotmap-build@localhost"))
}
_SILENCE: Final = ("-c", "http.lowSpeedLimit=100", "-c", "http.lowSpeedTime=60")
_CHECKS: Final = ("-c", "fetch.fsckObjects=true", "-c", "gc.auto=0", "-c", "maintenance.auto=false")
_NO_HOOKS: Final = ("-c", f"core.hooksPath={os.devnull}")
"""Those that a person set for all repositories are not for this one."""
_FILE, _TREE = "100644", "040000"
_MESSAGE: Final = "Add what was heard and matched"


class _GitFailed(Exception):
    """Git ended with an error; the text is its last words."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One name in a tree. ``size_bytes`` is None of what is no file."""

    mode: str
    kind: str
    object_id: str
    name: str
    size_bytes: int | None = None

    @property
    def line(self) -> bytes:
        """As ``git mktree`` reads it."""
        return f"{self.mode} {self.kind} {self.object_id}\t{self.name}\0".encode("utf-8", "surrogateescape")


class GitStore:
    """The store in one branch of one repository."""

    def __init__(self, url: str, branch: str, cache_dir: Path, *, shown: str) -> None:
        self.shown = shown
        self._url = url
        self._ref = f"refs/heads/{branch}"
        self._kept = f"refs/stores/{digest_bytes(f'{url}#{branch}'.encode('utf-8', 'surrogateescape'))[:32]}"
        self._mirror = cache_dir / MIRROR
        self._packs: dict[str, _Entry] = {}
        self._was_renewed = False

    def names(self) -> tuple[str, ...] | None:
        """Return the names of all packs; None where there is no store yet."""
        commit = self._fetched()
        if not commit:
            return None
        self._packs = self._listed(commit)
        return tuple(self._packs)

    def read(self, name: str) -> bytes:
        """Return the bytes of a pack. Raises ``ValueError`` where they cannot be."""
        entry = self._packs.get(name)
        if entry is None or entry.size_bytes is None or entry.size_bytes > LARGEST_PACK_BYTES:
            raise ValueError("it is no file of a pack's size")
        try:
            return self._blob(entry)
        except _GitFailed as error:
            if self._was_renewed:
                raise ValueError("git cannot read it") from error
        self._renew()  # perhaps only our copy is damaged
        self.names()
        return self.read(name)

    def add(self, packs: Iterable[tuple[str, bytes]]) -> None:
        """Add packs on top of what is there by then."""
        blobs: dict[str, str] = {}
        try:
            for attempt in range(ATTEMPTS):
                base = self._fetched(may_renew=not attempt)  # from then on, our copy holds the only blobs
                blobs |= {file_name(name): self._written(packed) for name, packed in packs}
                commit = self._commit(base, blobs)
                try:
                    self._git(*_SILENCE, "push", "--quiet", "--", self._url, f"{commit}:{self._ref}")
                except _GitFailed as error:
                    if self._head() == base:  # nobody was faster: it is refused for another reason
                        raise self._unusable(error) from error
                    time.sleep(random.uniform(0, 0.05 * 2**attempt))
                else:
                    self._keep(commit)
                    return
        except _GitFailed as error:
            raise self._unusable(error) from error
        raise StoreError(f"{self.shown} is written to by others all the time.", hint="Push again later.")

    def _commit(self, base: str, blobs: Mapping[str, str]) -> str:
        """Make a commit of what ``base`` has and these packs."""
        if base:
            self._listed(base)  # refuses what is no store
        root = {entry.name: entry for entry in self._tree(base)} if base else {}
        packs = {entry.name: entry for entry in self._tree(f"{base}:{PACKS}")} if PACKS in root else {}
        packs |= {name: _Entry(_FILE, "blob", blob, name) for name, blob in blobs.items()}
        root[PACKS] = _Entry(_TREE, "tree", self._made_tree(packs.values()), PACKS)
        if not base:
            for name, content in ((FORMAT_NAME, FORMAT), (README_NAME, README)):
                root[name] = _Entry(_FILE, "blob", self._written(content), name)
        parents = ("-p", base) if base else ()
        return self._git("commit-tree", self._made_tree(root.values()), *parents, "-m", _MESSAGE)

    def _written(self, content: bytes) -> str:
        return self._git("hash-object", "-w", "--stdin", data=content)

    def _made_tree(self, entries: Iterable[_Entry]) -> str:
        return self._git("mktree", "-z", data=b"".join(entry.line for entry in entries))

    def _listed(self, commit: str) -> dict[str, _Entry]:
        """Return the packs of a commit. Raises ``StoreError`` where it is no store."""
        try:
            root = {entry.name: entry for entry in self._tree(commit)}
            marked = root.get(FORMAT_NAME)
            if marked is None or marked.size_bytes is None or marked.size_bytes > LARGEST_FORMAT_BYTES:
                raise StoreError(f"{self.shown} is not a store: it holds other things.", hint="Name a new branch.")
            check_format(self._blob(marked), self.shown)
            packs = self._tree(f"{commit}:{PACKS}") if PACKS in root else ()
        except _GitFailed as error:
            raise self._unusable(error) from error
        return {name: entry for entry in packs if (name := pack_name(entry.name)) and entry.kind == "blob"}

    def _tree(self, tree: str) -> tuple[_Entry, ...]:
        listed = self._run("ls-tree", "-l", "-z", tree).decode("utf-8", "surrogateescape")
        entries = []
        for line in filter(None, listed.split("\0")):
            about, _, name = line.partition("\t")
            mode, kind, object_id, size = about.split()
            entries.append(_Entry(mode, kind, object_id, name, int(size) if size.isdecimal() else None))
        return tuple(entries)

    def _blob(self, entry: _Entry) -> bytes:
        return self._run("cat-file", "blob", entry.object_id)

    def _fetched(self, *, may_renew: bool = True) -> str:
        """Return the branch's commit, which is here by then; empty where there is no such branch.

        Where it can be asked for and not be fetched, our copy may be damaged: then it is made again.
        """
        try:
            if not self._head():
                return ""
            try:
                return self._fetch()
            except _GitFailed:
                if self._was_renewed or not may_renew or not self._head():
                    raise
            self._renew()
            return self._fetch()
        except _GitFailed as error:
            raise self._unusable(error) from error

    def _fetch(self) -> str:
        """Fetch the branch, and return its commit. By a name of its own, since others may fetch it at the same time."""
        fetched = f"{self._kept}-{os.urandom(8).hex()}"
        fetch = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head")
        self._git(*_SILENCE, *_CHECKS, *fetch, "--", self._url, f"+{self._ref}:{fetched}")
        commit = self._git("rev-parse", "--verify", "--quiet", f"{fetched}^{{commit}}")
        self._keep(commit)
        self._git("update-ref", "-d", fetched)
        return commit

    def _keep(self, commit: str) -> None:
        """Remember a commit, so that what it has need not be fetched again."""
        with contextlib.suppress(_GitFailed):  # another process does the same in this moment
            self._git("update-ref", self._kept, commit)

    def _head(self) -> str:
        listed = self._git(*_SILENCE, "ls-remote", "--heads", "--", self._url, self._ref)
        return next((line.split("\t")[0] for line in listed.split("\n") if line.endswith(f"\t{self._ref}")), "")

    def _renew(self) -> None:
        """Throw our copy away."""
        self._was_renewed = True
        shutil.rmtree(self._mirror, ignore_errors=True)

    def _git(self, *arguments: str, data: bytes = b"") -> str:
        return self._run(*arguments, data=data).decode("utf-8", "surrogateescape").strip()

    def _run(self, *arguments: str, data: bytes = b"") -> bytes:
        if not (self._mirror / "HEAD").is_file():
            run_git("init", "--quiet", "--bare", "--template=", "--", str(self._mirror))
        return run_git(f"--git-dir={self._mirror}", *_NO_HOOKS, *arguments, data=data)

    def _unusable(self, error: _GitFailed) -> StoreError:
        return StoreError(
            f"The store at {self.shown} cannot be used: {error}.",
            hint="Check the address, and that git may read it (and write it, to push).",
        )


def origin_of(folder: Path) -> str:
    """Return the address of the repository that ``folder`` is in: its origin's, or where there is none, its own.

    Raises
    ------
    StoreError
        It is in no repository.
    """
    ask = ("-C", str(folder))
    try:
        own = str(folder / run_git(*ask, "rev-parse", "--git-common-dir").decode().strip())
    except _GitFailed as error:
        raise StoreError(
            f"There is no git repository in {folder} whose branch could be a store.",
            hint="Start this in the folder of your map's repository, or name a folder as the store.",
        ) from error
    try:
        url = run_git(*ask, "remote", "get-url", "origin").decode().strip()
        top = run_git(*ask, "rev-parse", "--show-toplevel").decode().strip()
    except _GitFailed:
        return own
    is_place = "://" not in url and not re.match(r"[^/]+:", url)  # git@github.com:me/map.git is none
    return str(Path(top, url)) if is_place else url


def run_git(*arguments: str, data: bytes = b"") -> bytes:
    """Return what a git command prints.

    Raises
    ------
    StoreError
        There is no git here.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
    environment |= {"LC_ALL": "C", "GIT_ALLOW_PROTOCOL": "file:https:ssh", **_AUTHOR}
    if not (sys.stdin and sys.stdin.isatty()):
        environment["GIT_TERMINAL_PROMPT"] = "0"
    try:
        done = subprocess.run(["git", *arguments], input=data, env=environment, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise StoreError("There is no git on this machine.", hint="Install git, or name a folder.") from error
    if done.returncode:
        said = [line for line in done.stderr.decode("utf-8", "replace").split("\n") if line.strip()]
        telling = [line for line in said if line.startswith(("fatal:", "error:", "remote:"))] or said or ["git failed"]
        raise _GitFailed(re.sub(r"//[^/@\s]*@", "//", printable(telling[0]).strip()).rstrip("."))
    return done.stdout
