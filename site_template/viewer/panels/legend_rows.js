/** The legend's rows for groups and categories, and the effect of its switches on the state. Pure. */

import { categoryColor } from "../map/coloring.js";
import { colorOf } from "../ui/palette.js";
import { countWithoutGroup, groupsOf, HIDDEN_KEY, isGroupKind, toggled, soloed } from "../state/appearance.js";
import { gettext, gettext_noop } from "../data/language.js";
import { categoryText } from "../data/traits.js";
import { NO_GROUP, UNKNOWN } from "../data/types.js";

/** @import { MapData, State, Theme, Trait, TraitFilter } from "../data/types.js" */

const WITHOUT = { cluster: gettext_noop("Between clusters"), playlist: gettext_noop("In no playlist"), layer: gettext_noop("In no library") };
const NOT_KNOWN = gettext_noop("Not known");

/** @type {Readonly<TraitFilter>} */
export const OPEN_FILTER = Object.freeze({ low: -Infinity, high: Infinity, hidden: new Set() });
/** @type {Pick<State, "hiddenClusters" | "hiddenPlaylists" | "hiddenLayers" | "traitFilters">} */
export const ALL_SHOWN = { hiddenClusters: new Set(), hiddenPlaylists: new Set(), hiddenLayers: new Set(), traitFilters: new Map() };

/**
 * @typedef {object} LegendRow
 * @property {string} key  a group's index or a category's name
 * @property {string} name
 * @property {number} count
 * @property {string} color  #rrggbb
 */
/** @typedef {{name: string, count: number, rows: readonly LegendRow[]}} LegendSection  `name`: its heading, empty for none */

/** @param {TraitFilter} filter */
const isOpen = ({ low, high, hidden }) => low === -Infinity && high === Infinity && hidden.size === 0;

/** @param {Readonly<State>} state */
export const isFiltered = (state) =>
  Object.values(HIDDEN_KEY).some((key) => state[key].size > 0) || [...state.traitFilters.values()].some((filter) => !isOpen(filter));

/**
 * @param {MapData} map
 * @param {Readonly<State>} state
 * @param {Theme} theme
 * @returns {LegendRow[]}
 */
export function legendRows(map, { colorBy, traits }, theme) {
  const trait = traits.get(colorBy);
  if (trait) return traitRows(trait, theme);
  if (!isGroupKind(colorBy)) return [];
  const rows = [...groupsOf(map, colorBy)]
    .sort((a, b) => b.count - a.count)
    .map(({ index, name, count, color }) => ({ key: String(index), name, count, color: colorOf(color, theme.name) }));
  const without = countWithoutGroup(map, colorBy);
  if (rows.length > 0 && without > 0) rows.push({ key: String(NO_GROUP), name: gettext(WITHOUT[colorBy]), count: without, color: theme.noise });
  return rows;
}

/**
 * Groups rows by region, the largest region first, with rows outside of regions last. A region of one cluster needs no heading, and if
 * all regions have one cluster, there are no sections.
 *
 * @param {MapData} map
 * @param {Readonly<State>} state
 * @param {readonly LegendRow[]} rows
 * @returns {LegendSection[]}
 */
export function legendSections(map, { colorBy }, rows) {
  const flat = [{ name: "", count: 0, rows }];
  if (colorBy !== "cluster") return flat;
  /** @type {Map<number, LegendRow[]>} */
  const byRegion = new Map();
  for (const row of rows) {
    const region = map.clusters[Number(row.key)]?.region ?? -1;
    byRegion.set(region, [...(byRegion.get(region) ?? []), row]);
  }
  const sections = [...byRegion].map(([region, within]) => ({
    name: within.length > 1 ? (map.regions[region]?.name ?? "") : "",
    count: region < 0 ? 0 : within.reduce((sum, { count }) => sum + count, 0),
    rows: within,
  }));
  return sections.filter(({ name }) => name).length > 1 ? sections.sort((a, b) => b.count - a.count) : flat;
}

/**
 * @param {Trait} trait
 * @param {Theme} theme
 * @returns {LegendRow[]}
 */
function traitRows(trait, theme) {
  const rows = trait.categories
    .map(({ name, count }, index) => ({ key: name, name: categoryText(trait, name), count, color: categoryColor(trait, index, theme.name) }))
    .filter(({ count }) => count > 0);
  if (trait.unknownCount > 0) rows.push({ key: UNKNOWN, name: gettext(trait.rest ?? NOT_KNOWN), count: trait.unknownCount, color: theme.noise });
  return rows;
}

/** @param {string} key */
const groupsIn = (key) => key.split(",").map(Number);

/**
 * Returns whether all, none or some of a key's groups are visible, as a value of `aria-pressed`.
 *
 * @param {Readonly<State>} state
 * @param {string} key  as above
 * @returns {"true" | "false" | "mixed"}
 */
export function pressed(state, key) {
  if (!isGroupKind(state.colorBy)) return isShown(state, key) ? "true" : "false";
  const groups = groupsIn(key);
  const shown = groups.filter((group) => isShown(state, String(group))).length;
  return shown === 0 ? "false" : shown === groups.length ? "true" : "mixed";
}

/**
 * @param {Readonly<State>} state
 * @param {string} key
 */
export function isShown({ colorBy, traitFilters, ...state }, key) {
  if (isGroupKind(colorBy)) return !state[HIDDEN_KEY[colorBy]].has(Number(key));
  return !traitFilters.get(colorBy)?.hidden.has(key);
}

/**
 * @param {Readonly<State>} state
 * @param {string} key  of a row, or of several groups: "3,5"
 * @returns {Partial<State>}
 */
export function afterToggle(state, key) {
  const { colorBy } = state;
  if (isGroupKind(colorBy)) return { [HIDDEN_KEY[colorBy]]: toggled(state[HIDDEN_KEY[colorBy]], groupsIn(key)) };
  const hidden = new Set(state.traitFilters.get(colorBy)?.hidden);
  if (!hidden.delete(key)) hidden.add(key);
  return withFilter(state, colorBy, { hidden });
}

/**
 * Hides everything except this, or shows everything if only this is visible.
 *
 * @param {MapData} map
 * @param {Readonly<State>} state
 * @param {string} key  as above
 * @returns {Partial<State>}
 */
export function afterSolo(map, state, key) {
  const { colorBy } = state;
  if (isGroupKind(colorBy)) {
    const hiddenKey = HIDDEN_KEY[colorBy];
    return { [hiddenKey]: soloed(state[hiddenKey], groupsIn(key), groupsOf(map, colorBy).length) };
  }
  const names = state.traits.get(colorBy)?.categories.map(({ name }) => name) ?? [];
  const others = new Set([UNKNOWN, ...names]);
  others.delete(key);
  const before = state.traitFilters.get(colorBy)?.hidden;
  const alone = before?.size === others.size && !before.has(key);
  return withFilter(state, colorBy, { hidden: alone ? new Set() : others });
}

/**
 * @param {Pick<State, "traitFilters">} state
 * @param {string} id
 * @param {Partial<TraitFilter>} change
 * @returns {Pick<State, "traitFilters">}
 */
export function withFilter({ traitFilters }, id, change) {
  const filter = { ...(traitFilters.get(id) ?? OPEN_FILTER), ...change };
  const next = new Map(traitFilters);
  if (isOpen(filter)) next.delete(id);
  else next.set(id, filter);
  return { traitFilters: next };
}
