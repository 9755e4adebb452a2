/** Finds the tracks within a shape on the map, and in a direction from a track. Pure. */

/** @import { Grid } from "../data/grid.js" */

/**
 * @param {Grid} grid
 * @param {readonly (readonly [number, number])[]} outline  closed, map units
 * @param {(track: number) => boolean} accepts
 * @returns {number[]}  ascending, so that neighbors on the map are mostly neighbors in the list
 */
export function tracksInside(grid, outline, accepts) {
  if (outline.length < 3) return [];
  const xs = outline.map(([x]) => x);
  const ys = outline.map(([, y]) => y);
  const runs = grid.runs(Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys));
  const tracks = [];
  for (let r = 0; r < runs.length; r += 2) {
    for (let index = runs[r]; index < runs[r + 1]; index++) {
      if (isInside(outline, grid.x[index], grid.y[index]) && accepts(grid.order[index])) tracks.push(grid.order[index]);
    }
  }
  // Typed arrays sort many times faster than with a comparison function.
  return Array.from(Uint32Array.from(tracks).sort());
}

/**
 * Tests a point with the even-odd rule.
 *
 * @param {readonly (readonly [number, number])[]} outline
 * @param {number} x
 * @param {number} y
 */
export function isInside(outline, x, y) {
  let inside = false;
  for (let i = 0, j = outline.length - 1; i < outline.length; j = i++) {
    // No destructuring, for speed: this runs once per track and corner.
    const x0 = outline[i][0];
    const y0 = outline[i][1];
    const x1 = outline[j][0];
    const y1 = outline[j][1];
    if (y0 > y !== y1 > y && x < ((x1 - x0) * (y - y0)) / (y1 - y0) + x0) inside = !inside;
  }
  return inside;
}

/**
 * @param {Grid} grid
 * @param {number} x  map units
 * @param {number} y
 * @param {number} radius  map units
 * @param {(track: number) => boolean} accepts
 * @returns {number[]}  nearest first
 */
export function tracksWithin(grid, x, y, radius, accepts) {
  const runs = grid.runs(x - radius, y - radius, x + radius, y + radius);
  /** @type {{track: number, square: number}[]} */
  const found = [];
  for (let r = 0; r < runs.length; r += 2) {
    for (let index = runs[r]; index < runs[r + 1]; index++) {
      const square = (grid.x[index] - x) ** 2 + (grid.y[index] - y) ** 2;
      if (square <= radius * radius && accepts(grid.order[index])) found.push({ track: grid.order[index], square });
    }
  }
  return found.sort((a, b) => a.square - b.square || a.track - b.track).map(({ track }) => track);
}

/** Half the angle in which a track counts as being in a direction. */
const HALF_ANGLE = Math.PI / 4;
const MAP_SIZE = 65536;

/**
 * Returns the track that an arrow key leads to: near, and preferably straight ahead.
 *
 * @param {Grid} grid
 * @param {number} x  map units
 * @param {number} y
 * @param {readonly [number, number]} direction  a unit vector, y upwards
 * @param {(track: number) => boolean} accepts
 * @returns {number}  -1 if there is none
 */
export function neighborTowards(grid, x, y, [dx, dy], accepts) {
  let best = -1;
  let bestCost = Infinity;
  for (let reach = 2 * grid.cellSize; best < 0 && reach < 4 * MAP_SIZE; reach *= 2) {
    const runs = grid.runs(x - reach, y - reach, x + reach, y + reach);
    for (let r = 0; r < runs.length; r += 2) {
      for (let index = runs[r]; index < runs[r + 1]; index++) {
        const [right, up] = [grid.x[index] - x, grid.y[index] - y];
        const distance = Math.hypot(right, up);
        if (distance === 0 || distance > reach) continue;
        const along = (right * dx + up * dy) / distance;
        const cost = distance / along ** 2;
        if (along >= Math.cos(HALF_ANGLE) - 1e-9 && cost < bestCost && accepts(grid.order[index])) {
          best = grid.order[index];
          bestCost = cost;
        }
      }
    }
  }
  return best;
}
