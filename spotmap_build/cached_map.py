"""What else is made of the map in the cache: lists of tracks, playlists, one file, a card. Nothing is analyzed."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from spotmap_build import stages
from spotmap_build.emit.list_folder import ListFile, update_folder
from spotmap_build.emit.lists import encode_list
from spotmap_build.errors import ConfigError
from spotmap_build.fetch.spotify.settings import SpotifySettings
from spotmap_build.fetch.spotify.token import check_may_write
from spotmap_build.output_paths import check_new_file, check_output_paths, check_private_folder, write_file
from spotmap_build.pipeline import nothing_to_map, with_cache
from spotmap_build.stages.card import make_card
from spotmap_build.stages.export import make_table
from spotmap_build.stages.lists import make_lists
from spotmap_build.stages.push import push as push_lists

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from spotmap_build.config import Config
    from spotmap_build.emit.export import MapTable
    from spotmap_build.emit.list_folder import Updated
    from spotmap_build.emit.lists import ListFormat, TrackList
    from spotmap_build.progress import Progress
    from spotmap_build.stages.push import Proposal


def write_lists(config: Config, progress: Progress, folder: Path, formats: Sequence[ListFormat]) -> Updated:
    """Write the lists of the map in the cache to a folder, updating existing ones.

    No service is contacted, and nothing is analyzed or published.

    Raises
    ------
    OutputError
        The folder is inside a site or a cache, or cannot be written.
    """
    check_private_folder(folder)
    lists = lists_of_map(config, progress)
    return update_folder(
        folder,
        (
            ListFile(
                key=f"{track_list.id}.{list_format}",
                kind=track_list.kind,
                name=track_list.name,
                suffix=f".{list_format}",
                content=encode_list(
                    track_list, list_format, folder / track_list.kind if config.paths == "relative" else None
                ),
            )
            for track_list in lists
            for list_format in formats
        ),
    )


def lists_of_map(config: Config, progress: Progress) -> tuple[TrackList, ...]:
    """Return the lists of the map in the cache. No service is contacted, and nothing is analyzed or published."""
    offline = _from_cache_only(config)
    return with_cache(offline, progress, partial(_lists, anchor=stages.read_anchor(offline)))


def _from_cache_only(config: Config) -> Config:
    """Return settings with which no service is contacted and nothing is published."""
    offline = replace(config, offline=True, shard=None)
    check_output_paths(offline, publishes=False)
    return offline


def push(
    config: Config,
    progress: Progress,
    choice: Sequence[str],
    *,
    dry_run: bool,
    exact: bool,
    agree: Callable[[Proposal], bool],
) -> None:
    """Create private Spotify playlists from lists of the map, or update existing ones.

    ``agree`` receives the proposed changes; they are made only if it returns true. With ``exact``, the user's manual
    changes to these playlists are undone.

    Raises
    ------
    SpotmapError
        The push failed. Changes made so far are recorded, and the next push continues from there.
    """
    if config.offline:
        raise ConfigError(
            "push needs to contact Spotify, which --offline forbids.",
            hint="Remove --offline (or SPOTMAP_OFFLINE, or the line in the settings file).",
        )
    login = SpotifySettings.from_config(config).known_login(progress.say)
    if not dry_run:
        check_may_write(login)
    lists = lists_of_map(config, progress)
    progress.close()
    push_lists(config, login, lists, choice, exact=exact, agree=agree, say=progress.say)


def _lists(run: stages.Run, anchor: stages.Previous | None) -> tuple[TrackList, ...]:
    fetched, embedded = _on_the_map(run)
    projected = stages.project(run, embedded, anchor)
    clusters = stages.cluster(run, fetched, embedded, projected)
    insights = stages.analyze(run, fetched, embedded, projected, clusters)
    return tuple(make_lists(fetched, embedded, clusters.value, insights.value))


def export_map(config: Config, progress: Progress, out: Path, file_format: str, *, with_vectors: bool) -> int:
    """Export the map in the cache to one file, and return the number of tracks.

    No service is contacted, and nothing is analyzed or published.

    Raises
    ------
    OutputError
        The file exists (and ``config.force`` is not set) or cannot be written.
    """
    from spotmap_build.emit.export import encode_table

    check_new_file(out, force=config.force)
    offline = _from_cache_only(config)
    make = partial(_table, anchor=stages.read_anchor(offline), with_vectors=with_vectors)
    table = with_cache(offline, progress, make)
    write_file(out, encode_table(table, file_format))
    return table.count


def write_card(config: Config, progress: Progress, out: Path) -> int:
    """Write the card of the map in the cache, to give to a friend; return the number of tracks on it.

    No service is contacted, and nothing is analyzed or published.

    Raises
    ------
    ConfigError
        The map is not based on analyzed audio, or is too large for a card.
    OutputError
        The file exists (and ``config.force`` is not set) or cannot be written.
    """
    check_new_file(out, force=config.force)
    card, track_count = with_cache(_from_cache_only(config), progress, _card)
    write_file(out, card)
    return track_count


def _card(run: stages.Run) -> tuple[bytes, int]:
    """Return the card and its number of tracks, reading everything while the cache is open."""
    _, embedded = _on_the_map(run)
    return make_card(embedded), len(embedded.tracks)


def _table(run: stages.Run, anchor: stages.Previous | None, *, with_vectors: bool) -> MapTable:
    fetched, embedded = _on_the_map(run)
    projected = stages.project(run, embedded, anchor)
    clusters = stages.cluster(run, fetched, embedded, projected)
    return make_table(embedded, projected, clusters.value, with_vectors=with_vectors)


def _on_the_map(run: stages.Run) -> tuple[stages.Fetched, stages.Embedded]:
    fetched = stages.fetch(run)
    embedded = stages.known_embeddings(run, fetched)
    if not embedded.tracks:
        if fetched.usable_tracks and fetched.loaded.problem is None:
            raise ConfigError(
                "No track of this library has been analyzed yet.",
                hint="Build the map first, with the same sources and settings.",
            )
        raise nothing_to_map(fetched, embedded)
    return fetched, embedded
