"""Which tracks a machine listens to that is one of several (``--shard``). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spotmap_build.model import Failed

if TYPE_CHECKING:
    from spotmap_build.config_values import Shard
    from spotmap_build.model import Track

OTHER_SHARD: Final = "other-shard"
"""The ledger's code of a track that another machine listens to."""


def is_in_share(track: Track, shard: Shard | None) -> bool:
    """Tell whether a track is to be listened to here.

    Files and recipes are dealt out by their sound, so that copies of a file go to one machine. What has to be found
    first is dealt out by the track's id: whether it was found already differs from machine to machine.
    """
    if shard is None:
        return True
    return shard.holds(track.id if track.recording is None or track.is_remote else track.recording.digest)


def of_another_shard(track: Track) -> Failed:
    """Return the ledger's row of a track that is not listened to here."""
    return Failed(track.id, "embed", OTHER_SHARD, "Another shard listens to it.", retryable=True)
