"""The last map: where each track was and which regions there were, so that a new map can be its continuation.

It is found in the cache, by the site that lies in the output folder; else in that site itself (which survives a lost
cache); or where ``--anchor`` says.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from spotmap_build.cache.keys import Key, digest_bytes
from spotmap_build.emit.site import served_generation
from spotmap_build.errors import ConfigError, SpotmapError

if TYPE_CHECKING:
    from spotmap_build.cache.records import Record
    from spotmap_build.model import Cluster
    from spotmap_build.steps.cluster import Clustered
    from spotmap_build.steps.embed import Heard
    from spotmap_build.steps.project import Placed
    from spotmap_build.steps.run import Run

PAST_VERSION: Final = 1
STATE: Final = "state.json"
MAP: Final = "map.json"
ANCHOR: Final = "anchor.json"


class PastCluster(msgspec.Struct, frozen=True):
    """A neighbourhood or region as it was. ``members`` are positions in the map's ``track_ids``."""

    id: str
    name: str
    color: int
    members: tuple[int, ...]
    parent: int | None = None


class PastMap(msgspec.Struct, frozen=True):
    """A map as it was: a place for each track, in any unit, and the clusters of both levels."""

    track_ids: tuple[str, ...]
    x: tuple[float, ...]
    y: tuple[float, ...]
    clusters: tuple[PastCluster, ...] = ()
    regions: tuple[PastCluster, ...] = ()
    next_numbers: tuple[int, int] = (1, 1)


class _State(msgspec.Struct, frozen=True):
    """What the last map was made of: equal vectors need no new layout."""

    vectors: str
    is_fresh: bool


@dataclass(frozen=True, slots=True)
class Past:
    """What this build continues: ``anchor`` is empty at a first build. ``digest`` names its content.

    ``is_fresh``: lay out afresh, and only turn the result to fit.
    """

    anchor: bytes = b""
    is_fresh: bool = False

    @property
    def digest(self) -> str:
        return digest_bytes(self.anchor) if self.anchor else ""

    def read(self) -> PastMap | None:
        """The map to continue; None where there is none."""
        return msgspec.json.decode(self.anchor, type=PastMap) if self.anchor else None


def recall_past(run: Run, heard: Heard) -> Past:
    """The map that this build is to continue.

    Where the vectors are those of the last map, it is continued from the same map as then: so nothing changes.

    Raises
    ------
    ConfigError: ``--anchor`` names a place that holds no map.
    """
    wish = run.config.anchor
    if wish == "none":
        return Past()
    if wish != "auto":
        return Past(_published(wish), run.config.fresh)
    record = run.cache.lookup(_key(run, served_generation(run.config.out)))
    if record is not None:
        state = msgspec.json.decode(run.cache.read(record, STATE), type=_State)
        if state.vectors == heard.digest and not run.config.fresh:
            return Past(run.cache.read(record, ANCHOR), state.is_fresh)
        return Past(run.cache.read(record, MAP), run.config.fresh)
    try:
        return Past(_published(str(run.config.out)), run.config.fresh)
    except SpotmapError:
        return Past()  # a first build: there is no site, or one that is not ours to continue


def remember_map(run: Run, heard: Heard, placed: Placed, clustered: Clustered, generation: str) -> None:
    """Keep the map that was just published as the one that the next build continues."""
    past = placed.past
    state = msgspec.json.encode(_State(heard.digest, past.is_fresh))
    by_generation, by_place = _key(run, generation), _key(run, "")
    record = run.cache.lookup(by_generation)
    if record is not None and _is_of(record, state, past.anchor):
        return
    found, coordinates = clustered.read(), placed.read().coordinates
    content = PastMap(
        track_ids=tuple(track.id for track in heard.tracks),
        x=tuple(coordinates[:, 0].tolist()),
        y=tuple(coordinates[:, 1].tolist()),
        clusters=tuple(map(_past_cluster, found.clusters)),
        regions=tuple(map(_past_cluster, found.regions)),
        next_numbers=found.next_numbers,
    )
    outputs = {STATE: state, MAP: msgspec.json.encode(content), ANCHOR: past.anchor}
    for key in (by_place, by_generation):
        run.cache.put(key, outputs, 0.0)


def _is_of(record: Record, state: bytes, anchor: bytes) -> bool:
    digests = (record.outputs[STATE].digest, record.outputs[ANCHOR].digest)
    return digests == (digest_bytes(state), digest_bytes(anchor))


def _past_cluster(cluster: Cluster) -> PastCluster:
    return PastCluster(cluster.id, cluster.name, cluster.color, cluster.members, cluster.parent)


def _published(place: str) -> bytes:
    from spotmap_build.emit.published import read_published

    published = read_published(place)
    if not published["track_ids"]:
        raise ConfigError(f"The map at {place} is empty.", hint="Give another --anchor, or none.")
    return msgspec.json.encode(msgspec.convert(published, PastMap))


def _key(run: Run, generation: str) -> Key:
    """By the generation of the site in the output folder, wherever that was moved to; where there is no site, by the
    folder's place (as a digest, so that no path is stored): so a build elsewhere can go on from the cache alone."""
    if generation:
        return Key("last-map", PAST_VERSION, {"generation": generation})
    place = hashlib.sha256(os.fsencode(run.config.out.absolute())).hexdigest()
    return Key("last-map", PAST_VERSION, {"place": place})
