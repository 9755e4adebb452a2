"""Additional columns by which tracks can be colored: genres, plays, and columns of the source. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotmap_build.emit.columns import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from spotmap_build.model import Track

OWN_FACETS = ("genres", "plays")


def facet_columns(tracks: Iterable[Track]) -> dict[str, list[str | float | None]]:
    """Return genres, plays and the source's own columns by name. The latter replace ours of the same name."""
    facets = [_all_facets(track) for track in tracks]
    return {clean(name): [_clean_facet(each.get(name)) for each in facets] for name in _names(facets)}


def facet_names(tracks: Iterable[Track]) -> list[str]:
    """Return the names of the columns of all tracks."""
    return _names(map(_all_facets, tracks))


def _names(facets: Iterable[Mapping[str, object]]) -> list[str]:
    present = {name for each in facets for name in each}
    return sorted(present, key=lambda name: (name not in OWN_FACETS, name))


def _all_facets(track: Track) -> dict[str, str | float]:
    facets: dict[str, str | float] = {}
    if track.genres:
        facets["genres"] = ", ".join(track.genres)
    if track.play_count is not None:
        facets["plays"] = track.play_count
    return facets | track.facets if track.facets else facets


def _clean_facet(value: str | float | None) -> str | float | None:
    return clean(value) if isinstance(value, str) else value
