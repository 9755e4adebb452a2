"""A build whose cover service returns invalid images publishes the map with the valid ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import pictures
from tests.fakes.http_server import HttpServer, Request, Response, serving
from tests.fakes.pictures import MEGABYTE
from tests.support.command import Outcome, report, spotmap, tree

INVALID = {
    "/page": Response(b"<!doctype html><title>Please log in</title>", "text/html"),
    "/huge": Response(pictures.cover("huge") + bytes(30 * MEGABYTE), "image/jpeg"),
    "/bomb": Response(pictures.png_of_nothing(40_000, 40_000), "image/png"),
    "/scheme": Response(b"", status=302, headers={"Location": "ftp://127.0.0.1/a.jpg"}),
    "/host": Response(b"", status=302, headers={"Location": "https://covers.example/a.jpg"}),
    "/gone": Response(b"", status=404),
    "/refused": Response(b"", status=403),
}


class CoverServer(HttpServer):
    """Returns a cover for every path that is not in ``INVALID``."""

    def respond(self, request: Request) -> Response:
        return INVALID.get(request.place) or Response(pictures.cover(request.place), "image/jpeg")


@pytest.fixture
def server() -> Iterator[CoverServer]:
    running = CoverServer()
    with serving(running):
        yield running


def write_table(place: Path, addresses: list[str]) -> None:
    rows = [f"Song {number},{number % 5},{number % 4},{address}" for number, address in enumerate(addresses)]
    place.write_text("\n".join(["title,x,y,art", *rows]) + "\n", encoding="utf-8")


def build(folder: Path, server: CoverServer) -> Outcome:
    server.requests.clear()
    environment = {"SPOTMAP_SPOTIFY_API": f"{server.url}/v1/"}
    return spotmap("--source", "table:tracks.csv", "--log", "json", cwd=folder, extra=environment)


def published_covers(folder: Path) -> list[str]:
    return [name for name in tree(folder / "site") if name.startswith("art/")]


def test_available_covers_are_fetched_once_and_published(tmp_path: Path, server: CoverServer) -> None:
    valid = [f"{server.url}/{number // 3}" for number in range(9)]
    write_table(tmp_path / "tracks.csv", valid + [f"{server.url}{path}" for path in INVALID])
    (tmp_path / "spotmap.toml").write_text("[covers]\nfetch = false\n")
    assert build(tmp_path, server).status == 0
    assert (server.requests, published_covers(tmp_path)) == ([], [])
    (tmp_path / "spotmap.toml").unlink()
    outcome = build(tmp_path, server)
    assert outcome.status == 0, outcome.stderr
    assert len(published_covers(tmp_path)) == 3
    assert report(tmp_path)["mapped"] == len(valid) + len(INVALID)
    assert report(tmp_path)["covers"] == {"wanted": 10, "missing": {"unusable": 5, "gone": 1, "unreachable": 1}}
    assert "7 of 10 covers are missing: 1 not there any more; 1 not to be reached; 5 not a picture" in outcome.stderr
    again = build(tmp_path, server)
    assert (again.status, server.requests, len(published_covers(tmp_path))) == (0, [], 3)
