"""The site that a reader of the tutorial builds, from several kinds of hosts, in a real browser."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Viewer
from tests.fakes.http_server import serving
from tests.fakes.s3_server import S3Server
from tests.support import tutorial as tutorial_commands
from tests.support.command import spotmap
from tests.support.nginx import find_nginx, nginx
from tests.support.pages import Site

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("demo")]
OpenViewer = Callable[..., Viewer]


@pytest.fixture(scope="module")
def tutorial(web_root: tuple[Path, str]) -> dict[str, str]:
    """What the tutorial's commands printed, run in a folder that is served."""
    (web_root[0] / "demo").mkdir()
    return tutorial_commands.follow(web_root[0] / "demo")


NGINX = find_nginx()
HOSTS = ("plain", "nginx", "nginx below a path, with gzip", "S3")
GZIP = "gzip on; gzip_min_length 0; gzip_types text/css text/javascript application/json image/svg+xml;"


@pytest.fixture(scope="module", params=HOSTS)
def demo(
    request: pytest.FixtureRequest,
    web_root: tuple[Path, str],
    tutorial: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """The demo library as a site, where a host serves it."""
    root, url = web_root
    built = root / "demo/my-map/site"
    if request.param == "plain":
        yield Site(built, f"{url}demo/my-map/site/")
    elif request.param == "S3":
        with on_s3(built) as url:
            yield Site(built, url)
    elif NGINX is None:
        pytest.skip("nginx is not installed (`make engines` fetches it where it can)")
    else:
        served, state = tmp_path_factory.mktemp("root"), tmp_path_factory.mktemp("state")
        place, directives = ("a/b/", GZIP) if "gzip" in request.param else ("", "")
        deploy(built, served / place)
        with nginx(NGINX, served, state, directives) as url:
            yield Site(served / place, f"{url}{place}")


@contextmanager
def on_s3(built: Path) -> Iterator[str]:
    """The site's address at a server that speaks S3, as it serves a bucket as a website."""
    pytest.importorskip("s3fs", reason="s3fs is not installed: pip install 'spotmap-build[s3]'")
    server = S3Server()
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
    with serving(server):
        deploy(built, "s3://maps/a/b", "--endpoint-url", server.url, extra=keys)
        yield f"{server.url}/maps/a/b/"


def deploy(site: Path, *to: object, extra: Mapping[str, str] | None = None) -> None:
    done = spotmap("deploy", site, "--to", *to, cwd=site.parent, extra=extra)
    assert done.status == 0, done.stderr


def test_the_demo_has_regions_playlists_and_every_track(open_viewer: OpenViewer, demo: Site) -> None:
    viewer = open_viewer(site=demo)
    assert viewer.visible_count() == 105
    expect(viewer.page.locator("h1")).to_have_text("My first map")
    entries = viewer.page.locator(".legend-list > li")
    assert 6 <= entries.count() <= 20
    viewer.page.locator('[data-color-by="playlist"]').click()
    assert entries.count() >= 8


def test_a_browser_may_keep_it_as_an_app(open_viewer: OpenViewer, demo: Site) -> None:
    page = open_viewer(site=demo).page
    said = page.context.new_cdp_session(page).send("Page.getAppManifest")
    assert said["url"] == f"{demo.url}manifest.webmanifest"
    assert said["errors"] == []
    icons = [icon["src"] for icon in json.loads(said["data"])["icons"]]
    assert icons == ["icon-192.png", "icon-512.png"]
    assert all(page.request.get(demo.url + icon).ok for icon in icons)


def test_one_persons_map_has_no_tab_for_libraries(open_viewer: OpenViewer, demo: Site) -> None:
    viewer = open_viewer(site=demo)
    expect(viewer.page.locator("[data-color-by]")).to_have_count(3)
    expect(viewer.page.locator("[data-color-by]:visible")).to_have_text(["Clusters", "Playlists"])


def test_pointing_at_a_track_tells_its_title_and_measured_features(open_viewer: OpenViewer, demo: Site) -> None:
    viewer = open_viewer(site=demo)
    viewer.page.mouse.move(*viewer.position_of(50))
    card = viewer.page.locator("#card")
    expect(card).to_be_visible()
    expect(card.locator(".card-title")).not_to_be_empty()
    expect(card).to_contain_text("BPM")


def test_a_playlist_can_be_toggled(open_viewer: OpenViewer, demo: Site) -> None:
    viewer = open_viewer(site=demo)
    viewer.page.locator('[data-color-by="playlist"]').click()
    before = viewer.visible_count()
    viewer.page.locator(".legend-list button").first.click()
    assert viewer.visible_count() < before


def test_searching_flies_to_the_track(open_viewer: OpenViewer, demo: Site) -> None:
    viewer = open_viewer(site=demo)
    viewer.page.mouse.move(*viewer.position_of(20))
    title = viewer.page.locator("#card .card-title").inner_text()
    viewer.page.mouse.move(5, 795)
    viewer.page.keyboard.press("/")
    viewer.page.keyboard.type(title)
    viewer.page.keyboard.press("Enter")
    expect(viewer.page.locator("#card .card-title")).to_have_text(title)
    assert viewer.state("pinned") >= 0


def test_the_wheel_zooms(open_viewer: OpenViewer, demo: Site) -> None:
    viewer = open_viewer(site=demo)
    x, y = viewer.position_of(50)
    viewer.page.mouse.move(700, 400)
    viewer.page.mouse.wheel(0, -400)
    viewer.page.wait_for_function(
        f"(() => {{ const [x, y] = spotmap.positionOf(50); return x !== {x} || y !== {y}; }})()"
    )


def test_nothing_in_hostile_titles_runs(open_viewer: OpenViewer, web_root: tuple[Path, str], tmp_path: Path) -> None:
    root, url = web_root
    hostile = [
        "<script>window.broken=1</script>",
        "<img src=x onerror=window.broken=1>",
        "'\"><svg/onload=window.broken=1>",
    ]
    rows = "".join(f'"{title.replace(chr(34), chr(34) * 2)}",{n},{n * n}\n' for n, title in enumerate(hostile * 5))
    (tmp_path / "t.csv").write_text("title,x,y\n" + rows)
    outcome = spotmap("--source", "table:t.csv", "--title", hostile[0], "--out", root / "hostile", cwd=tmp_path)
    assert outcome.status == 0, outcome.stderr
    viewer = open_viewer(site=Site(root / "hostile", f"{url}hostile/"))
    viewer.page.mouse.click(*viewer.position_of(7))
    expect(viewer.page.locator("#card")).to_contain_text("window.broken")
    viewer.page.keyboard.press("/")
    viewer.page.keyboard.type("broken")
    expect(viewer.page.locator("#found li").first).to_be_visible()
    assert viewer.page.evaluate("window.broken") is None
