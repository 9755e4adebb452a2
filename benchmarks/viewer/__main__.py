"""Measure the viewer on sites of several sizes, compared with a plain page and a WebGL page, and print a table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.serving import installed_browser, serving
from benchmarks.viewer.measure import FLAGS, Figures, measure, percentile
from benchmarks.viewer.pages import PEERS, data_path, peers, site

TIMES: Final = ("shown", "cpu", "work", "frame", "hover")


def main() -> int:
    arguments = _arguments()
    from playwright.sync_api import sync_playwright

    work: Path = arguments.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    sites = {tracks: site(work, tracks) for tracks in arguments.tracks}
    peer_pages = peers(work) if arguments.peer_tracks else {}
    installed = installed_browser()
    _print_row(
        ("page", "tracks", *(cell for name in TIMES for cell in (f"{name} p50", "p95")), "longest task", "JS MiB")
    )
    with serving(work) as address, sync_playwright() as playwright:
        for tracks, path in sites.items():
            browser = playwright.chromium.launch(executable_path=installed, args=list(FLAGS))
            _print_figures("the viewer", tracks, measure(browser, address + path, "#map", is_ours=True))
            browser.close()
        for tracks in arguments.peer_tracks:
            for name, path in peer_pages.items():
                browser = playwright.chromium.launch(executable_path=installed, args=list(FLAGS))
                url = f"{address}{path}?data=/{data_path(work, tracks)}"
                _print_figures(PEERS[name], tracks, measure(browser, url, "canvas", is_ours=False))
                browser.close()
    return 0


def _print_figures(name: str, tracks: int, figures: Figures) -> None:
    def both(values: Sequence[float] | None) -> tuple[str, str]:
        return ("", "") if values is None else (f"{percentile(values, 0.5):.1f}", f"{percentile(values, 0.95):.1f}")

    def one(value: float | None) -> str:
        return "" if value is None else f"{value:.0f}"

    times = (figures.shown_ms, figures.cpu_ms, figures.work_ms, figures.interval_ms, figures.hover_ms)
    cells = [cell for values in times for cell in both(values)]
    _print_row((name, f"{tracks:,}", *cells, one(figures.longest_task_ms), one(figures.heap_mib)))


def _print_row(cells: Sequence[str]) -> None:
    print("| " + " | ".join(cells) + " |", flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.viewer", description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/viewer"), help="folder for sites and peers")
    parser.add_argument("--tracks", type=int, nargs="*", default=[5_000, 100_000, 1_000_000], help="sizes of the sites")
    parser.add_argument(
        "--peer-tracks",
        type=int,
        nargs="*",
        default=[100_000],
        help="sizes of the peers; none: no peers",
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
