/** Which groups are switched on, and what follows from it for every track. Pure. */

import { NO_GROUP } from "./types.js";

/** @import { GroupKind, MapData, State } from "./types.js" */

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
 * A track shows if its cluster is on and any of its playlists is on ("no playlist" counting as one). While a query is
 * being typed, shown tracks that do not match are dimmed.
 *
 * @param {MapData} map
 * @param {Pick<State, "colorBy" | "hiddenClusters" | "hiddenPlaylists" | "matches">} state
 * @returns {Appearance}
 */
export function appearanceOf(map, { colorBy, hiddenClusters, hiddenPlaylists, matches }) {
  const { count, cluster } = map;
  const rank = new Uint8Array(count);
  const group = new Int32Array(count);
  let visibleCount = 0;
  for (let track = 0; track < count; track++) {
    const playlist = firstShownPlaylist(map, track, hiddenPlaylists);
    const visible = playlist !== undefined && !hiddenClusters.has(cluster[track]);
    group[track] = colorBy === "cluster" ? cluster[track] : (playlist ?? NO_GROUP);
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
 * @param {MapData} map
 * @param {number} track
 * @param {ReadonlySet<number>} hidden
 * @returns {number | undefined}  NO_GROUP for a track in no playlist, undefined if all its playlists are hidden
 */
function firstShownPlaylist({ membership: { offsets, playlists } }, track, hidden) {
  const end = offsets[track + 1];
  if (offsets[track] === end) return hidden.has(NO_GROUP) ? undefined : NO_GROUP;
  for (let i = offsets[track]; i < end; i++) {
    if (!hidden.has(playlists[i])) return playlists[i];
  }
  return undefined;
}

/**
 * @param {MapData} map
 * @param {GroupKind} kind
 */
export function groupsOf(map, kind) {
  return kind === "cluster" ? map.clusters : map.playlists;
}

/**
 * @param {MapData} map
 * @param {GroupKind} kind
 * @returns {number}  tracks in no cluster or in no playlist
 */
export function countWithoutGroup(map, kind) {
  let without = 0;
  for (let track = 0; track < map.count; track++) {
    const none =
      kind === "cluster"
        ? map.cluster[track] === NO_GROUP
        : map.membership.offsets[track] === map.membership.offsets[track + 1];
    if (none) without++;
  }
  return without;
}
