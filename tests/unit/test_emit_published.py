"""Reading a published map: it round-trips, and damaged or hostile ones are errors with a reason."""

from __future__ import annotations

import http.server
import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest

from spotmap_build.atlas import Atlas, Cluster, Clusters, Insights, Layout, PublicFacts
from spotmap_build.emit import published
from spotmap_build.emit.payload import encode
from spotmap_build.emit.published import read_published
from spotmap_build.errors import ConfigError, ServiceError, SpotmapError
from spotmap_build.model import Track
from spotmap_build.stages.previous_map import Previous, PreviousMap, read_anchor
from tests.unit.test_core_http import raw_server, respond_with

COUNT = 60
Change = Callable[[dict[str, Any]], object]


def atlas() -> Atlas:
    """Return an atlas with two clusters, each in its own region, and a few tracks between them."""
    labels = (np.arange(COUNT) % 3 - 1).astype(np.int32)
    rows = [tuple(np.flatnonzero(labels == label).tolist()) for label in (0, 1)]

    def level(kind: str, parents: tuple[int | None, ...]) -> tuple[Cluster, ...]:
        return tuple(
            Cluster(f"{kind}-{number + 1}", f"Name {number}", rows[number], rows[number][:1], number, parent=parent)
            for number, parent in enumerate(parents)
        )

    return Atlas(
        title="A map",
        tracks=tuple(Track(id=f"track:{row}", title=f"Song {row}", artists=("Mara",)) for row in range(COUNT)),
        playlists=(),
        layout=Layout(np.random.default_rng(1).normal(size=(COUNT, 2)).astype(np.float32)),
        clusters=Clusters(
            level("cluster", (0, 1)),
            regions=level("region", (None, None)),
        ),
        features=np.empty((COUNT, 0), np.float32),
        feature_names=(),
        insights=Insights(),
    )


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """Return the files of a site that are read, by path."""
    payload = encode(atlas(), PublicFacts({}, ("table",)), assets={})
    data = {f"data/{payload.generation}/{name}": content for name, content in payload.files.items()}
    return {"index.html": f'<html data-generation="{payload.generation}">'.encode(), **data}


def path_of(files: Mapping[str, bytes], name: str) -> str:
    return next(path for path in files if path.endswith(f"/{name}"))


def changed(files: Mapping[str, bytes], name: str, change: Change) -> dict[str, bytes]:
    path = path_of(files, name)
    document = json.loads(files[path])
    change(document)
    return {**files, path: json.dumps(document).encode()}


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


@contextmanager
def served(files: Mapping[str, bytes]) -> Iterator[tuple[str, list[str]]]:
    """Serve the files and yield their address and the list of requested paths."""
    requested: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.removeprefix("/map/")
            requested.append(path)
            content = files.get(path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
            """Do not log requests."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/map/", requested
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("place", ["folder", "address", "address of the page"])
def test_site_is_read_back(files: dict[str, bytes], tmp_path: Path, place: str) -> None:
    if place == "folder":
        found = read_published(str(write(tmp_path, files)))
    else:
        with served(files) as (address, _):
            found = read_published(address + ("index.html" if place != "address" else ""))
    document = json.loads(files[path_of(files, "map.json")])
    assert sorted(found.track_ids) == sorted(f"track:{row}" for row in range(COUNT))
    assert [list(found.x), list(found.y)] == [list(accumulate(document[axis])) for axis in "xy"]
    for level in (found.clusters, found.regions):
        assert [{found.track_ids[row] for row in each.members} for each in level] == [
            {f"track:{row}" for row in range(COUNT) if row % 3 - 1 == label} for label in (0, 1)
        ]
    assert [(each.id, each.name, each.color, each.parent) for each in found.clusters] == [
        ("cluster-1", "Name 0", 0, 0),
        ("cluster-2", "Name 1", 1, 1),
    ]
    previous_map = msgspec.convert(found, PreviousMap, from_attributes=True)
    assert msgspec.json.decode(msgspec.json.encode(previous_map), type=PreviousMap) == previous_map


def test_site_of_a_version_without_regions_is_read(files: dict[str, bytes], tmp_path: Path) -> None:
    def before(document: dict[str, Any]) -> None:
        del document["larger_regions"], document["files"]["insights"]
        for cluster in document["clusters"]:
            del cluster["region"]

    found = read_published(str(write(tmp_path, changed(files, "map.json", before))))
    assert (len(found.clusters), found.regions, found.clusters[0].parent) == (2, [], None)


def setting(*where: str | int, to: Any) -> Change:
    def change(document: Any) -> None:
        for step in where[:-1]:
            document = document[step]
        document[where[-1]] = to

    return change


MAP_DAMAGES: dict[str, Change] = {
    "one x too few": lambda document: document["x"].pop(),
    "one y too many": lambda document: document["y"].append(0),
    "x are texts": setting("x", to=["1"] * COUNT),
    "x is null": setting("x", to=None),
    "x are huge": setting("x", to=[10**300] * COUNT),
    "x leaves the map": setting("x", to=[60_000] * COUNT),
    "a coordinate with an exponent": setting("x", 3, to=1e308),
    "another count": setting("count", to=COUNT + 1),
    "a count of millions": setting("count", to=10**9),
    "labels too short": lambda document: document["cluster"].pop(),
    "a label without a cluster": setting("cluster", 0, to=2),
    "a negative label": setting("cluster", 0, to=-2),
    "clusters are texts": setting("clusters", to=["a", "b"]),
    "clusters of null": setting("clusters", to=[None, None]),
    "clusters are missing": lambda document: document.pop("clusters"),
    "a cluster without a name": lambda document: document["clusters"][0].pop("name"),
    "an id that is a number": setting("clusters", 0, "id", to=7),
    "an id with a number of 5,000 digits": setting("clusters", 0, "id", to="cluster-" + "9" * 5_000),
    "an id with a number beyond 64 bits": setting("clusters", 0, "id", to="cluster-" + "9" * 30),
    "a duplicate id": setting("clusters", 0, "id", to="cluster-2"),
    "a color beyond any palette": setting("clusters", 0, "color", to=1 << 62),
    "a negative color": setting("clusters", 0, "color", to=-1),
    "a region far away": setting("clusters", 0, "region", to=1_000_000_000),
    "a negative region": setting("clusters", 0, "region", to=-1),
    "a region too many": lambda document: document["larger_regions"].append(document["larger_regions"][0]),
    "no files": setting("files", to={}),
    "details are not a list": setting("files", "details", to="details-000.json"),
    "100,000 file names": setting("files", "details", to=[f"details-{number}.json" for number in range(100_000)]),
    "a details file listed twice": setting("files", "details", to=["details-000.json"] * 2),
    "no details file": setting("files", "details", to=[]),
    "a details file elsewhere": setting("files", "details", to=["../../../secret.json"]),
    "a URL as a file": setting("files", "details", to=["http://127.0.0.1/details.json"]),
    "another schema": setting("schema", to="spotmap.map/99"),
    "no schema": lambda document: document.pop("schema"),
}

DETAILS_DAMAGES: dict[str, Change] = {
    "ids are null": setting("ids", to=None),
    "ids are a list": setting("ids", to=["a"] * COUNT),
    "a prefix of a megabyte": setting("ids", "prefix", to="x" * 1_000_000),
    "an id too few": lambda document: setting("ids", "text", to=document["ids"]["text"].rpartition("\n")[0])(document),
    "ids of one letter": setting("ids", to={"prefix": "", "width": 1, "text": "x" * 1_000_000}),
    "a width that does not divide": setting("ids", to={"prefix": "", "width": 7, "text": "x" * COUNT}),
    "a negative width": setting("ids", "width", to=-1),
    "other tracks": setting("first", to=1),
    "a lone surrogate": lambda document: document["ids"].update(text="\ud800" + "\n" * (COUNT - 1)),
}

INSIGHTS_DAMAGES: dict[str, Change] = {
    "a region too few": lambda document: document["region_tracks"].pop(),
    "a track beyond the last": setting("region_tracks", 0, to=[COUNT]),
    "a track before the first": setting("region_tracks", 0, to=[-1]),
    "a track twice": setting("region_tracks", 0, to=[1, 0]),
    "tracks are texts": setting("region_tracks", 0, to=["1"]),
    "no tracks": lambda document: document.pop("region_tracks"),
}


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        *(("map.json", what) for what in MAP_DAMAGES),
        *(("details-000.json", what) for what in DETAILS_DAMAGES),
        *(("insights.json", what) for what in INSIGHTS_DAMAGES),
    ],
)
def test_damage_is_reported_with_its_place(files: dict[str, bytes], tmp_path: Path, name: str, damage: str) -> None:
    change = {**MAP_DAMAGES, **DETAILS_DAMAGES, **INSIGHTS_DAMAGES}[damage]
    place = write(tmp_path, changed(files, name, change))
    with pytest.raises(ConfigError, match="can be continued") as caught:
        read_published(str(place))
    assert str(place) in caught.value.message
    assert "--anchor none" in caught.value.hint


DEEP = b"[" * 200_000


NO_DOCUMENTS: dict[str, tuple[str, bytes]] = {
    "a page without a generation": ("index.html", b"<html>"),
    "a page whose generation is a path": ("index.html", b'<html data-generation="../../etc">'),
    "a page that is not text": ("index.html", b"\xff" * 100),
    "an empty map": ("map.json", b""),
    "a map that is a list": ("map.json", b"[]"),
    "a map that is null": ("map.json", b"null"),
    "a deeply nested map": ("map.json", DEEP),
    "a map with a deeply nested field": ("map.json", b'{"schema": "spotmap.map/1", "unknown": ' + DEEP),
    "a map with NaN": ("map.json", b'{"schema": "spotmap.map/1", "count": 1, "x": [NaN]}'),
    "deeply nested ids": ("details-000.json", b'{"schema": "spotmap.details/2", "ids": ' + DEEP),
    "insights that are not text": ("insights.json", b"\xff\xfe"),
}


@pytest.mark.parametrize("case", NO_DOCUMENTS)
def test_invalid_document_is_an_error(files: dict[str, bytes], tmp_path: Path, case: str) -> None:
    name, content = NO_DOCUMENTS[case]
    path = name if name in files else path_of(files, name)
    with pytest.raises(ConfigError, match="can be continued"):
        read_published(str(write(tmp_path, {**files, path: content})))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are not supported here")
@pytest.mark.parametrize("name", ["index.html", "map.json"])
def test_pipe_in_place_of_a_file_does_not_block(files: dict[str, bytes], tmp_path: Path, name: str) -> None:
    place = write(tmp_path, files) / (name if name in files else path_of(files, name))
    place.unlink()
    os.mkfifo(place)
    with pytest.raises(ConfigError, match="pipe"):
        read_published(str(tmp_path))


def test_size_of_a_file_is_bounded(files: dict[str, bytes], tmp_path: Path) -> None:
    place = write(tmp_path, files) / path_of(files, "map.json")
    with place.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(ConfigError, match="larger than"):
        read_published(str(tmp_path))


def test_total_size_of_all_files_is_bounded(
    files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = sum(len(content) for path, content in files.items() if path.endswith((".html", ".json")))
    monkeypatch.setattr(published, "MAX_SITE_BYTES", read - len(files[path_of(files, "text.json")]) - 1)
    with pytest.raises(ConfigError, match="larger than"):
        read_published(str(write(tmp_path, files)))


def test_excessive_number_of_files_is_not_requested(files: dict[str, bytes]) -> None:
    with served(changed(files, "map.json", MAP_DAMAGES["100,000 file names"])) as (address, requested):
        with pytest.raises(ConfigError, match="length <="):
            read_published(address)
        assert len(requested) == 2


def test_reading_a_site_times_out(files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "SITE_S", -1.0)
    with served(files) as (address, requested), pytest.raises(ServiceError, match="took more than"):
        read_published(address)
    assert requested == []


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param(b"garbage\r\n\r\n", ServiceError, id="not HTTP"),
        pytest.param(b"HTTP/1.1 200 " + b"x" * 100_000 + b"\r\n\r\n", ServiceError, id="a long status line"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1_000 + b"\r\n", ServiceError, id="a thousand headers"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", ServiceError, id="a chunk without a size"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\nConnection: close\r\n\r\nshort",
            ServiceError,
            id="a cut body",
        ),
        pytest.param(
            b"HTTP/1.1 302 Found\r\nLocation: ftp://a/\r\nContent-Length: 0\r\n\r\n",
            ConfigError,
            id="a redirect elsewhere",
        ),
        pytest.param(b"HTTP/1.1 503 \x1b[2J\r\nContent-Length: 0\r\n\r\n", ServiceError, id="a status with an escape"),
        pytest.param(b"HTTP/1.1 429 Slow\r\nContent-Length: 0\r\n\r\n", ServiceError, id="too many requests"),
        pytest.param(b"HTTP/1.1 404 Gone\r\nContent-Length: 0\r\n\r\n", ConfigError, id="not found"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage", ConfigError, id="another page"),
    ],
)
def test_invalid_http_response_is_reported_in_one_line(answer: bytes, kind: type[SpotmapError]) -> None:
    with raw_server(respond_with(answer)) as url, pytest.raises(kind, match=f"map at {url}") as caught:
        read_published(url)
    assert "--anchor none" in caught.value.hint
    assert len(caught.value.message) < 600
    assert caught.value.message.isprintable()


@pytest.mark.parametrize(
    "place",
    [
        "http://exa mple/",
        "http://127.0.0.1:1/\r\nX: y",
        "http://127.0.0.1:99999/",
        "http://[::1/",
        "http://",
        "https://\x1b[2J/",
        "nowhere\0",
        "nowhere\x1b[2J",
        "",
    ],
)
def test_invalid_location_is_a_config_error(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="can be continued") as caught:
        read_published(place)
    assert caught.value.message.isprintable()


def config(anchor: str, *, fresh: bool = False) -> Any:
    return SimpleNamespace(anchor=anchor, fresh=fresh)


def test_anchor_is_downloaded_once(files: dict[str, bytes]) -> None:
    with served(files) as (address, requested):
        previous = read_anchor(config(address, fresh=True))
        assert previous is not None
        assert previous.is_fresh
        assert previous.value is not None
        assert len(previous.value.track_ids) == COUNT
        assert previous.digest
        assert len(requested) == len(set(requested)) > 1


def test_no_map_is_read_for_none_or_auto() -> None:
    assert read_anchor(config("none")) == Previous()
    assert read_anchor(config("auto")) is None


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("HTTP://me:secret@127.0.0.1:1/", "no connection: Connection refused"),
        ("https://:secret@/", "the address is invalid"),
        ("https://me:secret@[::1/", "the address is invalid"),
        ("http://127.0.0.1:1/?token=secret", "without a query"),
        ("http://127.0.0.1:1/#secret", "without a query"),
    ],
)
def test_secrets_in_a_url_are_not_repeated_in_the_error(url: str, words: str) -> None:
    with pytest.raises((ServiceError, ConfigError), match=words) as caught:
        read_published(url)
    assert "secret" not in caught.value.message


def test_reason_names_the_file_that_cannot_be_read(files: dict[str, bytes], tmp_path: Path) -> None:
    site = write(tmp_path, files)
    (site / "index.html").unlink()
    os.mkfifo(site / "index.html")
    with pytest.raises(ConfigError, match=r"\(index\.html: it is a pipe, not a regular file\)"):
        read_published(str(site))
