/** The age of the map and the number of waiting tracks, for its note. Pure. */

import { gettext, ngettext } from "../data/language.js";

const DAY_MS = 86_400_000;

/**
 * A site does not contain its build time, so that equal builds give equal files. The host may say when the page was published.
 *
 * @param {{builtAt: string, waiting: number}} map
 * @param {string} lastModified  `document.lastModified`, which is the current time if the host does not say
 * @param {number} now_ms
 * @returns {string} "Built 3 days ago; 12 tracks are waiting to be analyzed."; or empty
 */
export function ageNote({ builtAt, waiting }, lastModified, now_ms) {
  const days = Math.floor((now_ms - Date.parse(builtAt || lastModified)) / DAY_MS);
  const age = days >= 1 ? ngettext("Built {count} day ago", "Built {count} days ago", days) : "";
  const toCome = waiting > 0 ? ngettext("{count} track is waiting to be analyzed", "{count} tracks are waiting to be analyzed", waiting) : "";
  const parts = [age, toCome].filter(Boolean);
  return parts.length > 0 ? gettext("{sentence}.", { sentence: parts.join("; ") }) : "";
}
