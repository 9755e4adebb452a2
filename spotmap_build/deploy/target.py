"""The interface of deployment targets, and code that they share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from spotmap_build.emit.marker import Marker
from spotmap_build.errors import OutputError, UpstreamError

if TYPE_CHECKING:
    from spotmap_build.deploy.built import BuiltSite

USE_FORCE: Final = (
    "Choose another place, or add --force to publish next to them: they are kept, except where one has the name of a "
    "file of the site."
)


class DeployError(UpstreamError):
    """A target on another machine cannot be reached or written."""

    code = "deploy"


@dataclass(frozen=True, slots=True)
class Deployed:
    """The changes of a deployment: sorted names of files, and the number of files that were there already."""

    sent: tuple[str, ...]
    removed: tuple[str, ...]
    kept_count: int


class Target(Protocol):
    """A place to which a site can be deployed."""

    shown: str

    def deploy(self, site: BuiltSite, *, force: bool, dry_run: bool) -> Deployed:
        """Deploy a site.

        Parameters
        ----------
        force
            Deploy even if the target contains other files, which are kept.
        dry_run
            Change nothing, and return the changes that would be made.

        Raises
        ------
        OutputError
            The target contains files of others, or unusable ones.
        DeployError
            The target cannot be reached or written. It still shows the previous site.
        """
        ...


def decode_marker(document: bytes | None, shown: str, names: Iterable[str], *, force: bool) -> Marker:
    """Decode the marker of a target.

    Parameters
    ----------
    document
        Content of the marker; None if there is none.
    names
        Names of the files at the target.

    Raises
    ------
    OutputError
        ``force`` is not set, and the target contains other files or the marker is invalid.
    """
    if document is None:
        foreign = sorted(names)
        if foreign and not force:
            raise OutputError(
                f"{shown} contains files that spotmap-build did not write (such as {foreign[0]!r}).", hint=USE_FORCE
            )
        return Marker()
    try:
        return Marker.decode(document)
    except ValueError as error:
        if force:
            return Marker()
        raise OutputError(f"spotmap-site.json of {shown} cannot be used: {error}.", hint=USE_FORCE) from error
