/** Which of points of several sizes a pointer means. Pure. */

/** No point is larger, pixels. */
export const LARGEST = 18;
/** More than any distance, pixels. */
const FAR = 1000;

/**
 * The topmost that lies below the pointer is meant, else the one whose edge is nearest. What ranks higher lies above, and of one rank what is
 * smaller.
 *
 * @param {(track: number) => number} radiusOf  pixels
 * @param {(track: number) => number} rankOf
 * @param {number} perPixel  map units
 * @param {number} slack  pixels from the edge
 * @returns {(square: number, track: number) => number}  as a grid asks, of the squared distance in map units
 */
export function costOfSized(radiusOf, rankOf, perPixel, slack) {
  return (square, track) => {
    const [distance, radius] = [Math.sqrt(square) / perPixel, radiusOf(track)];
    if (distance > radius + slack) return Infinity;
    return distance > radius ? distance - radius : distance + FAR * radius - FAR * FAR * (1 + rankOf(track));
  };
}
