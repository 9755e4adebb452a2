"""``python -m benchmarks.long_tasks SITE``: the longest task of each user action on a built site, in Chromium.

A task blocks everything else on the page until it ends. Users notice its wall-clock time; its processor time can be
compared on a shared machine.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from benchmarks.serving import installed_browser, serving
from benchmarks.viewer.measure import WINDOW

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

READY_TIMEOUT_MS: Final = 180_000
QUIET_MS: Final = 400
"""A page with no task longer than a frame during this time has finished."""
FIRST_MS: Final = 200
"""Time for the requested work to begin."""
MAX_WAIT_MS: Final = 60_000
TYPED: Final = "river gla"
CATEGORIES: Final = ("toplevel", "disabled-by-default-devtools.timeline", "devtools.timeline")
TASK: Final = "RunTask"
TO_MIDDLE: Final = "(it) => { it.scrollTop = it.scrollHeight / 2; }"
PROBE: Final = """() => {
  window.lastTask_ms = performance.now();
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) window.lastTask_ms = startTime + duration;
  }).observe({ type: "longtask" });
}"""


@dataclass(frozen=True, slots=True)
class Task:
    """The longest task of an action, in milliseconds."""

    wall_ms: float
    cpu_ms: float


def _typing(typed: str) -> Callable[[Page], object]:
    """Return an action that types into the search; a leading slash opens it."""
    return lambda page: page.locator("body").press_sequentially(typed, delay=200)


def _drag_slider(page: Page) -> None:
    box = page.locator("#timeline input").bounding_box()
    if not box:
        return
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] - 4, y)
    page.mouse.down()
    for step in range(10):
        page.mouse.move(box["x"] + box["width"] * (0.9 - step / 12), y)
        page.wait_for_timeout(100)
    page.mouse.up()


def _lasso(page: Page) -> None:
    page.keyboard.down("Shift")
    page.mouse.move(500, 200)
    page.mouse.down()
    for x, y in ((900, 200), (900, 600), (500, 600), (500, 210)):
        page.mouse.move(x, y, steps=5)
    page.mouse.up()
    page.keyboard.up("Shift")


def _choose(page: Page, place: str, label: str) -> None:
    page.locator(f"#legend {place} select").select_option(label=label)


ACTIONS: Final[Sequence[tuple[str, Callable[[Page], object]]]] = (
    ("press / for the search", lambda page: page.keyboard.press("/")),
    *((f"type {key!r}", _typing(key)) for key in TYPED),
    ("clear the search", lambda page: page.keyboard.press("Escape")),
    ("describe: short 90s", _typing("/short 90s")),
    ("select what was found", lambda page: page.locator("[data-action='select-found']").click()),
    ("clear the selection", lambda page: page.locator("#picks [data-action='clear']").click()),
    ("color by playlists", lambda page: page.locator("[data-color-by='playlist']").click()),
    ("switch a playlist off", lambda page: page.locator(".legend-list .legend-toggle").first.click()),
    ("show all", lambda page: page.locator("[data-action='show-all']").click()),
    ("color by year", lambda page: _choose(page, ".more", "Year")),
    ("move a handle of its filter", lambda page: page.locator(".range-handles input").first.press("PageUp")),
    ("show all", lambda page: page.locator("[data-action='show-all']").click()),
    ("color by genre", lambda page: _choose(page, ".more", "Genres")),
    ("size by length", lambda page: _choose(page, ".size-by", "Length")),
    ("one size", lambda page: _choose(page, ".size-by", "Size by …")),
    ("color by clusters", lambda page: page.locator("[data-color-by='cluster']").click()),
    ("switch a cluster off", lambda page: page.locator(".legend-list .legend-toggle").first.click()),
    ("show all", lambda page: page.locator("[data-action='show-all']").click()),
    ("open the time slider", lambda page: page.locator("#timeline-button").click()),
    ("move the time slider", _drag_slider),
    ("close the time slider", lambda page: page.locator("#timeline [data-action='close']").click()),
    ("draw around tracks", _lasso),
    ("order them as a journey", lambda page: page.locator("[data-action='order']").click(timeout=1000)),
    ("clear the selection", lambda page: page.locator("#picks [data-action='clear']").click()),
    ("open the table", lambda page: page.locator("#table-button").click()),
    ("sort by artist", lambda page: page.locator("#table [data-sort='artist']").click()),
    ("sort by year", lambda page: page.locator("#table [data-sort='year']").click()),
    ("scroll to its middle", lambda page: page.locator(".table-scroll").evaluate(TO_MIDDLE)),
    ("filter it by a word", _typing("/love")),
    ("clear the search", lambda page: page.keyboard.press("Escape")),
    ("close the table", lambda page: page.locator("#table [data-action='close']").click()),
    ("axes: open", lambda page: page.locator("#axes-button").click()),
    ("axes: close", lambda page: page.locator("#axes [data-action='close']").click()),
    ("pin a track by Enter", lambda page: page.locator("#map").press("Enter")),
    ("find a path", lambda page: page.get_by_role("button", name="Path").first.click(timeout=1000)),
    ("... to another track", lambda page: page.mouse.click(800, 300)),
    ("switch the theme", lambda page: page.locator("#theme").click()),
    ("open what saves pictures", lambda page: page.locator("#picture-button").click()),
    ("save a picture", lambda page: page.locator("[data-picture=seen]").click()),
)


def measure_tasks(browser: Browser, url: str) -> list[tuple[str, Task | None]]:
    """Perform all actions one after the other; None for those that this site does not support."""
    from playwright.sync_api import Error

    page = browser.new_page(viewport=WINDOW, reduced_motion="reduce")
    page.set_default_timeout(10_000)
    rows: list[tuple[str, Task | None]] = []
    try:
        page.goto(url)
        page.wait_for_selector("html[data-state=ready]", timeout=READY_TIMEOUT_MS)
        page.evaluate(PROBE)
        _settle(page)
        for name, act in ACTIONS:
            browser.start_tracing(page=page, categories=list(CATEGORIES))
            done = False
            with suppress(Error):
                act(page)
                done = True
            _settle(page)
            task = _longest(json.loads(browser.stop_tracing())["traceEvents"])
            rows.append((name, task if done else None))
            print(f"| {name} | " + (f"{task.wall_ms:.0f} | {task.cpu_ms:.0f} |" if done else "| |"), flush=True)
        return rows
    finally:
        page.close()


def _settle(page: Page) -> None:
    page.wait_for_timeout(FIRST_MS)
    for _ in range(MAX_WAIT_MS // QUIET_MS):
        page.wait_for_timeout(QUIET_MS)
        if page.evaluate(f"performance.now() - lastTask_ms > {QUIET_MS}"):
            return


def _longest(events: list[dict[str, Any]]) -> Task:
    mains = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    own = (event for event in events if (event["pid"], event["tid"]) in mains)
    tasks = [event for event in own if event["name"] == TASK and "dur" in event]
    longest = max(tasks, key=lambda event: event.get("tdur", 0), default={"dur": 0, "tdur": 0})
    return Task(longest["dur"] / 1000, longest.get("tdur", 0) / 1000)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.long_tasks", description=__doc__)
    parser.add_argument("site", type=Path, help="the folder of a built site")
    arguments = parser.parse_args()
    from playwright.sync_api import sync_playwright

    print("| action | longest task, ms | processor time |\n|---|---|---|")
    with serving(arguments.site) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed_browser())
        try:
            measure_tasks(browser, address)
        finally:
            browser.close()


if __name__ == "__main__":
    main()
