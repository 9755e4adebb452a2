"""Read a map back from a published site, so that a new map can continue it even where the cache is lost."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import orjson

from spotmap_build.errors import ConfigError

TIMEOUT_S: Final = 30
LARGEST_BYTES: Final = 1 << 28
_GENERATION: Final = re.compile(r'data-generation="([0-9a-f]+)"')


def read_published(place: str) -> dict[str, Any]:
    """The map at ``place``, a folder or an address: ``track_ids``, ``x``, ``y``, ``clusters``, ``regions``.

    Raises
    ------
    ConfigError: there is none that this version can read.
    """
    is_address = place.startswith(("https://", "http://"))
    read = _from_web(place) if is_address else _from_folder(Path(place))
    try:
        return _decode(read)
    except (OSError, KeyError, TypeError, ValueError, IndexError) as error:
        detail = f"{type(error).__name__}: {error}"
        raise ConfigError(
            f"There is no map at {place} that can be continued ({detail}).",
            hint="Give the folder or the address of a site that spotmap-build made, or --anchor none.",
        ) from error


def _from_folder(folder: Path) -> Callable[[str], bytes]:
    return lambda name: (folder / name).read_bytes()


def _from_web(address: str) -> Callable[[str], bytes]:
    base = address.removesuffix("index.html").rstrip("/")

    def read(name: str) -> bytes:
        with urllib.request.urlopen(f"{base}/{name}", timeout=TIMEOUT_S) as answer:
            content: bytes = answer.read(LARGEST_BYTES)
        return content

    return read


def _decode(read: Callable[[str], bytes]) -> dict[str, Any]:
    # These load numpy, which a build with nothing to do does without.
    from spotmap_build.emit.columns import unpack_ids
    from spotmap_build.emit.insights import INSIGHTS_SCHEMA
    from spotmap_build.emit.payload import DETAILS_SCHEMA, MAP_SCHEMA

    found = _GENERATION.search(read("index.html").decode())
    if found is None:
        raise ValueError("the page names no generation")
    folder = f"data/{found[1]}"
    document = _checked(read(f"{folder}/map.json"), MAP_SCHEMA)
    ids: list[str] = []
    for name in document["files"]["details"]:
        ids += unpack_ids(_checked(read(f"{folder}/{name}"), DETAILS_SCHEMA)["ids"])
    insights = _checked(read(f"{folder}/{document['files']['insights']}"), INSIGHTS_SCHEMA)
    labels = document["cluster"]
    regions = [one.get("region") for one in document["clusters"]]
    clusters = [
        _cluster(one, [track for track, label in enumerate(labels) if label == number], regions[number])
        for number, one in enumerate(document["clusters"])
    ]
    return {
        "track_ids": ids,
        "x": list(accumulate(document["x"])),
        "y": list(accumulate(document["y"])),
        "clusters": clusters,
        "regions": [
            _cluster(one, list(accumulate(tracks)), None)
            for one, tracks in zip(document["larger_regions"], insights["region_tracks"], strict=True)
        ],
    }


def _cluster(one: dict[str, Any], members: list[int], parent: int | None) -> dict[str, Any]:
    return {"id": one["id"], "name": one["name"], "color": one["color"], "members": members, "parent": parent}


def _checked(content: bytes, schema: str) -> dict[str, Any]:
    document: dict[str, Any] = orjson.loads(content)
    if document["schema"] != schema:
        raise ValueError(f"its data are {document['schema']}")
    return document
