"""Access a branch of a git repository with this machine's ``git``. No working tree is touched.

Commits are created and read in a local repository inside the cache (``store.git``). It keeps fetched objects, so that
only new ones are transferred, and is recreated if it is damaged.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spotmap_build.cache.keys import digest_bytes
from spotmap_build.core.text import printable, without_login
from spotmap_build.store.files import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable

MIRROR: Final = "store.git"
AUTHOR_EMAIL: Final = "spotmap-build@localhost"
_NOT_OURS: Final = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE", "GIT_PREFIX")
"""Variables that git sets when it runs this program, for example in a hook."""
_AUTHOR: Final = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "spotmap-build"), ("EMAIL", AUTHOR_EMAIL))
}
_SILENCE: Final = ("-c", "http.lowSpeedLimit=100", "-c", "http.lowSpeedTime=60")
_CHECKS: Final = ("-c", "fetch.fsckObjects=true", "-c", "gc.auto=0", "-c", "maintenance.auto=false")
_NO_HOOKS: Final = ("-c", f"core.hooksPath={os.devnull}")
"""Disables hooks that a person has configured for all repositories."""
FILE, TREE = "100644", "040000"


class GitFailed(Exception):
    """Git failed; the text is its error message."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a tree. ``size_bytes`` is None if it is not a file."""

    mode: str
    kind: str
    object_id: str
    name: str
    size_bytes: int | None = None

    @property
    def line(self) -> bytes:
        """The entry in the format of ``git mktree``."""
        return f"{self.mode} {self.kind} {self.object_id}\t{self.name}\0".encode("utf-8", "surrogateescape")


class Branch:
    """A branch at its address, and our local copy of it."""

    def __init__(self, url: str, name: str, cache_dir: Path) -> None:
        self.url = url
        self.ref = f"refs/heads/{name}"
        self._retained_ref = f"refs/stores/{digest_bytes(f'{url}#{name}'.encode('utf-8', 'surrogateescape'))[:32]}"
        self._mirror = (cache_dir / MIRROR).absolute()
        self.was_renewed = False

    def write_blob(self, content: bytes) -> str:
        """Store content in our copy, and return its object id."""
        return self.git("hash-object", "-w", "--stdin", data=content)

    def write_tree(self, entries: Iterable[Entry]) -> str:
        """Create a tree from entries, and return its object id."""
        return self.git("mktree", "-z", data=b"".join(entry.line for entry in entries))

    def list_tree(self, tree: str) -> tuple[Entry, ...]:
        """Return the entries of a tree."""
        listed = self.run("ls-tree", "-l", "-z", tree).decode("utf-8", "surrogateescape")
        entries = []
        for line in filter(None, listed.split("\0")):
            about, _, name = line.partition("\t")
            mode, kind, object_id, size = about.split()
            entries.append(Entry(mode, kind, object_id, name, int(size) if size.isdecimal() else None))
        return tuple(entries)

    def read_blob(self, entry: Entry) -> bytes:
        """Return the content of a file."""
        return self.run("cat-file", "blob", entry.object_id)

    def fetch(self, *, may_renew: bool = True) -> str:
        """Fetch the branch into our copy and return its commit; empty if there is no such branch.

        If the remote answers but the fetch fails, our copy may be damaged, so it is recreated once.

        Raises
        ------
        GitFailed
            The branch cannot be fetched.
        """
        if not self.head():
            return ""
        try:
            return self._fetch()
        except GitFailed:
            if self.was_renewed or not may_renew or not self.head():
                raise
        self.delete_mirror()
        return self._fetch()

    def push(self, commit: str, *options: str) -> None:
        """Push a commit to the branch at its address, and keep it in our copy.

        Raises
        ------
        GitFailed
            The push is rejected.
        """
        self.git(*_SILENCE, "push", "--quiet", *options, "--", self.url, f"{commit}:{self.ref}")
        self.retain(commit)

    def _fetch(self) -> str:
        """Fetch the branch and return its commit. Uses a unique ref, since other processes may fetch it as well."""
        fetched = f"{self._retained_ref}-{os.urandom(8).hex()}"
        fetch = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head")
        self.git(*_SILENCE, *_CHECKS, *fetch, "--", self.url, f"+{self.ref}:{fetched}")
        commit = self.git("rev-parse", "--verify", "--quiet", f"{fetched}^{{commit}}")
        self.retain(commit)
        self.git("update-ref", "-d", fetched)
        return commit

    def retain(self, commit: str) -> None:
        """Keep a commit in our copy, so that its objects need not be fetched again."""
        with contextlib.suppress(GitFailed):  # another process is doing the same
            self.git("update-ref", self._retained_ref, commit)

    def head(self) -> str:
        """Return the current commit of the branch at its address; empty if there is none."""
        listed = self.git(*_SILENCE, "ls-remote", "--heads", "--", self.url, self.ref)
        return next((line.split("\t")[0] for line in listed.split("\n") if line.endswith(f"\t{self.ref}")), "")

    def delete_mirror(self) -> None:
        """Delete our copy."""
        self.was_renewed = True
        shutil.rmtree(self._mirror, ignore_errors=True)

    def git(self, *arguments: str, data: bytes = b"") -> str:
        """Run a git command in our copy and return its output as text."""
        return self.run(*arguments, data=data).decode("utf-8", "surrogateescape").strip()

    def run(self, *arguments: str, data: bytes = b"", index: Path | None = None, folder: Path | None = None) -> bytes:
        """Run a git command in our copy and return its output.

        Parameters
        ----------
        index
            The index file to use; our copy has none of its own.
        folder
            The working folder of the command.
        """
        if not (self._mirror / "HEAD").is_file():
            run_git("init", "--quiet", "--bare", "--template=", "--", str(self._mirror))
        place = ("-C", str(folder)) if folder else ()
        return run_git(*place, f"--git-dir={self._mirror}", *_NO_HOOKS, *arguments, data=data, index=index)


def address_of(folder: Path) -> str:
    """Return the address of the repository that contains ``folder``: that of its origin, or its own without origin.

    Raises
    ------
    StoreError
        ``folder`` is not in a repository.
    """
    ask = ("-C", str(folder))
    try:
        own = str(folder / run_git(*ask, "rev-parse", "--git-common-dir").decode().strip())
    except GitFailed as error:
        raise StoreError(
            f"There is no git repository in {folder} whose branch could be used.",
            hint="Run this in the folder of your map's repository, or use a folder instead.",
        ) from error
    try:
        url = run_git(*ask, "remote", "get-url", "origin").decode().strip()
        top = run_git(*ask, "rev-parse", "--show-toplevel").decode().strip()
    except GitFailed:
        return own
    is_place = "://" not in url and not re.match(r"[^/]+:", url)  # git@github.com:me/map.git is not a path
    return str(Path(top, url)) if is_place else url


def run_git(*arguments: str, data: bytes = b"", index: Path | None = None) -> bytes:
    """Run a git command and return its output.

    Raises
    ------
    GitFailed
        The command fails.
    StoreError
        git is not installed.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
    environment |= {"LC_ALL": "C", "GIT_ALLOW_PROTOCOL": "file:https:ssh", **_AUTHOR}
    if index is not None:
        environment["GIT_INDEX_FILE"] = str(index)
    if not (sys.stdin and sys.stdin.isatty()):
        environment["GIT_TERMINAL_PROMPT"] = "0"
    try:
        process = subprocess.run(["git", *arguments], input=data, env=environment, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise StoreError("git is not installed on this machine.", hint="Install git, or use a folder.") from error
    if process.returncode:
        lines = [line for line in process.stderr.decode("utf-8", "replace").split("\n") if line.strip()]
        errors = [line for line in lines if line.startswith(("fatal:", "error:", "remote:"))] or lines or ["git failed"]
        raise GitFailed(without_login(printable(errors[0]).strip()).rstrip("."))
    return process.stdout
