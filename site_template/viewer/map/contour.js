/** An outline around tracks as a contour of their density; nearby tracks share an island. Pure. */

/** Number of cells along the longer side of the outlined area. */
const CELLS = 96;
/** Distance of the outline from an isolated track, as a share of the map's diagonal. */
const REACH = 0.018;
/** Height of a track's kernel at that distance; at twice the distance, it is zero. */
const LEVEL = (1 - 1 / 4) ** 2;

/**
 * @param {{x: ArrayLike<number>, y: ArrayLike<number>, view: readonly number[]}} places  map units
 * @param {readonly number[]} tracks
 * @returns {number[][]}  closed rings [x, y, x, y, ...] in map units
 */
export function outlineOf({ x, y, view }, tracks) {
  if (tracks.length === 0) return [];
  const reach = REACH * Math.hypot(view[2] - view[0], view[3] - view[1]);
  const ends = (/** @type {ArrayLike<number>} */ axis) => tracks.reduce(([low, high], track) => [Math.min(low, axis[track]), Math.max(high, axis[track])], [Infinity, -Infinity]);
  const [[left, right], [bottom, top]] = [ends(x), ends(y)];
  const margin = 2.2 * reach;
  const cell = (Math.max(right - left, top - bottom) + 2 * margin) / CELLS;
  // A kernel must be several cells wide.
  const size = Math.min(cell, reach / 3);
  const [columns, rows] = [right - left, top - bottom].map((side) => Math.ceil((side + 2 * margin) / size) + 1);
  const heights = new Float32Array(columns * rows);
  const radius = 2 * reach;
  for (const track of tracks) {
    const [across, up] = [(x[track] - left + margin) / size, (y[track] - bottom + margin) / size];
    const span = radius / size;
    for (let row = Math.ceil(up - span); row <= up + span; row++) {
      for (let column = Math.ceil(across - span); column <= across + span; column++) {
        const share = 1 - ((column - across) ** 2 + (row - up) ** 2) / span ** 2;
        if (share > 0) heights[row * columns + column] += share ** 2;
      }
    }
  }
  return rings(heights, columns, rows).map((ring) => ring.map((value, i) => (i % 2 ? bottom : left) - margin + value * size));
}

/**
 * Marching squares: returns the contour at the level as closed rings in cell units. The border of the grid is below the level.
 *
 * @param {Float32Array} heights
 * @param {number} columns
 * @param {number} rows
 */
function rings(heights, columns, rows) {
  const at = (/** @type {number} */ column, /** @type {number} */ row) => heights[row * columns + column] - LEVEL;
  /** The next edge of each edge's line. The bottom edge of a cell is twice its index, the left edge one more. @type {Map<number, number>} */
  const next = new Map();
  for (let row = 0; row + 1 < rows; row++) {
    for (let column = 0; column + 1 < columns; column++) {
      const index = 2 * (row * columns + column);
      const edges = [index, index + 3, index + 2 * columns, index + 1]; // below, right, above, left
      const corners = [at(column, row), at(column + 1, row), at(column + 1, row + 1), at(column, row + 1)];
      // Counter-clockwise along the sides of a cell, a line enters where the height rises above the level, and leaves where it falls below.
      const ups = edges.filter((_, side) => corners[side] < 0 && corners[(side + 1) % 4] >= 0);
      const downs = edges.filter((_, side) => corners[side] >= 0 && corners[(side + 1) % 4] < 0);
      // In a saddle, both high corners are islands, so each line leaves by the previous edge.
      const shift = corners[0] >= 0 ? 1 : 0;
      downs.forEach((down, i) => next.set(down, ups[(i + shift) % ups.length]));
    }
  }
  /** @param {number} edge  @returns {[number, number]} */
  const pointOf = (edge) => {
    const index = edge >> 1;
    const [column, row] = [index % columns, Math.floor(index / columns)];
    const isLeft = edge % 2 === 1;
    const [low, high] = [at(column, row), isLeft ? at(column, row + 1) : at(column + 1, row)];
    const share = low / (low - high);
    return isLeft ? [column, row + share] : [column + share, row];
  };
  const found = [];
  while (next.size > 0) {
    const [start] = next.keys();
    const ring = [];
    for (let edge = start; next.has(edge); ) {
      ring.push(...pointOf(edge));
      const to = /** @type {number} */ (next.get(edge));
      next.delete(edge);
      edge = to;
    }
    found.push(ring);
  }
  return found;
}
