"""The builds of ``preview --watch``: what they look at, and how they differ from those that a person starts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spotmap_build import pipeline
from spotmap_build.config import CONFIG_FILE, script_beside, working_folder
from spotmap_build.core.speech import sentence
from spotmap_build.emit.template import template_folder
from spotmap_build.emit.watch import Places, Watch
from spotmap_build.errors import ConfigError
from spotmap_build.progress import make_progress
from spotmap_build.registry import sources
from spotmap_build.stages.meanwhile import start_loading

if TYPE_CHECKING:
    from collections.abc import Callable

    from spotmap_build.config import Config

NOT_REFRESHED: Final = sentence(
    "These builds ask no service: libraries on one, recordings, previews and covers stay as they were fetched last. "
    "To fetch what is new: spotmap-build"
)


def not_refreshed(config: Config) -> str:
    """Return what the person has to know of a map that is built again without asking a service; may be empty."""
    is_complete = all(sources.find(source.partition(":")[0]).is_complete for source in config.sources)
    return "" if is_complete else NOT_REFRESHED


def watch(read: Callable[[], Config]) -> Watch:
    """Return what the preview is to look at, and the build that it is to run when something changes there.

    Parameters
    ----------
    read
        Reads the settings. It is called before each build, since they may have changed.

    Raises
    ------
    ConfigError
        The settings cannot be read, or name no source.
    """
    latest = read()
    served = latest.out
    if not latest.sources:
        raise ConfigError(
            "There is nothing to build again: the settings name no source.",
            hint='Put one into spotmap.toml: [build] sources = ["folder:~/Music"].',
        )

    def places() -> Places:
        nonlocal latest
        latest = replace(read(), out=served)
        return _places(latest)

    loading = start_loading()  # the first change is to show as soon as all others

    def rebuild() -> None:
        loading.join()
        _rebuild(latest)

    return Watch(places, rebuild)


def _places(config: Config) -> Places:
    library = (Path(place) for source in config.sources if (place := source.partition(":")[2]))
    written = (config.out, config.cache_dir, config.report_path, config.local_audio_path)
    templates = (template_folder(), *filter(None, [config.template]))
    noted = (script_beside(config.local_audio_path), config.pushed_path, config.unchanged_path)
    wished = (config.summary, config.keep_audio, config.models_dir, config.poster)
    return Places(
        paths=(*library, working_folder() / CONFIG_FILE, config.overrides, *templates),
        not_these=(*written, *noted, *filter(None, wished)),
    )


def _rebuild(config: Config) -> None:
    """Build from what there is. A map at an address was continued before: the last one stands in its place."""
    anchor = "auto" if "://" in config.anchor else config.anchor
    progress = make_progress(config.log)
    try:
        pipeline.build(replace(config, offline=True, anchor=anchor, shard=None), progress)
    finally:
        progress.close()
