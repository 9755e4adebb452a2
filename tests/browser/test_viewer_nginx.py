"""A real nginx shows a new build at the next visit, with Debian's configuration and with long cache times."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.test_viewer_delivery import raise_network_timeout, visit, wait_until_cached
from tests.fakes.next_sample_site import republish
from tests.fakes.sample_site import GENERATION, write_sample_site
from tests.support.nginx import find_nginx, nginx
from tests.support.patience import patience

NGINX = find_nginx()
MONTH_S = 30 * 24 * 3600
YEAR = "expires 1y; gzip on; gzip_types text/css text/javascript application/json image/svg+xml;"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(NGINX is None, reason="nginx is not installed (`make engines` installs it if possible)"),
]


@pytest.fixture(params=[True, False], ids=["with a worker", "without a worker"])
def page(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    """A page with and without a service worker; plain HTTP in a local network allows none."""
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, service_workers="allow" if request.param else "block"
    )
    context.set_default_timeout(patience() * 1000)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize(
    ("directives", "place"), [("", ""), (YEAR, "a/b/")], ids=["plain", "cached for a year, below a path"]
)
def test_new_build_is_shown_at_the_next_visit(page: Page, tmp_path: Path, directives: str, place: str) -> None:
    root = tmp_path / "root"
    folder = root / place
    state = tmp_path / "state"
    state.mkdir()
    write_sample_site(folder, tracks=300)
    raise_network_timeout(folder)
    published_s = time.time() - MONTH_S  # nginx sends Last-Modified; browsers cache files for a tenth of their age
    for path in folder.rglob("*"):
        os.utime(path, (published_s, published_s))
    assert NGINX
    with nginx(NGINX, root, state, directives) as address:
        with page.expect_response(lambda response: response.url.endswith("map.json")) as answer:
            visit(page, address + place)
        assert (answer.value.header_value("content-encoding") == "gzip") == bool(directives)
        if page.evaluate("navigator.serviceWorker.getRegistration().then(Boolean)"):
            wait_until_cached(page, GENERATION)
        expect(page.locator("#age")).to_have_text("Built 30 days ago.")
        page.goto("about:blank")
        republish(folder)
        visit(page, address + place)
        expect(page.locator("h1")).to_have_text("A newer library")
        expect(page.locator("#age")).to_be_empty()
