"""Deploy to another folder, for example on a web server, or one that is synchronized with a host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spotmap_build.core.files import is_inside
from spotmap_build.deploy.target import Deployed
from spotmap_build.emit.site import compare, output_folder, publish
from spotmap_build.errors import OutputError
from spotmap_build.output_paths import is_in_a_cache

if TYPE_CHECKING:
    from pathlib import Path

    from spotmap_build.deploy.built import BuiltSite


_ELSEWHERE: Final = "Choose another folder with --to."


class FolderTarget:
    """A folder, to which a site is published in the same way as to the output folder of a build."""

    def __init__(self, folder: Path, *, shown: str) -> None:
        self._folder = folder
        self.shown = shown

    def deploy(self, site: BuiltSite, *, force: bool, dry_run: bool) -> Deployed:
        """See :class:`~spotmap_build.deploy.target.Target`."""
        try:
            target, source = output_folder(self._folder), site.folder.resolve()
            if is_inside(target, source) or is_inside(source, target):
                raise OutputError(f"A site cannot be deployed to its own folder: {target}.", hint=_ELSEWHERE)
            if is_in_a_cache(target):
                raise OutputError(f"A site cannot be deployed into a cache: {target}.", hint=_ELSEWHERE)
            sent, removed = compare(target, site.files, site.generation, force=force)
            if not dry_run:
                publish(target, site.files, site.generation, force=force)
        except OutputError as error:
            raise OutputError(
                error.message, hint=error.hint.replace("--out site", "--to site").replace("--out", "--to")
            ) from error
        return Deployed(sent, removed, len(site.files) - len(sent))
