"""Check that the page shows covers, each requested once, and that an invalid picture affects only itself.

Half of the albums have pictures at Spotify, the others those of their recordings on YouTube Music.
"""

from __future__ import annotations

import gzip
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from benchmarks.bounds.measuring import COMMAND, ResourceUsage, measure_command
from benchmarks.pictures import CENTRAL_TRACK
from benchmarks.serving import installed_browser, serving
from benchmarks.streamed.proof import Checks
from tests.fakes import http_server, pictures, spotify_server, youtube_music_server
from tests.fakes.pictures import MEGABYTE
from tests.fakes.spotify_library import FakeLibrary, FakePlaylist, playlist_row, spotify_id, stamp, track_json
from tests.support.command import report
from tests.support.pages import PAINTED_PIXELS, TEST_MODE
from tests.support.streaming import UNTHROTTLED, Services, services

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

TRACKS_PER_ALBUM: Final = 2
EVERY: Final = 9
"""One in this many albums of each service has an invalid picture."""
ANSWERED: Final = 0.125
"""Share of the albums whose picture each service delivers in the first build before it refuses further requests."""
PAUSE_S: Final = 1
MAX_MIB: Final = 300
"""Bound for the largest process of a build without analysis."""
HTML: Final = b"<!doctype html><title>Please log in</title>"
OFTEN: Final = 1_000_000
SETTLE_MS: Final = 250
MAX_STEPS: Final = 30
"""Wheel steps until covers replace points."""


@dataclass(frozen=True)
class Wrong:
    """A response in place of a valid picture."""

    name: str
    content: bytes = b""
    content_type: str = "image/jpeg"
    status: int = 200
    more: tuple[tuple[str, str], ...] = ()

    @property
    def headers(self) -> dict[str, str]:
        """The content type, and the target of a redirect."""
        return {"Content-Type": self.content_type, **dict(self.more)}


def all_wrong() -> tuple[Wrong, ...]:
    """Return one of each kind. One compressed response unpacks to 64 MB, and one picture decodes to 5 GB."""
    return (
        Wrong("a page", HTML, "text/html"),
        Wrong("a page that calls itself a picture", HTML),
        Wrong("30 MB", pictures.cover("huge") + bytes(30 * MEGABYTE)),
        Wrong("a decompression bomb", pictures.png_of_nothing(40_000, 40_000), "image/png"),
        Wrong("packed zeros", gzip.compress(bytes(64 * MEGABYTE)), more=(("Content-Encoding", "gzip"),)),
        Wrong("leads to ftp", status=302, more=(("Location", "ftp://127.0.0.1/a.jpg"),)),
        Wrong("leads to a file", status=302, more=(("Location", "file:///etc/passwd"),)),
        Wrong("leads to another host", status=302, more=(("Location", "https://covers.example/a.jpg"),)),
        Wrong("refused", status=403),
        Wrong("gone", status=404),
        Wrong("half a picture", pictures.cover("half")[:300]),
    )


def prove_covers(count: int, folder: Path) -> int:
    """Build three times, check the page and print the findings; return 1 if anything is not as expected."""
    library = make_up(count)
    albums = list(dict.fromkeys(row["track"]["album"]["name"] for row in library.saved))
    with services(library, folder) as running:
        running.spotify.shows_covers = running.music.shows_covers = True
        running.spotify.coverless = frozenset(spotify_id("album", name) for name in albums[1::2])
        checks = three_builds(running, albums)
    print(f"covers, {count} tracks of {len(albums)} albums", *checks.lines, sep="\n", flush=True)
    return 1 if checks.failures else 0


def make_up(count: int) -> FakeLibrary:
    """Generate a library of small albums."""
    tracks = []
    for number in range(count):
        album = number // TRACKS_PER_ALBUM
        tracks.append(track_json(f"Song {number:04}", [f"Artist {album // 3}"], album=f"Album {album}"))
    rows = [playlist_row(track, stamp(place)) for place, track in enumerate(tracks[::3])]
    return FakeLibrary.of(tracks, [FakePlaylist("Every third", rows)])


def three_builds(running: Services, albums: list[str]) -> Checks:
    """Run three builds: the hosts refuse further requests; some pictures are invalid; no request is left."""
    checks, wrong = Checks(), spoil(running, albums)
    asks_for_a_pause: dict[str, Any] = {
        "status": 429, "headers": {"Retry-After": str(PAUSE_S)}, "path": "/image/", "times": OFTEN,
        "after": round(ANSWERED * len(albums)),
    }  # fmt: skip
    running.spotify.faults.insert(0, spotify_server.Fault(**asks_for_a_pause))
    running.music.faults.insert(0, http_server.Fault(**asks_for_a_pause))
    build(checks, running, "no more wanted (429)")
    covers = report(running.folder)["covers"]
    checks.equal("  left for the next build: most", covers["missing"]["later"] > len(albums) // 3, True)
    del running.spotify.faults[0], running.music.faults[0]
    time.sleep(PAUSE_S + 1)
    used = build(checks, running, "wrong pictures")
    checks.equal("  memory within its bound", used.peak_mib < MAX_MIB, True)
    covers = report(running.folder)["covers"]
    checks.lines.append(f"       {covers}")
    checks.equal("  missing: only those of wrong pictures", sum(covers["missing"].values()), len(wrong))
    checks.equal("  of kinds", len(set(wrong.values())), len(all_wrong()))
    checks.equal("  on the map", report(running.folder)["mapped"], len(running.spotify.library.saved))
    shipped = list((running.folder / "site/art").iterdir())
    checks.equal("  pictures in the site", len(shipped), len(albums) - len(wrong))
    checks.lines.append(f"       {sum(one.stat().st_size for one in shipped) / len(shipped):.0f} bytes each")
    checks.equal("  each asked for once at most", picture_request_count(running) <= len(albums), True)
    build(checks, running, "another build")
    checks.equal("  asked for pictures", picture_request_count(running), 0)
    with serving(running.folder / "site") as address:
        look(checks, address, wrong)
    return checks


def spoil(running: Services, albums: list[str]) -> dict[str, str]:
    """Replace every ninth picture of each service with an invalid one; return the kinds by album."""
    kinds, spoiled = all_wrong(), {}
    for number, album in enumerate(albums[: 2 * EVERY * len(kinds)]):
        if (number // 2) % EVERY != EVERY // 2:
            continue
        kind = kinds[number // 2 // EVERY]
        spoiled[album] = kind.name
        is_spotify = number % 2 == 0
        name = spotify_id("album", album) if is_spotify else youtube_music_server.image_name(album)
        if is_spotify:
            running.spotify.faults.append(
                spotify_server.Fault(
                    status=kind.status, headers=kind.headers, content=kind.content, path=f"/image/{name}", times=OFTEN
                )
            )
        else:
            running.music.faults.append(
                http_server.Fault(
                    status=kind.status, headers=kind.headers, body=kind.content, path=f"/image/{name}", times=OFTEN
                )
            )
    return spoiled


def build(checks: Checks, running: Services, label: str) -> ResourceUsage:
    """Run the real command, and record and return its cost."""
    running.spotify.requests.clear()
    running.music.requests.clear()
    command = (*COMMAND, "--source", "spotify", "--embedder", "musicnn", "--log", "json")
    used = measure_command(command, running.folder, {**running.environment, **UNTHROTTLED, "SPOTMAP_JOBS": "2"})
    checks.lines.append(
        f"{label}: {used.wall_s:.0f} s, {used.cpu_s:.0f} s of processors, largest process {used.peak_mib:.0f} MiB, "
        f"asked for pictures {picture_request_count(running)}"
    )
    return used


def picture_request_count(running: Services) -> int:
    """Return the number of picture requests to both services in the last build."""
    to_music = sum("/image/" in request.path for request in running.music.requests)
    return len(running.spotify.requests_for("/image/")) + to_music


def look(checks: Checks, address: str, wrong: dict[str, str]) -> None:
    """Check the page in Chromium: card, zoomed-in points, list."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed_browser())
        page = browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
        complaints: list[str] = []
        page.on(
            "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "request", lambda asked: None if asked.url.startswith((address, "data:")) else complaints.append(asked.url)
        )
        page.goto(address + TEST_MODE)
        page.wait_for_selector("html[data-state=ready]")
        titles = _titles(page)
        for service, parity, edge_px in (("Spotify's", 0, 160), ("YouTube Music's", 1, 120)):
            title = next(
                title for title in titles if _album(title) % 2 == parity and f"Album {_album(title)}" not in wrong
            )
            checks.equal(f"the card shows {service} cover", _on_card(page, titles, title), ("/art/", edge_px))
        spoiled = [title for title in titles if f"Album {_album(title)}" in wrong]
        shown = {wrong[f"Album {_album(title)}"]: _on_card(page, titles, title)[0] for title in spoiled}
        checks.equal("the card shows a placeholder for each wrong one", set(shown.values()), {"data:"})
        checks.lines.append(f"       {', '.join(sorted(shown))}")
        _look_closer(checks, page)
        checks.equal("complaints of the page, requests elsewhere", complaints, [])
        browser.close()


def _look_closer(checks: Checks, page: Page) -> None:
    page.keyboard.press("Escape")
    page.locator("#map").focus()
    page.keyboard.press("0")
    page.locator("#lasso-button").click()
    page.get_by_role("button", name="Select all in view").click()
    page.wait_for_timeout(1_000)
    rows = page.locator(".picks-art").count()
    with_cover = page.evaluate(
        "[...document.querySelectorAll('.picks-art img')].filter((one) => one.naturalWidth).length"
    )
    checks.lines.append(f"       rows of the list that are there: {rows}")
    checks.equal("  most of them with a cover", with_cover > rows * 2 // 3, True)
    page.keyboard.press("Escape")
    page.mouse.move(*page.evaluate(CENTRAL_TRACK))
    layer = page.locator("canvas[data-layer='covers']")
    steps = 0
    while not layer.is_visible() and steps < MAX_STEPS:
        page.mouse.wheel(0, -240)
        page.wait_for_timeout(SETTLE_MS)
        steps += 1
    page.wait_for_timeout(1_000)
    painted = page.evaluate(f"({PAINTED_PIXELS})('covers')") if layer.is_visible() else 0
    checks.lines.append(f"       pixels of covers in the place of points: {painted}")
    checks.equal("  covers in the place of points", painted > 2_000, True)


def _on_card(page: Page, titles: list[str], title: str) -> tuple[str, int]:
    """Return the source of the picture on a track's card, and its width in pixels."""
    page.locator("#search input").fill(title)
    page.locator(f"#found [data-track='{titles.index(title)}']").click()
    page.wait_for_timeout(SETTLE_MS)
    source, width = page.evaluate(
        """async () => {
          const image = document.querySelector("#card img.card-art");
          await image.decode();
          return [image.src, image.naturalWidth];
        }"""
    )
    return next(kind for kind in ("data:", "/art/", "") if kind in source), width


def _titles(page: Page) -> list[str]:
    """Return the titles in the map's order."""
    titles: str = page.evaluate(
        """async () => {
          const text = await fetch(`data/${document.documentElement.dataset.generation}/text.json`);
          return (await text.json()).titles;
        }"""
    )
    return titles.split("\n")


def _album(title: str) -> int:
    return int(title.split()[1]) // TRACKS_PER_ALBUM
