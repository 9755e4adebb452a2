/** Distances of a track's true neighbors on the map. Pure. */

import { gettext } from "../data/language.js";

/** Shares of the map's diagonal: distances below the first are always near, and above the second never. */
const NEAR = 0.05;
const FAR = 0.15;
/** Neighbors at more than this multiple of the median distance are elsewhere. */
const MULTIPLE = 3;

/**
 * Finds neighbors that are elsewhere on the map: far away relative to the other neighbors and to the map.
 *
 * @param {readonly number[]} distances  of the neighbors on the map
 * @param {number} diagonal  of the map, in the same unit
 */
export function findDistant(distances, diagonal) {
  const middle = [...distances].sort((a, b) => a - b)[distances.length >> 1] ?? 0;
  const limit = Math.max(NEAR * diagonal, Math.min(MULTIPLE * middle, FAR * diagonal));
  return distances.map((distance) => distance > limit);
}

const BOTH = "both ";

/**
 * Returns the common traits of two tracks without figures: "both quiet, drifting and ambient; both in E major".
 *
 * @param {string} shared  "both quiet (−22 LUFS and −22 LUFS); both drifting (0.2 and 0.0)"
 */
export function summarizeShared(shared) {
  const parts = shared.split("; ").map((part) => part.replace(/ \([^()]*\)$/, ""));
  const isQuality = (/** @type {string} */ part) => part.startsWith(BOTH) && !part.startsWith(`${BOTH}in `);
  const qualities = parts.filter(isQuality).map((part) => part.slice(BOTH.length));
  const last = qualities.pop();
  const both = last && BOTH + (qualities.length > 0 ? `${qualities.join(", ")} and ${last}` : last);
  return [both, ...parts.filter((part) => !isQuality(part))].filter(Boolean).join("; ");
}

/** @param {number} kept  percent */
export function keptText(kept) {
  const tenths = Math.round(kept / 10);
  if (tenths === 0) return gettext("None are near it on the map.");
  return tenths === 10 ? gettext("All are near it on the map.") : gettext("About {tenths} in 10 are near it on the map.", { tenths });
}
