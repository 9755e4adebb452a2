"""Parse the address to which a site is deployed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from spotmap_build.core.translation import translatable
from spotmap_build.deploy.branch import BranchTarget
from spotmap_build.deploy.folder import FolderTarget
from spotmap_build.deploy.s3 import S3Target
from spotmap_build.errors import ConfigError
from spotmap_build.store.addresses import find_branch, find_folder

if TYPE_CHECKING:
    from pathlib import Path

    from spotmap_build.deploy.target import Target

DEFAULT_BRANCH: Final = "gh-pages"
_USAGE: Final = translatable(
    "Use a folder, branch (or branch:NAME, of the origin of the git repository that you are in), "
    "git+https://…#NAME, git+ssh://…#NAME, git+file:///…#NAME, or s3://BUCKET/PREFIX."
)
_S3: Final = re.compile(r"s3://([A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9])(?:/+((?:[^\x00-\x1f/]+/*)*))?")


def open_target(address: str, folder: Path, cache_dir: Path, endpoint_url: str = "") -> Target:
    """Return the deployment target at ``address`` without reading or changing it.

    Parameters
    ----------
    address
        The address as entered by the person.
    folder
        The working folder.
    cache_dir
        The cache, which holds the local copy of a branch.
    endpoint_url
        Endpoint of an S3-compatible service other than Amazon's.

    Raises
    ------
    ConfigError
        The address is invalid.
    StoreError
        The address is a branch, and there is no git repository.
    """
    place = find_branch(f"branch:{DEFAULT_BRANCH}" if address == "branch" else address, folder, DEFAULT_BRANCH, _USAGE)
    if place is not None:
        return BranchTarget(place, cache_dir)
    if address.startswith("s3:"):
        found = _S3.fullmatch(address)
        if found is None:
            raise ConfigError(
                f"{address!r} is not the address of an S3 bucket.", hint="Use s3://BUCKET or s3://BUCKET/PREFIX."
            )
        prefix = re.sub("/+", "/", found[2] or "").strip("/")
        return S3Target(found[1], prefix, endpoint_url=endpoint_url, shown=address)
    if address == DEFAULT_BRANCH and not (folder / address).exists():
        raise ConfigError(
            f"There is no folder {address}.",
            hint=f"For the branch of that name, use --to branch; for a new folder, --to ./{address}.",
        )
    path = address.removeprefix("folder:")
    return FolderTarget(find_folder(path, folder, _USAGE, is_path=path != address), shown=path)
