/**
 * Sizes of points by a number. The area is proportional to the value, in a few classes, so that points of one size are drawn together. In
 * total, sized points cover about as much of the map as plain points, so that 100,000 are as readable as 100. Pure.
 */

import { gettext } from "../data/language.js";

/** @import { Trait } from "../data/types.js" */

/** Number of sizes. Each is a fifth wider than the previous one; finer steps cannot be distinguished. */
export const SIZES = 12;
/** Radii of the first and the last size, relative to a plain point's. */
const [MIN_GROWTH, MAX_GROWTH] = [0.45, 4];
/** If the lowest value is below this share of the highest, the scale starts at zero; otherwise at the lowest value. */
const FROM_ZERO = 0.25;

/** Returns the radius of a size, relative to a plain point's. @param {number} size */
export const growthOf = (size) => MIN_GROWTH * (MAX_GROWTH / MIN_GROWTH) ** (size / (SIZES - 1));

/**
 * Returns the scale of areas. An area stands for the difference from `origin`; a difference of `mean` has a plain point's area.
 *
 * @param {Pick<Trait, "values" | "domain">} trait  a number or a date
 */
export function scaleOf({ values, domain: [low, high] }) {
  const origin = low >= 0 && low < FROM_ZERO * high ? 0 : low;
  let [sum, count] = [0, 0];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    sum += Math.max(0, Math.min(value, high) - origin);
    count++;
  }
  return { origin, mean: sum / count || 1 };
}

/** @param {ReturnType<typeof scaleOf>} scale  @param {number} value  @returns {number}  its size; the smallest if it is unknown */
export function sizeOf({ origin, mean }, value) {
  const growth = Math.sqrt(Math.max(0, value - origin) / mean);
  const index = Math.round(((SIZES - 1) * Math.log(growth / MIN_GROWTH)) / Math.log(MAX_GROWTH / MIN_GROWTH));
  return Math.max(0, Math.min(SIZES - 1, index)) || 0;
}

/**
 * Returns a trait that points can be sized by.
 *
 * @param {Trait} trait
 * @param {(note: string) => void} tell
 * @returns {Trait | null}  null if it has no numbers; the note then says so
 */
export function withSizes(trait, tell) {
  if (trait.membership) {
    tell(gettext("{label} has no numbers to size points by.", { label: gettext(trait.label) }));
    return null;
  }
  const scale = scaleOf(trait);
  return { ...trait, sizes: Uint8Array.from(trait.values, (value) => sizeOf(scale, value)) };
}
