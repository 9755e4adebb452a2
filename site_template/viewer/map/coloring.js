/** Colors of points, boundaries and legend swatches, depending on what the map is colored by. Pure. */

import { colorOf } from "../ui/palette.js";
import { cyclic, diverging, sequential } from "./ramps.js";
import { groupsOf, HIDDEN_KEY, isGroupKind, SHADES } from "../state/appearance.js";
import { NO_GROUP } from "../data/types.js";

/** @import { Group, GroupKind, MapData, State, Theme, ThemeName, Trait } from "../data/types.js" */

/** Returns the kind of group whose boundaries and names the map shows. @param {string} colorBy @returns {GroupKind} */
export const groupKindOf = (colorBy) => (isGroupKind(colorBy) ? colorBy : "cluster");

/**
 * @param {Trait} trait
 * @param {number} share  0..1 of its domain
 * @param {ThemeName} theme
 */
export function shadeOf({ domain: [low, high] }, share, theme) {
  return low < 0 && high > 0 && low === -high ? diverging(share, theme) : sequential(share, theme);
}

/**
 * @param {Trait} trait
 * @param {number} index  of the category
 * @param {ThemeName} theme
 */
export function categoryColor({ kind, categories }, index, theme) {
  return kind === "cycle" ? cyclic(index / categories.length, theme) : colorOf(index, theme);
}

/**
 * @param {MapData} map
 * @param {Pick<State, "colorBy" | "traits">} state
 * @param {Theme} theme
 * @param {number} group  group of an Appearance
 * @returns {string} #rrggbb
 */
export function pointColor(map, { colorBy, traits }, theme, group) {
  if (group === NO_GROUP) return theme.noise;
  const trait = traits.get(colorBy);
  if (!trait) return colorOf(groupsOf(map, groupKindOf(colorBy))[group].color, theme.name);
  return trait.membership ? categoryColor(trait, group, theme.name) : shadeOf(trait, group / (SHADES - 1), theme.name);
}

/**
 * Boundaries have the color of their points. If points are colored by a trait, boundaries are neutral.
 *
 * @param {MapData} map
 * @param {Pick<State, "colorBy">} state
 * @param {Theme} theme
 * @param {number} group
 * @returns {string} #rrggbb
 */
export function boundaryColor(map, { colorBy }, theme, group) {
  return isGroupKind(colorBy) ? colorOf(groupsOf(map, colorBy)[group].color, theme.name) : theme.noise;
}

/**
 * @param {MapData} map
 * @param {Readonly<State>} state
 * @returns {Group[]}
 */
export function shownGroups(map, state) {
  const kind = groupKindOf(state.colorBy);
  const hidden = state[HIDDEN_KEY[kind]];
  return groupsOf(map, kind).filter(({ index }) => !hidden.has(index));
}
