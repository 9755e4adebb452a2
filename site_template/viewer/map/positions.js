/** The current positions of tracks: on the map, or along chosen axes. Positions change, so read them from here each time. */

import { axisOf, extentOf, positionsAlong } from "../data/axes.js";
import { Grid } from "../data/grid.js";

/** @import { Store } from "../state/store.js" */
/** @import { MapData, State, Trait } from "../data/types.js" */

/** Two numbers whose multiples fill a square evenly (Roberts's R2 sequence). */
const TURNS = { x: 0.7548776662466927, y: 0.5698402909980532 };

/** With at most this many tracks, the first view shows all of them; with more, it may exclude outliers. */
const FEW = 50;

/** @typedef {{x: Uint16Array, y: Uint16Array, grid: Grid, view: MapData["view"]}} Placement  map units */

export class Positions {
  #store;
  /** @type {Placement} */
  #map;
  /** @type {Placement} */
  #now;
  /** The axes of `#now`. @type {State["axes"]} */
  #axes = null;

  /**
   * @param {MapData} map
   * @param {Store} store
   */
  constructor({ x, y, view }, store) {
    this.#store = store;
    this.#map = { x, y, view: x.length > 0 && x.length <= FEW ? wholeExtent(x, y) : view, grid: new Grid(x, y) };
    this.#now = this.#map;
  }

  get x() {
    return this.#current().x;
  }

  get y() {
    return this.#current().y;
  }

  /** The grid of the current positions. */
  get grid() {
    return this.#current().grid;
  }

  /** The grid of the positions on the map, also while axes are shown. */
  get mapGrid() {
    return this.#map.grid;
  }

  /** The extent of the first view: x0, y0, x1, y1. */
  get view() {
    return this.#current().view;
  }

  /**
   * Returns all tracks at the same position, including the track itself, ascending.
   *
   * @param {number} track
   * @param {(track: number) => boolean} accepts
   */
  sharing(track, accepts) {
    const { grid } = this;
    const [x, y] = [this.x[track], this.y[track]];
    const runs = grid.runs(x, y, x, y);
    const tracks = [];
    for (let r = 0; r < runs.length; r += 2) {
      for (let index = runs[r]; index < runs[r + 1]; index++) {
        if (grid.x[index] === x && grid.y[index] === y && accepts(grid.order[index])) tracks.push(grid.order[index]);
      }
    }
    return tracks.sort((a, b) => a - b);
  }

  #current() {
    const { axes, traits } = this.#store.get();
    if (axes !== this.#axes) {
      this.#axes = axes;
      const [across, up] = [traits.get(axes?.x ?? ""), traits.get(axes?.y ?? "")];
      this.#now = across && up ? placementAlong(across, up) : this.#map;
    }
    return this.#now;
  }
}

/** @param {Uint16Array} x  @param {Uint16Array} y  @returns {MapData["view"]} */
const wholeExtent = (x, y) => [Math.min(...x), Math.min(...y), Math.max(...x), Math.max(...y)];

/**
 * @param {Trait} across
 * @param {Trait} up
 * @returns {Placement}
 */
function placementAlong(across, up) {
  const axes = { x: axisOf(across), y: axisOf(up) };
  const [x, y] = [positionsAlong(axes.x, TURNS.x), positionsAlong(axes.y, TURNS.y)];
  const [[x0, x1], [y0, y1]] = [extentOf(axes.x), extentOf(axes.y)];
  return { x, y, grid: new Grid(x, y), view: [x0, y0, x1, y1] };
}
