/** Adds tracks to the selection: with a lasso, around a track, all in view, or one at a time. */

import { tracksInside, tracksWithin } from "./lasso.js";
import { NO_TRACK } from "../data/types.js";
import { toMap, unitsPerPixel } from "./viewport.js";

/** @import { Positions } from "./positions.js" */
/** @import { Renderer } from "./renderer.js" */
/** @import { Store } from "../state/store.js" */

/** Initial radius of a selection around a track, pixels. */
const FIRST_RADIUS = 70;

export class Selecting {
  #positions;
  #store;
  #renderer;
  /** @type {{track: number, radius: number, tracks: readonly number[]} | null}  radius in map units */
  #circle = null;

  /**
   * @param {Positions} positions
   * @param {Store} store
   * @param {Renderer} renderer
   */
  constructor(positions, store, renderer) {
    this.#positions = positions;
    this.#store = store;
    this.#renderer = renderer;
  }

  /** The circle of the selection, while it is one. */
  get circle() {
    return this.#circle?.tracks === this.#store.get().selected ? this.#circle : null;
  }

  /** @param {readonly (readonly [number, number])[]} outline  pixels */
  outline(outline) {
    const { transform } = this.#store.get();
    const onMap = outline.map(([x, y]) => toMap(transform, x, y));
    this.#store.set({ selected: tracksInside(this.#positions.grid, onMap, this.#isVisible), pinned: NO_TRACK });
  }

  /** @param {{left: number, top: number, right: number, bottom: number}} box  pixels */
  inView({ left, top, right, bottom }) {
    this.outline([[left, top], [right, top], [right, bottom], [left, bottom]]);
  }

  /**
   * @param {number} track
   * @param {number} [radius]  map units
   */
  around(track, radius = FIRST_RADIUS * unitsPerPixel(this.#store.get().transform)) {
    const { x, y, grid } = this.#positions;
    const tracks = tracksWithin(grid, x[track], y[track], radius, this.#isVisible);
    this.#circle = { track, radius, tracks };
    this.#store.set({ selected: tracks });
  }

  /** @param {number} track */
  toggle(track) {
    const { selected, path } = this.#store.get();
    if (!selected.includes(track)) return this.#store.set({ selected: [...selected, track] });
    const rest = selected.filter((candidate) => candidate !== track);
    // The rest of an ordered path is still a path.
    this.#store.set({ selected: rest, path: path === selected && rest.length > 1 ? rest : path });
  }

  clear() {
    this.#store.set({ selected: [] });
  }

  /** @param {number} track */
  #isVisible = (track) => this.#renderer.isVisible(track);
}
