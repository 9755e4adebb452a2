"""Accessibility and robustness: keyboard, screen readers, contrast, window sizes, print, no scripts, hostile names."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import LARGE, PHONE, OpenViewer, Viewer, launch
from tests.fakes.sample_site import GENERATION
from tests.support.pages import Site

pytestmark = pytest.mark.browser
FOUND_TRACK = "#found [role=option]:not(.found-collection)"
"""Artists and albums have the same names as tracks here and are listed first."""
AXE = Path(__file__).resolve().parents[2] / "node_modules/axe-core/axe.min.js"
PANELS = (
    "#masthead", "#legend", "#controls", "#card", "#picks", "#player", "#timeline", "#axes", "#lasso-hint", "#picture",
    "#table", "#tool",
)  # fmt: skip


COLOR_RULES = "['color-contrast', 'link-in-text-block']"
"""The rules of axe that check colors."""


def violations_in_both_themes(viewer: Viewer) -> list[str]:
    """Return axe's violations in the light theme, and those of color rules in the dark theme."""
    found = violations(viewer.page)
    viewer.page.emulate_media(color_scheme="dark")
    viewer.wait_until("document.documentElement.dataset.theme === 'dark'")
    return found + violations(viewer.page, f", runOnly: {COLOR_RULES}")


RUN_AXE = """axe.run({ resultTypes: ["violations"]OPTIONS }).then(({ violations }) =>
  violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`)))"""
"""Returns only violations; the passed checks are a thousand times more."""


def violations(page: Page, options: str = "") -> list[str]:
    """Return axe's violations; the script is evaluated by the driver, because the page's policy forbids it."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(RUN_AXE.replace("OPTIONS", options))
    return found


def _open_all_panels(viewer: Viewer) -> None:
    page = viewer.page
    page.locator("#timeline-button").click()
    page.mouse.click(*viewer.position_of(viewer.track_in_view(2)))
    page.get_by_role("button", name="Nearby").click()
    expect(page.locator(".card-facts")).to_be_visible()
    expect(page.locator(".picks-time").first).to_be_visible()


@pytest.mark.parametrize(
    "scene",
    [
        "map",
        "everything",
        "number",
        "search",
        "described",
        "phone",
        "playlist",
        "journey",
        "picture",
        "artist",
        "people",
        "alchemy",
    ],
)
def test_axe_reports_no_violations(open_viewer: OpenViewer, scene: str) -> None:
    if not AXE.exists():
        pytest.skip("needs `npm ci`")
    size = {"width": 390, "height": 844} if scene == "phone" else {"width": 1280, "height": 800}
    viewer = open_viewer(color_scheme="light", viewport=size)
    page = viewer.page
    if scene == "everything":
        _open_all_panels(viewer)
    elif scene == "number":
        page.locator(".more select").select_option("feature.tempo")
        expect(page.locator(".range")).to_be_visible()
    elif scene == "search":
        page.keyboard.press("/")
        page.keyboard.type("river")
    elif scene == "described":
        page.locator("#search input").fill("quiet or jazz, not slow")
        expect(page.locator(".said-means").last).not_to_be_empty()
    elif scene == "phone":
        page.locator("#legend-handle").click()
    elif scene == "playlist":
        page.get_by_role("button", name="Playlists", exact=True).click()
        page.locator(".legend-about").first.click()
        expect(page.get_by_role("button", name="Select these")).to_be_visible()
        expect(page.locator(".unmade")).to_be_visible()
    elif scene == "journey":
        page.locator("#search input").fill("river")
        page.get_by_role("button", name="Select them").click()
        page.get_by_role("button", name="Order as a journey").click()
        page.locator(".journey-hard summary").click()
        expect(page.locator(".journey-hard li").first).to_be_visible()
    elif scene == "people":
        page.get_by_role("button", name="Two people").click()
        expect(page.locator(".tool-share").first).to_be_visible()
    elif scene == "alchemy":
        page.mouse.click(*viewer.position_of(viewer.track_in_view()))
        page.get_by_role("button", name="More of this").click()
        expect(page.locator("#tool [data-track]").first).to_be_visible()
    elif scene == "picture":
        page.locator("#picture-button").click()
    elif scene == "artist":
        page.locator("#search input").fill("okafor")
        page.locator(".found-collection").first.click()
        expect(page.locator(".collection-name")).to_be_visible()
    assert violations_in_both_themes(viewer) == []


def _tab_to(page: Page, selector: str, limit: int = 80) -> None:
    """Press Tab until a matching element has the focus."""
    for _ in range(limit):
        if page.locator(selector).evaluate_all("nodes => nodes.includes(document.activeElement)"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"Tab does not lead to {selector}")


def test_arrow_keys_move_between_tracks_and_enter_focuses_the_card(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    _tab_to(page, "#map")
    page.keyboard.press("Enter")
    first = viewer.state("pinned")
    assert first >= 0
    x, _ = viewer.position_of(first)
    page.keyboard.press("ArrowRight")
    second = viewer.state("pinned")
    assert second != first
    assert viewer.position_of(second)[0] > x
    expect(page.locator("#live")).to_contain_text("Pinned: ")
    page.keyboard.press("Enter")
    expect(page.locator("#card :focus")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("#map")).to_be_focused()
    assert viewer.state("pinned") == -1


def test_map_follows_the_track_chosen_by_arrow_keys(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    page.locator("#map").focus()
    for _ in range(6):
        page.keyboard.press("+")
    page.keyboard.press("Enter")
    for _ in range(12):
        page.keyboard.press("ArrowRight")
        x, y = viewer.position_of(viewer.state("pinned"))
        assert 0 < x < 1280
        assert 0 < y < 800


def test_keys_on_the_map_select_tracks(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    page.locator("#map").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("s")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("s")
    assert len(viewer.state("selected")) == 2
    expect(page.locator("#live")).to_have_text("2 tracks selected")
    page.keyboard.press("r")
    assert len(viewer.state("selected")) > 2


SWITCHES = (
    ("[data-color-by='playlist']", "Enter", "spotmap.state().colorBy === 'playlist'"),
    (".legend-toggle", "Space", "spotmap.visibleCount() < 300"),
    (".more select", "ArrowDown", "spotmap.state().colorBy === 'styles'"),
    (".size-by select", "ArrowDown", "spotmap.state().sizeBy !== ''"),
    ("#table-button", "Enter", "!document.getElementById('table').hidden"),
    ("[data-action='fit']", "Enter", "true"),
    ("#lasso-button", "Enter", "!document.getElementById('lasso-hint').hidden"),
    ("#timeline-button", "Enter", "!document.getElementById('timeline').hidden"),
    ("#picture-button", "Enter", "!document.getElementById('picture').hidden"),
    ("#theme", "Enter", "spotmap.state().theme === 'dark'"),
)


def test_all_controls_can_be_reached_by_tab(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    for selector, key, outcome in SWITCHES:
        _tab_to(viewer.page, selector)
        viewer.page.keyboard.press(key)
        viewer.wait_until(outcome)
        viewer.page.keyboard.press("Escape")


def test_selection_and_player_work_by_keyboard(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    page = viewer.page
    page.route("https://www.youtube-nocookie.com/**", lambda route: route.fulfill(status=200, body=""))
    _tab_to(page, "#lasso-button")
    page.keyboard.press("Enter")
    _tab_to(page, "[data-action='select-view']", limit=300)
    page.keyboard.press("Enter")
    assert len(viewer.state("selected")) > 100
    expect(page.locator(".picks-row [data-action='play']").first).to_be_visible()
    _tab_to(page, ".picks-names", limit=300)
    for _ in range(6):
        page.keyboard.press("ArrowDown")
        if page.locator(".picks-row:focus-within [data-action='play']").count():
            break
    _tab_to(page, ".picks-row [data-action='play']", limit=4)
    page.keyboard.press("Enter")
    expect(page.locator("#player")).to_be_focused()
    _tab_to(page, "#player [data-action='stop']")
    page.keyboard.press("Enter")
    expect(page.locator("#player")).to_be_hidden()
    viewer.complaints.expect("youtube-nocookie")


GAP_TO_CLOSE = """() => {
  const box = (part) => document.querySelector(part).getBoundingClientRect();
  const [title, close] = [box(".card-title"), box(".card-close")];
  return close.left - title.right;
}"""
"""Distance between the close button and a long title in the card: its end, or its beginning from right to left."""
LEGEND_TEXT_HEIGHT = "document.querySelector('.legend-name').getBoundingClientRect().height"


@pytest.mark.parametrize(
    "size", [(320, 568), (390, 844), (720, 1000), (844, 390), (1024, 768), (1280, 800), (2560, 1440), (3840, 2160)]
)
def test_panels_do_not_overlap_or_leave_the_window(open_viewer: OpenViewer, size: tuple[int, int]) -> None:
    width, height = size
    viewer = open_viewer(viewport={"width": width, "height": height})
    page = viewer.page
    assert page.evaluate("document.documentElement.scrollWidth") == width
    for part in ("#masthead", "#legend", "#controls"):
        expect(page.locator(part)).to_be_visible()
    text_height = page.evaluate(LEGEND_TEXT_HEIGHT)
    page.locator("#timeline-button").click()
    expect(page.locator("#timeline")).to_be_visible()
    _no_overlap(page, size)
    page.locator("#picture-button").click()
    _no_overlap(page, size)
    page.locator("#picture [data-action='cancel']").click()
    page.locator("#axes-button").click()
    _no_overlap(page, size)
    page.locator("#lasso-button").click()
    _no_overlap(page, size)
    page.get_by_role("button", name="Select all in view").click()
    _no_overlap(page, size)
    page.locator(".picks-names").first.click()
    expect(page.locator(".card-facts")).to_be_visible()
    _no_overlap(page, size)
    assert page.evaluate(GAP_TO_CLOSE) >= 0
    if width == 3840:  # text is larger on very large screens
        page.set_viewport_size({"width": 1280, "height": 800})
        viewer.wait_until(f"{text_height} > 1.3 * {LEGEND_TEXT_HEIGHT}")


@pytest.mark.parametrize("size", [(1100, 760), (1280, 800), (2560, 1440), (3840, 2160)])
def test_table_overlaps_no_panel_in_a_wide_window(open_viewer: OpenViewer, size: tuple[int, int]) -> None:
    viewer = open_viewer(viewport={"width": size[0], "height": size[1]})
    page = viewer.page
    page.locator("#table-button").click()
    expect(page.locator("#table")).to_be_visible()
    _no_overlap(page, size)
    page.locator("#timeline-button").click()
    expect(page.locator("#timeline")).to_be_visible()
    page.locator("#lasso-button").click()
    _no_overlap(page, size)
    page.get_by_role("button", name="Select all in view").click()
    page.locator("#table [data-track]").first.click()
    expect(page.locator(".card-facts")).to_be_visible()
    _no_overlap(page, size)


MIN_FONT_SIZE = "--blink-settings=minimumFontSize=20"
"""A browser setting for people who cannot read small text."""
COLLISIONS = """() => {
  const box = (selector) => document.querySelector(selector).getBoundingClientRect();
  const [panel, row] = [box(".legend"), box(".picks-row")];
  const [title, artists] = [box(".picks-title"), box(".picks-artists")];
  const [count, only] = [box(".legend-count"), box(".legend-only")];
  const buttons = [...document.querySelectorAll(".segments button:not([hidden])")];
  const tabs = buttons.map((tab) => tab.getBoundingClientRect());
  return [
    tabs.some(({ right }) => right > panel.right) && "tabs leave the panel",
    only.left < count.right && "only lies on the count",
    title.bottom > artists.top + 0.5 && "title and artists touch",
    (title.top < row.top - 0.5 || artists.bottom > row.bottom + 0.5) && "a row is cut",
  ].filter(Boolean);
}"""


def test_minimum_font_size_of_the_browser_causes_no_overlap(browser: Browser, sample: Callable[[int], Site]) -> None:
    large = launch(browser.browser_type, MIN_FONT_SIZE)
    page = large.new_page(viewport={"width": 1280, "height": 800}, has_touch=True, reduced_motion="reduce")
    page.goto(sample(300).page)
    page.wait_for_selector('html[data-state="ready"]')
    page.locator("#lasso-button").click()
    page.get_by_role("button", name="Select all in view").click()
    expect(page.locator(".picks-row").first).to_be_visible()
    assert float(page.locator(".legend-count").first.evaluate("(it) => it.getBoundingClientRect().height")) > 22
    assert page.evaluate(COLLISIONS) == []
    large.close()


BOXES = """(names) => Object.fromEntries(
  names
    .map((name) => [name, document.querySelector(name).getBoundingClientRect().toJSON()])
    .filter(([, box]) => box.height > 0),
)"""


def _no_overlap(page: Page, size: tuple[int, int]) -> None:
    # Measure all at the same time: a panel that opens may move others.
    boxes = page.evaluate(BOXES, list(PANELS))
    for name, box in boxes.items():
        assert box["x"] >= 0, name
        assert box["y"] >= 0, name
        assert box["x"] + box["width"] <= size[0], name
        assert box["y"] + box["height"] <= size[1] + 0.5, name
    # The card may cover other panels in small windows.
    fixed = [name for name in boxes if name != "#card" or size[0] >= 1280]
    for first, second in combinations(fixed, 2):
        a, b = boxes[first], boxes[second]
        are_separate = (
            a["x"] + a["width"] <= b["x"]
            or b["x"] + b["width"] <= a["x"]
            or a["y"] + a["height"] <= b["y"]
            or b["y"] + b["height"] <= a["y"]
        )
        assert are_separate, f"{first} and {second} overlap at {size}: {a} {b}"


HOSTILE = (
    "\u202egnp.exe \u202d reversed",
    "</script><script>window.broken=1</script>",
    "<img src=x onerror=window.broken=1>",
    "A" * 300,
    "🎷👩‍👩‍👧‍👦" * 30,
    "أغنية طويلة جدا عن البحر",
    "{{ 7 * 7 }} ${alert(1)} %s \\u0000",
)


@pytest.fixture
def hostile_site(copied_site: Site) -> Site:
    """The sample site with hostile names of tracks, artists, albums, groups and genres."""
    folder = copied_site.folder / "data" / GENERATION
    text = json.loads((folder / "text.json").read_text())
    titles = text["titles"].split("\n")
    titles[: len(HOSTILE)] = HOSTILE
    text["titles"] = "\n".join(titles)
    for number, name in enumerate(HOSTILE):
        text["artist_names"][number] = text["album_names"][number + 1] = name
    (folder / "text.json").write_text(json.dumps(text))
    document = json.loads((folder / "map.json").read_text())
    for kind in ("clusters", "playlists", "layers"):
        for group, name in zip(document[kind], HOSTILE, strict=False):
            group["name"] = name
    (folder / "map.json").write_text(json.dumps(document))
    details = json.loads((folder / "details-000.json").read_text())
    details["facets"]["genres"] = [HOSTILE[track % len(HOSTILE)] for track in range(300)]
    (folder / "details-000.json").write_text(json.dumps(details))
    return copied_site


@pytest.mark.parametrize("width", [320, 1280])
def test_hostile_names_are_shown_as_text_and_fit(open_viewer: OpenViewer, hostile_site: Site, width: int) -> None:
    viewer = open_viewer(site=hostile_site, viewport={"width": width, "height": 700})
    page = viewer.page
    if width < 720:
        page.locator("#legend-handle").click()
    for group in ("playlist", "layer", "cluster"):
        page.locator(f'[data-color-by="{group}"]').click()
    page.locator(".more select").select_option("facet.genres")
    expect(page.locator(".legend-name").first).to_be_visible()
    if width < 720:
        page.locator("#legend-handle").click()
    for title in HOSTILE:
        page.keyboard.press("/")
        page.keyboard.insert_text(title[:40])
        page.locator(FOUND_TRACK).first.click()
        expect(page.locator("#card .card-title")).to_be_visible()
        box = page.locator("#card").bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= width
        assert box["height"] <= 700
        assert page.locator("#card").evaluate("card => card.scrollWidth <= card.clientWidth"), "the card is cut off"
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate("window.broken") is None
    assert page.locator("#card script, #legend script, #found script, img:not(.card-art)").count() == 0


def test_right_to_left_names_have_that_direction(open_viewer: OpenViewer, hostile_site: Site) -> None:
    viewer = open_viewer(site=hostile_site)
    viewer.page.keyboard.press("/")
    viewer.page.keyboard.insert_text("أغنية")
    expect(viewer.page.locator(".found-title").first).to_have_css("direction", "rtl")
    viewer.page.locator(FOUND_TRACK).first.click()
    expect(viewer.page.locator(".card-title")).to_have_css("direction", "rtl")


def test_pinch_zooms_the_map_instead_of_the_page(open_viewer: OpenViewer) -> None:
    viewer = open_viewer(**PHONE)
    before = viewer.state("transform.k")
    session = viewer.page.context.new_cdp_session(viewer.page)

    def fingers(gap: float) -> list[dict[str, float]]:
        return [{"x": 195 - gap, "y": 400, "id": 0}, {"x": 195 + gap, "y": 400, "id": 1}]

    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": fingers(30)})
    for gap in (45, 60, 80, 100):
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": fingers(gap)})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    viewer.wait_until(f"spotmap.state().transform.k > {2 * before}")
    assert viewer.page.evaluate("visualViewport.scale") == 1


def test_page_without_scripts_says_that_it_needs_javascript(browser: Browser, sample: Callable[[int], Site]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(sample(300).url)
    expect(page.get_by_role("heading", name="This map needs JavaScript")).to_be_visible()
    expect(page.get_by_text("Loading the map")).to_be_hidden()
    context.close()


def test_printed_page_has_map_and_legend_but_no_buttons(open_viewer: OpenViewer) -> None:
    viewer = open_viewer()
    viewer.page.emulate_media(media="print")
    for selector in ("#controls", "#search", "#card", ".text-button"):
        expect(viewer.page.locator(selector).first).to_be_hidden()
    expect(viewer.page.locator(".legend-name").first).to_be_visible()
    expect(viewer.page.locator("h1")).to_be_visible()


PRINTED_PIXELS = """() => {
  const paper = document.querySelector(".print-copy");
  const { data } = paper.getContext("2d").getImageData(0, 0, paper.width, paper.height);
  return data.filter((value, i) => i % 4 === 3 && value > 0).length;
}"""


@pytest.mark.parametrize("width", [390, 1280])
def test_printed_map_is_a_canvas_next_to_the_legend_in_light_colors(open_viewer: OpenViewer, width: int) -> None:
    viewer = open_viewer(color_scheme="dark", viewport={"width": width, "height": 800})
    page = viewer.page
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    printed_map = page.locator(".print-copy")
    expect(printed_map).to_be_visible()
    edges = "[...document.querySelectorAll('.print-copy, #legend')].map((part) => part.getBoundingClientRect())"
    map_box, legend_box = page.evaluate(f"{edges}.map(({{ left, right }}) => ({{ left, right }}))")
    assert map_box["left"] >= legend_box["right"]
    assert page.evaluate(PRINTED_PIXELS) > 3000
    assert viewer.state("theme") == "light"
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(printed_map).to_have_count(0)
    assert viewer.state("theme") == "dark"


TYPE_KEYS = """async (keys) => {
  const [input, list] = ["#search input", "#found"].map((place) => document.querySelector(place));
  const answers = [];
  for (const typed of keys) {
    input.value = typed;
    const listed = new Promise((done) => new MutationObserver(done).observe(list, { childList: true }));
    input.dispatchEvent(new Event("input"));
    await listed;
    const { query, matches } = spotmap.state();
    answers.push([query, matches.length, list.querySelectorAll("[role=option]").length]);
  }
  return answers;
}"""
"""Types keys and returns the results after each. (`benchmarks.search_keys` measures the delay.)"""


@pytest.mark.slow
@LARGE
def test_search_among_100000_tracks_follows_every_key_and_enter(
    open_viewer: OpenViewer,
) -> None:
    viewer = open_viewer(100_000)
    page = viewer.page
    page.keyboard.press("/")
    page.keyboard.type("r")
    viewer.wait_until("spotmap.state().matches?.length > 1000")
    keys = ["l", *("river gla"[:length] for length in range(2, len("river gla") + 1))]
    results = page.evaluate(TYPE_KEYS, keys)
    assert [query for query, *_ in results] == keys
    assert all(0 < listed <= count for _, count, listed in results)
    page.locator("#search input").fill("r")
    viewer.wait_until("spotmap.state().matches?.length > 1000")
    # A complete title, before which no album or artist is listed.
    title = page.locator('[role="option"][data-track] .found-title').nth(1).inner_text()
    # Both events in one task, so that the page cannot search in between.
    page.evaluate(
        """(title) => {
          const input = document.querySelector("#search input");
          input.value = title;
          input.dispatchEvent(new Event("input"));
          input.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
        }""",
        title,
    )
    assert viewer.state("query") == title
    assert viewer.state("pinned") == viewer.state("matches")[0]
    expect(page.locator("#card .card-title")).to_have_text(title)
