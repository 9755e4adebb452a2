/**
 * The tracks of each rank by themselves, in the grid's order: drawn one after another, the quiet ones first, without asking each
 * track for its rank in every frame. Pure.
 */

/** @import { Grid } from "./grid.js" */

/**
 * @typedef {object} Tier  columns in the grid's order
 * @property {number} rank
 * @property {Uint32Array} starts  where each of the grid's cells begins
 * @property {Uint16Array} x  map units
 * @property {Uint16Array} y  map units
 * @property {Int32Array} color  pixel for each point
 * @property {Int32Array} crowdColor  the same, shaded where points crowd: what tells the core of a group from its fringe while
 *   points overlap
 */

/** A place is shaded fully where this many times more points lie than where a typical point does. */
const FULL_CROWD = 12;

/**
 * @param {Grid} grid
 * @param {Uint8Array} rank  of each track
 * @param {(track: number) => number} pixelOf  the colour of each track
 * @param {number} rankCount
 * @returns {Tier[]}  those that have tracks, ascending by rank
 */
export function tiersOf(grid, rank, pixelOf, rankCount) {
  const { order } = grid;
  const sizes = new Uint32Array(rankCount);
  for (let track = 0; track < rank.length; track++) sizes[rank[track]]++;
  /** @type {(Tier | undefined)[]} */
  const tiers = Array.from(sizes, (size, which) =>
    size === 0
      ? undefined
      : {
          rank: which,
          x: new Uint16Array(size),
          y: new Uint16Array(size),
          color: new Int32Array(size),
          crowdColor: new Int32Array(size),
          starts: new Uint32Array(grid.starts.length),
        },
  );
  const filled = new Uint32Array(rankCount);
  const present = tiers.filter((tier) => tier !== undefined);
  for (let cell = 0; cell + 1 < grid.starts.length; cell++) {
    for (let place = grid.starts[cell]; place < grid.starts[cell + 1]; place++) {
      const track = order[place];
      const tier = /** @type {Tier} */ (tiers[rank[track]]);
      const at = filled[tier.rank]++;
      tier.x[at] = grid.x[place];
      tier.y[at] = grid.y[place];
      tier.color[at] = pixelOf(track);
    }
    for (const tier of present) tier.starts[cell + 1] = filled[tier.rank];
  }
  return present;
}

/**
 * Fills `crowdColor`.
 *
 * @param {Tier} tier
 * @param {number} columns  of the grid
 * @param {(pixel: number, share: number) => number} shade  a pixel shaded by 0..1
 */
export function shadeCrowds({ starts, color, crowdColor }, columns, shade) {
  const crowd = crowding(starts, columns);
  for (let cell = 0; cell < crowd.length; cell++) {
    let plain = 0;
    let shaded = shade(plain, crowd[cell]);
    for (let place = starts[cell]; place < starts[cell + 1]; place++) {
      // Neighbours are mostly of one group.
      if (color[place] !== plain) {
        plain = color[place];
        shaded = shade(plain, crowd[cell]);
      }
      crowdColor[place] = shaded;
    }
  }
}

/**
 * How crowded each cell is: 0 up to what half of the points exceed, 1 from twelve times that on, on a logarithmic scale.
 *
 * @param {Uint32Array} starts
 * @param {number} columns
 * @returns {Float32Array}  one number a cell
 */
export function crowding(starts, columns) {
  const population = new Float32Array(columns * columns);
  for (let cell = 0; cell < population.length; cell++) population[cell] = starts[cell + 1] - starts[cell];
  const blurred = blurredAlong(blurredAlong(population, columns, 1), columns, columns);
  const typical = typicalPopulation(starts, blurred);
  return blurred.map((value) => Math.min(1, Math.max(0, Math.log(value / typical) / Math.log(FULL_CROWD))));
}

/**
 * @param {Float32Array} values  a square
 * @param {number} columns
 * @param {number} step  1 along rows, `columns` along columns
 */
function blurredAlong(values, columns, step) {
  return values.map((value, cell) => {
    const along = step === 1 ? cell % columns : Math.floor(cell / columns);
    const before = along > 0 ? values[cell - step] : 0;
    const after = along < columns - 1 ? values[cell + step] : 0;
    return 0.5 * value + 0.25 * (before + after);
  });
}

/**
 * The population that half of the points have around them, or more.
 *
 * @param {Uint32Array} starts
 * @param {Float32Array} blurred
 */
function typicalPopulation(starts, blurred) {
  const cells = Uint32Array.from(blurred.keys()).filter((cell) => starts[cell + 1] > starts[cell]);
  cells.sort((a, b) => blurred[b] - blurred[a]);
  let seen = 0;
  for (const cell of cells) {
    seen += starts[cell + 1] - starts[cell];
    if (2 * seen >= starts[blurred.length]) return blurred[cell];
  }
  return 1;
}
