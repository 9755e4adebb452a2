/**
 * More of some tracks, less of others: which tracks are near to all of the first and far from the second. Pure; a generator, as in
 * `paths.js`.
 *
 * How near a track is to another follows from random walks over the tracks that sound alike (`neighbors` of the files, both ways),
 * which begin again at the one every few steps (random walk with restart; Tong, Faloutsos and Pan 2006). How often they pass a track
 * counts for less the more links it has: else tracks with many would be near to everything. Nothing is needed
 * for this that is not in the site anyway.
 */

/** @import { Graph } from "./paths.js" */

/** How often a walk begins again. */
const RESTART = 0.2;
/** Steps after which next to nothing changes: 0.8 to the power of 24 is half a percent. */
const STEPS = 24;
/** How many of the tracks nearest to what is wanted may be chosen from, where something is not wanted. */
const CANDIDATES = 200;
/** Of the nearest track's: what is less near than this is as far as can be. */
const FARTHEST = 1e-5;
const SLICE = 20_000;

/**
 * How near every track is to one: 1 for the nearest.
 *
 * @param {Graph} graph
 * @param {number} from
 * @returns {Generator<void, Float64Array>}
 */
export function* nearness({ offsets, targets, ranks }, from) {
  const count = offsets.length - 1;
  const weights = new Float64Array(count);
  for (let track = 0; track < count; track++) {
    for (let i = offsets[track]; i < offsets[track + 1]; i++) weights[track] += weightOf(ranks[i]);
  }
  yield;
  let now = new Float64Array(count);
  let next = new Float64Array(count);
  now[from] = 1;
  for (let step = 0; step < STEPS; step++) {
    next.fill(0);
    next[from] = RESTART;
    for (let track = 0; track < count; track++) {
      if (track % SLICE === 0) yield;
      if (now[track] === 0 || weights[track] === 0) continue;
      const share = ((1 - RESTART) * now[track]) / weights[track];
      for (let i = offsets[track]; i < offsets[track + 1]; i++) next[targets[i]] += share * weightOf(ranks[i]);
    }
    [now, next] = [next, now];
  }
  let nearest = 0;
  for (let track = 0; track < count; track++) {
    now[track] = weights[track] ? now[track] / weights[track] : 0;
    if (track !== from) nearest = Math.max(nearest, now[track]);
  }
  for (let track = 0; track < count; track++) now[track] = nearest ? Math.min(1, now[track] / nearest) : 0;
  return now;
}

/** @param {number} rank */
const weightOf = (rank) => 1 / (1 + rank);

/**
 * @param {Graph} graph
 * @param {readonly number[]} more  at least one
 * @param {readonly number[]} less
 * @param {{count: number, accepts: (track: number) => boolean}} wish  how many, and of which
 * @returns {Generator<void, number[]>}  the best first
 */
export function* mix(graph, more, less, { count, accepts }) {
  const wanted = yield* meanLog(graph, more);
  const unwanted = less.length > 0 ? yield* meanLog(graph, less) : null;
  const floor = Math.log(FARTHEST);
  /** @type {number[]} */
  const tracks = [];
  for (let track = 0; track < wanted.length; track++) {
    if (wanted[track] > floor && !more.includes(track) && !less.includes(track) && accepts(track)) tracks.push(track);
  }
  const bestBy = (/** @type {(track: number) => number} */ score, /** @type {number} */ most) =>
    tracks.sort((a, b) => score(b) - score(a) || a - b).splice(most);
  bestBy((track) => wanted[track], unwanted ? CANDIDATES : count);
  if (unwanted) bestBy((track) => wanted[track] - unwanted[track], count);
  return tracks;
}

/**
 * The logarithm of how near each track is to several, in their geometric mean: what is far from one of them is near to all by nothing.
 *
 * @param {Graph} graph
 * @param {readonly number[]} tracks
 * @returns {Generator<void, Float64Array>}
 */
function* meanLog(graph, tracks) {
  const sum = new Float64Array(graph.offsets.length - 1);
  for (const track of tracks) {
    const near = yield* nearness(graph, track);
    for (let other = 0; other < sum.length; other++) sum[other] += Math.log(Math.max(FARTHEST, near[other])) / tracks.length;
  }
  return sum;
}

/**
 * The place of a list on the map: that of its tracks which has the others nearest around it.
 *
 * @param {readonly number[]} tracks  at least one
 * @param {{x: Uint16Array, y: Uint16Array}} positions
 */
export function placeOf(tracks, { x, y }) {
  const distance = (/** @type {number} */ track) => tracks.reduce((sum, other) => sum + Math.hypot(x[track] - x[other], y[track] - y[other]), 0);
  return tracks.reduce((best, track) => (distance(track) < distance(best) ? track : best));
}
