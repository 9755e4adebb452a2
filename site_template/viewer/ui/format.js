/** Formats numbers and counts. Pure. */

import { ngettext } from "../data/language.js";

/**
 * @param {number} duration_ms
 * @returns {string} 3:05, 1:02:09
 */
export function formatDuration(duration_ms) {
  const seconds = Math.round(duration_ms / 1000);
  const pad = (/** @type {number} */ value) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(seconds % 60)}` : `${minutes}:${pad(seconds % 60)}`;
}

/**
 * Cuts only between grapheme clusters: an emoji may consist of several code points, and a letter may have a combining accent.
 *
 * @param {string} text
 * @param {number} longest  characters
 */
export function shortened(text, longest) {
  if (text.length <= longest) return text;
  const characters = "Segmenter" in Intl ? Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment) : [...text];
  return characters.length <= longest ? text : `${characters.slice(0, longest - 1).join("").trimEnd()}…`;
}

/** Isolates the writing direction of a name in plain text, where no element can do so. @param {string} name */
export const isolated = (name) => `\u2068${name}\u2069`;

/** @param {number} count */
export const tracksText = (count) => ngettext("{count} track", "{count} tracks", count);

/** @param {number} count  of tracks */
export const selectedText = (count) => ngettext("{count} track selected", "{count} tracks selected", count);

/** @param {number} shown  @param {number} count  of all tracks */
export const shownText = (shown, count) => (shown < count ? ngettext("{shown} of {count} track", "{shown} of {count} tracks", count, { shown }) : tracksText(count));
