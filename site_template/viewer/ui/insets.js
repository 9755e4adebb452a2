/** The area of the map that panels cover, so that views are centered and cards are placed in the free area. */

import { byId } from "./dom.js";

/** @import { Box, Insets } from "../data/types.js" */

/** Margins in pixels; in high windows a share of their height, so that outlying tracks are visible as well. */
const AIR = { wide: 40, share: 0.05, narrow: 24 };
export const narrow = matchMedia("(max-width: 719px)");

/** @param {string} id */
const boxOf = (id) => byId(id).getBoundingClientRect();

/**
 * Returns the area that no panel covers: between the left and the right panel in wide windows, between the top bar and the bottom
 * panels in narrow ones.
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
  // In windows of medium width, the left panel folds to make room for the right one.
  const isFolded = panel.height < innerHeight / 2;
  return isFolded ? { top: panel.bottom, right, bottom, left: 0 } : { top: 0, right, bottom, left: panel.right };
}

/**
 * Returns the same as insets, with a margin.
 *
 * @returns {Insets}
 */
export function panelInsets() {
  const { top, right, bottom, left } = freeArea();
  const air = narrow.matches ? AIR.narrow : Math.max(AIR.wide, AIR.share * innerHeight);
  return { top: top + air, right: innerWidth - right + air, bottom: innerHeight - bottom + air, left: left + air };
}
