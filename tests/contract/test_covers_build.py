"""The real command, with a service whose pictures are all kinds of wrong: the map is published, with the right ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import pictures
from tests.fakes.http_server import HttpServer, Request, Response, serving
from tests.fakes.pictures import MEGABYTE
from tests.support.command import Outcome, report, spotmap, tree

WRONG = {
    "/page": Response(b"<!doctype html><title>Please log in</title>", "text/html"),
    "/huge": Response(pictures.cover("huge") + bytes(30 * MEGABYTE), "image/jpeg"),
    "/bomb": Response(pictures.png_of_nothing(40_000, 40_000), "image/png"),
    "/scheme": Response(b"", status=302, headers={"Location": "ftp://127.0.0.1/a.jpg"}),
    "/host": Response(b"", status=302, headers={"Location": "https://covers.example/a.jpg"}),
    "/gone": Response(b"", status=404),
    "/refused": Response(b"", status=403),
}


class Pictures(HttpServer):
    """A service that has a cover for every path but those above."""

    def respond(self, request: Request) -> Response:
        return WRONG.get(request.place) or Response(pictures.cover(request.place), "image/jpeg")


@pytest.fixture
def server() -> Iterator[Pictures]:
    running = Pictures()
    with serving(running):
        yield running


def write_table(place: Path, addresses: list[str]) -> None:
    rows = [f"Song {number},{number % 5},{number % 4},{address}" for number, address in enumerate(addresses)]
    place.write_text("\n".join(["title,x,y,art", *rows]) + "\n", encoding="utf-8")


def build(folder: Path, server: Pictures) -> Outcome:
    server.requests.clear()
    environment = {"SPOTMAP_SPOTIFY_API": f"{server.url}/v1/"}
    return spotmap("--source", "table:tracks.csv", "--log", "json", cwd=folder, extra=environment)


def shown(folder: Path) -> list[str]:
    return [name for name in tree(folder / "site") if name.startswith("art/")]


def test_a_map_has_the_covers_that_are_wanted_and_can_be_had_and_asks_once(tmp_path: Path, server: Pictures) -> None:
    right = [f"{server.url}/{number // 3}" for number in range(9)]
    write_table(tmp_path / "tracks.csv", right + [f"{server.url}{path}" for path in WRONG])
    (tmp_path / "spotmap.toml").write_text("[covers]\nfetch = false\n")
    assert build(tmp_path, server).status == 0
    assert (server.requests, shown(tmp_path)) == ([], [])
    (tmp_path / "spotmap.toml").unlink()
    outcome = build(tmp_path, server)
    assert outcome.status == 0, outcome.stderr
    assert len(shown(tmp_path)) == 3
    assert report(tmp_path)["mapped"] == len(right) + len(WRONG)
    assert report(tmp_path)["covers"] == {"wanted": 10, "missing": {"unusable": 5, "gone": 1, "unreachable": 1}}
    assert "7 of 10 covers are missing: 1 not there any more, 1 not to be reached, 5 not a picture" in outcome.stderr
    again = build(tmp_path, server)
    assert (again.status, server.requests, len(shown(tmp_path))) == (0, [], 3)
