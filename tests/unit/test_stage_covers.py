"""Covers are downloaded once from the hosts of services, and a failed one affects no other."""

from __future__ import annotations

import gzip
import io
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pytest
from PIL import Image

from spotmap_build.acquire import album_covers
from spotmap_build.acquire.album_covers import CoverFetcher, Missing
from spotmap_build.cache import store
from spotmap_build.cache.errors import CacheReadOnly
from spotmap_build.cache.keys import Key
from spotmap_build.cache.memo import Cached
from spotmap_build.cache.store import Cache
from spotmap_build.config import Config
from spotmap_build.core.http import Limits
from spotmap_build.core.image_addresses import ImageHosts
from spotmap_build.core.rate_limiting import FAILURES_IN_A_ROW
from spotmap_build.model import Recording, Track
from spotmap_build.progress import make_progress
from spotmap_build.report import encode_map_cost
from spotmap_build.run import MapCost
from spotmap_build.stages import Clock, Embedded, Run, add_covers
from spotmap_build.stages.covers import Covered
from tests.fakes import http_server, pictures
from tests.fakes.http_server import Fault, HttpServer, Request, Response, serving
from tests.fakes.pictures import MEGABYTE


@dataclass
class ImageServer(HttpServer):
    """Serves the configured response for a path, or else a cover."""

    answers: dict[str, Response] = field(default_factory=dict)

    def respond(self, request: Request) -> Response:
        return self.answers.get(request.place) or Response(pictures.cover(request.place), "image/jpeg")

    @property
    def places(self) -> list[str]:
        return sorted(request.place for request in self.requests)


@pytest.fixture
def server() -> Iterator[ImageServer]:
    running = ImageServer()
    with serving(running):
        yield running


@pytest.fixture(autouse=True)
def no_rate_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the rate limit, which is for real services."""
    monkeypatch.setattr(album_covers, "PER_S", 1_000.0)


@dataclass
class Builds:
    """Builds that run only the stage for covers and share a cache."""

    folder: Path
    server: ImageServer
    now_unix_s: float = 0.0
    elapsed_s: float = 0.0
    """Time since the build began."""

    def __call__(self, *addresses: str, **settings: Any) -> Covered:
        """Build a library with one track per URL; a path stands for a URL of the server."""
        self.server.requests.clear()
        tracks = [
            Track(f"t{number}", "Song", art_url=f"{self.server.url}{address}" if address.startswith("/") else address)
            for number, address in enumerate(addresses)
        ]
        return self.of_tracks(*tracks, **settings)

    def of_tracks(self, *tracks: Track, **settings: Any) -> Covered:
        config = Config(**{"spotify_api_url": f"{self.server.url}/v1/", **settings})
        embedded = Embedded(tracks, (), Cached("digest", lambda: pytest.fail("nothing is read of the sound")), "none")
        with self.cache() as cache:
            clock = Clock(time.monotonic() - self.elapsed_s)
            return add_covers(Run(config, cache, make_progress("json"), clock), embedded)

    @contextmanager
    def cache(self) -> Iterator[Cache]:
        with Cache.open(self.folder / "cache", clock=lambda: time.time() + self.now_unix_s) as opened:
            yield opened

    def picture(self, digest: str) -> Image.Image:
        with self.cache() as cache:
            return Image.open(io.BytesIO(cache.read_blob(digest)))


@pytest.fixture
def build(tmp_path: Path, server: ImageServer) -> Builds:
    return Builds(tmp_path, server)


@contextmanager
def fetcher(build: Builds, **bounds: Any) -> Iterator[CoverFetcher]:
    """Yield the fetcher that the stage uses."""
    hosts = ImageHosts(frozenset({"127.0.0.1"}))
    with build.cache() as cache:
        yield CoverFetcher(Run(Config(), cache, make_progress("json"), Clock()), hosts, **bounds)


def test_no_cover_is_fetched_in_the_time_reserved_for_publishing(build: Builds, tmp_path: Path) -> None:
    settings: dict[str, Any] = {"out": tmp_path / "site", "time_limit_s": 1000}
    cost = encode_map_cost(MapCost(5_000.0, 1, "fresh", is_first=True))  # so that half of the time is reserved
    Config(**settings).report_path.write_bytes(orjson.dumps(cost))
    build.elapsed_s = 600
    assert build("/a", **settings).missing == {"later": 1}
    assert build.server.requests == []
    build.elapsed_s = 0
    assert build("/a", **settings).missing == {}


def test_each_url_is_requested_once_and_becomes_a_small_webp(build: Builds) -> None:
    covered = build("/a", "/b", "/a", "/a")
    assert build.server.places == ["/a", "/b"]
    digests = [track.art_digest for track in covered.embedded.tracks]
    assert digests[0] == digests[2] == digests[3] != digests[1]
    assert (covered.wanted, covered.missing, covered.notices) == (2, {}, ())
    picture = build.picture(digests[0])
    assert (picture.format, picture.size) == ("WEBP", (160, 160))
    assert "image/webp" in build.server.requests[0].headers["Accept"]


def test_second_build_requests_no_cover(build: Builds) -> None:
    first = build("/a", "/b")
    second = build("/b", "/a")
    assert build.server.requests == []
    assert second.embedded.tracks[1].art_digest == first.embedded.tracks[0].art_digest != ""


def test_track_with_its_own_picture_needs_no_download(build: Builds) -> None:
    own = Track("a", "Song", art_digest="0" * 64, art_url=f"{build.server.url}/a")
    assert build.of_tracks(own).embedded.tracks == (own,)
    assert build.server.requests == []


@pytest.mark.parametrize("settings", [{"offline": True}, {"fetch_covers": False}])
def test_no_cover_is_requested_offline_or_if_disabled(build: Builds, settings: dict[str, bool]) -> None:
    covered = build("/a", **settings)
    assert build.server.requests == []
    assert [track.art_digest for track in covered.embedded.tracks] == [""]


def test_offline_build_shows_downloaded_covers_and_counts_the_rest(build: Builds) -> None:
    build("/a")
    covered = build("/a", "/b", offline=True)
    assert [bool(track.art_digest) for track in covered.embedded.tracks] == [True, False]
    assert covered.notices == ("1 of 2 covers is missing: 1 not asked for, to stay offline.",)
    assert build.server.requests == []


def test_downloaded_covers_are_not_shown_if_disabled(build: Builds) -> None:
    build("/a")
    assert build("/a", fetch_covers=False).embedded.tracks[0].art_digest == ""


def redirect(target: str) -> Response:
    return Response(b"", status=302, headers={"Location": target})


HTML = b"<!doctype html><title>Welcome to the hotel's network</title>"
ZEROS = gzip.compress(bytes(16 * MEGABYTE))
TROUBLES: dict[str, tuple[Response, str]] = {
    "refused": (Response(b"", status=403), "unreachable"),
    "server error": (Response(b"", status=503), "unreachable"),
    "gone": (Response(b"", status=404), "gone"),
    "HTML": (Response(HTML, "text/html"), "unusable"),
    "HTML labeled as a picture": (Response(HTML, "image/jpeg"), "unusable"),
    "JSON error": (Response(b'{"error": 1}'), "unusable"),
    "nothing": (Response(b"", "image/jpeg"), "unusable"),
    "a bomb": (Response(pictures.png_of_nothing(40_000, 40_000), "image/png"), "unusable"),
    "a compressed bomb": (Response(ZEROS, "image/png", headers={"Content-Encoding": "gzip"}), "unusable"),
    "truncated picture": (Response(pictures.cover("a")[:300], "image/jpeg"), "unusable"),
    "SVG": (Response(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"), "unusable"),
    "to another host": (redirect("https://covers.example/a.jpg"), "unusable"),
    "to another scheme": (redirect("ftp://127.0.0.1/a.jpg"), "unusable"),
    "to a file": (redirect("file:///etc/passwd"), "unusable"),
    "to another name of this host": (redirect("http://localhost/a.jpg"), "unusable"),
    "to an invalid URL": (redirect("http://[/"), "unusable"),
    "redirect loop": (redirect("?"), "unusable"),
}


def test_failed_picture_affects_no_other(build: Builds) -> None:
    """All pictures are in one batch: the worker that makes thumbnails starts once and survives each of them."""
    build.server.answers |= {f"/bad{number}": answer for number, (answer, _) in enumerate(TROUBLES.values())}
    addresses = [f"{build.server.url}/{name}" for number in range(len(TROUBLES)) for name in (f"bad{number}", number)]
    with fetcher(build) as covers:
        found = [what for _, what in covers.fetch(addresses)]
    codes = {name: what.code for name, what in zip(TROUBLES, found[::2], strict=True) if isinstance(what, Missing)}
    assert codes == {name: code for name, (_, code) in TROUBLES.items()}
    assert all(isinstance(what, bytes) for what in found[1::2])


@pytest.mark.parametrize("name", ["refused", "gone", "a bomb", "to another host"])
def test_failed_picture_is_reported_and_remembered(build: Builds, name: str) -> None:
    build.server.answers["/bad"], code = TROUBLES[name]
    covered = build("/bad", "/good")
    assert [bool(track.art_digest) for track in covered.embedded.tracks] == [False, True]
    assert covered.missing == {code: 1}
    assert covered.notices[0].startswith("1 of 2 covers is missing: 1 ")
    again = build("/bad", "/good")
    assert build.server.requests == []
    assert (again.missing, again.notices) == (covered.missing, covered.notices)


@pytest.mark.parametrize("kind", ["reset", "cut"])
def test_broken_connection_affects_one_picture(build: Builds, kind: Any) -> None:
    build.server.faults.append(Fault(kind, path="/bad"))
    covered = build("/bad", "/good")
    assert covered.missing == {"unreachable": 1}
    build.now_unix_s = 2 * 3_600
    assert build("/bad", "/good").missing == {}
    assert build.server.places == ["/bad"]


def test_redirect_within_the_hosts_is_followed(build: Builds) -> None:
    build.server.answers["/a"] = redirect("/b")
    assert build("/a").embedded.tracks[0].art_digest
    assert build.server.places == ["/a", "/b"]


def test_retry_requests_missing_covers_again(build: Builds) -> None:
    build.server.answers["/a"] = Response(b"", status=404)
    build("/a")
    del build.server.answers["/a"]
    assert build("/a").missing == {"gone": 1}
    assert build("/a", retry=True).missing == {}


def test_url_of_an_unknown_host_is_not_requested(build: Builds) -> None:
    elsewhere = f"http://localhost:{build.server.url.rpartition(':')[2]}/a"
    covered = build(elsewhere, "https://covers.example/a.jpg", "/a")
    assert covered.missing == {"elsewhere": 2}
    assert build.server.places == ["/a"]
    assert covered.notices == ("2 of 3 covers are missing: 2 at an address that is not asked for covers.",)


def test_oversized_picture_is_not_downloaded_completely(build: Builds) -> None:
    build.server.answers["/huge"] = Response(pictures.cover("a") + bytes(30 * MEGABYTE), "image/jpeg")
    tracemalloc.start()
    covered = build("/huge")
    max_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert covered.missing == {"unusable": 1}
    assert max_bytes < 25 * MEGABYTE


def test_host_that_refuses_gets_no_more_requests(build: Builds) -> None:
    build.server.faults.append(Fault("status", status=429, headers={"Retry-After": "500"}, path="/", times=10_000))
    covered = build(*(f"/{number}" for number in range(40)))
    assert len(build.server.requests) <= album_covers.THREADS
    assert sum(covered.missing.values()) == 40
    assert "127.0.0.1 is refusing requests for covers for now (HTTP 429). It can be tried again" in covered.notices[1]
    build("/40")
    assert build.server.requests == []
    build.now_unix_s = 600
    build.server.faults.clear()
    assert build("/40").missing == {}


def test_host_that_fails_repeatedly_gets_no_more_requests(build: Builds) -> None:
    build.server.faults.append(Fault("status", status=500, path="/", times=10_000))
    covered = build(*(f"/{number}" for number in range(20)))
    assert len(build.server.requests) <= FAILURES_IN_A_ROW + album_covers.THREADS
    assert covered.missing["later"] >= 20 - len(build.server.requests)
    assert covered.notices[1] == "The covers at 127.0.0.1 cannot be fetched (HTTP 500)."
    build.server.faults.clear()
    assert not build(*(f"/{number}" for number in range(20))).missing.get("later")


def test_slow_download_is_given_up(build: Builds) -> None:
    build.server.answers["/slow"] = Response(bytes(20_000), "image/jpeg")
    build.server.faults.append(Fault("slow", path="/slow", pause_s=0.1))
    with fetcher(build, limits=Limits(silence_s=20, total_s=0.3, body_bytes=MEGABYTE)) as covers:
        address = f"{build.server.url}/slow"
        assert list(covers.fetch([address])) == [(address, album_covers.UNREACHABLE)]


def test_closing_does_not_wait_for_a_silent_host(build: Builds, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "STALL_S", 600)  # waiting for it would exceed the timeout of the test
    build.server.faults.append(Fault("stall", path="/stall", times=9))
    addresses = [f"{build.server.url}/{name}" for name in ("a", *(f"stall{number}" for number in range(9)))]
    with fetcher(build, limits=Limits(silence_s=600, total_s=600)) as covers:
        fetched = covers.fetch(addresses)
        assert isinstance(next(fetched)[1], bytes)
        fetched.close()


@pytest.mark.parametrize("bound", ["TOTAL_S", "MAX_REQUESTS"])
def test_covers_beyond_the_limits_are_left_for_the_next_build(
    build: Builds, bound: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(album_covers, bound, 0)
    with fetcher(build) as covers:
        assert [found for _, found in covers.fetch([f"{build.server.url}/a"])] == [album_covers.LATER]
    assert build.server.requests == []


def test_read_only_cache_prevents_only_the_covers(build: Builds, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise CacheReadOnly("The cache cannot be written.")

    monkeypatch.setattr(store.Cache, "put_blob", refuse)
    assert build("/a", "/b").missing == {"later": 2}


def test_record_without_a_picture_is_requested_again(build: Builds) -> None:
    with build.cache() as cache:
        cache.put(Key("album-cover", 1, {"address": f"{build.server.url}/a"}), {}, seconds=0.0)
    assert build("/a").embedded.tracks[0].art_digest


def test_lost_picture_is_requested_again(build: Builds, tmp_path: Path) -> None:
    digest = build("/a").embedded.tracks[0].art_digest
    for blob in (tmp_path / "cache/cas").rglob(f"*{digest[4:]}*"):
        blob.unlink()
    assert build("/a").embedded.tracks[0].art_digest == digest
    assert build.server.places == ["/a"]


def test_recording_without_a_cover_gets_its_youtube_thumbnail(build: Builds, monkeypatch: pytest.MonkeyPatch) -> None:
    requested: list[str] = []

    def fetch(_: CoverFetcher, addresses: list[str]) -> Generator[tuple[str, bytes | Missing]]:
        requested.extend(addresses)
        yield from ((address, b"picture") for address in addresses)

    monkeypatch.setattr(CoverFetcher, "fetch", fetch)
    recording = Recording("digest", video_id="abcdefghijk")
    without_cover, with_cover = (
        Track("a", "Song", recording=recording),
        Track("b", "Song", art_url="/b", recording=recording),
    )
    found = build.of_tracks(without_cover, with_cover, Track("c", "Song"))
    assert requested == ["https://i.ytimg.com/vi/abcdefghijk/mqdefault.jpg"]
    assert [bool(track.art_digest) for track in found.embedded.tracks] == [True, False, False]
    assert build.of_tracks(without_cover, ytmusic_url="http://127.0.0.1:1/").wanted == 0, (
        "thumbnails need YouTube's own endpoint"
    )


def test_build_without_missing_covers_imports_no_client_and_no_decoder(build: Builds) -> None:
    """Whether it has no covers or a thousand in the cache."""
    build("/a")
    program = f"""
import sys
from pathlib import Path
from spotmap_build.cache.store import Cache
from spotmap_build.config import Config
from spotmap_build.model import Track
from spotmap_build.progress import make_progress
from spotmap_build.stages import Clock, Embedded, Run, add_covers
embedded = Embedded((Track("a", "Song", art_url={f"{build.server.url}/a"!r}),), (), "", "none", None)
with Cache.open(Path({str(build.folder / "cache")!r})) as cache:
    covered = add_covers(Run(Config(), cache, make_progress("json"), Clock()), embedded)
print(covered.missing, [name for name in ("PIL", "numpy", "requests") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "{} []\n"


def noise(edge_px: int) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((edge_px, edge_px), 120).convert("RGB").save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def test_three_thousand_covers_fit_into_eighteen_megabytes(build: Builds) -> None:
    """Noise compresses worst. The rest of a site with 5,000 tracks is less than 2 MB."""
    build.server.answers["/a"] = Response(noise(300), "image/jpeg")
    digest = build("/a").embedded.tracks[0].art_digest
    with build.cache() as cache:
        assert 3_000 * len(cache.read_blob(digest)) < 18_000_000
