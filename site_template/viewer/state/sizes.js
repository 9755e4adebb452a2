/**
 * How large points are by a number: as areas, in a few classes, so that points of one size are drawn together. All together they cover about
 * as much of the map as plain points do, so that 100,000 can be read as well as 100. Pure.
 */

import { gettext } from "../data/language.js";

/** @import { Trait } from "../data/types.js" */

/** Each a fifth wider than the one before: finer steps nobody tells apart. */
export const SIZES = 12;
/** Radii of the first and the last, of a plain point's. */
const [LEAST, MOST] = [0.45, 4];
/** What begins below this part of its highest value is measured from zero on, what lies far from zero from its lowest on. */
const FROM_ZERO = 0.25;

/** The radius of a size, of a plain point's. @param {number} size */
export const growthOf = (size) => LEAST * (MOST / LEAST) ** (size / (SIZES - 1));

/**
 * What an area stands for: how much above `origin` a value is; `mean` of that has a plain point's area.
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

/** @param {ReturnType<typeof scaleOf>} scale  @param {number} value  @returns {number}  its size, the first where it is not known */
export function sizeOf({ origin, mean }, value) {
  const growth = Math.sqrt(Math.max(0, value - origin) / mean);
  const place = Math.round(((SIZES - 1) * Math.log(growth / LEAST)) / Math.log(MOST / LEAST));
  return Math.max(0, Math.min(SIZES - 1, place)) || 0;
}

/**
 * A trait that points can be sized by.
 *
 * @param {Trait} trait
 * @param {(note: string) => void} tell
 * @returns {Trait | null}  null where it has no numbers; then the note says so
 */
export function withSizes(trait, tell) {
  if (trait.membership) {
    tell(gettext("{label} has no numbers to size points by.", { label: gettext(trait.label) }));
    return null;
  }
  const scale = scaleOf(trait);
  return { ...trait, sizes: Uint8Array.from(trait.values, (value) => sizeOf(scale, value)) };
}
