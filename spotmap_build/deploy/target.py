"""What all places that a site is deployed to have in common."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from spotmap_build.emit.marker import Marker
from spotmap_build.errors import OutputError, UpstreamError

if TYPE_CHECKING:
    from spotmap_build.deploy.built import BuiltSite

USE_FORCE: Final = (
    "Name another place, or add --force to publish beside them: they are kept, except where one has the name of a file "
    "of the site."
)


class DeployError(UpstreamError):
    """A place on another machine cannot be reached or written."""

    code = "deploy"


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a deployment changed, or would change: names of files, sorted, and how many were there already."""

    sent: tuple[str, ...]
    removed: tuple[str, ...]
    kept_count: int


class Target(Protocol):
    """A place for a site."""

    shown: str

    def deploy(self, site: BuiltSite, *, force: bool, dry_run: bool) -> Deployed:
        """Make the place show a site.

        Parameters
        ----------
        force
            Also where other files lie, which stay.
        dry_run
            Change nothing, and return what would be changed.

        Raises
        ------
        OutputError
            The place is not ours to change.
        DeployError
            It cannot be reached or written. What it showed before, it still shows.
        """
        ...


def decode_marker(document: bytes | None, shown: str, names: Iterable[str], *, force: bool) -> Marker:
    """Return what the marker at a place says.

    Parameters
    ----------
    document
        The marker; None where there is none.
    names
        Of what lies there.

    Raises
    ------
    OutputError
        Other things lie there, and ``force`` is not set; or the marker cannot be used.
    """
    if document is None:
        foreign = sorted(names)
        if foreign and not force:
            raise OutputError(
                f"{shown} holds files that spotmap-build did not write ({foreign[0]!r}, for one).", hint=USE_FORCE
            )
        return Marker()
    try:
        return Marker.decode(document)
    except ValueError as error:
        if force:
            return Marker()
        raise OutputError(f"spotmap-site.json of {shown} cannot be used: {error}.", hint=USE_FORCE) from error
