/** Numbers as people write them. Pure. */

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

const COUNT = new Intl.NumberFormat("en");

/** @param {number} count */
export const formatCount = (count) => COUNT.format(count);

/**
 * @param {number} count
 * @param {string} noun  its plural takes an s
 */
export const counted = (count, noun) => `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
