/**
 * "More of this, less of that": finds tracks that are similar to some tracks and dissimilar to others. Pure; a generator, as in
 * `paths.js`.
 *
 * The similarity of two tracks is computed with random walks with restart (Tong, Faloutsos and Pan 2006) on the graph of similar
 * tracks (`neighbors` in the site's files, in both directions). The number of visits to a track is divided by its degree; otherwise
 * tracks with many links would be similar to everything. This needs no data besides the files of the site.
 */

/** @import { Graph } from "./paths.js" */

/** Probability of a restart at each step. */
const RESTART = 0.2;
/** Number of steps after which hardly anything changes: 0.8 to the power of 24 is half a percent. */
const STEPS = 24;
/** Number of candidates: the tracks most similar to the wanted ones, if there are also unwanted ones. */
const CANDIDATES = 200;
/** Smallest similarity, relative to that of the nearest track; anything lower counts as this. */
const FARTHEST = 1e-5;
const SLICE = 20_000;

/**
 * Computes the similarity of every track to one track: 1 for the nearest.
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
 * @param {{count: number, accepts: (track: number) => boolean}} wish  how many tracks, and which are allowed
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
 * Computes the logarithm of the geometric mean of each track's similarities to several tracks. The geometric mean is low for a track
 * that is dissimilar to any of them.
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
 * Returns the position of a list on the map: the position of its medoid, the track that is nearest to the others.
 *
 * @param {readonly number[]} tracks  at least one
 * @param {{x: Uint16Array, y: Uint16Array}} positions
 */
export function placeOf(tracks, { x, y }) {
  const distance = (/** @type {number} */ track) => tracks.reduce((sum, other) => sum + Math.hypot(x[track] - x[other], y[track] - y[other]), 0);
  return tracks.reduce((best, track) => (distance(track) < distance(best) ? track : best));
}
