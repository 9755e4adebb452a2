/** The spread of an album's tracks on the map, and the position where an artist is closest to the rest of a library. Pure. */

/** @import { Grid } from "./grid.js" */

/** An album with fewer tracks has no meaningful spread. */
export const FEWEST = 3;
/** Maximum number of tracks whose pairwise distances are measured; of more tracks, an even sample. */
const MEASURED = 150;
/** Number of random sets of tracks that an album is compared with. */
const DRAWS = 200;
/** An album crosses the map if more than this share of the random sets is as compact, and its tracks are nearly as far apart. */
const USUAL = 0.05;
const NEARLY = 0.8;
/** The other categories of albums, by the ratio of their spread to that of the random sets (docs/map-quality.md). */
const MOODS = /** @type {const} */ ([[0.35, "one"], [0.65, "few"], [Infinity, "wide"]]);
/** Radius of a track's surroundings, as a share of the map's diagonal. */
const NEARBY = 0.04;

/** @typedef {{x: ArrayLike<number>, y: ArrayLike<number>, view: readonly number[]}} Places  map units */
/** @typedef {{mood: "one" | "few" | "wide" | "all", ratio: number}} Spread  `ratio`: 1 is the spread of random tracks */

/**
 * Returns a generator of pseudo-random numbers in [0, 1) with a fixed seed (mulberry32).
 *
 * @param {number} seed
 */
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @param {Places} places  @param {readonly number[]} tracks  at least two  @returns {number}  their mean pairwise distance */
function meanDistance({ x, y }, tracks) {
  let sum = 0;
  for (let i = 1; i < tracks.length; i++) {
    for (let j = 0; j < i; j++) sum += Math.hypot(x[tracks[i]] - x[tracks[j]], y[tracks[i]] - y[tracks[j]]);
  }
  return sum / ((tracks.length * (tracks.length - 1)) / 2);
}

/**
 * @param {Places} places
 * @param {readonly number[]} tracks  at least FEWEST
 * @returns {Spread}
 */
export function spreadOf(places, tracks) {
  const step = Math.max(1, tracks.length / MEASURED);
  const measured = Array.from({ length: Math.min(tracks.length, MEASURED) }, (_, index) => tracks[Math.floor(index * step)]);
  const own = meanDistance(places, measured);
  const random = randomNumbers(measured.length);
  const count = places.x.length;
  let [sum, closer] = [0, 0];
  for (let draw = 0; draw < DRAWS; draw++) {
    /** @type {Set<number>} */
    const drawn = new Set();
    while (drawn.size < Math.min(count, measured.length)) drawn.add(Math.floor(random() * count));
    const distance = meanDistance(places, [...drawn]);
    sum += distance;
    if (distance <= own) closer++;
  }
  const ratio = sum > 0 ? own / (sum / DRAWS) : 1;
  if (closer > USUAL * DRAWS && ratio >= NEARLY) return { mood: "all", ratio };
  const [, mood] = /** @type {typeof MOODS[number]} */ (MOODS.find(([most]) => ratio < most));
  return { mood, ratio };
}

/**
 * Returns the track that has most tracks of other artists around it: the best entry point to an artist for this listener.
 *
 * @param {Places} places
 * @param {Grid} grid  of these positions
 * @param {readonly number[]} tracks
 * @param {(track: number) => number} weightOf  weight of each track of other artists
 * @returns {{track: number, weight: number} | null}  null if no other track is near any of them
 */
export function entryPoint({ x, y, view }, grid, tracks, weightOf) {
  const reach = NEARBY * Math.hypot(view[2] - view[0], view[3] - view[1]);
  const own = new Set(tracks);
  let best = null;
  for (const track of tracks) {
    const runs = grid.runs(x[track] - reach, y[track] - reach, x[track] + reach, y[track] + reach);
    let weight = 0;
    for (let r = 0; r < runs.length; r += 2) {
      for (let index = runs[r]; index < runs[r + 1]; index++) {
        const other = grid.order[index];
        if (Math.hypot(grid.x[index] - x[track], grid.y[index] - y[track]) <= reach && !own.has(other)) weight += weightOf(other);
      }
    }
    if (weight > (best?.weight ?? 0)) best = { track, weight };
  }
  return best;
}
