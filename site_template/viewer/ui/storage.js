/**
 * Stored preferences, such as the theme. Storage is blocked in some browsers' private or strict modes, and null in some apps' web views.
 * A preference then lasts as long as the page, as it does in an embedded page.
 */

import { isEmbed } from "./embed.js";

/**
 * @param {string} key
 * @returns {string | null}
 */
export function readStored(key) {
  if (isEmbed()) return null;
  try {
    return localStorage?.getItem(key) ?? null;
  } catch (reason) {
    if (reason instanceof DOMException) return null;
    throw reason;
  }
}

/**
 * @param {string} key
 * @param {string} value
 */
export function writeStored(key, value) {
  if (isEmbed()) return;
  try {
    localStorage?.setItem(key, value);
  } catch (reason) {
    if (!(reason instanceof DOMException)) throw reason;
  }
}
