"""Friends' cards beside a library: which of their tracks the library has too, and which are its guests. Pure.

A card changes nothing of the library: of a track that both have, the person's own word stands alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from spotmap_build.errors import ConfigError
from spotmap_build.fetch.merge import Same, group_same, merge, name_parts, together
from spotmap_build.fetch.source import CardSounds, Loaded
from spotmap_build.model import Guest, Track

ME: Final = "me"
"""What the person's own tracks are called beside a friend's card, unless ``--as`` says otherwise."""


def gather(parts: Sequence[Loaded], layers: Sequence[str] = ()) -> Loaded:
    """Put sources together as :func:`~spotmap_build.fetch.merge.merge` does, and friends' cards beside them.

    Raises
    ------
    ConfigError
        As for ``merge``; or there is nothing but cards.
    """
    if all(part.card is None for part in parts):
        return merge(parts, layers)
    named = name_parts(parts, layers or _usual_names(parts))
    own = [part for part in named if part.card is None]
    cards = [part for part in named if part.card is not None]
    if not own:
        raise ConfigError(
            "A card holds no music: its tracks get places on the map of a library.",
            hint="Give your own library as well, as in --source spotify --source card:friend.json.",
        )
    loaded = merge(own)
    if loaded.vectors is not None or any(track.position for track in loaded.library.tracks):
        raise ConfigError(
            "A table with its own vectors or x and y cannot be put on one map with a card.",
            hint="Leave those columns out so that its tracks are listened to, as your friend's were.",
        )
    return _with_guests(loaded, cards)


def _usual_names(parts: Sequence[Loaded]) -> list[str]:
    """Name whose each source is where nobody says: each card is another friend's, whatever its file is called."""
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
        card=CardSounds(frozenset(one for card in sounds for one in card.embedders), {}),
    )


def _guest(group: Same, cards: Sequence[Loaded]) -> Guest:
    first = group.listings[0]
    card = cards[first.part - 1].card
    assert card is not None
    # Under the id that the card gives: there are its places on the next map as well.
    track: Track = replace(together(group.tracks), id=first.track.id)
    return Guest(track, card.sounds[first.track.id])


def _layers(group: Same) -> tuple[str, ...]:
    return tuple(dict.fromkeys(layer for track in group.tracks for layer in track.layers))
