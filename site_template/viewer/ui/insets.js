/** What panels cover of the map, so that views are centered, and cards placed, in what they leave free. */

import { byId } from "./dom.js";

/** @import { Box, Insets } from "../data/types.js" */

/** Pixels; in high windows a share of their height, so that what strays beyond most tracks shows as well. */
const AIR = { wide: 40, share: 0.05, narrow: 24 };
export const narrow = matchMedia("(max-width: 719px)");

/** @param {string} id */
const boxOf = (id) => byId(id).getBoundingClientRect();

/**
 * What no panel covers: between the panel at the left and the one at the right in wide windows, between the bar at the top and
 * what lies at the bottom in narrow ones.
 *
 * @returns {Box}
 */
export function freeArea() {
  if (narrow.matches) {
    const covered = ["controls", "timeline", "axes", "lasso-hint", "path-hint", "tool", "picks", "card"].map((id) => boxOf(id)).filter(({ height }) => height > 0);
    const bottom = Math.min(innerHeight, ...covered.map(({ top }) => top));
    const top = Math.max(0, boxOf("masthead").bottom, boxOf("player").bottom);
    return { top, right: innerWidth, bottom: Math.max(bottom, top + (innerHeight - top) / 3), left: 0 };
  }
  const panel = boxOf("panel");
  const right = boxOf("controls").left;
  const bars = ["timeline", "axes", "table"].map((id) => boxOf(id)).filter(({ height }) => height > 0);
  const bottom = Math.min(innerHeight, ...bars.map(({ top }) => top));
  // In windows of middling width the panel at the left folds away from the one at the right.
  const isFolded = panel.height < innerHeight / 2;
  return isFolded ? { top: panel.bottom, right, bottom, left: 0 } : { top: 0, right, bottom, left: panel.right };
}

/**
 * The same as insets, with air around what is to be looked at.
 *
 * @returns {Insets}
 */
export function panelInsets() {
  const { top, right, bottom, left } = freeArea();
  const air = narrow.matches ? AIR.narrow : Math.max(AIR.wide, AIR.share * innerHeight);
  return { top: top + air, right: innerWidth - right + air, bottom: innerHeight - bottom + air, left: left + air };
}
