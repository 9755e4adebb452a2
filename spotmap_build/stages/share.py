"""What a machine that listens to a share of the library came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from spotmap_build.acquire.share import is_in_share

if TYPE_CHECKING:
    from spotmap_build.config_values import Shard
    from spotmap_build.fetch.source import Fetched
    from spotmap_build.model import Failed
    from spotmap_build.stages.embed import Embedded


@dataclass(frozen=True, slots=True)
class Share:
    """How many tracks there are in a share, and which of them were not listened to, and why."""

    track_count: int
    failures: tuple[Failed, ...]


def share_of(fetched: Fetched, embedded: Embedded, shard: Shard) -> Share:
    """Return what concerns the tracks of one share. The shares of all machines make the library, each track once."""
    mine = {track.id for track in fetched.usable_tracks if is_in_share(track, shard)}
    mine |= {failure.track_id for failure in fetched.library.failures if shard.holds(failure.track_id)}
    return Share(len(mine), tuple(failure for failure in embedded.failures if failure.track_id in mine))
