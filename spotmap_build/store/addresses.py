"""Parse the address of a store."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from spotmap_build.core.text import without_login
from spotmap_build.core.translation import translatable
from spotmap_build.errors import ConfigError
from spotmap_build.store.branch import address_of
from spotmap_build.store.folder import FolderStore
from spotmap_build.store.git import GitStore

if TYPE_CHECKING:
    from spotmap_build.store.sync import Store

BRANCH: Final = "spotmap-store"
DEFAULT_ADDRESS: Final = f"branch:{BRANCH}"
_GIT: Final = "git+"
_SCHEMES: Final = ("file", "https", "ssh")
_BRANCH_NAME: Final = re.compile(
    r"(?!HEAD$|refs/)(?!.*(?:\.\.|//|/\.|\.lock(?:/|$)|[/.]$))[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}"
)
_OF_ANOTHER_KIND: Final = re.compile(r"[^/\\]+@[^/\\]+:|[A-Za-z][A-Za-z0-9+.-]+:")
"""Such as ``https:``, or ``git@github.com:`` in git's notation. ``C:`` is a drive."""
_USAGE: Final = translatable(
    "Use a folder, branch:NAME (of the origin of the git repository that you are in), or "
    "git+https://…#NAME, git+ssh://…#NAME, git+file:///…#NAME."
)


def open_store(address: str, folder: Path, cache_dir: Path) -> Store:
    """Return the store at ``address`` without reading or creating it.

    Parameters
    ----------
    address
        The address as entered by the person: ``branch:NAME``, ``git+URL#NAME`` or a folder.
    folder
        The working folder.
    cache_dir
        The cache, which holds the local copy of a store in git.

    Raises
    ------
    ConfigError
        The address is invalid.
    StoreError
        ``branch:`` is used outside of a git repository.
    """
    place = find_branch(address, folder, BRANCH, _USAGE)
    if place is not None:
        return GitStore(place.url, place.branch, cache_dir, shown=place.shown)
    return FolderStore(find_folder(address, folder, _USAGE), shown=address)


@dataclass(frozen=True, slots=True)
class BranchPlace:
    """A branch of a repository. ``shown``: its name in messages."""

    url: str
    branch: str
    shown: str


def find_branch(address: str, folder: Path, usual: str, usage: str) -> BranchPlace | None:
    """Return the branch that an address refers to; None if it is not the address of a branch.

    Parameters
    ----------
    address
        ``branch:NAME`` (of the origin of the working folder's repository), ``git+URL#NAME`` or ``git+URL``.
    folder
        The working folder.
    usual
        The branch to use for ``git+URL``.
    usage
        Hint that lists the valid addresses.

    Raises
    ------
    ConfigError
        The address is invalid.
    StoreError
        ``branch:`` is used outside of a git repository.
    """
    if address.startswith("branch:"):
        branch = _checked_branch(address.removeprefix("branch:"), address, usage)
        return BranchPlace(address_of(folder), branch, f"the branch {branch}")
    if address.startswith(_GIT):
        url, _, name = address.removeprefix(_GIT).partition("#")
        branch = _checked_branch(name or usual, address, usage)
        return BranchPlace(_checked_url(url, address, usage), branch, address)
    return None


def find_folder(address: str, folder: Path, usage: str, *, is_path: bool = False) -> Path:
    """Return the folder that an address refers to.

    Parameters
    ----------
    address
        A path; ``~`` is the home directory.
    folder
        The working folder.
    usage
        Hint that lists the valid addresses.
    is_path
        The address is known to be a path, even if it looks like something else.

    Raises
    ------
    ConfigError
        The address looks like one of another kind, or a home directory does not exist.
    """
    if not address or (not is_path and _OF_ANOTHER_KIND.match(address)):
        raise _unusable(address, usage)
    try:
        return folder / Path(address).expanduser()
    except RuntimeError:
        raise _unusable(address, usage) from None


def _unusable(address: str, usage: str) -> ConfigError:
    return ConfigError(f"This address cannot be used: {without_login(address)!r}.", hint=usage)


def _checked_branch(name: str, address: str, usage: str) -> str:
    if not _BRANCH_NAME.fullmatch(name):
        raise ConfigError(f"{address!r} does not name a branch.", hint=usage)
    return name


def _checked_url(url: str, address: str, usage: str) -> str:
    try:
        parts = urlsplit(url)
        # With ssh, a user name is only the name of an account; with https, it may be a token.
        has_password = parts.password is not None or (parts.scheme == "https" and parts.username is not None)
    except ValueError:
        raise _unusable(address, usage) from None
    if has_password:
        raise ConfigError(
            "The address of the repository contains a user name or a password, which others could read.",
            hint="Remove it, and store it in git's credential helper: see `git help credentials`.",
        )
    if parts.scheme not in _SCHEMES or not parts.path.strip("/"):
        raise _unusable(address, usage)
    return url
