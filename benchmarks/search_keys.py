"""``python -m benchmarks.search_keys SITE``: the response time of a built site's search per key, in Chromium."""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.serving import installed_browser, serving

READY_TIMEOUT_MS: Final = 120_000
WARM_UP_MS: Final = 3_000
"""Time for the page to load the titles and build its search index."""
BETWEEN_KEYS_MS: Final = 200
ANSWER_MS: Final = """async (typed) => {
  const input = document.querySelector("#search input");
  const status = document.querySelector(".search-status");
  const said = new Promise((done) => new MutationObserver(done).observe(status, { childList: true }));
  const start = performance.now();
  input.value = typed;
  input.dispatchEvent(new Event("input"));
  const held = performance.now() - start;
  await said;
  return [performance.now() - start, held];
}"""
"""Types a key and waits for the number of results: the total time, and how long the key blocked the page.
(The map is drawn afterwards, in slices that do not block the page.)"""


def time_keys(site: Path, text: str) -> list[tuple[float, float]]:
    """Return for each key of ``text`` the milliseconds until its results are shown, and those that block the page."""
    from playwright.sync_api import sync_playwright

    with serving(site) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed_browser())
        try:
            page = browser.new_page()
            page.goto(address)
            page.wait_for_selector("html[data-state=ready]", timeout=READY_TIMEOUT_MS)
            page.keyboard.press("/")
            page.wait_for_timeout(WARM_UP_MS)
            spent_ms = []
            for length in range(1, len(text) + 1):
                until_ms, held_ms = page.evaluate(ANSWER_MS, text[:length])
                spent_ms.append((float(until_ms), float(held_ms)))
                page.wait_for_timeout(BETWEEN_KEYS_MS)
            return spent_ms
        finally:
            browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search_keys", description=__doc__)
    parser.add_argument("site", type=Path, help="the folder of a built site")
    parser.add_argument("--text", default="river gla", help="text to type  [%(default)s]")
    arguments = parser.parse_args()
    spent_ms = time_keys(arguments.site, arguments.text)
    for name, times in zip(("list there", "page held up"), zip(*spent_ms, strict=True), strict=True):
        print(f"{name}: first key {times[0]:.1f} ms, median {median(times):.1f} ms, at most {max(times):.1f} ms")


if __name__ == "__main__":
    main()
