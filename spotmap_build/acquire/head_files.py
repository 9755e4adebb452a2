"""The embedder's heads that a build uses, and their model files, which are downloaded on first use."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from spotmap_build.core.translation import gettext
from spotmap_build.errors import WeightsError
from spotmap_build.registry.heads import NOTICE, SIZE_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from spotmap_build.embed.heads import Head
    from spotmap_build.errors import SpotmapError
    from spotmap_build.registry.embedders import EmbedderSpec, EngineName
    from spotmap_build.registry.heads import HeadSpec
    from spotmap_build.run import Run

MAX_ERRORS: Final = 2
"""After this many errors, no further files are requested: each would wait for the timeout of an unreachable host."""


class HeadFiles:
    """The heads of an embedder, and their model files for an engine.

    ``specs``: the heads that the build uses, whether their files are downloaded or not.
    """

    def __init__(self, run: Run, spec: EmbedderSpec, engine: EngineName) -> None:
        self._run, self._spec, self._engine = run, spec, engine
        self.specs: tuple[HeadSpec, ...] = spec.heads if run.config.heads else ()

    @cached_property
    def available(self) -> dict[HeadSpec, Head]:
        """The heads whose files are available, downloading missing ones.

        The map is made without heads that cannot be downloaded, and the reason is reported.
        """
        from spotmap_build.embed.heads import Head
        from spotmap_build.embed.weights import ensure_head, find_head

        config = self._run.config
        models_url = None if config.offline else config.models_url
        files = {spec: spec.file_on(self._engine) for spec in self.specs}
        paths = {spec: find_head(file, config.models_dir) for spec, file in files.items()}
        missing = [spec for spec, path in paths.items() if path is None]
        if missing and models_url is not None:
            of = gettext(
                "Downloading the classifier heads of {embedder} ({heads}): {size} MB in total, once.",
                embedder=self._spec.name,
                heads=_listed(missing),
                size=round(SIZE_BYTES / 1e6),
            )
            self._run.progress.say(f"{of} {gettext(NOTICE)}")
        errors: list[WeightsError] = []
        for spec in missing:
            if len(errors) == MAX_ERRORS:
                break
            try:
                paths[spec] = ensure_head(files[spec], models_url, config.models_dir)
            except WeightsError as error:
                errors.append(error)
        found = {
            spec: Head(str(path), spec.output_node, len(spec.classes))
            for spec, path in paths.items()
            if path is not None
        }
        if errors:
            self.exclude((spec for spec in self.specs if spec not in found), errors[0])
        return found

    def exclude(self, specs: Iterable[HeadSpec], why: SpotmapError) -> None:
        """Report that the map is made without some heads."""
        without = gettext("Left out of this map: {heads}.", heads=_listed(specs))
        self._run.progress.say(f"{without} {why.message} {why.hint}".rstrip())


def _listed(specs: Iterable[HeadSpec]) -> str:
    return ", ".join(gettext(spec.label) for spec in specs)
