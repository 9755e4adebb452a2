/** Ranks of values among all values. Pure. */

/** Values per slice. */
const STRETCH = 2 ** 14;

/** @typedef {{ranks: Float32Array, sorted: Float32Array}} Ranked  `ranks`: 0..1, NaN for NaN; `sorted`: the known values, ascending */

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
    // The index of the first equal value determines the rank of all equal values.
    const first = Number.isNaN(values[track]) ? NaN : placeIn(sorted, values[track], false);
    ranks[track] = (first + ends[first]) / 2 / sorted.length;
  }
  return { ranks, sorted };
}

/** Returns the rank of a value, 0..1; equal values get their mean rank. @param {Float32Array} sorted  @param {number} value */
export function rankOf(sorted, value) {
  if (Number.isNaN(value)) return NaN;
  const first = placeIn(sorted, value, false);
  return (first + placeIn(sorted, value, true)) / 2 / Math.max(1, sorted.length);
}

/** Returns for each index the end of its run of equal values, which halves the search when every value is ranked. @param {Float32Array} sorted */
function endsOfEqual(sorted) {
  const ends = new Uint32Array(sorted.length);
  for (let index = sorted.length - 1; index >= 0; index--) ends[index] = sorted[index] === sorted[index + 1] ? ends[index + 1] : index + 1;
  return ends;
}

/** @param {Float32Array} sorted  @param {number} value  @param {boolean} isAfter  whether to return the index after equal values */
function placeIn(sorted, value, isAfter) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value || (isAfter && sorted[middle] === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}
