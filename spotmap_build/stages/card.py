"""Create the card of a map for friends, and check friends' cards for compatibility."""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotmap_build.core.text import printable
from spotmap_build.errors import ConfigError
from spotmap_build.fetch.card import encode_card
from spotmap_build.registry.embedders import identity

if TYPE_CHECKING:
    from spotmap_build.fetch.source import CardSounds
    from spotmap_build.registry.embedders import EmbedderSpec
    from spotmap_build.stages.embed import Embedded


def make_card(embedded: Embedded) -> bytes:
    """Return the card of a map: the names of its tracks, and coarse vectors.

    Raises
    ------
    ConfigError
        The map was not made from audio, so that its tracks cannot be compared with others, or it is too large.
    """
    from spotmap_build.project.shared_space import encode_sounds, to_shared_space

    if embedded.embedder is None:
        raise ConfigError(
            "This map cannot be written as a card: its positions or vectors come from a table.",
            hint="A card describes how tracks sound. Build a map whose tracks are analyzed.",
        )
    points = to_shared_space(embedded.embeddings.value.vectors, embedded.embedder.name)
    return encode_card(embedded.tracks, encode_sounds(points), identity(embedded.embedder))


def check_cards(card: CardSounds, embedder: EmbedderSpec) -> None:
    """Raise for a card of another embedder.

    Call this before the analysis, so that the error does not come after hours.

    Raises
    ------
    ConfigError
        There is such a card.
    """
    ours = identity(embedder)
    others = card.embedders - {ours}
    if others:
        theirs = printable(min(others))[:100]
        raise ConfigError(
            f"A friend's card was made with another embedder ({theirs}) than this map ({ours}); their results "
            "cannot be compared.",
            hint=f"Ask for a card of a map that was built with --embedder {embedder.name}, or build yours with your "
            "friend's; both of you need versions of spotmap-build whose embedders give the same results.",
        )
