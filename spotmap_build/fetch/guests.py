"""Combine a library with friends' cards: find common tracks, and add the others as guests. Pure.

A card never changes the library: the metadata of common tracks are the library's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from spotmap_build.errors import ConfigError
from spotmap_build.fetch.merge import TrackGroup, group_same, merge, merge_tracks, name_parts
from spotmap_build.fetch.source import CardSounds, Loaded
from spotmap_build.model import Guest, Track

ME: Final = "me"
"""Default name of the user's own tracks on a map with a friend's card; ``--as`` sets another one."""


def combine_with_guests(parts: Sequence[Loaded], layers: Sequence[str] = ()) -> Loaded:
    """Merge sources with :func:`~spotmap_build.fetch.merge.merge`, and add the tracks of friends' cards as guests.

    Raises
    ------
    ConfigError
        As for ``merge``; or there are only cards.
    """
    if all(part.card is None for part in parts):
        return merge(parts, layers)
    named = name_parts(parts, layers or _usual_names(parts))
    own = [part for part in named if part.card is None]
    cards = [part for part in named if part.card is not None]
    if not own:
        raise ConfigError(
            "A card contains no music: its tracks can only be added to the map of a library.",
            hint="Give your own library as well, such as: --source spotify --source card:friend.json.",
        )
    loaded = merge(own)
    if loaded.vectors is not None or any(track.position for track in loaded.library.tracks):
        raise ConfigError(
            "A table with its own vectors or x and y cannot be on the same map as a card.",
            hint="Omit those columns, so that its tracks are analyzed like your friend's.",
        )
    return _with_guests(loaded, cards)


def _usual_names(parts: Sequence[Loaded]) -> list[str]:
    """Return default names for the sources; each card is a different friend's, even if file names are equal."""
    names: list[str] = []
    for part in parts:
        name, number = part.card.owner if part.card else ME, 1
        while part.card is not None and name in {ME, *names}:
            number += 1
            name = f"{part.card.owner} {number}"
        names.append(name)
    return names


def _with_guests(loaded: Loaded, cards: Sequence[Loaded]) -> Loaded:
    groups = group_same([loaded.library, *(card.library for card in cards)])
    has_whom = {group.tracks[0].id: _layers(group) for group in groups if 0 in group.parts}
    tracks = tuple(replace(track, layers=has_whom.get(track.id, track.layers)) for track in loaded.library.tracks)
    guests = tuple(_guest(group, cards) for group in groups if 0 not in group.parts)
    sounds = [card.card for card in cards if card.card is not None]
    return replace(
        loaded,
        library=replace(loaded.library, tracks=tracks, guests=guests),
        card=CardSounds(frozenset(embedder for card in sounds for embedder in card.embedders), {}),
    )


def _guest(group: TrackGroup, cards: Sequence[Loaded]) -> Guest:
    first = group.listings[0]
    card = cards[first.part - 1].card
    assert card is not None
    # Keep the card's id, under which the track also finds its position on the next map.
    track: Track = replace(merge_tracks(group.tracks), id=first.track.id)
    return Guest(track, card.sounds[first.track.id])


def _layers(group: TrackGroup) -> tuple[str, ...]:
    return tuple(dict.fromkeys(layer for track in group.tracks for layer in track.layers))
