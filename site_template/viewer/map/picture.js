/** A picture of many points that is painted in slices, so that no frame waits for all of it. Pure. */

import { splat } from "./splat.js";

/** @import { Brush, Paint, Points, Projection, Target } from "./splat.js" */

/** Points per check of the clock. */
const STRETCH = 2048;

/**
 * @typedef {object} Stroke  points with the same appearance
 * @property {Points} points
 * @property {Uint32Array} runs  their indices: start, end, start, end, ...
 * @property {Brush} brush
 * @property {Paint} paint
 */

export class Picture {
  #target;
  #projection;
  #strokes;
  #stroke = 0;
  #run = 0;
  #place = -1;

  /**
   * @param {Target} target  empty
   * @param {Projection} projection
   * @param {readonly Stroke[]} strokes  from bottom to top
   */
  constructor(target, projection, strokes) {
    this.#target = target;
    this.#projection = projection;
    this.#strokes = strokes;
  }

  /**
   * @param {() => boolean} isLate  called every few thousand points
   * @returns {boolean}  whether the picture is finished
   */
  advance(isLate) {
    for (; this.#stroke < this.#strokes.length; this.#stroke++, this.#run = 0) {
      const { points, runs, brush, paint } = this.#strokes[this.#stroke];
      let left = STRETCH;
      for (; this.#run < runs.length; this.#run += 2, this.#place = -1) {
        const end = runs[this.#run + 1];
        let index = this.#place < 0 ? runs[this.#run] : this.#place;
        while (index < end) {
          const stop = Math.min(end, index + left);
          splat(this.#target, points, index, stop, brush, this.#projection, paint);
          left -= stop - index;
          index = stop;
          if (left > 0) continue;
          left = STRETCH;
          if (index < end || this.#run + 2 < runs.length || this.#stroke + 1 < this.#strokes.length) {
            this.#place = index;
            if (isLate()) return false;
          }
        }
      }
    }
    return true;
  }
}
