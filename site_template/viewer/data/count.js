/** Whole numbers as people write them. Pure. */

/**
 * By hand: to make a first Intl.NumberFormat takes longer than to draw the first map of a few thousand tracks.
 *
 * @param {number} count  a whole number
 * @returns {string} 12,345
 */
export const formatCount = (count) => String(count).replace(/\B(?=(\d{3})+$)/g, ",");
