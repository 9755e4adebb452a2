"""Where a store is, as a person writes it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from spotmap_build.errors import ConfigError
from spotmap_build.store.folder import FolderStore
from spotmap_build.store.git import GitStore, origin_of

if TYPE_CHECKING:
    from spotmap_build.store.exchange import Store

BRANCH: Final = "spotmap-store"
DEFAULT_ADDRESS: Final = f"branch:{BRANCH}"
_GIT: Final = "git+"
_SCHEMES: Final = ("file", "https", "ssh")
_BRANCH_NAME: Final = re.compile(r"(?!.*(?:\.\.|//|/\.|\.lock(?:/|$)|[/.]$))[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}")
_USAGE: Final = (
    "It is a folder, branch:NAME (of the git repository that you are in, at its origin), or "
    "git+https://…#NAME, git+ssh://…#NAME, git+file:///…#NAME."
)


def open_store(address: str, folder: Path, cache_dir: Path) -> Store:
    """Return the store at ``address``; nothing is read or made yet.

    Parameters
    ----------
    address
        As a person writes it: ``branch:NAME``, ``git+URL#NAME`` or a folder.
    folder
        The working folder.
    cache_dir
        The cache, where what was fetched of a store in git is kept.

    Raises
    ------
    ConfigError
        It is no address of a store.
    StoreError
        ``branch:`` where there is no repository.
    """
    if address.startswith("branch:"):
        branch = _checked_branch(address.removeprefix("branch:"), address)
        return GitStore(origin_of(folder), branch, cache_dir, shown=f"the branch {branch}")
    if address.startswith(_GIT):
        url, _, branch = address.removeprefix(_GIT).partition("#")
        return GitStore(
            _checked_url(url, address), _checked_branch(branch or BRANCH, address), cache_dir, shown=address
        )
    if not address or re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", address):
        raise ConfigError(f"This is no address of a store: {address!r}.", hint=_USAGE)
    return FolderStore(folder / Path(address).expanduser(), shown=address)


def _checked_branch(name: str, address: str) -> str:
    if not _BRANCH_NAME.fullmatch(name):
        raise ConfigError(f"{address!r} does not name a branch.", hint=_USAGE)
    return name


def _checked_url(url: str, address: str) -> str:
    try:
        parts = urlsplit(url)
        # With ssh, a name says only whose account it is; with https, it may be a token.
        has_password = parts.password is not None or (parts.scheme == "https" and parts.username is not None)
    except ValueError:
        raise ConfigError(f"This is no address of a store: {address!r}.", hint=_USAGE) from None
    if has_password:
        raise ConfigError(
            "The address of the store has a name or a password in it, which others could read.",
            hint="Leave it out, and give it to git: `git help credentials` says how.",
        )
    if parts.scheme not in _SCHEMES or not parts.path.strip("/"):
        raise ConfigError(f"This is no address of a store: {address!r}.", hint=_USAGE)
    return url
