"""The site of the tutorial in a real browser, served by several kinds of hosts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenViewer, Viewer
from tests.fakes.http_server import serving
from tests.fakes.s3_server import S3Server
from tests.support import tutorial as tutorial_commands
from tests.support.command import spotmap
from tests.support.nginx import find_nginx, nginx
from tests.support.pages import Site

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("demo")]


@pytest.fixture(scope="module")
def tutorial(web_root: tuple[Path, str]) -> dict[str, str]:
    """The output of the tutorial's commands, run in a served folder."""
    (web_root[0] / "demo").mkdir()
    return tutorial_commands.follow(web_root[0] / "demo")


@pytest.fixture(scope="module")
def demo(web_root: tuple[Path, str], tutorial: dict[str, str]) -> Site:
    """The site of the demo library on a plain server."""
    return Site(web_root[0] / "demo/my-map/site", f"{web_root[1]}demo/my-map/site/")


NGINX = find_nginx()
GZIP = "gzip on; gzip_min_length 0; gzip_types text/css text/javascript application/json image/svg+xml;"


@pytest.fixture(params=["nginx", "nginx below a path, with gzip", "S3"])
def hosted(request: pytest.FixtureRequest, demo: Site, tmp_path: Path) -> Iterator[Site]:
    """The same site on another host."""
    if request.param == "S3":
        with on_s3(demo.folder) as url:
            yield Site(demo.folder, url)
    elif NGINX is None:
        pytest.skip("nginx is not installed (`make engines` installs it if possible)")
    else:
        served, state = tmp_path / "root", tmp_path / "state"
        state.mkdir()
        place, directives = ("a/b/", GZIP) if "gzip" in request.param else ("", "")
        deploy(demo.folder, served / place)
        with nginx(NGINX, served, state, directives) as url:
            yield Site(served / place, f"{url}{place}")


@contextmanager
def on_s3(built: Path) -> Iterator[str]:
    """Deploy the site to a fake S3 server and yield its website URL."""
    pytest.importorskip("s3fs", reason="s3fs is not installed: pip install 'spotmap-build[s3]'")
    server = S3Server()
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
    with serving(server):
        deploy(built, "s3://maps/a/b", "--endpoint-url", server.url, extra=keys)
        yield f"{server.url}/maps/a/b/"


def deploy(site: Path, *to: object, extra: Mapping[str, str] | None = None) -> None:
    done = spotmap("deploy", site, "--to", *to, cwd=site.parent, extra=extra)
    assert done.status == 0, done.stderr


def test_demo_has_clusters_playlists_all_tracks_and_search(open_viewer: OpenViewer, demo: Site) -> None:
    viewer = open_viewer(site=demo)
    page, card = viewer.page, viewer.page.locator("#card")
    assert viewer.visible_count() == 105
    expect(page.locator("h1")).to_have_text("My first map")
    # The map of one person has no tab for libraries.
    expect(page.locator("[data-color-by]")).to_have_count(3)
    expect(page.locator("[data-color-by]:visible")).to_have_text(["Clusters", "Playlists"])
    entries = page.locator(".legend-list > li")
    assert 6 <= entries.count() <= 20
    page.locator('[data-color-by="playlist"]').click()
    assert entries.count() >= 8
    page.locator(".legend-list button").first.click()
    assert viewer.visible_count() < 105, "a playlist is hidden"
    page.locator("[data-action='show-all']").click()
    page.mouse.move(*viewer.position_of(20))
    expect(card.locator(".card-title")).not_to_be_empty()
    title = card.locator(".card-title").inner_text()
    page.mouse.move(5, 795)
    page.keyboard.press("/")
    page.keyboard.type(title)
    page.keyboard.press("Enter")
    expect(card.locator(".card-title")).to_have_text(title)
    assert viewer.state("pinned") >= 0


def test_site_works_and_can_be_installed_as_an_app(open_viewer: OpenViewer, demo: Site) -> None:
    check_site(open_viewer(site=demo))


def test_site_works_on_other_hosts(open_viewer: OpenViewer, hosted: Site) -> None:
    check_site(open_viewer(site=hosted))


def check_site(viewer: Viewer) -> None:
    """Check that the browser gets the map, the details of a track, the web app manifest and its icons."""
    page, card = viewer.page, viewer.page.locator("#card")
    assert viewer.visible_count() == 105
    page.mouse.move(*viewer.position_of(50))
    expect(card.locator(".card-title")).not_to_be_empty()
    expect(card).to_contain_text("BPM")
    x, y = viewer.position_of(50)
    page.mouse.move(700, 400)
    page.mouse.wheel(0, -400)
    viewer.wait_until(f"String(spotmap.positionOf(50)) !== '{x},{y}'")
    manifest = page.context.new_cdp_session(page).send("Page.getAppManifest")
    assert manifest["url"] == f"{viewer.site.url}manifest.webmanifest"
    assert manifest["errors"] == []
    icons = [icon["src"] for icon in json.loads(manifest["data"])["icons"]]
    assert icons == ["icon-192.png", "icon-512.png"]
    assert all(page.request.get(viewer.site.url + icon).ok for icon in icons)


def test_hostile_titles_do_not_run_scripts(open_viewer: OpenViewer, web_root: tuple[Path, str], tmp_path: Path) -> None:
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
