/** Limits the content of a link to what this map has. Pure. */

/** @import { State, Trait, TraitFilter } from "../data/types.js" */

/**
 * @typedef {object} Missing  number of each kind that the map does not have
 * @property {number} tracks
 * @property {number} names  albums and artists
 * @property {number} groups
 * @property {number} measures
 */

/** @param {number} value  @param {readonly [number, number]} range */
export const clamped = (value, [low, high]) => Math.max(low, Math.min(high, value));

/**
 * A range beyond all values, or with swapped ends, would leave an empty map.
 *
 * @param {TraitFilter} filter
 * @param {Trait} trait
 * @returns {TraitFilter}
 */
export function filterWithin({ low, high, hidden }, { domain: [least, most] }) {
  const [first, last] = low <= high ? [low, high] : [high, low];
  return { low: first === -Infinity ? first : Math.min(first, most), high: last === Infinity ? last : Math.max(last, least), hidden };
}

/**
 * @param {number | null} until
 * @param {Trait} trait
 * @returns {State["until"]}
 */
export function untilWithin(until, { values }) {
  if (until === null) return null;
  let [first, last] = [Infinity, -Infinity];
  for (const day of values) {
    if (day < first) first = day;
    if (day > last) last = day;
  }
  return first > last ? null : clamped(until, [first, last]);
}
