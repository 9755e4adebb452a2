"""Read a map back from a published site, so that a new map can continue it even if the cache is lost.

A site may be damaged, or a different one at a mistyped address. Downloads are therefore limited in size and time, and
everything is validated before any of it is used.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta

from spotmap_build.core.documents import decode_json
from spotmap_build.core.files import read_bounded
from spotmap_build.core.text import printable, without_login
from spotmap_build.core.translation import translatable
from spotmap_build.emit.boundaries import EXTENT
from spotmap_build.emit.columns import unpack_ids
from spotmap_build.emit.details import DETAILS_SCHEMA
from spotmap_build.emit.insights import INSIGHTS_SCHEMA
from spotmap_build.emit.marker import is_generation
from spotmap_build.emit.payload import MAP_SCHEMA
from spotmap_build.emit.site import PAGE_NAME, generation_of_page
from spotmap_build.errors import ConfigError, ServiceError

MAX_TRACKS: Final = 2_000_000
MAX_CLUSTERS: Final = 20_000
MAX_FILES: Final = 1_000
"""Details files, with 2,048 tracks each."""
MAX_FILE_BYTES: Final = 1 << 26
MAX_SITE_BYTES: Final = 1 << 28
SILENCE_S: Final = 30.0
FILE_S: Final = 120.0
"""Time limit for one file from an address."""
SITE_S: Final = 300.0
"""Time limit for starting the download of the last file."""
NOT_CONTINUED: Final = translatable("There is no map at {shown} that can be continued ({reason}).")
MAX_REASON_LENGTH: Final = 300
"""Maximum number of characters shown of a reason, because a server can put any text into its status line."""

_PASSING_STATUS: Final = frozenset({408, 425, 429, *range(500, 600)})
"""Status codes of temporary errors: the server may return the map later."""
_UNSENDABLE: Final = re.compile(r"[\x00-\x20\x7f-\xa0]")
_QUERY: Final = re.compile(r"[?#].*", re.S)
_MAX_NUMBER_LENGTH: Final = 9
"""Maximum number of digits at the end of a cluster's id, from which ids of new clusters continue."""

Read = Callable[[str], bytes]
Difference = Annotated[int, Meta(ge=-EXTENT, le=EXTENT)]
FileName = Annotated[str, Meta(pattern=r"^[a-z]+(-[0-9]+)?\.json$", max_length=64)]
ClusterName = Annotated[str, Meta(max_length=10_000)]


class PublishedCluster(msgspec.Struct, frozen=True):
    """A cluster or region of a published map. ``members`` are the site's track numbers."""

    id: str
    name: str
    color: int
    members: Sequence[int]
    parent: int | None = None


class PublishedMap(msgspec.Struct, frozen=True):
    """A published map. All columns have the same length, and every number in a list is a valid track number."""

    track_ids: Sequence[str]
    x: Sequence[int]
    y: Sequence[int]
    clusters: Sequence[PublishedCluster]
    regions: Sequence[PublishedCluster]
    guests: Sequence[int] = ()
    title: str = ""
    detail_files: Sequence[str] = ()
    style_words: Sequence[str] = ()

    def without_guests(self) -> PublishedMap:
        """Return the map without tracks that only friends have, since these were only placed on it."""
        guests = frozenset(self.guests)
        if not guests:
            return self
        kept = [track for track in range(len(self.track_ids)) if track not in guests]
        number = {track: position for position, track in enumerate(kept)}

        def without(cluster: PublishedCluster) -> PublishedCluster:
            members = [number[track] for track in cluster.members if track in number]
            return msgspec.structs.replace(cluster, members=members)

        return msgspec.structs.replace(
            self,
            track_ids=[self.track_ids[track] for track in kept],
            x=[self.x[track] for track in kept],
            y=[self.y[track] for track in kept],
            clusters=list(map(without, self.clusters)),
            regions=list(map(without, self.regions)),
            guests=(),
        )


class _Schema(msgspec.Struct):
    schema: str


class _Cluster(msgspec.Struct):
    id: Annotated[str, Meta(max_length=64)]
    name: ClusterName
    color: Annotated[int, Meta(ge=0, le=65_535)]
    region: Annotated[int, Meta(ge=0)] | None = None

    def __post_init__(self) -> None:
        number = self.id.rpartition("-")[2]
        if number.isdecimal() and len(number) > _MAX_NUMBER_LENGTH:
            raise ValueError(f"no cluster has the number {number}")

    def with_members(self, members: Sequence[int]) -> PublishedCluster:
        return PublishedCluster(self.id, self.name, self.color, members, self.region)


class _Files(msgspec.Struct):
    details: Annotated[list[FileName], Meta(max_length=MAX_FILES)]
    insights: FileName | None = None


class _Columns(msgspec.Struct):
    styles: Annotated[list[ClusterName], Meta(max_length=MAX_CLUSTERS)] = []


class _Map(msgspec.Struct):
    count: Annotated[int, Meta(ge=0, le=MAX_TRACKS)]
    x: list[Difference]
    y: list[Difference]
    cluster: list[Annotated[int, Meta(ge=-1, lt=MAX_CLUSTERS)]]
    clusters: Annotated[list[_Cluster], Meta(max_length=MAX_CLUSTERS)]
    files: _Files
    larger_regions: Annotated[list[_Cluster], Meta(max_length=MAX_CLUSTERS)] = []
    columns: _Columns = msgspec.field(default_factory=_Columns)
    guests: list[int] = []
    title: str = ""

    def __post_init__(self) -> None:
        if not self.count == len(self.x) == len(self.y) == len(self.cluster):
            raise ValueError(f"its columns do not all have {self.count:,} tracks")
        for level in (self.clusters, self.larger_regions):
            if len({cluster.id for cluster in level}) != len(level):
                raise ValueError("two of its clusters have the same id")
        if any(label >= len(self.clusters) for label in self.cluster):
            raise ValueError("a track is in a cluster that is not listed")
        if any(each.region is not None and each.region >= len(self.larger_regions) for each in self.clusters):
            raise ValueError("a cluster is in a region that is not listed")


class _Ids(msgspec.Struct):
    prefix: Literal["", "spotify:track:"]
    width: Annotated[int, Meta(ge=0, le=100_000)]
    text: str

    def __post_init__(self) -> None:
        if self.width and (not self.text or len(self.text) % self.width):
            raise ValueError("its last id is truncated")

    @property
    def count(self) -> int:
        return len(self.text) // self.width if self.width else self.text.count("\n") + 1


class _Details(msgspec.Struct):
    first: int
    ids: _Ids


class _Insights(msgspec.Struct):
    region_tracks: Annotated[list[list[int]], Meta(max_length=MAX_CLUSTERS)]


Document = TypeVar("Document", bound=msgspec.Struct)
Result = TypeVar("Result")


def read_published(location: str) -> PublishedMap:
    """Read the map at ``location``, a folder or an address.

    Raises
    ------
    ConfigError
        There is no map that this version can read within the limits of this module.
    ServiceError
        The address does not answer, so it is not known what is there.
    """
    return read_site(location, _decode, refusal=NOT_CONTINUED, otherwise=translatable(", or --anchor none"))


def read_site(location: str, decode: Callable[[Read], Result], *, refusal: str, otherwise: str = "") -> Result:
    """Return what ``decode`` makes of the site at ``location``, a folder or an address, within size and time limits.

    ``refusal``: says that there is no map for the purpose, with placeholders for the place and the reason.

    Raises
    ------
    ConfigError, ServiceError
        As :func:`read_published`.
    """
    is_address = location.lower().startswith(("https://", "http://"))
    try:
        return decode(_bounded(_from_web(location) if is_address else _from_folder(Path(location))))
    except (OSError, ValueError, RecursionError) as error:  # all errors of requests are OSErrors
        reason = printable(_reason(error))[:MAX_REASON_LENGTH]
        shown = printable(_QUERY.sub("", without_login(location)) if is_address else location)
        if is_address and _is_temporary(error):
            raise ServiceError(
                f"The map at {shown} cannot be reached ({reason}).",
                hint=f"If the address is correct, try again later; otherwise use another one{otherwise}.",
            ) from error
        raise ConfigError(
            refusal.format(shown=shown, reason=reason),
            hint=f"Use the folder or the address of a site that spotmap-build made{otherwise}.",
        ) from error


def _reason(error: Exception) -> str:
    """Return what is wrong, in words without the address, which is shown before them."""
    from requests import RequestException

    from spotmap_build.core.http import reason_of

    if isinstance(error, RequestException):
        return reason_of(error)
    if isinstance(error, OSError) and error.strerror:
        return f"{Path(error.filename).name}: {error.strerror}" if error.filename else error.strerror
    return str(error) or type(error).__name__


def _is_temporary(error: Exception) -> bool:
    """Return whether a later attempt may succeed: the connection failed or broke, or the server reported an error."""
    from requests.exceptions import ChunkedEncodingError, ConnectionError, HTTPError, Timeout  # noqa: A004 - its name

    return isinstance(error, ConnectionError | Timeout | ChunkedEncodingError | HTTPError)


def _from_folder(folder: Path) -> Read:
    return lambda name: read_bounded(folder / name, MAX_FILE_BYTES)


def _from_web(address: str) -> Read:
    from requests import HTTPError

    from spotmap_build.core.http import Limits, ResponseTooSlow, make_session

    if _UNSENDABLE.search(address):
        raise ValueError("the address contains a space or a control character")
    if _QUERY.search(address):
        raise ValueError("the address must be that of a folder, without a query")
    base = address.removesuffix("index.html").rstrip("/")
    session = make_session(Limits(SILENCE_S, FILE_S, MAX_FILE_BYTES), follow_redirects=True)
    end_s = time.monotonic() + SITE_S

    def read(name: str) -> bytes:
        if time.monotonic() > end_s:
            raise ResponseTooSlow(f"the download took more than {SITE_S:.0f} s")
        answer = session.get(f"{base}/{name}")
        if not 200 <= answer.status_code < 300:
            kind = HTTPError if answer.status_code in _PASSING_STATUS else ValueError
            raise kind(f"{name}: the server answered with status {answer.status_code}")
        return answer.content

    return read


def _bounded(read: Read) -> Read:
    """Wrap a reader so that it raises if the site is too large in total."""
    left_bytes = MAX_SITE_BYTES

    def read_more(name: str) -> bytes:
        nonlocal left_bytes
        content = read(name)
        left_bytes -= len(content)
        if left_bytes < 0:
            raise ValueError(f"its files are larger than {MAX_SITE_BYTES:,} bytes")
        return content

    return read_more


def generation_folder(read: Read) -> str:
    """Return the folder of the generation that the page refers to.

    Raises
    ------
    ValueError
        The page does not refer to one.
    """
    generation = generation_of_page(read(PAGE_NAME))
    if not is_generation(generation):
        raise ValueError("the page names no generation")
    return f"data/{generation}"


def _decode(read: Read) -> PublishedMap:
    return decode_map(read, generation_folder(read))


def decode_map(read: Read, folder: str) -> PublishedMap:
    """Read and validate the map whose files are in ``folder``.

    Raises
    ------
    OSError, ValueError
        It cannot be read, or is not a valid map.
    """
    document = read_checked(read, f"{folder}/map.json", MAP_SCHEMA, _Map)
    members: list[list[int]] = [[] for _ in document.clusters]
    for track, label in enumerate(document.cluster):
        if label >= 0:
            members[label].append(track)
    return PublishedMap(
        title=document.title,
        style_words=document.columns.styles,
        track_ids=_track_ids(read, folder, document),
        x=_on_grid(document.x),
        y=_on_grid(document.y),
        clusters=[cluster.with_members(rows) for cluster, rows in zip(document.clusters, members, strict=True)],
        regions=_regions(read, folder, document),
        guests=_ascending(document.guests, document.count),
        detail_files=document.files.details,
    )


def _track_ids(read: Read, folder: str, document: _Map) -> list[str]:
    ids: list[str] = []
    for name in document.files.details:
        details = read_checked(read, f"{folder}/{name}", DETAILS_SCHEMA, _Details)
        if details.first != len(ids) or len(ids) + details.ids.count > document.count:
            raise ValueError(f"{name} contains other tracks than the map")
        ids += unpack_ids(msgspec.to_builtins(details.ids))
    if len(ids) != document.count:
        raise ValueError(f"it names {len(ids):,} of its {document.count:,} tracks")
    return ids


def _regions(read: Read, folder: str, document: _Map) -> list[PublishedCluster]:
    regions, name = document.larger_regions, document.files.insights
    if not regions:
        return []
    if name is None:
        raise ValueError("it does not say which tracks are in its regions")
    tracks_of = read_checked(read, f"{folder}/{name}", INSIGHTS_SCHEMA, _Insights).region_tracks
    if len(tracks_of) != len(regions):
        raise ValueError(f"{name} lists {len(tracks_of):,} regions, the map {len(regions):,}")
    return [
        region.with_members(_ascending(tracks, document.count))
        for region, tracks in zip(regions, tracks_of, strict=True)
    ]


def _on_grid(differences: Sequence[int]) -> list[int]:
    places = list(accumulate(differences))
    if places and not (min(places) >= 0 and max(places) <= EXTENT):
        raise ValueError("a track is outside of the map")
    return places


def _ascending(differences: Sequence[int], count: int) -> list[int]:
    """Decode delta-encoded track numbers, which must be ascending."""
    tracks = list(accumulate(differences))
    if tracks and not (tracks[0] >= 0 and tracks[-1] < count and all(step > 0 for step in differences[1:])):
        raise ValueError("a region contains tracks that are not on the map")
    return tracks


def read_checked(read: Read, path: str, schema: str, kind: type[Document]) -> Document:
    """Read a JSON file of the given ``schema``.

    Raises
    ------
    ValueError
        It has another schema, or does not match ``kind``; the message names the file.
    """
    content = read(path)
    name = path.rpartition("/")[2]
    try:
        found = decode_json(content, _Schema).schema
        if found != schema:
            raise ValueError(f"its schema is {found}")
        return decode_json(content, kind)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{name}: {error}") from error
