/**
 * Tiers: the tracks of each rank in the grid's order. They are drawn one after another, lowest rank first, without checking the rank of
 * each track in every frame. Pure.
 */

import { typicalOf } from "../data/grid.js";
import { RANK } from "../state/appearance.js";
import { growthOf, SIZES } from "../state/sizes.js";

/** @import { Appearance } from "../state/appearance.js" */
/** @import { Grid } from "../data/grid.js" */

/**
 * @typedef {object} Tier  columns in the grid's order
 * @property {number} rank
 * @property {number} growth  factor of the points' radius
 * @property {Uint32Array} starts  start of each of the grid's cells
 * @property {Uint16Array} x  map units
 * @property {Uint16Array} y  map units
 * @property {Int32Array} color  pixel value of each point
 * @property {Int32Array} shadedColor  the same, shaded by the density of points, which distinguishes the core of a group from its fringe while
 *   points overlap
 */

/** Density of full shading, as a multiple of the density around a typical point. */
const FULL_DENSITY = 12;

/**
 * @param {Grid} grid
 * @param {Pick<Appearance, "rank" | "group" | "size">} appearance
 * @param {(group: number) => number} pixelOf  the color of a group
 * @param {number} rankCount
 * @returns {Tier[]}  non-empty tiers, ascending by rank; within a rank the largest points first, so that they hide no others
 */
export function tiersOf(grid, { rank, group, size }, pixelOf, rankCount) {
  const steps = size ? SIZES : 1;
  const layer = size ? layersOf(rank, size) : rank;
  const counts = new Uint32Array(rankCount * steps);
  for (let track = 0; track < layer.length; track++) counts[layer[track]]++;
  const looks = looksOf(grid, layer, group, pixelsOf(group, pixelOf));
  const tiers = [];
  for (let which = 0; which < counts.length; which++) {
    if (counts[which] === 0) continue;
    const growth = size ? growthOf(SIZES - 1 - (which % SIZES)) : 1;
    tiers.push({ rank: Math.floor(which / steps), growth, ...tierOf(grid, looks, which, counts[which]) });
  }
  return tiers;
}

/**
 * Returns the drawing order of the tracks: by rank, then from the largest to the smallest. Hidden and dimmed tracks have one size.
 *
 * @param {Uint8Array} rank
 * @param {Uint8Array} size
 */
function layersOf(rank, size) {
  const layer = new Uint8Array(rank.length);
  for (let track = 0; track < rank.length; track++) layer[track] = rank[track] * SIZES + (rank[track] > RANK.DIMMED ? SIZES - 1 - size[track] : 0);
  return layer;
}

/**
 * @param {Int32Array} group  group of each track, -1 for none
 * @param {(group: number) => number} pixelOf
 * @returns {Int32Array}  the color of group g at g + 1
 */
function pixelsOf(group, pixelOf) {
  let last = -1;
  for (let track = 0; track < group.length; track++) last = Math.max(last, group[track]);
  return Int32Array.from({ length: last + 2 }, (_, index) => pixelOf(index - 1));
}

/**
 * Returns layers and colors in the grid's order, so that scattered memory is read once and not once per layer.
 *
 * @param {Grid} grid
 * @param {Uint8Array} layer
 * @param {Int32Array} group
 * @param {Int32Array} pixels
 */
function looksOf({ order }, layer, group, pixels) {
  const layers = new Uint8Array(order.length);
  const colors = new Int32Array(order.length);
  for (let index = 0; index < order.length; index++) {
    const track = order[index];
    layers[index] = layer[track];
    colors[index] = pixels[group[track] + 1];
  }
  return { layers, colors };
}

/**
 * Fills one layer. It uses local variables, because it runs too few times for the engine to optimize property access.
 *
 * @param {Grid} grid
 * @param {ReturnType<typeof looksOf>} looks
 * @param {number} which
 * @param {number} size  number of tracks of that layer
 * @returns {Omit<Tier, "rank" | "growth">}
 */
function tierOf({ x: gridX, y: gridY, starts: gridStarts }, { layers, colors }, which, size) {
  const [x, y] = [new Uint16Array(size), new Uint16Array(size)];
  const color = new Int32Array(size);
  const starts = new Uint32Array(gridStarts.length);
  let filled = 0;
  let index = 0;
  for (let cell = 1; cell < gridStarts.length; cell++) {
    for (const end = gridStarts[cell]; index < end; index++) {
      if (layers[index] !== which) continue;
      x[filled] = gridX[index];
      y[filled] = gridY[index];
      color[filled++] = colors[index];
    }
    starts[cell] = filled;
  }
  return { starts, x, y, color, shadedColor: new Int32Array(size) };
}

/**
 * Fills `shadedColor`.
 *
 * @param {Tier} tier
 * @param {number} columns  of the grid
 * @param {(pixel: number, share: number) => number} shade  shades a pixel by 0..1
 */
export function shadeByDensity({ starts, color, shadedColor }, columns, shade) {
  const density = densityOfCells(starts, columns);
  let plain = 0;
  let share = -1;
  let shaded = 0;
  for (let cell = 0; cell < density.length; cell++) {
    for (let index = starts[cell], end = starts[cell + 1]; index < end; index++) {
      // Neighbors are mostly of one group, and mostly in sparse areas.
      if (color[index] !== plain || density[cell] !== share) {
        plain = color[index];
        share = density[cell];
        shaded = shade(plain, share);
      }
      shadedColor[index] = shaded;
    }
  }
}

/**
 * Returns the density around each cell: 0 up to the median over the points, 1 from twelve times the median on, on a logarithmic scale.
 *
 * @param {Uint32Array} starts
 * @param {number} columns
 * @returns {Float32Array}  one number a cell
 */
export function densityOfCells(starts, columns) {
  const density = new Float32Array(columns * columns);
  for (let cell = 0; cell < density.length; cell++) density[cell] = starts[cell + 1] - starts[cell];
  blurRows(density, columns, 1, columns);
  blurRows(density, columns, columns, 1);
  const typical = typicalOf(starts, density);
  const scale = 1 / Math.log(FULL_DENSITY);
  for (let cell = 0; cell < density.length; cell++) {
    const times = density[cell] / typical;
    density[cell] = times <= 1 ? 0 : Math.min(1, Math.log(times) * scale);
  }
  return density;
}

/**
 * Blurs rows in place: each value becomes half of itself plus a quarter of either neighbor.
 *
 * @param {Float32Array} values  a square
 * @param {number} columns  columns of the grid
 * @param {number} step  offset between values of a row
 * @param {number} rowStep  offset between rows
 */
function blurRows(values, columns, step, rowStep) {
  for (let row = 0; row < columns; row++) {
    let before = 0;
    let index = row * rowStep;
    for (let column = 1; column <= columns; column++, index += step) {
      const value = values[index];
      const after = column < columns ? values[index + step] : 0;
      values[index] = 0.5 * value + 0.25 * (before + after);
      before = value;
    }
  }
}
