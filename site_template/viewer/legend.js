/** The legend: what the colours mean, and the switches of each group. */

import { element, swatch } from "./dom.js";
import { formatCount } from "./format.js";
import { colorOf } from "./palette.js";
import { countWithoutGroup, groupsOf, HIDDEN_KEY, soloed, toggled } from "./selection.js";
import { readTheme } from "./theme.js";
import { NO_GROUP } from "./types.js";

/** @import { Store } from "./store.js" */
/** @import { GroupKind, MapData, State } from "./types.js" */

const WITHOUT = { cluster: "Between clusters", playlist: "In no playlist", layer: "In no library" };
const EMPTY = {
  cluster: "No clusters: the library is small, or its tracks sound too different to form groups.",
  playlist: "This library has no playlists.",
  layer: "",
};
const ALL_SHOWN = { hiddenClusters: new Set(), hiddenPlaylists: new Set(), hiddenLayers: new Set() };

/**
 * @param {HTMLElement} host
 * @param {MapData} map
 * @param {Store} store
 */
export function wireLegend(host, map, store) {
  const list = /** @type {HTMLElement} */ (host.querySelector(".legend-list"));
  const showAll = /** @type {HTMLButtonElement} */ (host.querySelector("[data-action='show-all']"));
  const tabs = /** @type {NodeListOf<HTMLButtonElement>} */ (host.querySelectorAll("[data-color-by]"));

  const update = () => {
    const state = store.get();
    for (const tab of tabs) {
      const kind = /** @type {GroupKind} */ (tab.dataset.colorBy);
      tab.setAttribute("aria-pressed", String(kind === state.colorBy));
      tab.classList.toggle("is-filtering", state[HIDDEN_KEY[kind]].size > 0);
    }
    // Disabled, not away: what is below the list must not move while somebody taps in it.
    showAll.disabled = Object.values(HIDDEN_KEY).every((key) => state[key].size === 0);
    for (const button of list.querySelectorAll(".legend-toggle")) {
      const group = Number(/** @type {HTMLElement} */ (button).dataset.group);
      button.setAttribute("aria-pressed", String(!state[HIDDEN_KEY[state.colorBy]].has(group)));
    }
  };
  const rebuild = () => {
    list.replaceChildren(...rows(map, store.get()));
    update();
  };

  /** @param {Event} event @returns {number | undefined} */
  const groupOf = (event) => {
    const row = /** @type {Element} */ (event.target).closest("[data-group]");
    return row ? Number(/** @type {HTMLElement} */ (row).dataset.group) : undefined;
  };
  /** @param {(hidden: ReadonlySet<number>) => Set<number>} change */
  const setHidden = (change) => {
    const state = store.get();
    const key = HIDDEN_KEY[state.colorBy];
    store.set({ [key]: change(state[key]) });
  };
  /** @param {number} group */
  const solo = (group) => setHidden((hidden) => soloed(hidden, group, groupsOf(map, store.get().colorBy).length));

  list.addEventListener("click", (event) => {
    const group = groupOf(event);
    if (group === undefined) return;
    const only = /** @type {Element} */ (event.target).closest(".legend-only");
    if (only || event.altKey) solo(group);
    // The second click of a double click must not undo what the solo shows.
    else if (event.detail < 2) setHidden((hidden) => toggled(hidden, group));
  });
  list.addEventListener("dblclick", (event) => {
    const group = groupOf(event);
    if (group === undefined || /** @type {Element} */ (event.target).closest(".legend-only")) return;
    // The first click has toggled the group: taken back, so that solo starts from what the person saw.
    setHidden((hidden) => toggled(hidden, group));
    solo(group);
  });
  showAll.addEventListener("click", () => store.set(ALL_SHOWN));
  for (const tab of tabs) {
    const colorBy = /** @type {GroupKind} */ (tab.dataset.colorBy);
    tab.hidden = colorBy === "layer" && map.layers.length === 0;
    tab.addEventListener("click", () => store.set({ colorBy }));
  }
  store.subscribe(["colorBy", "theme"], rebuild);
  store.subscribe(Object.values(HIDDEN_KEY), update);
  rebuild();
}

/**
 * @param {MapData} map
 * @param {Readonly<State>} state
 * @returns {Node[]}
 */
function rows(map, { colorBy, theme }) {
  const groups = groupsOf(map, colorBy);
  if (groups.length === 0) return [element("li", { class: "legend-note" }, EMPTY[colorBy])];
  const nodes = [...groups]
    .sort((a, b) => b.count - a.count)
    .map((group) => row(group.index, group.name, group.count, colorOf(group.color, theme)));
  const without = countWithoutGroup(map, colorBy);
  if (without > 0) nodes.push(row(NO_GROUP, WITHOUT[colorBy], without, readTheme(theme).noise));
  return nodes;
}

/**
 * @param {number} group
 * @param {string} name
 * @param {number} count
 * @param {string} color
 */
function row(group, name, count, color) {
  const toggle = element(
    "button",
    { class: "legend-toggle", type: "button", "data-group": String(group), "aria-pressed": "true" },
    swatch(color),
    element("span", { class: "legend-name" }, name),
    element("span", { class: "legend-count" }, formatCount(count)),
  );
  const only = element(
    "button",
    { class: "legend-only", type: "button", "data-group": String(group), "aria-label": `Show only ${name}` },
    "only",
  );
  return element("li", { class: "legend-row" }, toggle, only);
}
