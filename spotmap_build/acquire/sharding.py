"""Which tracks belong to a shard (``--shard``). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spotmap_build.model import Failed

if TYPE_CHECKING:
    from spotmap_build.config_values import Shard
    from spotmap_build.model import Track

OTHER_SHARD: Final = "other-shard"
"""Report code of a track that another shard analyzes."""


def is_in_shard(track: Track, shard: Shard | None) -> bool:
    """Return whether a track belongs to this shard.

    Audio files and generated tracks are assigned by the digest of their sound, so that copies go to the same shard.
    Tracks whose recording has to be searched for are assigned by id, because machines may differ in what they have
    found already.
    """
    if shard is None:
        return True
    return shard.holds(track.id if track.recording is None or track.is_remote else track.recording.digest)


def not_in_shard(track: Track) -> Failed:
    """Return the report entry of a track that belongs to another shard."""
    return Failed(track.id, "embed", OTHER_SHARD, "Another shard analyzes it.", retryable=True)
