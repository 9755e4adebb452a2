/** Placement of the card. Pure. */

/** @import { Box, Size } from "../data/types.js" */

const GAP = 16;
const EDGE = 10;

/**
 * Returns a position beside the point (right first, then left) at its height, or above or below it if neither side has room. It is never
 * outside the area, even if the point is.
 *
 * @param {readonly [number, number]} point  pixels
 * @param {Size} card
 * @param {Box} area  where the card may be, pixels
 * @returns {[number, number]} left, top in pixels
 */
export function placeCard([x, y], card, area) {
  const [first, last] = [area.left + EDGE, area.right - EDGE - card.width];
  const [highest, lowest] = [area.top + EDGE, area.bottom - EDGE - card.height];
  const right = x + GAP;
  const left = x - GAP - card.width;
  const top = clamp(y - card.height / 2, highest, lowest);
  if (right <= last) return [Math.max(first, right), top];
  if (left >= first) return [Math.min(left, last), top];
  const below = y + GAP <= lowest;
  return [clamp(x - card.width / 2, first, last), clamp(below ? y + GAP : y - GAP - card.height, highest, lowest)];
}

/**
 * Returns the position of a docked card: at the right edge of the area, or at the left edge if it would cover less of its point and of
 * the ends of its lines there.
 *
 * @param {readonly [number, number]} point  pixels
 * @param {Size} card
 * @param {Box} area  where the card may be, pixels
 * @returns {[number, number]} left, top in pixels
 */
export function dockCard([x], card, area) {
  const [first, last] = [area.left + EDGE, area.right - EDGE - card.width];
  const isRight = x + GAP <= last || x - last < first + card.width - x;
  return [isRight ? Math.max(first, last) : first, area.top + EDGE];
}

/**
 * Clamps a value. If the limits conflict, the lower one wins, so that a card larger than the screen shows its beginning.
 *
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
function clamp(value, low, high) {
  return Math.max(low, Math.min(value, high));
}
