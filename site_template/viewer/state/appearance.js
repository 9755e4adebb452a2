/** Visibility of groups, and the resulting appearance of every track. Pure. */

import { NO_GROUP, UNKNOWN } from "../data/types.js";

/** @import { Group, GroupKind, MapData, Membership, State, Trait, TraitFilter } from "../data/types.js" */

/** Number of colors of a numeric scale. */
export const SHADES = 48;

/** The field of the state with the hidden groups of each kind. */
export const HIDDEN_KEY = Object.freeze({
  cluster: /** @type {const} */ ("hiddenClusters"),
  playlist: /** @type {const} */ ("hiddenPlaylists"),
  layer: /** @type {const} */ ("hiddenLayers"),
});

/**
 * Hides all of these, or shows all of them if all are hidden.
 *
 * @param {ReadonlySet<number>} hidden
 * @param {readonly number[]} groups
 * @returns {Set<number>}
 */
export function toggled(hidden, groups) {
  if (!groups.every((group) => hidden.has(group))) return new Set([...hidden, ...groups]);
  const next = new Set(hidden);
  for (const group of groups) next.delete(group);
  return next;
}

/**
 * Hides everything except these, or shows everything if only these are visible.
 *
 * @param {ReadonlySet<number>} hidden
 * @param {readonly number[]} groups
 * @param {number} groupCount
 * @returns {Set<number>}
 */
export function soloed(hidden, groups, groupCount) {
  const others = new Set([NO_GROUP, ...Array(groupCount).keys()]);
  for (const group of groups) others.delete(group);
  const alone = hidden.size === others.size && !groups.some((group) => hidden.has(group));
  return alone ? new Set() : others;
}

/**
 * Ranks of tracks as small numbers, in drawing order.
 */
export const RANK = Object.freeze({ HIDDEN: 0, DIMMED: 1, QUIET: 2, SHOWN: 3 });

/**
 * @typedef {object} Appearance
 * @property {Uint8Array} rank  the RANK of each track; HIDDEN tracks cannot be picked
 * @property {Int32Array} group  the group that sets each track's color, NO_GROUP for gray
 * @property {Uint8Array | null} size  size of each track (see sizes.js); null if all are equal
 * @property {number} visibleCount  number of tracks that are not hidden
 */

/** @type {readonly (keyof State)[]}  the fields that determine the appearance of tracks */
export const APPEARANCE_KEYS = [
  "colorBy", "sizeBy", "matches", "almost", "selected", "traits", "traitFilters", "until", ...Object.values(HIDDEN_KEY),
];

/** Returns the open album or artist. @param {Pick<State, "collection" | "selected">} state */
export const shownCollection = ({ collection, selected }) => (collection?.tracks === selected ? collection : null);

/** Returns the highlighted tracks: matches of the query, or else the selection. @param {Pick<State, "matches" | "selected">} state */
export const highlighted = ({ matches, selected }) => matches ?? (selected.length > 0 ? selected : null);

/**
 * A track is visible if its cluster is on, any of its playlists is on ("no playlist" counts as one), and likewise for libraries and
 * every filtered trait. If some tracks are highlighted, other visible tracks are dimmed, except those that nearly fit.
 *
 * @param {MapData} map
 * @param {Pick<State, "colorBy" | "sizeBy" | "hiddenClusters" | "hiddenPlaylists" | "hiddenLayers" | "matches" | "almost" | "selected" |
 *   "traits" | "traitFilters" | "until">} state
 * @returns {Appearance}
 */
export function appearanceOf(map, state) {
  const { colorBy, hiddenClusters, hiddenPlaylists, hiddenLayers } = state;
  const { count, cluster, memberships } = map;
  const rank = new Uint8Array(count);
  const group = new Int32Array(count);
  const tests = [...state.traits.values()].flatMap((trait) => traitTests(trait, state));
  const trait = state.traits.get(colorBy);
  const colorGroup = trait && groupByTrait(trait, state.traitFilters.get(trait.id));
  const highlights = highlighted(state);
  let visibleCount = 0;
  for (let track = 0; track < count; track++) {
    const playlist = firstShown(memberships.playlist, track, hiddenPlaylists);
    const layer = firstShown(memberships.layer, track, hiddenLayers);
    if (colorGroup) group[track] = colorGroup(track);
    else group[track] = (colorBy === "playlist" ? playlist : colorBy === "layer" ? layer : cluster[track]) ?? NO_GROUP;
    if (playlist === undefined || layer === undefined || hiddenClusters.has(cluster[track])) continue;
    if (tests.length > 0 && !tests.every((shows) => shows(track))) continue;
    visibleCount++;
    rank[track] = highlights ? RANK.DIMMED : group[track] === NO_GROUP ? RANK.QUIET : RANK.SHOWN;
  }
  for (const track of highlights ?? []) {
    if (rank[track] === RANK.DIMMED) rank[track] = RANK.SHOWN;
  }
  for (const track of state.matches ? state.almost : []) {
    if (rank[track] === RANK.DIMMED) rank[track] = RANK.QUIET;
  }
  return { rank, group, size: state.traits.get(state.sizeBy)?.sizes ?? null, visibleCount };
}

/**
 * @param {Trait} trait
 * @param {Pick<State, "traitFilters" | "until">} state
 * @returns {((track: number) => boolean)[]}  each returns whether a track may be visible
 */
function traitTests(trait, { traitFilters, until }) {
  const tests = [];
  const filter = traitFilters.get(trait.id);
  const { values, membership } = trait;
  if (filter && membership) {
    const hidden = hiddenCategories(trait, filter);
    tests.push((/** @type {number} */ track) => firstShown(membership, track, hidden) !== undefined);
  } else if (filter) {
    const showsUnknown = !filter.hidden.has(UNKNOWN);
    tests.push((/** @type {number} */ track) => {
      const value = values[track];
      return Number.isNaN(value) ? showsUnknown : value >= filter.low && value <= filter.high;
    });
  }
  // A track with an unknown date counts as having always been there.
  if (until !== null && trait.id === "added_at") tests.push((/** @type {number} */ track) => !(values[track] > until));
  return tests;
}

/**
 * @param {Trait} trait
 * @param {TraitFilter | undefined} filter
 * @returns {(track: number) => number}  the shade or category that sets a track's color
 */
function groupByTrait(trait, filter) {
  const { membership, values, domain } = trait;
  if (membership) {
    const hidden = filter ? hiddenCategories(trait, filter) : new Set();
    return (track) => firstShown(membership, track, hidden) ?? NO_GROUP;
  }
  const scale = SHADES / Math.max(domain[1] - domain[0], Number.EPSILON);
  return (track) => {
    const value = values[track];
    if (Number.isNaN(value)) return NO_GROUP;
    return Math.max(0, Math.min(SHADES - 1, Math.floor((value - domain[0]) * scale)));
  };
}

/**
 * @param {Trait} trait
 * @param {TraitFilter} filter
 * @returns {Set<number>}
 */
function hiddenCategories({ categories }, { hidden }) {
  const indices = new Set(hidden.has(UNKNOWN) ? [NO_GROUP] : []);
  categories.forEach(({ name }, index) => {
    if (hidden.has(name)) indices.add(index);
  });
  return indices;
}

/**
 * @param {Membership} membership
 * @param {number} track
 * @param {ReadonlySet<number>} hidden
 * @returns {number | undefined}  NO_GROUP for a track in no group of that kind, undefined if all its groups are hidden
 */
function firstShown({ offsets, groups }, track, hidden) {
  const start = offsets[track];
  const end = offsets[track + 1];
  if (hidden.size === 0) return start === end ? NO_GROUP : groups[start];
  if (start === end) return hidden.has(NO_GROUP) ? undefined : NO_GROUP;
  for (let i = start; i < end; i++) {
    if (!hidden.has(groups[i])) return groups[i];
  }
  return undefined;
}

/**
 * Returns the groups of a kind that contain a track, ascending; at most one cluster.
 *
 * @param {MapData} map
 * @param {GroupKind} kind
 * @param {number} track
 * @returns {Group[]}
 */
export function groupsHolding(map, kind, track) {
  if (kind === "cluster") return map.cluster[track] === NO_GROUP ? [] : [map.clusters[map.cluster[track]]];
  const { offsets, groups } = map.memberships[kind];
  const all = groupsOf(map, kind);
  return Array.from(groups.subarray(offsets[track], offsets[track + 1]), (index) => all[index]);
}

/**
 * @param {MapData} map
 * @param {GroupKind} kind
 */
export function groupsOf(map, kind) {
  return { cluster: map.clusters, playlist: map.playlists, layer: map.layers }[kind];
}

/** @param {string} colorBy @returns {colorBy is GroupKind} */
export const isGroupKind = (colorBy) => Object.hasOwn(HIDDEN_KEY, colorBy);

/**
 * @param {MapData} map
 * @param {GroupKind} kind
 * @returns {number}  number of tracks in no group of that kind
 */
export function countWithoutGroup(map, kind) {
  const offsets = kind === "cluster" ? null : map.memberships[kind].offsets;
  let without = 0;
  for (let track = 0; track < map.count; track++) {
    if (offsets ? offsets[track] === offsets[track + 1] : map.cluster[track] === NO_GROUP) without++;
  }
  return without;
}
