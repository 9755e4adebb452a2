"""The card of a map for friends, and whether a friend's card can be put on this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotmap_build.core.text import printable
from spotmap_build.errors import ConfigError
from spotmap_build.fetch.card import encode_card
from spotmap_build.registry.embedders import identity

if TYPE_CHECKING:
    from spotmap_build.fetch.source import Fetched
    from spotmap_build.registry.embedders import EmbedderSpec
    from spotmap_build.stages.embed import Embedded


def make_card(embedded: Embedded) -> bytes:
    """Return what a friend may know of the tracks: what they are called, and roughly how they sound.

    Raises
    ------
    ConfigError
        The map was not made by listening: nobody else's tracks can be compared. Or it is too large for a card.
    """
    from spotmap_build.project.shared_space import encode_sounds, to_shared_space

    if embedded.embedder is None:
        raise ConfigError(
            "There is no card of this map: its places or vectors come from a table.",
            hint="A card tells how tracks sound. Build a map whose tracks are listened to.",
        )
    points = to_shared_space(embedded.embeddings.value.vectors, embedded.embedder.name)
    return encode_card(embedded.tracks, encode_sounds(points), identity(embedded.embedder))


def check_cards(fetched: Fetched, embedder: EmbedderSpec) -> None:
    """Refuse a card that another embedder made.

    To be asked before anything is listened to: hours later is too late to say that nothing can be compared.

    Raises
    ------
    ConfigError
        There is such a card.
    """
    card, ours = fetched.loaded.card, identity(embedder)
    others = card.embedders - {ours} if card is not None else frozenset()
    if others:
        theirs = printable(min(others))[:100]
        raise ConfigError(
            f"A friend's card was made by another embedder ({theirs}) than this map is ({ours}), and what two "
            "embedders hear cannot be compared.",
            hint=f"Ask for a card of a map that was built with --embedder {embedder.name}, or build yours with your "
            "friend's; both of you need versions of spotmap-build that hear alike.",
        )
