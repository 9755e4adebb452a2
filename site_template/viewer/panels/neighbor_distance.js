/** What there is to say of a track's true neighbors and where the map puts them. Pure. */

import { gettext } from "../data/language.js";

/** Shares of the map's diagonal: nearer than the first is near in any case, further than the second never is. */
const NEAR = 0.05;
const FAR = 0.15;
/** Neighbors this many times as far away as the middle one are elsewhere. */
const MULTIPLE = 3;

/**
 * Which neighbors the map puts somewhere else: far away as measured by the others and by the map.
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
 * What two tracks share, without the figures that say how much: "both quiet, drifting and ambient; both in E major".
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
  if (tenths === 0) return gettext("None lie near it on the map.");
  return tenths === 10 ? gettext("All lie near it on the map.") : gettext("About {tenths} in 10 lie near it on the map.", { tenths });
}
