"""Automatic rebuilds of ``preview --watch``: which files are watched, and how these builds differ from manual ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from spotmap_build import pipeline
from spotmap_build.config import CONFIG_FILE, sibling_script, working_folder
from spotmap_build.core.translation import translatable
from spotmap_build.emit.template import template_folder
from spotmap_build.emit.watch import Watch, WatchedPaths
from spotmap_build.errors import ConfigError
from spotmap_build.progress import make_progress
from spotmap_build.registry import sources
from spotmap_build.stages.preloading import start_preloading

if TYPE_CHECKING:
    from collections.abc import Callable

    from spotmap_build.config import Config

NOT_REFRESHED: Final = translatable(
    "These builds contact no service: online libraries, recordings, previews and covers are as last fetched. "
    "To fetch updates, run: spotmap-build"
)


def not_refreshed(config: Config) -> str:
    """Return a notice if the sources include an online service, which these rebuilds do not contact; else ``""``."""
    is_complete = all(sources.find(source.partition(":")[0]).is_complete for source in config.sources)
    return "" if is_complete else NOT_REFRESHED


def watch(read: Callable[[], Config]) -> Watch:
    """Return the files that the preview watches, and the build that it runs when one of them changes.

    Parameters
    ----------
    read
        Reads the settings. It is called before each build, because they may have changed.

    Raises
    ------
    ConfigError
        The settings cannot be read, or name no source.
    """
    latest = read()
    served = latest.out
    if not latest.sources:
        raise ConfigError(
            "There is nothing to rebuild: the settings name no source.",
            hint='Add one to spotmap.toml: [build] sources = ["folder:~/Music"].',
        )

    def places() -> WatchedPaths:
        nonlocal latest
        latest = replace(read(), out=served)
        return _places(latest)

    loading = start_preloading()  # import the heavy packages now, so that the first rebuild is as fast as later ones

    def rebuild() -> None:
        loading.join()
        _rebuild(latest)

    return Watch(places, rebuild)


def _places(config: Config) -> WatchedPaths:
    library = (Path(place) for source in config.sources if (place := source.partition(":")[2]))
    written = (config.out, config.cache_dir, config.report_path, config.local_audio_path)
    templates = (template_folder(), *filter(None, [config.template]))
    state_files = (sibling_script(config.local_audio_path), config.pushed_path, config.unchanged_path)
    optional = (config.summary, config.keep_audio, config.models_dir, config.poster)
    return WatchedPaths(
        paths=(*library, working_folder() / CONFIG_FILE, config.overrides, *templates),
        excluded=(*written, *state_files, *filter(None, optional)),
    )


def _rebuild(config: Config) -> None:
    """Build offline. An anchor at a URL was applied by the first build, so continue the last map instead."""
    anchor = "auto" if "://" in config.anchor else config.anchor
    progress = make_progress(config.log)
    try:
        pipeline.build(replace(config, offline=True, anchor=anchor, shard=None), progress)
    finally:
        progress.close()
