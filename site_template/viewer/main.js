/** Starts the viewer: loads the data, makes the parts, connects them. */

import { Card, describeTrack } from "./card.js";
import { byId } from "./dom.js";
import { Grid } from "./grid.js";
import { panelInsets } from "./insets.js";
import { wireLegend } from "./legend.js";
import { createDetailsReader, loadMap, loadText } from "./load.js";
import { Navigation, wireNavigation } from "./navigation.js";
import { wirePointer } from "./pointer.js";
import { Renderer } from "./renderer.js";
import { SearchPanel } from "./search_panel.js";
import { createStore } from "./store.js";
import { initialTheme, wireTheme } from "./theme.js";
import { NO_TRACK } from "./types.js";

/** @import { Store } from "./store.js" */
/** @import { MapData, State } from "./types.js" */

const root = document.documentElement;

/** @returns {State} */
function initialState() {
  return {
    theme: initialTheme(),
    colorBy: "cluster",
    hiddenClusters: new Set(),
    hiddenPlaylists: new Set(),
    hiddenLayers: new Set(),
    query: "",
    matches: null,
    hovered: NO_TRACK,
    pinned: NO_TRACK,
    transform: { k: 1, x: 0, y: 0 },
  };
}

/**
 * What the page says instead of a map.
 *
 * @param {"loading" | "empty" | "error"} kind
 * @param {string} heading
 * @param {string} message
 */
function showNotice(kind, heading, message) {
  root.dataset.state = kind;
  const notice = byId("notice");
  notice.hidden = false;
  /** @type {HTMLElement} */ (notice.querySelector("h2")).textContent = heading;
  /** @type {HTMLElement} */ (notice.querySelector("p")).textContent = message;
}

/**
 * @param {MapData} map
 * @param {Store} store
 * @param {string} folder  of the generation
 */
async function showMap(map, store, folder) {
  const surface = byId("map");
  const grid = new Grid(map.x, map.y);
  const insets = () => panelInsets(byId("masthead"), byId("panel"), byId("controls"));
  const navigation = new Navigation(surface, map, store, insets);
  const renderer = new Renderer(surface, map, grid, store, () => navigation.homeScale);
  const card = new Card(byId("card"), map, store, renderer, createDetailsReader(folder, map));
  const searchPanel = new SearchPanel(byId("search"), store, (track) => navigation.flyTo(track));

  wireLegend(byId("legend"), map, store);
  wireDrawer(byId("legend"), byId("legend-handle"));
  wireNavigation(surface, byId("controls"), navigation);
  wirePointer(surface, grid, renderer, store);
  wireKeys(store, searchPanel);
  new ResizeObserver(() => {
    const size = { width: surface.clientWidth, height: surface.clientHeight };
    navigation.resize(size);
    renderer.resize(size, devicePixelRatio, insets());
    card.place();
  }).observe(surface);

  byId("notice").hidden = true;
  root.dataset.state = "map";
  exposeForTests(store, renderer);

  const text = await loadText(folder, map);
  renderer.setText(text);
  card.setText(text);
  searchPanel.setText(text);
  store.subscribe(["pinned"], ({ pinned }) => {
    byId("live").textContent = pinned === NO_TRACK ? "Unpinned" : `Pinned: ${describeTrack(text, pinned)}`;
  });
  root.dataset.state = "ready";
}

/**
 * The legend folds: away at the side of wide windows, down to its handle on narrow ones.
 *
 * @param {HTMLElement} legend
 * @param {HTMLElement} handle
 */
function wireDrawer(legend, handle) {
  handle.addEventListener("click", () => {
    const open = handle.getAttribute("aria-expanded") !== "true";
    handle.setAttribute("aria-expanded", String(open));
    legend.classList.toggle("is-open", open);
  });
}

/**
 * @param {Store} store
 * @param {SearchPanel} searchPanel
 */
function wireKeys(store, searchPanel) {
  document.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLInputElement;
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      searchPanel.focus();
    } else if (event.key === "Escape") {
      if (store.get().pinned !== NO_TRACK) store.set({ pinned: NO_TRACK });
      else searchPanel.clear();
    }
  });
}

/**
 * A read-only window into the viewer, for browser tests: canvases do not tell what they show.
 *
 * @param {Store} store
 * @param {Renderer} renderer
 */
function exposeForTests(store, renderer) {
  const handle = Object.freeze({
    state: () => store.get(),
    visibleCount: () => renderer.visibleCount,
    positionOf: (/** @type {number} */ track) => renderer.positionOf(track),
  });
  Object.defineProperty(window, "spotmap", { value: handle });
}

async function start() {
  const store = createStore(initialState());
  wireTheme(byId("theme"), store);
  try {
    const folder = `data/${root.dataset.generation}/`;
    const map = await loadMap(folder);
    if (map.count === 0) {
      showNotice("empty", "Nothing here yet", "This map has no tracks. Add music to the library and build it again.");
      return;
    }
    await showMap(map, store, folder);
  } catch (reason) {
    if (!(reason instanceof Error)) throw reason;
    showNotice("error", "The map cannot be shown", reason.message);
    if (reason.name !== "DataError") throw reason;
  }
}

void start();
