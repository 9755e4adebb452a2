"""Where a store is, as a person writes it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from spotmap_build.core.speech import sentence
from spotmap_build.errors import ConfigError
from spotmap_build.store.branch import address_of, without_login
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
"""Such as ``https:``, or ``git@github.com:`` as git has it; ``C:`` is a drive."""
_USAGE: Final = sentence(
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
    place = find_branch(address, folder, BRANCH, _USAGE)
    if place is not None:
        return GitStore(place.url, place.branch, cache_dir, shown=place.shown)
    return FolderStore(find_folder(address, folder, _USAGE), shown=address)


@dataclass(frozen=True, slots=True)
class BranchPlace:
    """A branch of a repository, and how it is called in what the person reads."""

    url: str
    branch: str
    shown: str


def find_branch(address: str, folder: Path, usual: str, usage: str) -> BranchPlace | None:
    """Return the branch that an address means; None where it means no branch.

    Parameters
    ----------
    address
        ``branch:NAME`` (of the repository of the working folder, at its origin), ``git+URL#NAME`` or ``git+URL``.
    folder
        The working folder.
    usual
        Which branch ``git+URL`` means.
    usage
        What an address may be, for who gives another.

    Raises
    ------
    ConfigError
        It cannot be meant.
    StoreError
        ``branch:`` where there is no repository.
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
    """Return the folder that an address means.

    Parameters
    ----------
    address
        A path; ``~`` is the home.
    folder
        The working folder.
    usage
        What an address may be, for who gives another.
    is_path
        Whether it is known to be one, be it spelled like something else.

    Raises
    ------
    ConfigError
        It looks like an address of another kind, or nobody has such a home.
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
        # With ssh, a name says only whose account it is; with https, it may be a token.
        has_password = parts.password is not None or (parts.scheme == "https" and parts.username is not None)
    except ValueError:
        raise _unusable(address, usage) from None
    if has_password:
        raise ConfigError(
            "The address of the repository has a name or a password in it, which others could read.",
            hint="Leave it out, and give it to git: `git help credentials` says how.",
        )
    if parts.scheme not in _SCHEMES or not parts.path.strip("/"):
        raise _unusable(address, usage)
    return url
