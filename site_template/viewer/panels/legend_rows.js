/** What the legend lists for groups and for a trait's categories, and what its switches do to the state. Pure. */

import { categoryColor } from "../map/coloring.js";
import { colorOf } from "../ui/palette.js";
import { countWithoutGroup, groupsOf, HIDDEN_KEY, isGroupKind, toggled, soloed } from "../state/appearance.js";
import { NO_GROUP, UNKNOWN } from "../data/types.js";

/** @import { MapData, State, Theme, Trait, TraitFilter } from "../data/types.js" */

const WITHOUT = { cluster: "Between clusters", playlist: "In no playlist", layer: "In no library" };
const NOT_KNOWN = "Not known";

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
  if (rows.length > 0 && without > 0) rows.push({ key: String(NO_GROUP), name: WITHOUT[colorBy], count: without, color: theme.noise });
  return rows;
}

/**
 * @param {Trait} trait
 * @param {Theme} theme
 * @returns {LegendRow[]}
 */
function traitRows(trait, theme) {
  const rows = trait.categories
    .map(({ name, count }, index) => ({ key: name, name, count, color: categoryColor(trait, index, theme.name) }))
    .filter(({ count }) => count > 0);
  if (trait.unknownCount > 0) rows.push({ key: UNKNOWN, name: trait.rest ?? NOT_KNOWN, count: trait.unknownCount, color: theme.noise });
  return rows;
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
 * @param {string} key
 * @returns {Partial<State>}
 */
export function afterToggle(state, key) {
  const { colorBy } = state;
  if (isGroupKind(colorBy)) return { [HIDDEN_KEY[colorBy]]: toggled(state[HIDDEN_KEY[colorBy]], Number(key)) };
  const hidden = new Set(state.traitFilters.get(colorBy)?.hidden);
  if (!hidden.delete(key)) hidden.add(key);
  return withFilter(state, colorBy, { hidden });
}

/**
 * Everything hidden but one; asked for the one that is alone already, everything is shown again.
 *
 * @param {MapData} map
 * @param {Readonly<State>} state
 * @param {string} key
 * @returns {Partial<State>}
 */
export function afterSolo(map, state, key) {
  const { colorBy } = state;
  if (isGroupKind(colorBy)) {
    const hiddenKey = HIDDEN_KEY[colorBy];
    return { [hiddenKey]: soloed(state[hiddenKey], Number(key), groupsOf(map, colorBy).length) };
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
