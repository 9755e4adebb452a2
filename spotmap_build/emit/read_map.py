"""Read a published map as columns, for notebooks and other programs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import accumulate
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, Final

import msgspec

from spotmap_build.core.translation import translatable
from spotmap_build.emit.columns import EPOCH, unpack_numbers, unpack_words
from spotmap_build.emit.details import DETAILS_SCHEMA
from spotmap_build.emit.payload import TEXT_SCHEMA
from spotmap_build.emit.published import decode_map, generation_folder, read_checked, read_site

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from spotmap_build.emit.published import PublishedCluster, PublishedMap, Read

NOT_READ: Final = translatable("There is no map at {shown} that can be read ({reason}).")


@dataclass(frozen=True, slots=True, eq=False)
class SiteMap:
    """A published map as columns.

    Attributes
    ----------
    title : str
        The map's heading.
    columns : mapping of str to list
        One value per track, None if unknown: ``id``, ``title``, ``artists`` (a list), ``album``, ``x`` and ``y`` (0 to
        65535, y upwards), ``cluster`` and ``region`` (their names), ``duration_s``, ``year``, ``added_on`` (ISO 8601),
        ``first_played`` and ``last_played`` if a source has them, then the features at the precision that the page
        shows, ``styles`` (a list, the most characteristic first) if the embedder has any, and the facets.
    clusters, regions : sequence of PublishedCluster
        Both levels: ``id``, ``name``, ``color``, and ``members``, which are track numbers from 0 on.
    """

    title: str
    columns: Mapping[str, Sequence[Any]]
    clusters: Sequence[PublishedCluster]
    regions: Sequence[PublishedCluster]

    def __len__(self) -> int:
        return len(self.columns["id"])


class _Text(msgspec.Struct):
    titles: str
    artist_names: list[str]
    artists: list[int]
    artist_counts: list[int]
    album_names: list[str]
    albums: list[int]


class _Details(msgspec.Struct):
    duration_s: list[int | None]
    year: list[int | None]
    added_on: list[int | None]
    features: dict[str, dict[str, Any]]
    facets: dict[str, list[str | float | None]]
    styles: dict[str, str] | None = None
    first_played_on: list[int | None] | None = None
    last_played_on: list[int | None] | None = None


def read_map(site: str | PathLike[str]) -> SiteMap:
    """Read the map of a published site.

    Parameters
    ----------
    site : str or path
        The folder or the address of the site.

    Returns
    -------
    SiteMap
        The tracks as columns, in the site's order.

    Raises
    ------
    ConfigError
        There is no map that this version can read.
    ServiceError
        The address does not answer.

    Examples
    --------
    >>> import pandas  # doctest: +SKIP
    >>> from spotmap_build import read_map
    >>> tracks = pandas.DataFrame(read_map("site").columns)  # doctest: +SKIP
    >>> tracks.groupby("cluster")["tempo_bpm"].median()  # doctest: +SKIP
    """
    return read_site(fspath(site), _decode, refusal=NOT_READ)


def _decode(read: Read) -> SiteMap:
    try:
        return _decode_columns(cache(read))
    except (LookupError, TypeError, OverflowError) as error:
        raise ValueError(f"its files do not match: {error}") from error


def _decode_columns(read: Read) -> SiteMap:
    folder = generation_folder(read)
    published = decode_map(read, folder)
    columns = _who(published, read_checked(read, f"{folder}/text.json", TEXT_SCHEMA, _Text))
    columns |= {
        "x": list(published.x),
        "y": list(published.y),
        "cluster": _names(published.clusters, len(published.track_ids)),
        "region": _names(published.regions, len(published.track_ids)),
    }
    parts = [
        _facts(read_checked(read, f"{folder}/{name}", DETAILS_SCHEMA, _Details), published.style_words)
        for name in published.detail_files
    ]
    for name in dict.fromkeys(name for part in parts for name in part):
        if name not in columns:
            columns[name] = [value for part in parts for value in part.get(name) or [None] * len(part["year"])]
    if any(len(values) != len(published.track_ids) for values in columns.values()):
        raise ValueError("its columns do not all have the same length")
    return SiteMap(published.title, columns, published.clusters, published.regions)


def _who(published: PublishedMap, text: _Text) -> dict[str, list[Any]]:
    ends = list(accumulate(text.artist_counts))
    artists = [text.artist_names[number] for number in text.artists]
    return {
        "id": list(published.track_ids),
        "title": text.titles.split("\n") if published.track_ids else [],
        "artists": [artists[end - count : end] for count, end in zip(text.artist_counts, ends, strict=True)],
        "album": [text.album_names[number] or None for number in text.albums],
    }


def _names(parts: Sequence[PublishedCluster], count: int) -> list[str | None]:
    names: list[str | None] = [None] * count
    for part in parts:
        for track in part.members:
            names[track] = part.name
    return names


def _dates(days: Sequence[int | None]) -> list[str | None]:
    return [None if day is None else date.fromordinal(EPOCH + day).isoformat() for day in days]


def _facts(details: _Details, style_words: Sequence[str]) -> dict[str, list[Any]]:
    """Unpack one file of details."""
    rows = unpack_words(details.styles, style_words) if details.styles else []
    features = {
        name: [None if math.isnan(value) else value for value in unpack_numbers(column).tolist()]
        for name, column in details.features.items()
    }
    return {
        "duration_s": details.duration_s,
        "year": details.year,
        "added_on": _dates(details.added_on),
        **({"first_played": _dates(details.first_played_on)} if details.first_played_on else {}),
        **({"last_played": _dates(details.last_played_on)} if details.last_played_on else {}),
        **features,
        **({"styles": [[word for word, _ in row] for row in rows]} if rows else {}),
        **details.facets,
    }
