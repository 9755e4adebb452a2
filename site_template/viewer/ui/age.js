/** How old the map is, and what is to come, for its note. Pure. */

import { gettext, ngettext } from "../data/language.js";

const DAY_MS = 86_400_000;

/**
 * A site does not say when it was built, so that equal builds are equal files. When its page was published, the host says, if any.
 *
 * @param {{builtAt: string, waiting: number}} map
 * @param {string} lastModified  as documents have it: now, where the host says nothing
 * @param {number} now_ms
 * @returns {string} "Built 3 days ago; 12 tracks wait to be listened to."; or empty
 */
export function ageNote({ builtAt, waiting }, lastModified, now_ms) {
  const days = Math.floor((now_ms - Date.parse(builtAt || lastModified)) / DAY_MS);
  const age = days >= 1 ? ngettext("Built {count} day ago", "Built {count} days ago", days) : "";
  const toCome = waiting > 0 ? ngettext("{count} track waits to be listened to", "{count} tracks wait to be listened to", waiting) : "";
  const parts = [age, toCome].filter(Boolean);
  return parts.length > 0 ? gettext("{sentence}.", { sentence: parts.join("; ") }) : "";
}
