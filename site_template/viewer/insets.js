/** What panels cover of the map, so that views are centred in what they leave free. */

/** @import { Insets } from "./types.js" */

const AIR = { wide: 40, narrow: 24 };
const narrow = matchMedia("(max-width: 719px)");

/**
 * @param {HTMLElement} masthead  on wide windows part of the panel at the left, on narrow ones a bar at the top
 * @param {HTMLElement} panel
 * @param {HTMLElement} controls  above the legend's handle in narrow windows, in the corner of wide ones
 * @returns {Insets}
 */
export function panelInsets(masthead, panel, controls) {
  if (narrow.matches) {
    const top = masthead.getBoundingClientRect().bottom;
    const bottom = innerHeight - controls.getBoundingClientRect().top;
    const air = AIR.narrow;
    return { top: top + air, right: air, bottom: Math.min(bottom, innerHeight / 3) + air, left: air };
  }
  const air = AIR.wide;
  return { top: air, right: air + 44, bottom: air, left: panel.getBoundingClientRect().right + air };
}
