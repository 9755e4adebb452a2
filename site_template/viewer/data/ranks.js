/** Where values lie among all of them. Pure. */

/** Values between two chances to pause. */
const STRETCH = 2 ** 14;

/** @typedef {{ranks: Float32Array, sorted: Float32Array}} Ranked  `ranks`: 0..1, NaN for NaN; `sorted`: what is known, ascending */

/**
 * In steps.
 *
 * @param {Float32Array} values
 * @returns {Generator<void, Ranked>}
 */
export function* ranksOf(values) {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const ends = endsOfEqual(sorted);
  const ranks = new Float32Array(values.length);
  for (let track = 0; track < values.length; track++) {
    if (track % STRETCH === STRETCH - 1) yield;
    // Each is there: the place of the first one that is equal says where all of them lie.
    const first = Number.isNaN(values[track]) ? NaN : placeIn(sorted, values[track], false);
    ranks[track] = (first + ends[first]) / 2 / sorted.length;
  }
  return { ranks, sorted };
}

/** Where a value lies among all, 0..1; equal values lie at the middle of theirs. @param {Float32Array} sorted  @param {number} value */
export function rankOf(sorted, value) {
  if (Number.isNaN(value)) return NaN;
  const first = placeIn(sorted, value, false);
  return (first + placeIn(sorted, value, true)) / 2 / Math.max(1, sorted.length);
}

/** For each place the one after the last of its equals: half the searching where every value is ranked. @param {Float32Array} sorted */
function endsOfEqual(sorted) {
  const ends = new Uint32Array(sorted.length);
  for (let place = sorted.length - 1; place >= 0; place--) ends[place] = sorted[place] === sorted[place + 1] ? ends[place + 1] : place + 1;
  return ends;
}

/** @param {Float32Array} sorted  @param {number} value  @param {boolean} isAfter  past those that are equal */
function placeIn(sorted, value, isAfter) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value || (isAfter && sorted[middle] === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}
