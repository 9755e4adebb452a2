"""The outcome of a build with ``--shard``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spotmap_build.acquire.sharding import is_in_shard

if TYPE_CHECKING:
    from spotmap_build.config_values import Shard
    from spotmap_build.fetch.source import Fetched
    from spotmap_build.model import Failed
    from spotmap_build.stages.embed import Embedded


@dataclass(frozen=True, slots=True)
class ShardOutcome:
    """The number of tracks in a shard, and those that could not be analyzed."""

    track_count: int
    failures: tuple[Failed, ...]


def shard_outcome(fetched: Fetched, embedded: Embedded, shard: Shard) -> ShardOutcome:
    """Return the outcome for the tracks of one shard. Every track of the library is in exactly one shard."""
    own_ids = {track.id for track in fetched.usable_tracks if is_in_shard(track, shard)}
    own_ids |= {failure.track_id for failure in fetched.library.failures if shard.holds(failure.track_id)}
    return ShardOutcome(len(own_ids), tuple(failure for failure in embedded.failures if failure.track_id in own_ids))
