/** Which rows of a long list are worth having in the page. Pure. */

/** Rows beyond the edges, so that a quick scroll does not show gaps. */
const SPARE = 4;

/**
 * @param {number} scrollTop  pixels
 * @param {number} height  of what is in sight, pixels
 * @param {number} rowHeight  pixels
 * @param {number} count  of all rows
 * @returns {[number, number]}  first, end
 */
export function visibleRows(scrollTop, height, rowHeight, count) {
  const first = Math.max(0, Math.min(count, Math.floor(scrollTop / rowHeight) - SPARE));
  return [first, Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + SPARE)];
}
