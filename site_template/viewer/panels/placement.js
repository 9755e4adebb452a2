/** Where the card goes. Pure. */

/** @import { Box, Size } from "../data/types.js" */

const GAP = 16;
const EDGE = 10;

/**
 * Beside the point where there is room (right first, then left), level with it, and never outside the area, even if the point is;
 * where neither side has room, above or below.
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
 * At the right edge of the area, from the top: there a card that stays leaves open what lies around its point, and what lines lead
 * to. At the left edge while the point lies to the right.
 *
 * @param {readonly [number, number]} point  pixels
 * @param {Size} card
 * @param {Box} area  where the card may be, pixels
 * @returns {[number, number]} left, top in pixels
 */
export function dockCard([x], card, area) {
  const [first, last] = [area.left + EDGE, area.right - EDGE - card.width];
  return [x + GAP <= last ? Math.max(first, last) : first, area.top + EDGE];
}

/**
 * The lower limit wins where both cannot be kept: a card larger than the screen shows its beginning.
 *
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
function clamp(value, low, high) {
  return Math.max(low, Math.min(value, high));
}
