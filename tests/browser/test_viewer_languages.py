"""The page in other languages: all text is translated, nothing is cut off on a phone, right-to-left layout works."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from spotmap_build.core.language import LANGUAGES
from tests.browser.conftest import OpenViewer, Viewer
from tests.fakes.sample_site import GENERATION, write_sample_site
from tests.support.pages import Site

pytestmark = pytest.mark.browser
PHONE = {"width": 390, "height": 844}
PSEUDO = "eo"
"""A language that browsers support but the page does not; these tests make its catalog."""
MARK = "\N{WORD JOINER}"
"""An invisible character around all texts of the pseudo-language. Visible text without it is not translated."""
UNTRANSLATABLE = re.compile(
    r"[\W\d_]*(?: (?:BPM|LUFS|Hz|LU|dB|min))?"  # numbers, signs, units
    r"|\d{4} M\d\d \d\d"  # days, as browsers write them in this language
    r"|\w+(?: \w+)? country"  # what the sample calls its regions
    r"|(?:PNG|SVG|CSV|M3U|JSPF|Spotify|YouTube Music|BPM|LUFS|Hz|LU|dB|min)"  # names of formats, services and units
    r"|[A-G][♯♭]?m?(?: · [A-G][♯♭]?m)?"  # keys on the circle of fifths
)
VISIBLE_TEXTS = """() => {
  const apart = "[translate=no], [aria-hidden=true], .visually-hidden, noscript, script, style";
  const shown = (node) => node.checkVisibility({ visibilityProperty: true }) && !node.closest(apart);
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (node.data.trim() && shown(node.parentElement)) texts.push(node.data.trim());
  }
  for (const name of ["aria-label", "title", "placeholder"]) {
    for (const node of document.querySelectorAll(`[${name}]`)) if (shown(node)) texts.push(node.getAttribute(name));
  }
  return texts;
}"""
"""Returns all visible or spoken text except the library's names."""
CUT_OFF = """() => {
  const cut = [];
  const edge = document.documentElement.clientWidth;
  for (const node of document.querySelectorAll("body *")) {
    if (!node.checkVisibility({ visibilityProperty: true })) continue;
    if (node.closest("[translate=no], .journey-step, .visually-hidden, .table-scroll, svg, canvas, option")) continue;
    if (node.closest(".collection:not([hidden]) ~ :is(.picks-exports, .journey)")) continue; // Rows to be swiped.
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    if (!own) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const text = range.getBoundingClientRect();
    if (text.width === 0) continue;
    const said = `${node.textContent.trim().slice(0, 60)} (${node.className || node.tagName})`;
    if (text.left < -1 || text.right > edge + 1) cut.push(`beyond the window: ${said}`);
    for (let box = node; box && box !== document.body; box = box.parentElement) {
      const { overflowX, display } = getComputedStyle(box);
      if (display === "inline") continue;
      const { left, right } = box.getBoundingClientRect();
      if (overflowX === "hidden" || overflowX === "clip" || box === node) {
        if (text.left < left - 1 || text.right > right + 1) cut.push(`beyond its box: ${said}`);
        break;
      }
    }
  }
  return [...new Set(cut)];
}"""
"""Returns text that is wider than its container."""


def pseudo(text: str) -> str:
    """Return a text in the pseudo-language with its placeholders."""
    return f"{MARK}{text}{MARK}" if text.strip(" ;,") else text


@pytest.fixture
def own_site(web_root: tuple[Path, str], tmp_path: Path) -> Site:
    """A new sample site with a listening history."""
    root, url = web_root
    write_sample_site(root / tmp_path.name, tracks=300, has_history=True)
    return Site(root / tmp_path.name, f"{url}{tmp_path.name}/")


@pytest.fixture
def pseudo_site(own_site: Site) -> Site:
    """A sample site with a right-to-left catalog of the pseudo-language."""
    folder = own_site.folder / "data" / GENERATION
    catalog = json.loads((folder / f"language.{LANGUAGES[1]}.json").read_text("utf-8"))
    texts = {
        key: pseudo(key.rpartition("\x04")[2]) if isinstance(text, str) else [pseudo(part) for part in (key, key)]
        for key, text in catalog["texts"].items()
    }
    document = {**catalog, "language": PSEUDO, "dir": "rtl", "plural": {"one": 0, "other": 1}, "texts": texts}
    (folder / f"language.{PSEUDO}.json").write_text(json.dumps(document), "utf-8")
    page = own_site.folder / "index.html"
    page.write_text(page.read_text("utf-8").replace('data-languages="', f'data-languages="{PSEUDO} '), "utf-8")
    return own_site


def scenes(viewer: Viewer) -> Iterator[str]:
    """Open all parts of the page one after the other; yield the name of each."""
    page = viewer.page
    narrow = page.viewport_size is not None and page.viewport_size["width"] < 720
    yield "the map"
    if narrow:
        page.locator("#legend-handle").click()
    about = page.locator(".about summary").last
    about.click()
    yield "the legend"
    page.locator("[data-color-by='playlist']").click()
    page.locator(".legend-about").first.click()
    expect(page.locator(".insight .alike-list").first).to_be_visible()
    expect(page.locator(".unmade")).to_be_visible()
    yield "a playlist"
    page.locator("[data-color-by='cluster']").click()
    expect(page.locator(".legend .about").first).to_be_visible()
    page.locator(".legend-list .legend-toggle").first.click()
    yield "a filter"
    page.locator("[data-action='show-all']").click()
    for trait in ("feature.mode", "since", "feature.tempo", "added_at"):
        page.locator(".more select").select_option(trait)
        viewer.wait_until(f"spotmap.state().colorBy === '{trait}'")
        yield trait
    page.locator(".size-by select").select_option("feature.tempo")
    expect(page.locator(".size-sample").first).to_be_visible()
    yield "sizes"
    page.locator(".size-by select").select_option("")
    page.locator("#listening summary").click()
    expect(page.locator("#listening .alike-row").first).to_be_visible()
    yield "listening history"
    page.locator(".listening-ways button").first.click()
    viewer.wait_until("spotmap.state().colorBy === 'heat'")
    yield "colors by plays"
    page.locator("#listening summary").click()
    page.locator("#table-button").click()
    expect(page.locator("#table [role=row]").nth(1)).to_be_visible()
    yield "a table"
    page.keyboard.press("Escape")
    expect(page.locator("#table")).to_be_hidden()
    page.locator("#people-button").click()
    expect(page.locator(".tool-share").first).to_be_visible()
    yield "two people"
    page.locator("#tool header button").click()
    page.locator("[data-color-by='cluster']").click()
    if narrow:
        page.locator("#legend-handle").click()
    page.locator("#search input").fill("river")
    expect(page.locator(".found-title").first).to_be_visible()
    yield "names"
    page.locator("#search input").fill("quiet or jazz, not slow")
    expect(page.locator(".said-means").last).not_to_be_empty()
    yield "a description"
    page.locator("#search input").fill("zzzzz")
    yield "nothing found"
    page.locator("#search input").fill("river")
    page.locator("[data-action='select-found']").click()
    page.locator("[data-action='order']").click()
    expect(page.locator(".journey-hard li").first).to_be_attached()
    page.locator(".journey-hard summary").click()
    yield "a journey"
    page.locator("[data-action='copy-link']").click()
    expect(page.locator(".picks-status")).not_to_be_empty()
    yield "a note on the selection"
    page.locator("#picks [data-action='clear']").click()
    for button in ("lasso-button", "picture-button"):
        page.locator(f"#{button}").click()
        yield button
        page.keyboard.press("Escape")
    page.locator("#timeline-button").click()
    expect(page.locator("#map .trail")).to_be_visible()
    yield "time"
    page.locator("#timeline [data-action='close']").click()
    page.locator("#axes-button").click()
    page.locator("#axes select").first.select_option("feature.tempo")
    viewer.wait_until("spotmap.state().axes !== null")
    yield "axes"
    page.locator("#axes [data-action='close']").click()
    pin(viewer)
    yield "a card"
    page.locator(".alike .card-action").nth(1).click()
    expect(page.locator("#tool [data-track]").first).to_be_visible()
    yield "alchemy"
    page.locator("#tool header button").click()
    for names in (".card-artists", ".card-album"):
        pin(viewer)
        page.locator(f"{names} .name-button").first.click()
        expect(page.locator(".collection-name")).to_be_visible()
        yield names
        page.locator("#picks [data-action='clear']").click()
    pin(viewer)
    page.locator(".alike .card-action").first.click()
    expect(page.locator("#path-hint")).to_be_visible()
    yield "a path"


def pin(viewer: Viewer) -> None:
    """Pin a track and wait for all details on its card."""
    page = viewer.page
    page.locator("#search input").fill("river")
    page.locator("#found [data-track]").first.click()
    expect(page.locator(".alike-kept")).to_be_visible()
    expect(page.locator(".card .bars")).to_be_visible()


def open_in_language(open_viewer: OpenViewer, language: str, **more: Any) -> Viewer:
    return open_viewer(locale=language, permissions=["clipboard-write"], **more)


def untranslated(page: Page) -> set[str]:
    """Return the visible text that is not from the catalog."""
    texts = {text.replace("\u00a0", " ") for text in page.evaluate(VISIBLE_TEXTS)}
    return {text for text in texts if MARK not in text and not UNTRANSLATABLE.fullmatch(text)}


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_no_text_is_cut_off_on_a_phone(open_viewer: OpenViewer, own_site: Site, language: str) -> None:
    viewer = open_in_language(open_viewer, language, site=own_site, viewport=PHONE)
    expect(viewer.page.locator("html")).to_have_attribute("lang", language)
    found = {f"{scene}: {text}" for scene in scenes(viewer) for text in viewer.page.evaluate(CUT_OFF)}
    assert not found
    assert viewer.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("size", [PHONE, {"width": 1280, "height": 800}])
def test_all_text_is_translated_and_fits_from_right_to_left(
    open_viewer: OpenViewer, pseudo_site: Site, size: dict[str, int]
) -> None:
    viewer = open_in_language(open_viewer, PSEUDO, site=pseudo_site, viewport=size)
    page = viewer.page
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    missing: dict[str, str] = {}
    cut_off = set()
    for scene in scenes(viewer):
        missing |= {text: scene for text in untranslated(page) if text not in missing}
        cut_off |= {f"{scene}: {text}" for text in page.evaluate(CUT_OFF)}
        if scene == "a filter":
            row = page.locator(".legend-list .legend-toggle").first
            name, count = row.locator(".legend-name").bounding_box(), row.locator(".legend-count").bounding_box()
            assert name is not None
            assert count is not None
            assert count["x"] < name["x"], "rows are laid out from right to left"
    assert not missing, sorted(missing.items())
    assert not cut_off
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_english_fetches_no_catalog(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(locale="en-GB")
    requested = viewer.page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    assert not [name for name in requested if "translate" in name or "language" in name]
    expect(viewer.page.locator("html")).to_have_attribute("lang", "en")


@pytest.mark.parametrize(
    ("locale", "query", "language"),
    [
        ("de-CH", "", "de"),
        ("fr-FR", "", "en"),
        ("de-DE", "&lang=ja", "ja"),
        ("de-DE", "&lang=en", "en"),
        ("en-US", "&lang=es-MX", "es"),
        ("de-DE", "&lang=tlh", "de"),
    ],
)
def test_language_is_that_of_the_browser_unless_the_url_sets_another(
    open_viewer: OpenViewer, locale: str, query: str, language: str
) -> None:
    viewer = open_viewer(locale=locale, link=query)
    expect(viewer.page.locator("html")).to_have_attribute("lang", language)


def test_numbers_dates_and_generated_sentences_are_localized(
    open_viewer: OpenViewer, sample: Callable[[int], Site]
) -> None:
    viewer = open_viewer(locale="de-DE", site=sample(1200))
    page = viewer.page
    expect(page.locator(".summary span").first).to_have_text("1.200 Titel")
    expect(page.locator("#axes-summary")).to_have_text("nach rechts: schneller; nach oben: heller")
    page.locator(".about summary").last.click()
    expect(page.locator(".about dt").first).to_have_text(re.compile(r"Vertrauenswürdigkeit\s*0,91"))
    page.locator(".more select").select_option("added_at")
    expect(page.locator(".range-ends output").first).to_have_text(re.compile(r"^\d\d\.\d\d\.\d{4}$"))
    page.locator("[data-color-by='playlist']").click()
    page.locator(".legend-about").first.click()
    expect(page.locator(".insight").first).to_contain_text("deutlich ähnlicher als zufällig gewählte: 42%")
    expect(page.locator(".insight").first).to_contain_text("schneller (172 BPM gegenüber 95 BPM)")


def test_page_is_in_english_if_the_catalog_is_missing(open_viewer: OpenViewer, copied_site: Site) -> None:
    (copied_site.folder / "data" / GENERATION / "language.de.json").unlink()
    viewer = open_viewer(locale="de-DE", site=copied_site)
    expect(viewer.page.locator("[data-action='show-all']")).to_have_text("Show all")
    viewer.complaints.expect("404")
