"""Deploy to a branch of a git repository, from which GitHub, GitLab, Codeberg and other hosts publish pages.

The branch has at most one commit of ours, which each deployment replaces: a history of all versions of a map would grow
by megabytes per week without being read. Commits by other authors stay below it and are never lost.
"""

from __future__ import annotations

import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from spotmap_build.deploy.target import Deployed, DeployError, decode_marker
from spotmap_build.emit.marker import MAX_MARKER_BYTES
from spotmap_build.emit.site import MAX_PAGE_BYTES, PAGE_NAME, generation_of_page
from spotmap_build.errors import OutputError
from spotmap_build.registry.formats import MARKER_NAME
from spotmap_build.store.branch import AUTHOR_EMAIL, FILE, Branch, GitFailed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from spotmap_build.deploy.built import BuiltSite
    from spotmap_build.store.addresses import BranchPlace

NO_JEKYLL: Final = ".nojekyll"
"""Disables the site generator of GitHub Pages, which omits names that begin with an underscore."""
_MESSAGE: Final = "Publish the map"
ATTEMPTS: Final = 5
_GONE: Final = f"0 {'0' * 40}"


class BranchTarget:
    """A branch of a git repository. Files are read and written in our local copy; no working tree is touched."""

    def __init__(self, place: BranchPlace, cache_dir: Path) -> None:
        self.shown = place.shown
        self._branch = Branch(place.url, place.branch, cache_dir)

    def deploy(self, site: BuiltSite, *, force: bool, dry_run: bool) -> Deployed:
        """See :class:`~spotmap_build.deploy.target.Target`."""
        base = ""
        for attempt in range(ATTEMPTS):
            try:
                base = self._branch.fetch(may_renew=not attempt)
                deployed, files = self._changes(base, site, force=force, dry_run=dry_run)
                if not dry_run:
                    self._push(base, files, deployed.removed)
            except GitFailed as error:
                if attempt + 1 < ATTEMPTS and self._has_moved(base):
                    continue
                raise DeployError(
                    f"The site cannot be deployed to {self.shown}: {error}.",
                    hint="Check the address, and that git can read and write it. The site there is unchanged.",
                ) from error
            return deployed
        raise AssertionError("the last attempt returns or raises")

    def _has_moved(self, base: str) -> bool:
        """Return whether the branch was changed by someone else in the meantime."""
        try:
            return self._branch.head() != base
        except GitFailed:
            return False

    def _changes(self, base: str, site: BuiltSite, *, force: bool, dry_run: bool) -> tuple[Deployed, Mapping[str, str]]:
        """Return the changes, and the blob of every file of ours that the branch will have.

        Unless ``dry_run``, the blobs are written to our copy.
        """
        there = self._blobs(base)
        before = decode_marker(self._read(there, MARKER_NAME), self.shown, there, force=force)
        self._check_room(there, site.files)
        served = generation_of_page(self._read(there, PAGE_NAME) or b"")
        after = before.publishing(site.generation, site.files, served=served)
        names = "\n".join(site.files)
        make = ("hash-object", *(() if dry_run else ("-w",)), "--no-filters", "--stdin-paths")
        listed = self._branch.run(*make, data=names.encode(), folder=site.folder)
        files = dict(zip(site.files, listed.decode().split(), strict=True))
        sent = sorted(name for name, blob in files.items() if there.get(name) != blob)
        removed = sorted((before.paths - after.paths) & there.keys())
        files |= {MARKER_NAME: self._branch.write_blob(after.encode()), NO_JEKYLL: self._branch.write_blob(b"")}
        return Deployed(tuple(sent), tuple(removed), len(site.files) - len(sent)), files

    def _check_room(self, there: Iterable[str], names: Collection[str]) -> None:
        """Raise if a file is where the site needs a folder or vice versa: git would drop it."""
        files, folders = set(names), _folders_of(names)
        for name in there:
            if name in folders or files & _folders_of([name]):
                raise OutputError(
                    f"{name} of {self.shown} is in the way: the site needs that name for something else.",
                    hint="Move or rename it there, then deploy again.",
                )

    def _blobs(self, commit: str) -> dict[str, str]:
        """Return the blob of each file of a commit, by file name."""
        if not commit:
            return {}
        listed = self._branch.run("ls-tree", "-r", "-z", commit).decode("utf-8", "surrogateescape")
        parts = (line.partition("\t") for line in listed.split("\0") if line)
        return {name: about.split()[2] for about, _, name in parts}

    def _read(self, there: Mapping[str, str], name: str) -> bytes | None:
        if name not in there:
            return None
        size_bytes = int(self._branch.git("cat-file", "-s", there[name]))
        if size_bytes > max(MAX_MARKER_BYTES, MAX_PAGE_BYTES):
            raise GitFailed(f"{name} is too large for a file of a site ({size_bytes:,} bytes)")
        return self._branch.run("cat-file", "blob", there[name])

    def _push(self, base: str, files: Mapping[str, str], removed: tuple[str, ...]) -> None:
        """Push a commit with the files of ``base``, plus ``files`` and minus ``removed``."""
        with tempfile.TemporaryDirectory() as folder:
            index = Path(folder, "index")
            if base:
                self._branch.run("read-tree", base, index=index)
            lines = [f"{_GONE}\t{name}" for name in removed] + [
                f"{FILE} {blob}\t{name}" for name, blob in files.items()
            ]
            data = "".join(f"{line}\0" for line in lines).encode()
            self._branch.run("update-index", "-z", "--index-info", data=data, index=index)
            tree = self._branch.run("write-tree", index=index).decode().strip()
        if base and self._branch.git("rev-parse", f"{base}^{{tree}}") == tree:
            return
        parents = [argument for parent in self._parents(base) for argument in ("-p", parent)]
        commit = self._branch.git("commit-tree", tree, *parents, "-m", _MESSAGE)
        self._branch.push(commit, f"--force-with-lease={self._branch.ref}:{base}")

    def _parents(self, base: str) -> list[str]:
        """Return the parents of the new commit. A previous commit of ours is replaced, so its parents are used."""
        if not base:
            return []
        parents, author, message = self._branch.git("log", "-1", "--format=%P%x00%ae%x00%s", base).split("\0")
        return parents.split() if (author, message) == (AUTHOR_EMAIL, _MESSAGE) else [base]


def _folders_of(names: Iterable[str]) -> set[str]:
    return {str(folder) for name in names for folder in PurePosixPath(name).parents}
