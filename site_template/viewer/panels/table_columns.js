/** The columns of the table of tracks, and sorting by a column. Pure. */

import { gettext_noop } from "../data/language.js";
import { categoryText, formatTrait } from "../data/traits.js";
import { formatDuration } from "../ui/format.js";

/** @import { MapData, TextData, Trait } from "../data/types.js" */

/**
 * @typedef {object} Column
 * @property {string} id
 * @property {string} label
 * @property {number} width  pixels
 * @property {boolean} isNumber  aligned to the right
 * @property {(track: number) => string} textOf  empty if unknown
 * @property {((track: number) => number) | null} valueOf  the sort key, NaN if unknown; null to sort by text
 *
 * @typedef {{known: Uint32Array, unknown: Uint32Array}} Order  all tracks: `known` in ascending order
 */

const WIDTH = { title: 240, names: 170, value: 104, category: 140 };
/** Steps per slice. */
const STRETCH = 1024;
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/**
 * @param {MapData} map
 * @param {TextData} text
 * @returns {Column[]}
 */
export function namedColumns(map, text) {
  const named = { width: WIDTH.names, isNumber: false, valueOf: null };
  return [
    { ...named, id: "title", label: gettext_noop("Title"), width: WIDTH.title, textOf: (track) => text.titles[track] },
    { ...named, id: "artist", label: gettext_noop("Artist"), textOf: (track) => text.artistsOf(track).join(", ") },
    { ...named, id: "album", label: gettext_noop("Album"), textOf: (track) => text.albumOf(track) },
    { ...named, id: "cluster", label: gettext_noop("Cluster"), textOf: (track) => map.clusters[map.cluster[track]]?.name ?? "" },
  ];
}

/**
 * @param {Trait} trait
 * @returns {Column}
 */
export function traitColumn(trait) {
  const { id, label, values, membership, categories } = trait;
  if (!membership) {
    const textOf = (/** @type {number} */ track) => {
      if (Number.isNaN(values[track])) return "";
      return id === "duration_ms" ? formatDuration(values[track] * 60_000) : formatTrait(trait, values[track]);
    };
    return { id, label, width: WIDTH.value, isNumber: true, textOf, valueOf: (track) => values[track] };
  }
  const { offsets, groups } = membership;
  const textOf = (/** @type {number} */ track) => Array.from(groups.subarray(offsets[track], offsets[track + 1]), (index) => categoryText(trait, categories[index].name)).join(", ");
  // In the order of the legend: keys by the circle of fifths, other categories by frequency.
  const valueOf = (/** @type {number} */ track) => (offsets[track] < offsets[track + 1] ? groups[offsets[track]] : NaN);
  return { id, label, width: WIDTH.category, isNumber: false, textOf, valueOf };
}

/**
 * Sorts all tracks by a column with a stable sort, in slices.
 *
 * @param {Column} column
 * @param {number} count  of tracks
 * @returns {Generator<void, Order>}
 */
export function* orderBy({ textOf, valueOf }, count) {
  const values = valueOf ? new Float64Array(count) : yield* ranksOf(textOf, count);
  if (valueOf) {
    for (let track = 0; track < count; track++) {
      values[track] = valueOf(track);
      if (track % STRETCH === 0) yield;
    }
  }
  const all = Uint32Array.from(values, (_, track) => track);
  const known = yield* merged(all.filter((track) => !Number.isNaN(values[track])), (a, b) => values[a] - values[b]);
  return { known, unknown: all.filter((track) => Number.isNaN(values[track])) };
}

/**
 * Returns the collation rank of each text. Each distinct name is compared once, however many tracks have it.
 *
 * @param {(track: number) => string} textOf
 * @param {number} count
 * @returns {Generator<void, Float64Array>}  NaN for no text
 */
function* ranksOf(textOf, count) {
  /** @type {Map<string, number>} */
  const places = new Map();
  const placeOf = new Uint32Array(count);
  for (let track = 0; track < count; track++) {
    const text = textOf(track);
    const index = places.get(text) ?? places.size;
    places.set(text, index);
    placeOf[track] = index;
    if (track % STRETCH === 0) yield;
  }
  const names = [...places.keys()];
  const sorted = yield* merged(Uint32Array.from(names, (_, index) => index), (a, b) => collator.compare(names[a], names[b]));
  const ranks = new Float64Array(names.length);
  let rank = 0;
  for (let index = 0; index < sorted.length; index++) {
    // Texts that compare equal get the same rank.
    if (index > 0 && collator.compare(names[sorted[index - 1]], names[sorted[index]]) !== 0) rank++;
    ranks[sorted[index]] = names[sorted[index]] ? rank : NaN;
    if (index % STRETCH === 0) yield;
  }
  return Float64Array.from(placeOf, (index) => ranks[index]);
}

/**
 * @param {Uint32Array} items  are overwritten
 * @param {(a: number, b: number) => number} compare
 * @returns {Generator<void, Uint32Array>}
 */
function* merged(items, compare) {
  /** @type {[Uint32Array, Uint32Array]} */
  let [from, to] = [items, new Uint32Array(items.length)];
  for (let width = 1; width < from.length; width *= 2) {
    for (let start = 0; start < from.length; start += 2 * width) {
      const [middle, end] = [Math.min(start + width, from.length), Math.min(start + 2 * width, from.length)];
      let [left, right] = [start, middle];
      for (let index = start; index < end; index++) {
        const takesLeft = left < middle && (right >= end || compare(from[left], from[right]) <= 0);
        to[index] = from[takesLeft ? left++ : right++];
        if (index % STRETCH === 0) yield;
      }
    }
    [from, to] = [to, from];
  }
  return from;
}

/**
 * Returns the tracks that a table lists. Tracks without the sort key come last in either direction.
 *
 * @param {Order} order
 * @param {boolean} isDescending
 * @param {(track: number) => boolean} isShown
 * @returns {Uint32Array}
 */
export function rowsOf({ known, unknown }, isDescending, isShown) {
  const ordered = isDescending ? known.slice().reverse() : known;
  const rows = new Uint32Array(known.length + unknown.length);
  let end = 0;
  for (const part of [ordered, unknown]) for (const track of part) if (isShown(track)) rows[end++] = track;
  return rows.subarray(0, end);
}
