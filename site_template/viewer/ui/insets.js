/** The area of the map that panels cover, so that views are centered and cards are placed in the free area. */

import { byId } from "./dom.js";

/** @import { Box, Insets } from "../data/types.js" */

/** Margins in pixels; in high windows a share of their height, so that outlying tracks are visible as well. */
const AIR = { wide: 40, share: 0.05, narrow: 24 };
export const narrow = matchMedia("(max-width: 719px)");
/** Windows in which the legend may fold; see `is-folding` in the style sheet. */
export const medium = matchMedia("(min-width: 720px) and (max-width: 1079px)");
export const upright = matchMedia("(orientation: portrait)");
/** A phone held sideways, as in the style sheet: the player is beside the other panels, not above them. */
const sideways = matchMedia("(min-width: 540px) and (max-width: 719px) and (max-height: 480px)");

/** @param {string} id */
const boxOf = (id) => byId(id).getBoundingClientRect();

/**
 * Returns the area that no panel covers: between the left and the right panel in wide windows, between the top bar and the bottom
 * panels in narrow ones, below the player on a phone held sideways.
 *
 * @returns {Box}
 */
export function freeArea() {
  const player = boxOf("player");
  if (narrow.matches) {
    const covered = ["controls", "timeline", "axes", "lasso-hint", "path-hint", "tool", "picks", "card"].map((id) => boxOf(id)).filter(({ height }) => height > 0);
    if (sideways.matches && player.height > 0) {
      const right = Math.min(innerWidth, ...covered.map(({ left }) => left));
      return { top: Math.min(player.bottom, (innerHeight * 2) / 3), right, bottom: innerHeight, left: 0 };
    }
    const bottom = Math.min(innerHeight, ...covered.map(({ top }) => top));
    const top = Math.max(0, boxOf("masthead").bottom, player.bottom);
    return { top, right: innerWidth, bottom: Math.max(bottom, top + (innerHeight - top) / 3), left: 0 };
  }
  const area = besideControls();
  if (player.height === 0 || player.left >= area.right) return area;
  const [beside, below] = [{ ...area, right: player.left }, belowPlayer(area)];
  return shortSide(beside) < shortSide(below) ? below : beside;
}

/**
 * Returns the area for a docked card in a wide window: below the player if there is room, so that the card does not move aside when the
 * player opens.
 *
 * @param {number} minHeight  pixels that are room enough
 * @returns {Box}
 */
export function dockingArea(minHeight) {
  const area = besideControls();
  const player = boxOf("player");
  if (player.height === 0 || player.left >= area.right) return area;
  const below = belowPlayer(area);
  return below.bottom - below.top < minHeight ? { ...area, right: player.left } : below;
}

/** @param {Box} area  @returns {Box} */
const belowPlayer = (area) => ({ ...area, top: Math.max(area.top, boxOf("player").bottom) });

/** @param {Box} area */
const shortSide = ({ left, top, right, bottom }) => Math.min(right - left, bottom - top);

/** Returns the area between the left panel and the buttons in a wide window. The player may cover its upper right part. @returns {Box} */
function besideControls() {
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
