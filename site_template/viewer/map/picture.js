/** A picture of many points that is painted a slice at a time, so that no frame waits for all of it. Pure. */

import { splat } from "./splat.js";

/** @import { Brush, Paint, Points, Projection, Target } from "./splat.js" */

/** Points between two looks at the clock. */
const STRETCH = 2048;

/**
 * @typedef {object} Stroke  points that are painted alike
 * @property {Points} points
 * @property {Uint32Array} runs  which of them: start, end, start, end, ...
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
   * @param {readonly Stroke[]} strokes  the first one lies lowest
   */
  constructor(target, projection, strokes) {
    this.#target = target;
    this.#projection = projection;
    this.#strokes = strokes;
  }

  /**
   * @param {() => boolean} isLate  asked every few thousand points
   * @returns {boolean}  whether the picture is finished
   */
  advance(isLate) {
    for (; this.#stroke < this.#strokes.length; this.#stroke++, this.#run = 0) {
      const { points, runs, brush, paint } = this.#strokes[this.#stroke];
      let left = STRETCH;
      for (; this.#run < runs.length; this.#run += 2, this.#place = -1) {
        const end = runs[this.#run + 1];
        let place = this.#place < 0 ? runs[this.#run] : this.#place;
        while (place < end) {
          const stop = Math.min(end, place + left);
          splat(this.#target, points, place, stop, brush, this.#projection, paint);
          left -= stop - place;
          place = stop;
          if (left > 0) continue;
          left = STRETCH;
          if (place < end || this.#run + 2 < runs.length || this.#stroke + 1 < this.#strokes.length) {
            this.#place = place;
            if (isLate()) return false;
          }
        }
      }
    }
    return true;
  }
}
