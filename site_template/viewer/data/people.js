/** Several people on one map: `people.json`, and the distribution of their tracks. Pure. */

import { requireSchema } from "./decode.js";

/** @import { MapData } from "./types.js" */
/**
 * @typedef {object} Pair  the comparison of two people's libraries
 * @property {readonly [string, string]} people  names, as in `layers`
 * @property {string} sentence
 * @property {number | null} mixing  share of a track's nearest neighbors that belong to the other person, 0..1; null if there are too few tracks
 * @property {number | null} chance  the same for a random distribution
 * @property {readonly [readonly number[], readonly number[]]} likes  tracks of the other person that each would like, best first
 * @property {readonly [number, number]} centers
 *
 * @typedef {{cluster: number, tracks: number[], one: number, other: number, both: number}} Share  `one` and `other`: number of tracks that only one person has
 */

const PEOPLE_SCHEMA = "spotmap.people/1";

/** @param {any} document  people.json, parsed  @returns {Pair[]} */
export function decodePeople(document) {
  requireSchema(document, PEOPLE_SCHEMA);
  return document.pairs.map((/** @type {any} */ pair) => ({ ...pair, likes: pair.would_like }));
}

/**
 * Counts each person's tracks in each cluster, the largest cluster first.
 *
 * @param {MapData} map
 * @param {number} first  a layer
 * @param {number} second
 * @returns {Share[]}
 */
export function sharesOf({ cluster, clusters, memberships }, first, second) {
  const { offsets, groups } = memberships.layer;
  /** @type {Share[]} */
  const shares = clusters.map((_, index) => ({ cluster: index, tracks: [], one: 0, other: 0, both: 0 }));
  for (let track = 0; track < cluster.length; track++) {
    const share = shares[cluster[track]];
    if (!share) continue;
    const layers = groups.subarray(offsets[track], offsets[track + 1]);
    const [isOnes, isOthers] = [layers.includes(first), layers.includes(second)];
    if (!isOnes && !isOthers) continue;
    share[isOnes && isOthers ? "both" : isOnes ? "one" : "other"]++;
    share.tracks.push(track);
  }
  return shares.filter(({ tracks }) => tracks.length > 0).sort((a, b) => b.tracks.length - a.tracks.length || a.cluster - b.cluster);
}
