/** Descriptions of playlists and clusters, and of clusters without playlists. Pure. */

import { built, gettext, gettext_noop, ngettext } from "../data/language.js";
import { isolated } from "../ui/format.js";

/** @import { Group, GroupKind, Insights, MapData } from "../data/types.js" */

const NOTHING = {
  cluster: gettext_noop("Nothing about this cluster stands out."),
  playlist: gettext_noop("Nothing about this playlist stands out."),
};
const MAX_OVERLAPS = 5;

/**
 * @typedef {object} TrackList
 * @property {string} heading
 * @property {{track: number, note: string}[]} rows
 * @property {boolean} canSelect  whether the list can become the selection
 *
 * @typedef {object} GroupInsight
 * @property {string} sentence
 * @property {number | null} closeness  0..1, similarity of its tracks
 * @property {TrackList[]} lists  non-empty lists
 * @property {string[]} notes
 */

/**
 * @param {MapData} map
 * @param {Insights} insights
 * @param {GroupKind} kind
 * @param {number} index
 * @returns {GroupInsight}
 */
export function insightOf(map, insights, kind, index) {
  const found = kind === "cluster" ? aboutCluster(map, insights, index) : aboutPlaylist(map, insights, index);
  const lists = found.lists.filter(({ rows }) => rows.length > 0);
  const isEmpty = !found.sentence && lists.length + found.notes.length === 0 && found.closeness === null;
  return { ...found, lists, sentence: isEmpty ? NOTHING[kind === "cluster" ? kind : "playlist"] : found.sentence };
}

/**
 * @param {MapData} map
 * @param {Insights} insights
 * @param {number} index
 * @returns {GroupInsight}
 */
function aboutCluster({ clusters }, { clusterAxes }, index) {
  const rows = clusters[index].core.map((track) => ({ track, note: "" }));
  return { sentence: clusterAxes[index] ?? "", closeness: null, lists: [{ heading: gettext("Most typical"), rows, canSelect: false }], notes: [] };
}

/**
 * @param {MapData} map
 * @param {Insights} insights
 * @param {number} index
 * @returns {GroupInsight}
 */
function aboutPlaylist({ playlists }, insights, index) {
  const { closeness = null, sentence = "", misfits = [], suggestions = [] } = insights.playlists[index] ?? {};
  return {
    sentence,
    closeness: closeness === null ? null : Math.max(0, Math.min(1, closeness)),
    lists: [
      { heading: gettext("Do not fit"), rows: misfits.map(({ track, why }) => ({ track, note: built(why) })), canSelect: false },
      { heading: gettext("Would fit here"), rows: suggestions.map((track) => ({ track, note: "" })), canSelect: true },
    ],
    notes: overlapNotes(playlists, insights, index),
  };
}

/**
 * @param {readonly Group[]} playlists
 * @param {Insights} insights
 * @param {number} index
 */
function overlapNotes(playlists, { overlaps }, index) {
  const shared = overlaps
    .filter(({ one, other }) => one === index || other === index)
    .sort((a, b) => b.count - a.count)
    .map(({ one, other, count }) => ngettext("Shares {count} track with {playlist}.", "Shares {count} tracks with {playlist}.", count, { playlist: isolated(playlists[one === index ? other : one].name) }));
  const more = shared.length - MAX_OVERLAPS;
  return more > 0 ? [...shared.slice(0, MAX_OVERLAPS), ngettext("Shares tracks with {count} more playlist.", "Shares tracks with {count} more playlists.", more)] : shared;
}

/**
 * @param {MapData} map
 * @param {Insights} insights
 * @returns {Group[]}  clusters without playlists, the largest first
 */
export const uncoveredClusters = ({ clusters }, { uncovered }) =>
  uncovered.map((index) => clusters[index]).sort((a, b) => b.count - a.count);

/**
 * @param {MapData} map
 * @param {number} index  of a cluster
 * @returns {number[]}
 */
export function tracksOfCluster({ cluster }, index) {
  /** @type {number[]} */
  const tracks = [];
  cluster.forEach((own, track) => {
    if (own === index) tracks.push(track);
  });
  return tracks;
}
