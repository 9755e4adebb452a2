/** Which groups are switched on, and what follows from it for every track. Pure. */

import { NO_GROUP } from "./types.js";

/** @import { Group, GroupKind, MapData, Membership, State } from "./types.js" */

/** Where the state keeps which groups of a kind are switched off. */
export const HIDDEN_KEY = Object.freeze({
  cluster: /** @type {const} */ ("hiddenClusters"),
  playlist: /** @type {const} */ ("hiddenPlaylists"),
  layer: /** @type {const} */ ("hiddenLayers"),
});

/**
 * @param {ReadonlySet<number>} hidden
 * @param {number} group
 * @returns {Set<number>}
 */
export function toggled(hidden, group) {
  const next = new Set(hidden);
  if (!next.delete(group)) next.add(group);
  return next;
}

/**
 * Everything hidden but one; asked for the one that is alone already, everything is shown again.
 *
 * @param {ReadonlySet<number>} hidden
 * @param {number} group
 * @param {number} groupCount
 * @returns {Set<number>}
 */
export function soloed(hidden, group, groupCount) {
  const others = new Set([NO_GROUP, ...Array(groupCount).keys()]);
  others.delete(group);
  const alone = hidden.size === others.size && !hidden.has(group);
  return alone ? new Set() : others;
}

/**
 * What a track looks like, as small numbers. The order is the order of drawing.
 */
export const RANK = Object.freeze({ HIDDEN: 0, DIMMED: 1, QUIET: 2, SHOWN: 3 });

/**
 * @typedef {object} Appearance
 * @property {Uint8Array} rank  one of RANK a track; HIDDEN cannot be picked
 * @property {Int32Array} group  the group whose colour the track takes, NO_GROUP for grey
 * @property {number} visibleCount  tracks that are not hidden
 */

/**
 * A track shows if its cluster is on, any of its playlists is on ("no playlist" counting as one), and so with libraries.
 * While a query is being typed, shown tracks that do not match are dimmed.
 *
 * @param {MapData} map
 * @param {Pick<State, "colorBy" | "hiddenClusters" | "hiddenPlaylists" | "hiddenLayers" | "matches">} state
 * @returns {Appearance}
 */
export function appearanceOf(map, { colorBy, hiddenClusters, hiddenPlaylists, hiddenLayers, matches }) {
  const { count, cluster, memberships } = map;
  const rank = new Uint8Array(count);
  const group = new Int32Array(count);
  let visibleCount = 0;
  for (let track = 0; track < count; track++) {
    const playlist = firstShown(memberships.playlist, track, hiddenPlaylists);
    const layer = firstShown(memberships.layer, track, hiddenLayers);
    const visible = playlist !== undefined && layer !== undefined && !hiddenClusters.has(cluster[track]);
    group[track] = (colorBy === "cluster" ? cluster[track] : colorBy === "playlist" ? playlist : layer) ?? NO_GROUP;
    if (!visible) continue;
    visibleCount++;
    rank[track] = matches ? RANK.DIMMED : group[track] === NO_GROUP ? RANK.QUIET : RANK.SHOWN;
  }
  for (const track of matches ?? []) {
    if (rank[track] === RANK.DIMMED) rank[track] = RANK.SHOWN;
  }
  return { rank, group, visibleCount };
}

/**
 * @param {Membership} membership
 * @param {number} track
 * @param {ReadonlySet<number>} hidden
 * @returns {number | undefined}  NO_GROUP for a track in no group of that kind, undefined if all its groups are hidden
 */
function firstShown({ offsets, groups }, track, hidden) {
  const end = offsets[track + 1];
  if (offsets[track] === end) return hidden.has(NO_GROUP) ? undefined : NO_GROUP;
  for (let i = offsets[track]; i < end; i++) {
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
