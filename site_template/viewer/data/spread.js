/** How far the tracks of an album spread over the map, and where an artist comes nearest to the rest of a library. Pure. */

/** @import { Grid } from "./grid.js" */

/** An album of fewer has no spread to speak of. */
export const FEWEST = 3;
/** Tracks whose distances from each other are measured, evenly out of more. */
const MEASURED = 150;
/** Sets of tracks drawn at random that an album is held against. */
const DRAWS = 200;
/** An album crosses the map if more than this share of these lies as close together as it does, and its tracks are nearly as far apart. */
const USUAL = 0.05;
const NEARLY = 0.8;
/** What else an album is, by its spread in multiples of that of sets drawn at random (docs/map-quality.md). */
const MOODS = /** @type {const} */ ([[0.35, "one"], [0.65, "few"], [Infinity, "wide"]]);
/** What lies around a track: within this part of the map's diagonal. */
const NEARBY = 0.04;

/** @typedef {{x: ArrayLike<number>, y: ArrayLike<number>, view: readonly number[]}} Places  map units */
/** @typedef {{mood: "one" | "few" | "wide" | "all", ratio: number}} Spread  `ratio`: 1 is what tracks drawn at random have */

/**
 * Numbers from 0 up to 1, the same at every call (mulberry32).
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

/** @param {Places} places  @param {readonly number[]} tracks  two at least  @returns {number}  their mean distance from each other */
function meanDistance({ x, y }, tracks) {
  let sum = 0;
  for (let i = 1; i < tracks.length; i++) {
    for (let j = 0; j < i; j++) sum += Math.hypot(x[tracks[i]] - x[tracks[j]], y[tracks[i]] - y[tracks[j]]);
  }
  return sum / ((tracks.length * (tracks.length - 1)) / 2);
}

/**
 * @param {Places} places
 * @param {readonly number[]} tracks  FEWEST at least
 * @returns {Spread}
 */
export function spreadOf(places, tracks) {
  const step = Math.max(1, tracks.length / MEASURED);
  const measured = Array.from({ length: Math.min(tracks.length, MEASURED) }, (_, place) => tracks[Math.floor(place * step)]);
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
 * The track that most of what others made lies around: of all that these are, the nearest to what the listener knows.
 *
 * @param {Places} places
 * @param {Grid} grid  of these places
 * @param {readonly number[]} tracks
 * @param {(track: number) => number} weightOf  how much each of the others counts
 * @returns {{track: number, weight: number} | null}  null where nothing lies around any of them
 */
export function entryPoint({ x, y, view }, grid, tracks, weightOf) {
  const reach = NEARBY * Math.hypot(view[2] - view[0], view[3] - view[1]);
  const own = new Set(tracks);
  let best = null;
  for (const track of tracks) {
    const runs = grid.runs(x[track] - reach, y[track] - reach, x[track] + reach, y[track] + reach);
    let weight = 0;
    for (let r = 0; r < runs.length; r += 2) {
      for (let place = runs[r]; place < runs[r + 1]; place++) {
        const other = grid.order[place];
        if (Math.hypot(grid.x[place] - x[track], grid.y[place] - y[track]) <= reach && !own.has(other)) weight += weightOf(other);
      }
    }
    if (weight > (best?.weight ?? 0)) best = { track, weight };
  }
  return best;
}
