/** The visible rows of a long list, for virtual scrolling. Pure. */

/** Additional rows beyond the edges, so that fast scrolling does not show gaps. */
const SPARE = 4;

/**
 * @param {number} scrollTop  pixels
 * @param {number} height  of the visible area, pixels
 * @param {number} rowHeight  pixels
 * @param {number} count  total number of rows
 * @returns {[number, number]}  first, end
 */
export function visibleRows(scrollTop, height, rowHeight, count) {
  const first = Math.max(0, Math.min(count, Math.floor(scrollTop / rowHeight) - SPARE));
  return [first, Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + SPARE)];
}
