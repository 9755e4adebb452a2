/** Color scales: sequential, diverging and cyclic. Pure. */

import { oklchToHex } from "../ui/palette.js";

/** @import { ThemeName } from "../data/types.js" */

/**
 * Sequential scale. Lightness is monotonic, so it is readable without seeing hues. High values stand out most from the background:
 * light on dark, dark on light.
 */
const SEQUENTIAL = { dark: { lightness: [0.45, 0.93], hue: [292, 95] }, light: { lightness: [0.75, 0.3], hue: [95, 292] } };
const DIVERGING = { dark: { middle: 0.5, end: 0.84 }, light: { middle: 0.7, end: 0.4 } };
const DIVERGING_HUES = [250, 55];
const CYCLE = { dark: { lightness: 0.74, swing: 0.13 }, light: { lightness: 0.52, swing: 0.13 } };
const CHROMA = 0.13;

/** @param {number} from  @param {number} to  @param {number} share */
const between = (from, to, share) => from + (to - from) * share;

/**
 * @param {number} share  0..1
 * @param {ThemeName} theme
 * @returns {string} #rrggbb
 */
export function sequential(share, theme) {
  const { lightness, hue } = SEQUENTIAL[theme];
  return oklchToHex(between(lightness[0], lightness[1], share), CHROMA, between(hue[0], hue[1], share));
}

/**
 * @param {number} share  0..1; 0.5 is neutral
 * @param {ThemeName} theme
 * @returns {string} #rrggbb
 */
export function diverging(share, theme) {
  const { middle, end } = DIVERGING[theme];
  const distance = Math.abs(2 * share - 1);
  return oklchToHex(between(middle, end, distance), CHROMA * distance, DIVERGING_HUES[share < 0.5 ? 0 : 1]);
}

/**
 * @param {number} share  of the cycle, 0..1; 1 equals 0
 * @param {ThemeName} theme
 * @returns {string} #rrggbb
 */
export function cyclic(share, theme) {
  const { lightness, swing } = CYCLE[theme];
  return oklchToHex(lightness + swing * Math.cos(2 * Math.PI * share), CHROMA, (360 * share + 100) % 360);
}
