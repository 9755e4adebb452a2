"""Open a page in Chromium, move its map as a hand would, and measure times."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

PROBE: Final = (Path(__file__).parent / "probe.js").read_text(encoding="utf-8")
WINDOW: Final[ViewportSize] = {"width": 1280, "height": 800}
SHOWN: Final = "performance.getEntriesByName('map-shown')[0].startTime"
READY_TIMEOUT_MS: Final = 180_000
FLAGS: Final = ("--no-sandbox", "--enable-precise-memory-info", "--enable-unsafe-swiftshader")
TRACE: Final = ("cc",)
HOVERS: Final = 400
VISITS: Final = 9
"""Number of first visits, each with an empty browser cache. A single visit would be too noisy."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The measurements of one page; times in milliseconds, None if they do not apply.

    ``shown_ms``: time from the start of each visit until the map is shown. ``cpu_ms``: processor time of each frame in
    the main thread. ``work_ms``: its wall-clock time, which includes interruptions by other programs. ``interval_ms``:
    time from one frame to the next.
    """

    shown_ms: Sequence[float] | None
    cpu_ms: Sequence[float]
    work_ms: Sequence[float]
    interval_ms: Sequence[float]
    hover_ms: Sequence[float] | None
    longest_task_ms: float | None
    heap_mib: float


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that a ``share`` (0..1) of the values does not exceed."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def measure(browser: Browser, url: str, surface: str, *, is_ours: bool) -> Figures:
    """Open ``url`` and measure it; ``surface`` selects the element that receives pointer events."""
    shown_ms = [_shown(browser, url) for _ in range(VISITS)] if is_ours else None
    page = browser.new_page(viewport=WINDOW)
    try:
        page.add_init_script(PROBE)
        page.goto(url)
        page.wait_for_selector("html[data-state=ready]", timeout=READY_TIMEOUT_MS)
        page.wait_for_timeout(2500)  # background work after the page is ready
        longest_task_ms = None
        if is_ours:
            shown_at_ms = page.evaluate(SHOWN)
            tasks = page.evaluate("probe.longTasks")
            later = (task["duration_ms"] for task in tasks if task["start_ms"] > shown_at_ms)
            longest_task_ms = max(later, default=0.0)
        times = page.evaluate("(surface) => probe.gestures(surface)", surface)
        cpu_ms = _traced(browser, page, surface)
        hover_ms = page.evaluate(f"(surface) => probe.hovers(surface, {HOVERS})", surface) if is_ours else None
        heap_mib = page.evaluate("performance.memory.usedJSHeapSize") / 2**20
        return Figures(shown_ms, cpu_ms, times["work_ms"], times["interval_ms"], hover_ms, longest_task_ms, heap_mib)
    finally:
        page.close()


def _shown(browser: Browser, url: str) -> float:
    """Return the milliseconds until the map is shown on a first visit."""
    context = browser.new_context(viewport=WINDOW)
    try:
        page = context.new_page()
        page.goto(url)
        page.wait_for_selector("html[data-state=ready]", timeout=READY_TIMEOUT_MS)
        return float(page.evaluate(SHOWN))
    finally:
        context.close()


def _traced(browser: Browser, page: Page, surface: str) -> list[float]:
    """Repeat the gestures with the browser's tracing on; return the main thread's processor time per frame."""
    browser.start_tracing(page=page, categories=list(TRACE))
    page.evaluate("(surface) => probe.gestures(surface)", surface)
    events: list[dict[str, Any]] = json.loads(browser.stop_tracing())["traceEvents"]
    frames = [event for event in events if event["name"] == "ProxyMain::BeginMainFrame" and "tdur" in event]
    by_process: dict[int, list[float]] = {}
    for event in frames:
        by_process.setdefault(event["pid"], []).append(event["tdur"] / 1000)
    return max(by_process.values(), key=len)
