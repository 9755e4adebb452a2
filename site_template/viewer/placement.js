/** Where the card goes. Pure. */

/** @import { Size } from "./types.js" */

const GAP = 16;
const EDGE = 10;

/**
 * Beside the point where there is room (right first, then left), level with it, and never off the screen, even if the point is; where neither side
 * has room, above or below.
 *
 * @param {readonly [number, number]} point  pixels
 * @param {Size} card
 * @param {Size} screen
 * @returns {[number, number]} left, top in pixels
 */
export function placeCard([x, y], card, screen) {
  const right = x + GAP;
  const left = x - GAP - card.width;
  const top = clamp(y - card.height / 2, EDGE, screen.height - EDGE - card.height);
  if (right + card.width <= screen.width - EDGE) return [Math.max(EDGE, right), top];
  if (left >= EDGE) return [Math.min(left, screen.width - EDGE - card.width), top];
  const middle = clamp(x - card.width / 2, EDGE, screen.width - EDGE - card.width);
  const below = y + GAP + card.height <= screen.height - EDGE;
  return [middle, clamp(below ? y + GAP : y - GAP - card.height, EDGE, screen.height - EDGE - card.height)];
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
