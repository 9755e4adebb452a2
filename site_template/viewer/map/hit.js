/** Finds the point under the pointer among points of several sizes. Pure. */

/** Maximum radius of a point, pixels. */
export const LARGEST = 18;
/** A value above any distance, pixels. */
const FAR = 1000;

/**
 * Returns a cost by which the topmost point under the pointer wins, or else the point with the nearest edge. Higher ranks are above lower
 * ones, and within a rank, smaller points are above larger ones.
 *
 * @param {(track: number) => number} radiusOf  pixels
 * @param {(track: number) => number} rankOf
 * @param {number} perPixel  map units
 * @param {number} slack  pixels from the edge
 * @returns {(square: number, track: number) => number}  cost function for a grid, of the squared distance in map units
 */
export function costOfSized(radiusOf, rankOf, perPixel, slack) {
  return (square, track) => {
    const [distance, radius] = [Math.sqrt(square) / perPixel, radiusOf(track)];
    if (distance > radius + slack) return Infinity;
    return distance > radius ? distance - radius : distance + FAR * radius - FAR * FAR * (1 + rankOf(track));
  };
}
