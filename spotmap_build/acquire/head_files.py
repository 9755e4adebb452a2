"""The heads of a build: which there are, and their files, fetched when something is first asked of them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from spotmap_build.errors import WeightsError
from spotmap_build.registry.heads import NOTICE, SIZE_BYTES

if TYPE_CHECKING:
    from spotmap_build.embed.heads import Head
    from spotmap_build.registry.embedders import EmbedderSpec, EngineName
    from spotmap_build.registry.heads import HeadSpec
    from spotmap_build.run import Run

MOST_ERRORS: Final = 2
"""Then no more are asked for: a host that cannot be reached keeps everybody waiting for each."""


class HeadFiles:
    """The heads of an embedder, and the files that an engine runs.

    ``specs``: those that the build wants, be their files here or not.
    """

    def __init__(self, run: Run, spec: EmbedderSpec, engine: EngineName) -> None:
        self._run, self._spec, self._engine = run, spec, engine
        self.specs: tuple[HeadSpec, ...] = spec.heads if run.config.heads else ()

    @cached_property
    def here(self) -> dict[HeadSpec, Head]:
        """Those whose files are here, fetched now if they were not.

        The map is made without those that cannot be had, and the build says why.
        """
        from spotmap_build.embed.heads import Head
        from spotmap_build.embed.weights import ensure_head, find_head

        config = self._run.config
        found: dict[HeadSpec, Head] = {}
        models_url = None if config.offline else config.models_url
        files = {spec: spec.file_on(self._engine) for spec in self.specs}
        missing = [spec.name for spec, file in files.items() if find_head(file, config.models_dir) is None]
        if missing and models_url is not None:
            of = f"heads of {self._spec.name} ({_listed(missing)})"
            self._run.progress.say(f"Fetching {of}: {SIZE_BYTES / 1e6:.0f} MB for all, once. {NOTICE}")
        errors: list[WeightsError] = []
        for spec, file in files.items():
            if len(errors) == MOST_ERRORS:
                break
            try:
                path = ensure_head(file, models_url, config.models_dir)
                found[spec] = Head(str(path), spec.output_node, len(spec.classes))
            except WeightsError as error:
                errors.append(error)
        if errors:
            without = _listed([spec.name for spec in files if spec not in found])
            self._run.progress.say(f"Left out of this map: {without}. {errors[0].message} {errors[0].hint}")
        return found


def _listed(names: list[str]) -> str:
    return ", ".join(names).replace("_", " ")
