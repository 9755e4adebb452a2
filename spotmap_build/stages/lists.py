"""The lists of a map for other players: clusters, regions, suggested playlists, misfits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from spotmap_build.emit.lists import TrackList
from spotmap_build.stages.cluster import playlist_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from spotmap_build.atlas import Clusters, Insights
    from spotmap_build.fetch.source import Fetched
    from spotmap_build.stages.embed import Embedded

CLUSTERS: Final = "clusters"
REGIONS: Final = "regions"
NEW_PLAYLISTS: Final = "new playlists"
MISFITS: Final = "does not fit"


def make_lists(fetched: Fetched, embedded: Embedded, clusters: Clusters, insights: Insights) -> Iterator[TrackList]:
    """Yield every list of a map, each with an id that is stable across builds."""
    playlists = playlist_rows(fetched, embedded)

    def make(list_id: str, kind: str, name: str, rows: Iterable[int]) -> TrackList:
        return TrackList(list_id, kind, name, tuple(embedded.tracks[row] for row in rows))

    for one in clusters.clusters:
        yield make(one.id, CLUSTERS, one.name, one.members)
    for one in clusters.regions:
        yield make(one.id, REGIONS, one.name, one.members)
    listed = {row for _, rows in playlists for row in rows}
    for number in insights.uncovered:
        one = clusters.clusters[number]
        yield make(f"new-{one.id}", NEW_PLAYLISTS, one.name, [row for row in one.members if row not in listed])
    # None if the library has positions but no embeddings, from which misfits could be found.
    for (playlist, _), found in zip(playlists, insights.playlists or (), strict=bool(insights.playlists)):
        if found.misfits:
            yield make(f"misfits-{playlist.id}", MISFITS, playlist.name, [row for row, _why in found.misfits])
