/** A curve of one value a track, as the shape of a line. Pure. */

/**
 * @param {readonly number[]} values  NaN where unknown: the line goes on from the value before to the one after
 * @param {number} width
 * @param {number} height
 * @returns {{points: [number, number][], low: number, high: number}}  low and high: places of the least and the most, -1 for none
 */
export function curvePoints(values, width, height) {
  const places = [...values.keys()].filter((place) => Number.isFinite(values[place]));
  const [least, most] = [Math.min(...places.map((place) => values[place])), Math.max(...places.map((place) => values[place]))];
  const across = (/** @type {number} */ place) => (values.length > 1 ? (place / (values.length - 1)) * width : width / 2);
  const up = (/** @type {number} */ value) => (most > least ? (1 - (value - least) / (most - least)) * height : height / 2);
  return {
    points: places.map((place) => [across(place), up(values[place])]),
    low: places.find((place) => values[place] === least) ?? -1,
    high: places.find((place) => values[place] === most) ?? -1,
  };
}

/** Which of so many places lies nearest to a share of the width. @param {number} share  0..1 @param {number} count */
export const placeAt = (share, count) => Math.max(0, Math.min(count - 1, Math.round(share * (count - 1))));
