/** The legend: selects the coloring, explains the colors, and switches groups on and off. */

import { element, swatch } from "../ui/dom.js";
import { built, formatCount, gettext, gettext_noop } from "../data/language.js";
import { createLegendFind } from "./legend_find.js";
import { createRangeLegend } from "./legend_range.js";
import { afterSolo, afterToggle, ALL_SHOWN, isFiltered, legendRows, legendSections, pressed } from "./legend_rows.js";
import { groupsOf, HIDDEN_KEY, isGroupKind } from "../state/appearance.js";
import { createPressGuard } from "../ui/presses.js";
import { readTheme } from "../ui/theme.js";

/** @import { LegendInsights } from "./legend_insights.js" */
/** @import { LegendRow, LegendSection } from "./legend_rows.js" */
/** @import { Store } from "../state/store.js" */
/** @import { TraitLoader } from "../state/trait_loader.js" */
/** @import { GroupKind, MapData, State } from "../data/types.js" */

const EMPTY = {
  cluster: gettext_noop("No clusters: the library is small, or its tracks sound too different to form groups."),
  playlist: gettext_noop("This library has no playlists."),
  layer: "",
};

/**
 * Returns why there are no groups of a kind, as reported by the build if available.
 * @param {MapData} map
 * @param {GroupKind} kind
 */
function emptyNote(map, kind) {
  return built((kind === "cluster" && map.noClusters) || EMPTY[kind]);
}

/**
 * @param {HTMLElement} host
 * @param {MapData} map
 * @param {Store} store
 * @param {TraitLoader} traitLoader
 * @param {LegendInsights} insights
 * @param {() => number} visibleCount  number of visible tracks
 */
export function wireLegend(host, map, store, traitLoader, insights, visibleCount) {
  const scroller = /** @type {HTMLElement} */ (host.querySelector(".legend-scroll"));
  const showAll = /** @type {HTMLButtonElement} */ (host.querySelector("[data-action='show-all']"));
  const shown = /** @type {HTMLElement} */ (host.querySelector(".legend-shown"));
  /** @type {(() => void) | null} */
  let updateRange = null;
  /** The coloring for which the legend was built, and its values. @type {State["colorBy"]} */
  let builtFor = "";
  /** @type {Float32Array | undefined} */
  let values;

  // The time slider shows the count while it is open.
  const showCount = () => {
    const counts = isFiltered(store.get()) && store.get().until === null;
    shown.textContent = counts ? gettext("{shown} of {count} shown", { shown: visibleCount(), count: map.count }) : "";
  };
  const update = () => {
    const state = store.get();
    // Disabled, not hidden: elements below the list must not move while the user taps in it.
    showAll.disabled = !isFiltered(state);
    showCount();
    for (const toggle of scroller.querySelectorAll(".legend-toggle")) {
      toggle.setAttribute("aria-pressed", pressed(state, /** @type {HTMLElement} */ (toggle).dataset.group ?? ""));
    }
    updateRange?.();
  };
  const rebuild = () => {
    const state = store.get();
    const trait = state.traits.get(state.colorBy);
    const range = trait && !trait.membership ? createRangeLegend(trait, store) : null;
    updateRange = range?.update ?? null;
    insights.clear();
    const sections = legendSections(map, state, legendRows(map, state, readTheme(state.theme)));
    const lists = sections.map((section) => sectionNode(section, insights));
    const query = state.colorBy === builtFor ? /** @type {HTMLInputElement | null} */ (scroller.querySelector(".legend-find"))?.value : "";
    builtFor = state.colorBy;
    values = trait?.values;
    const find = createLegendFind(lists, sections.flatMap(({ rows }) => rows.map(({ name }) => name)), query ?? "");
    scroller.replaceChildren(...(range ? [range.node] : []), ...find, ...emptyNotes(map, state), ...lists, insights.below());
    update();
  };

  wireRows(scroller, map, store, () => ({ ...store.get(), colorBy: builtFor }));
  wireArrows(scroller);
  wireColorBy(host, map, store, traitLoader);
  showAll.addEventListener("click", () => store.set(ALL_SHOWN));
  const whenReleased = createPressGuard(scroller);
  store.subscribe(["colorBy", "theme"], () => whenReleased(rebuild));
  // Not for other traits: the legend may be in use while they arrive.
  store.subscribe(["traits"], ({ colorBy, traits }) => values !== traits.get(colorBy)?.values && whenReleased(rebuild));
  store.subscribe([...Object.values(HIDDEN_KEY), "traitFilters"], update);
  store.subscribe(["until"], showCount);
  rebuild();
}

/**
 * A click toggles a group; a double click, Alt-click or "only" shows it alone.
 *
 * @param {HTMLElement} host
 * @param {MapData} map
 * @param {Store} store
 * @param {() => Readonly<State>} read  returns the state with the coloring of the rows, which may be older than the chosen one
 */
function wireRows(host, map, store, read) {
  /** @param {Event} event @returns {string | undefined} */
  const keyOf = (event) => {
    const row = /** @type {Element} */ (event.target).closest("[data-group]");
    return row ? /** @type {HTMLElement} */ (row).dataset.group : undefined;
  };
  const solo = (/** @type {string} */ key) => store.set(afterSolo(map, read(), key));
  const toggle = (/** @type {string} */ key) => store.set(afterToggle(read(), key));
  host.addEventListener("click", (event) => {
    const key = keyOf(event);
    if (key === undefined) return;
    const only = /** @type {Element} */ (event.target).closest(".legend-only");
    if (only || event.altKey) solo(key);
    // The second click of a double click must not undo the solo.
    else if (event.detail < 2) toggle(key);
  });
  host.addEventListener("dblclick", (event) => {
    const key = keyOf(event);
    if (key === undefined || /** @type {Element} */ (event.target).closest(".legend-only")) return;
    // Undo the first click's toggle, so that the solo starts from the state before it.
    toggle(key);
    solo(key);
  });
}

/**
 * Each row is one Tab stop; arrow keys move between rows, and between the buttons of a row.
 *
 * @param {HTMLElement} host
 */
function wireArrows(host) {
  host.addEventListener("keydown", (event) => {
    const button = /** @type {HTMLElement} */ (event.target);
    const row = button.closest(".legend-row");
    if (!row || event.altKey || event.ctrlKey || event.metaKey) return;
    const buttons = [...row.querySelectorAll("button")];
    const index = buttons.findIndex((each) => each === button);
    if (event.key === "ArrowRight" || event.key === "ArrowLeft") buttons[index + (event.key === "ArrowRight" ? 1 : -1)]?.focus();
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const rows = [...host.querySelectorAll(".legend-row")].filter((each) => each.getClientRects().length > 0);
      const next = rows[rows.indexOf(row) + (event.key === "ArrowDown" ? 1 : -1)]?.querySelectorAll("button");
      next?.[Math.min(index, next.length - 1)].focus();
    } else return;
    event.preventDefault();
  });
}

/**
 * Tabs for the groups, and a list for all traits.
 *
 * @param {HTMLElement} host
 * @param {MapData} map
 * @param {Store} store
 * @param {TraitLoader} traitLoader
 */
function wireColorBy(host, map, store, traitLoader) {
  const tabs = /** @type {NodeListOf<HTMLButtonElement>} */ (host.querySelectorAll("[data-color-by]"));
  const more = /** @type {HTMLSelectElement} */ (host.querySelector("select"));
  const progress = /** @type {HTMLElement} */ (host.querySelector(".legend-progress"));
  for (const tab of tabs) {
    const colorBy = /** @type {GroupKind} */ (tab.dataset.colorBy);
    tab.hidden = colorBy === "layer" && map.layers.length === 0;
    tab.addEventListener("click", () => {
      store.set({ colorBy });
      show(); // also if another coloring is still loading
    });
  }
  for (const family of new Set(traitLoader.names.map((name) => name.family))) {
    const names = traitLoader.names.filter((name) => name.family === family);
    more.append(element("optgroup", { label: gettext(family) }, ...names.map(({ id, label }) => element("option", { value: id }, gettext(label)))));
  }
  more.hidden = traitLoader.names.length === 0;
  const [first] = more.options;
  const prompt = first.text;
  more.addEventListener("change", async () => {
    const id = more.value;
    const isLoaded = await traitLoader.load([id], (note) => (progress.textContent = note));
    // Another coloring may have been chosen in the meantime.
    if (more.value !== id) return;
    // The first row of the list is not a trait.
    if (isLoaded) store.set({ colorBy: id || "cluster" });
    else show();
  });
  const show = () => {
    const state = store.get();
    for (const tab of tabs) {
      const kind = /** @type {GroupKind} */ (tab.dataset.colorBy);
      tab.setAttribute("aria-pressed", String(kind === state.colorBy));
      tab.classList.toggle("is-filtering", state[HIDDEN_KEY[kind]].size > 0);
    }
    more.value = isGroupKind(state.colorBy) ? "" : state.colorBy;
    more.classList.toggle("is-chosen", more.value !== "");
    first.text = more.value ? gettext("Clusters") : prompt;
    more.parentElement?.classList.toggle("is-filtering", state.traitFilters.size > 0);
  };
  store.subscribe(["colorBy", "traitFilters", ...Object.values(HIDDEN_KEY)], show);
  show();
}

/**
 * @param {MapData} map
 * @param {ReturnType<Store["get"]>} state
 * @returns {Node[]}
 */
function emptyNotes(map, { colorBy }) {
  const isEmpty = isGroupKind(colorBy) && groupsOf(map, colorBy).length === 0;
  return isEmpty ? [element("p", { class: "legend-note" }, emptyNote(map, colorBy))] : [];
}

/**
 * @param {LegendSection} section
 * @param {LegendInsights} insights
 */
function sectionNode({ name, count, rows }, insights) {
  const list = element("ul", { class: "legend-list" }, ...rows.map((row) => rowNode(row, insights.disclosure(row))));
  if (!name) return list;
  list.setAttribute("aria-label", name);
  const key = rows.map((row) => row.key).join();
  return element("section", { class: "legend-section" }, element("div", { class: "legend-row" }, ...switches(key, name, count)), list);
}

/**
 * @param {LegendRow} row
 * @param {readonly HTMLElement[]} disclosure  a button for more information, and that information
 */
function rowNode({ key, name, count, color }, [button, ...description]) {
  const row = element("div", { class: "legend-row" }, ...switches(key, name, count, swatch(color)));
  if (button) row.append(button);
  return element("li", {}, row, ...description);
}

/**
 * Creates the buttons that toggle a row and show it alone.
 *
 * @param {string} key
 * @param {string} name
 * @param {number} count
 * @param {...Node} before  the name
 */
function switches(key, name, count, ...before) {
  const toggle = element(
    "button",
    { class: "legend-toggle", type: "button", "data-group": key, "aria-pressed": "true" },
    ...before,
    element("span", { class: "legend-name", dir: "auto", translate: "no", title: name }, name),
    element("span", { class: "legend-count" }, formatCount(count)),
  );
  const only = { class: "legend-only", type: "button", tabindex: "-1", "data-group": key, "aria-label": gettext("Show only {name}", { name }) };
  return [toggle, element("button", only, gettext("only"))];
}
