/** The shape of a line with one value per track. Pure. */

/**
 * @param {readonly number[]} values  NaN if unknown: the line connects the values before and after
 * @param {number} width
 * @param {number} height
 * @returns {{points: [number, number][], low: number, high: number}}  low and high: indices of the minimum and the maximum, -1 for none
 */
export function curvePoints(values, width, height) {
  const places = [...values.keys()].filter((index) => Number.isFinite(values[index]));
  const [least, most] = [Math.min(...places.map((index) => values[index])), Math.max(...places.map((index) => values[index]))];
  const across = (/** @type {number} */ index) => (values.length > 1 ? (index / (values.length - 1)) * width : width / 2);
  const up = (/** @type {number} */ value) => (most > least ? (1 - (value - least) / (most - least)) * height : height / 2);
  return {
    points: places.map((index) => [across(index), up(values[index])]),
    low: places.find((index) => values[index] === least) ?? -1,
    high: places.find((index) => values[index] === most) ?? -1,
  };
}

/** Returns the index nearest to a share of the width. @param {number} share  0..1 @param {number} count  of indices */
export const placeAt = (share, count) => Math.max(0, Math.min(count - 1, Math.round(share * (count - 1))));
