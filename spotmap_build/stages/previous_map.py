"""The last map: positions of tracks, and regions, so that a new map can continue it.

It is read from the cache, by the site in the output folder; or from that site itself (which survives a lost cache); or
from the place given by ``--anchor``.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta

from spotmap_build.cache.errors import CorruptEntry
from spotmap_build.cache.keys import Key, digest_bytes, place_digest
from spotmap_build.core.documents import convert, decode_json
from spotmap_build.core.text import printable
from spotmap_build.core.translation import translatable
from spotmap_build.emit.site import served_generation
from spotmap_build.errors import ConfigError
from spotmap_build.stages.space import layout_environment

if TYPE_CHECKING:
    from spotmap_build.atlas import Cluster, Clusters
    from spotmap_build.cache.memo import Cached
    from spotmap_build.cache.records import Record
    from spotmap_build.config import Config
    from spotmap_build.run import Run
    from spotmap_build.stages.embed import Embedded
    from spotmap_build.stages.project import Projected

LAST_MAP_VERSION: Final = 1
"""Raise when stored maps of earlier versions can no longer be continued."""
STATE: Final = "state.json"
MAP: Final = "map.json"
ANCHOR: Final = "anchor.json"
OUTPUTS: Final = (STATE, MAP, ANCHOR)
MAX_FLOAT32: Final = 3.4028234663852886e38

Coordinate = Annotated[float, Meta(ge=-MAX_FLOAT32, le=MAX_FLOAT32)]
Number = Annotated[int, Meta(ge=0)]


class PreviousCluster(msgspec.Struct, frozen=True):
    """A cluster or region of the last map. ``members`` are indices in the map's ``track_ids``."""

    id: str
    name: str
    color: Number
    members: tuple[Number, ...]
    parent: Number | None = None


class PreviousMap(msgspec.Struct, frozen=True):
    """A previous map: the position of each track, in any unit, and the clusters of both levels.

    Decoding raises ``msgspec.ValidationError`` if its parts are inconsistent.
    """

    track_ids: tuple[str, ...]
    x: tuple[Coordinate, ...]
    y: tuple[Coordinate, ...]
    clusters: tuple[PreviousCluster, ...] = ()
    regions: tuple[PreviousCluster, ...] = ()
    next_numbers: tuple[Number, Number] = (1, 1)
    fresh_trustworthiness: float | None = None
    """Trustworthiness of the library's last layout from scratch; missing in older maps and published ones."""
    vectors: str = ""
    """Digest of its embeddings; missing in older maps and published ones."""
    fitted_on: str = ""
    """Digest of the embeddings to which its preparation was fitted, its own or an earlier map's; may be missing too."""

    def __post_init__(self) -> None:
        count = len(self.track_ids)
        if not count == len(self.x) == len(self.y):
            raise ValueError("a track has no place")
        for one in (*self.clusters, *self.regions):
            if max(one.members, default=-1) >= count:
                raise ValueError(f"{one.id} holds a track that is not on the map")
            if one.parent is not None and one.parent >= len(self.regions):
                raise ValueError(f"{one.id} is in a region that is not there")


class _State(msgspec.Struct, frozen=True):
    """Inputs of the last map: equal vectors need no new layout. ``generation``: the generation of its site.

    ``environment``: :func:`~spotmap_build.stages.space.layout_environment` of the build that laid it out.
    """

    vectors: str
    is_fresh: bool
    generation: str = ""
    environment: str = ""


@dataclass(frozen=True)
class Previous:
    """The map that this build continues. ``anchor`` is empty for a first build. ``digest``: of its content.

    ``is_fresh``: lay out from scratch, and only align the result. ``notice``: a message for the person.
    """

    anchor: bytes = b""
    is_fresh: bool = False
    notice: str = ""

    @cached_property
    def digest(self) -> str:
        """Digest of the map to continue; empty if there is none."""
        return digest_bytes(self.anchor) if self.anchor else ""

    @cached_property
    def value(self) -> PreviousMap | None:
        """The map to continue; None if there is none."""
        return _decode_map(self.anchor)


def read_anchor(config: Config) -> Previous | None:
    """Return the map requested by ``--anchor``; None if it is the last map (:func:`load_previous_map`).

    Call this before the analysis, so that the error does not come after hours.

    Raises
    ------
    ConfigError
        There is no map at that place.
    ServiceError
        The address does not answer.
    """
    if config.anchor == "auto":
        return None
    return Previous() if config.anchor == "none" else Previous(_published(config.anchor), config.fresh)


def load_previous_map(run: Run, embedded: Embedded) -> Previous:
    """Return the library's last map from the cache or the output folder.

    If the vectors are those of the last map and a layout would give the same result, the map before it is continued
    again, so that nothing changes. After an upgrade or on another machine, the last map itself is continued. A site
    whose map is not in the cache is continued from its published files, and one that cannot be read is replaced. Both
    change the published map, and are reported.
    """
    out = run.config.out
    generation = served_generation(out)
    kept = _load_saved(run, embedded, generation)
    if kept is not None:
        return kept
    if not generation:
        return Previous()  # a first build: there is no site, or one that is not ours to continue
    try:
        anchor = _published(str(out))
    except ConfigError as error:
        return Previous(notice=f"{error.message} This map does not continue it.")
    return Previous(
        anchor,
        run.config.fresh,
        translatable(
            f"The map in {printable(str(out))} is not in the cache. It was continued from the published site, whose "
            "positions are rounded: tracks may have moved a little."
        ),
    )


def _load_saved(run: Run, embedded: Embedded, generation: str) -> Previous | None:
    """Return the last map from the cache; None if there is no usable one.

    It is looked up by the served site, or by the last map published to the same place if that is this site.
    """
    for known_by in dict.fromkeys((generation, "")):
        record = run.cache.lookup(_key(run, known_by), outputs=OUTPUTS, may_fail=False)
        if record is None:
            continue
        with suppress(CorruptEntry):  # the record is set aside
            state = run.cache.decode(record, STATE, lambda data: decode_json(data, _State))
            if generation not in (known_by, state.generation):
                continue
            is_same = (state.vectors, state.environment) == (embedded.digest, layout_environment())
            if is_same and not run.config.fresh:
                return Previous(run.cache.decode(record, ANCHOR, _checked), state.is_fresh)
            return Previous(run.cache.decode(record, MAP, _checked), run.config.fresh)
    return None


def _decode_map(anchor: bytes) -> PreviousMap | None:
    return decode_json(anchor, PreviousMap) if anchor else None


def _checked(anchor: bytes) -> bytes:
    """Return the bytes of a map, or none. Raises ``msgspec.DecodeError`` if they are invalid."""
    _decode_map(anchor)
    return anchor


def save_map(run: Run, embedded: Embedded, projected: Projected, clusters: Cached[Clusters], generation: str) -> None:
    """Store the published map, which the next build will continue."""
    previous_map = projected.previous_map
    state = msgspec.json.encode(_State(embedded.digest, previous_map.is_fresh, generation, layout_environment()))
    keys = (_key(run, ""), _key(run, generation))
    if all(_is_of(run.cache.lookup(key, outputs=OUTPUTS, may_fail=False), state, previous_map.anchor) for key in keys):
        return
    found, layout = clusters.value, projected.layout.value
    content = PreviousMap(
        track_ids=tuple(track.id for track in embedded.tracks),
        x=tuple(layout.coordinates[:, 0].tolist()),
        y=tuple(layout.coordinates[:, 1].tolist()),
        clusters=tuple(map(_previous_cluster, found.clusters)),
        regions=tuple(map(_previous_cluster, found.regions)),
        next_numbers=found.next_numbers,
        fresh_trustworthiness=layout.fresh_trustworthiness,
        vectors=embedded.digest,
        fitted_on=projected.space.fitted_on,
    )
    outputs = {STATE: state, MAP: msgspec.json.encode(content), ANCHOR: previous_map.anchor}
    for key in keys:
        run.cache.put(key, outputs, 0.0)


def _is_of(record: Record | None, state: bytes, anchor: bytes) -> bool:
    if record is None:
        return False
    digests = (record.outputs[STATE].digest, record.outputs[ANCHOR].digest)
    return digests == (digest_bytes(state), digest_bytes(anchor))


def _previous_cluster(cluster: Cluster) -> PreviousCluster:
    return PreviousCluster(cluster.id, cluster.name, cluster.color, cluster.members, cluster.parent)


def _published(place: str) -> bytes:
    from spotmap_build.emit.published import read_published

    published = read_published(place).without_guests()
    if not published.track_ids:
        raise ConfigError(
            f"There is no map at {printable(place)} that can be continued (it has no tracks).",
            hint="Choose another map with --anchor, or --anchor none.",
        )
    return msgspec.json.encode(convert(published, PreviousMap, from_attributes=True))


def _key(run: Run, generation: str) -> Key:
    """Return the key of the last map.

    It consists of the generation of the site in the output folder, which may have been moved. Without a site, it
    consists of a digest of the folder's path, so that a build elsewhere can continue from the cache alone.
    """
    if generation:
        return Key("last-map", LAST_MAP_VERSION, {"generation": generation})
    return Key("last-map", LAST_MAP_VERSION, {"place": place_digest(run.config.out)})
