/**
 * Tracks sorted into the cells of a row-major grid (a counting sort). The tracks in a viewport are one contiguous run per row,
 * and the nearest track is in one of a few cells. Pure.
 */

const MAP_SIZE = 65536;
const TRACKS_PER_CELL = 3;
const MAX_COLUMNS = 512;
/** Maximum number of tracks to check per run of cells, for the tracks around a position. */
const MAX_EXAMINED = 256;

export class Grid {
  #cellsPerUnit;

  /**
   * @param {Uint16Array} x  map units
   * @param {Uint16Array} y  map units
   */
  constructor(x, y) {
    const count = x.length;
    this.columns = Math.min(MAX_COLUMNS, Math.max(1, Math.ceil(Math.sqrt(count / TRACKS_PER_CELL))));
    this.cellSize = MAP_SIZE / this.columns;
    this.#cellsPerUnit = this.columns / MAP_SIZE;
    /** The tracks in sorted order. */
    this.order = new Uint32Array(count);
    this.x = new Uint16Array(count);
    this.y = new Uint16Array(count);
    /** Start of each cell in the sorted order, with one more entry than cells. */
    this.starts = new Uint32Array(this.columns * this.columns + 1);
    this.#sort(x, y);
  }

  /**
   * @param {Uint16Array} x
   * @param {Uint16Array} y
   */
  #sort(x, y) {
    // Use local variables: this runs once, before the engine optimizes property access.
    const { columns, starts, order, x: sortedX, y: sortedY } = this;
    const cellsPerUnit = this.#cellsPerUnit;
    const cells = new Uint32Array(x.length);
    for (let i = 0; i < x.length; i++) {
      const cell = Math.floor(y[i] * cellsPerUnit) * columns + Math.floor(x[i] * cellsPerUnit);
      cells[i] = cell;
      starts[cell + 1]++;
    }
    for (let cell = 0; cell < columns * columns; cell++) starts[cell + 1] += starts[cell];
    const next = starts.slice();
    for (let i = 0; i < x.length; i++) {
      const index = next[cells[i]]++;
      order[index] = i;
      sortedX[index] = x[i];
      sortedY[index] = y[i];
    }
  }

  /** @param {number} coordinate  map units, may be outside the map */
  #cellAlong(coordinate) {
    return Math.min(this.columns - 1, Math.max(0, Math.floor(coordinate * this.#cellsPerUnit)));
  }

  /**
   * Returns the runs [start, end) of the sorted order whose cells intersect a rectangle (map units).
   *
   * @param {number} x0
   * @param {number} y0
   * @param {number} x1
   * @param {number} y1
   * @param {Uint32Array} [starts]  starts of the cells, for a subset of the tracks
   * @returns {Uint32Array}  start, end, start, end, ...
   */
  runs(x0, y0, x1, y1, starts = this.starts) {
    if (x1 < 0 || y1 < 0 || x0 >= MAP_SIZE || y0 >= MAP_SIZE) return new Uint32Array(0);
    const [first, last] = [this.#cellAlong(x0), this.#cellAlong(x1)];
    const [bottom, top] = [this.#cellAlong(y0), this.#cellAlong(y1)];
    const runs = new Uint32Array(2 * (top - bottom + 1));
    let length = 0;
    for (let row = bottom; row <= top; row++) {
      const start = starts[row * this.columns + first];
      const end = starts[row * this.columns + last + 1];
      if (start === end) continue;
      // A viewport as wide as the map is a single run.
      if (length > 0 && runs[length - 1] === start) runs[length - 1] = end;
      else {
        runs[length++] = start;
        runs[length++] = end;
      }
    }
    return runs.subarray(0, length);
  }

  /**
   * Counts the tracks in a rectangle (map units).
   *
   * @param {number} x0
   * @param {number} y0
   * @param {number} x1
   * @param {number} y1
   */
  countIn(x0, y0, x1, y1) {
    const { x, y } = this;
    const runs = this.runs(x0, y0, x1, y1);
    let count = 0;
    for (let r = 0; r < runs.length; r += 2) {
      for (let index = runs[r]; index < runs[r + 1]; index++) {
        if (x[index] >= x0 && x[index] <= x1 && y[index] >= y0 && y[index] <= y1) count++;
      }
    }
    return count;
  }

  /**
   * @param {number} x  map units
   * @param {number} y  map units
   * @param {number} reach  map units
   * @param {(track: number) => boolean} accepts
   * @param {(square: number, track: number) => number} [costOf]  replaces the squared distance; Infinity excludes a track
   * @returns {number}  the nearest accepted track within reach, or -1
   */
  nearest(x, y, reach, accepts, costOf = (square) => square) {
    let best = -1;
    let least = Infinity;
    const runs = this.runs(x - reach, y - reach, x + reach, y + reach);
    for (let r = 0; r < runs.length; r += 2) {
      for (let index = runs[r]; index < runs[r + 1]; index++) {
        const square = (this.x[index] - x) ** 2 + (this.y[index] - y) ** 2;
        if (square > reach * reach) continue;
        const cost = costOf(square, this.order[index]);
        if (cost < Infinity && cost <= least && accepts(this.order[index])) {
          best = this.order[index];
          least = cost;
        }
      }
    }
    return best;
  }

  /**
   * @param {number} x  map units
   * @param {number} y  map units
   * @param {number} count
   * @returns {number[]}  the nearest tracks, best first; only some of many in one spot
   */
  around(x, y, count) {
    const wanted = Math.min(count, this.order.length);
    for (let reach = this.cellSize / 2; ; reach *= 2) {
      const runs = this.runs(x - reach, y - reach, x + reach, y + reach);
      /** @type {[number, number][]} */
      const found = [];
      for (let r = 0; r < runs.length; r += 2) {
        const step = Math.ceil((runs[r + 1] - runs[r]) / MAX_EXAMINED);
        for (let index = runs[r]; index < runs[r + 1]; index += step) {
          const square = (this.x[index] - x) ** 2 + (this.y[index] - y) ** 2;
          if (square <= reach * reach || reach > MAP_SIZE) found.push([square, this.order[index]]);
        }
      }
      if (found.length >= wanted || reach > MAP_SIZE) return found.sort((left, right) => left[0] - right[0] || left[1] - right[1]).slice(0, wanted).map(([, track]) => track);
    }
  }

  /**
   * Returns the typical distance of neighbors (map units). It is computed from the median cell population over the tracks, so
   * neither empty areas nor a single dense spot decide.
   */
  typicalSpacing() {
    const { starts, order } = this;
    const populations = new Float32Array(this.columns * this.columns);
    for (let cell = 0; cell < populations.length; cell++) populations[cell] = starts[cell + 1] - starts[cell];
    return order.length === 0 ? MAP_SIZE : this.cellSize / Math.sqrt(typicalOf(starts, populations));
  }
}

/** Sample size for the median: enough for two digits. */
const ASKED = 4096;

/**
 * Returns the median cell population over the tracks.
 *
 * @param {Uint32Array} starts  starts of the cells; there is at least one track
 * @param {Float32Array} values  one a cell
 */
export function typicalOf(starts, values) {
  const step = Math.ceil(starts[values.length] / ASKED);
  const asked = new Float32Array(Math.ceil(starts[values.length] / step));
  let count = 0;
  for (let cell = 0; cell < values.length; cell++) {
    while (count * step < starts[cell + 1]) asked[count++] = values[cell];
  }
  return asked.sort()[asked.length >> 1];
}
