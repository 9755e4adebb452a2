/** Heat: the density of plays around each track. Pure. */

/** @import { MapData, Trait } from "./types.js" */
/** @import { TraitName } from "./traits.js" */

const MAP_SIZE = 65536;
/** Cells along the map's side; more tracks give a finer grid. */
const CELLS = { min: 32, max: 128, perTrack: 3 };
/** Blur passes. Each has a standard deviation of one cell; together they have two. */
const PASSES = 4;
const KERNEL = [1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16];

/**
 * @param {Pick<MapData, "count" | "x" | "y">} map
 * @param {ArrayLike<number>} plays  of each track, NaN if unknown
 * @returns {Float32Array}  for each track, the percentage of tracks with less heat
 */
export function heatOf({ count, x, y }, plays) {
  const columns = Math.round(Math.max(CELLS.min, Math.min(CELLS.max, CELLS.perTrack * Math.sqrt(count))));
  const cellOf = (/** @type {number} */ track) => Math.floor((y[track] / MAP_SIZE) * columns) * columns + Math.floor((x[track] / MAP_SIZE) * columns);
  let cells = new Float64Array(columns * columns);
  for (let track = 0; track < count; track++) cells[cellOf(track)] += plays[track] || 0;
  for (let pass = 0; pass < PASSES; pass++) cells = spread(spread(cells, columns, 1), columns, columns);
  const heat = Float64Array.from({ length: count }, (_, track) => cells[cellOf(track)]);
  const sorted = heat.slice().sort();
  /** Percentages by heat, cached because many tracks share a cell. @type {Map<number, number>} */
  const below = new Map();
  sorted.forEach((value, index) => {
    if (!below.has(value)) below.set(value, index);
  });
  return Float32Array.from(heat, (value) => (100 * (below.get(value) ?? 0)) / count);
}

/**
 * @param {Float64Array} cells  a square
 * @param {number} columns
 * @param {number} step  to the next cell: 1 along rows, `columns` along columns
 */
function spread(cells, columns, step) {
  const after = new Float64Array(cells.length);
  for (let cell = 0; cell < cells.length; cell++) {
    const along = step === 1 ? cell % columns : Math.floor(cell / columns);
    for (let by = -2; by <= 2; by++) {
      if (along + by >= 0 && along + by < columns) after[cell + by * step] += cells[cell] * KERNEL[by + 2];
    }
  }
  return after;
}

/**
 * @param {TraitName} name
 * @param {MapData} map
 * @param {readonly any[]} documents  all details
 * @returns {Trait}
 */
export function heatTrait({ id, label, unit }, map, documents) {
  const values = heatOf(map, playsOf(documents, map.count));
  return { id, label, unit, kind: "number", values, domain: [0, 100], membership: null, categories: [], unknownCount: 0 };
}

/**
 * @param {readonly any[]} documents  all details
 * @param {number} count  of tracks
 * @returns {Float64Array}  NaN if unknown
 */
export function playsOf(documents, count) {
  const plays = new Float64Array(count).fill(NaN);
  for (const { first, facets } of documents) {
    facets.plays?.forEach((/** @type {unknown} */ value, /** @type {number} */ row) => {
      if (typeof value === "number") plays[first + row] = value;
    });
  }
  return plays;
}
