/** Which groups are switched on, and what follows from it for every track. Pure. */

import { NO_GROUP, UNKNOWN } from "../data/types.js";

/** @import { Group, GroupKind, MapData, Membership, State, Trait, TraitFilter } from "../data/types.js" */

/** How many colors a number is shown in. */
export const SHADES = 48;

/** Where the state keeps which groups of a kind are switched off. */
export const HIDDEN_KEY = Object.freeze({
  cluster: /** @type {const} */ ("hiddenClusters"),
  playlist: /** @type {const} */ ("hiddenPlaylists"),
  layer: /** @type {const} */ ("hiddenLayers"),
});

/**
 * All of these hidden; where all are already, all of them shown.
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
 * Everything hidden but these; asked for those that are alone already, everything is shown again.
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
 * What a track looks like, as small numbers. The order is the order of drawing.
 */
export const RANK = Object.freeze({ HIDDEN: 0, DIMMED: 1, QUIET: 2, SHOWN: 3 });

/**
 * @typedef {object} Appearance
 * @property {Uint8Array} rank  one of RANK a track; HIDDEN cannot be picked
 * @property {Int32Array} group  the group whose color the track takes, NO_GROUP for gray
 * @property {Uint8Array | null} size  of each track, as in sizes.js; null where all are alike
 * @property {number} visibleCount  tracks that are not hidden
 */

/** @type {readonly (keyof State)[]}  what the appearance of tracks follows from */
export const APPEARANCE_KEYS = [
  "colorBy", "sizeBy", "matches", "almost", "selected", "traits", "traitFilters", "until", ...Object.values(HIDDEN_KEY),
];

/** The album or artist that is shown. @param {Pick<State, "collection" | "selected">} state */
export const shownCollection = ({ collection, selected }) => (collection?.tracks === selected ? collection : null);

/** What is emphasized: what a query finds, else what is selected. @param {Pick<State, "matches" | "selected">} state */
export const highlighted = ({ matches, selected }) => matches ?? (selected.length > 0 ? selected : null);

/**
 * A track shows if its cluster is on, any of its playlists is on ("no playlist" counting as one), and so with libraries and
 * with every filtered trait. Shown tracks that are not highlighted, where some are, are dimmed, but for those that nearly fit.
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
 * @returns {((track: number) => boolean)[]}  each says whether a track may show
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
  // A track whose day is not known was always there, as far as anybody can tell.
  if (until !== null && trait.id === "added_at") tests.push((/** @type {number} */ track) => !(values[track] > until));
  return tests;
}

/**
 * @param {Trait} trait
 * @param {TraitFilter | undefined} filter
 * @returns {(track: number) => number}  the shade or category whose color a track takes
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
 * The groups of a kind that hold a track, ascending; of clusters at most one.
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
 * @returns {number}  tracks in no group of that kind
 */
export function countWithoutGroup(map, kind) {
  const offsets = kind === "cluster" ? null : map.memberships[kind].offsets;
  let without = 0;
  for (let track = 0; track < map.count; track++) {
    if (offsets ? offsets[track] === offsets[track + 1] : map.cluster[track] === NO_GROUP) without++;
  }
  return without;
}
