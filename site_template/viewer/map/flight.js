/**
 * Flights: what moves by itself for a while, and stops when somebody takes hold.
 *
 * d3-zoom asks d3-transition for one thing, to stop what moves. The build gives it this module instead, which saves a seventh of
 * the script: d3-transition comes with colors, easings and a scheduler that nothing here uses.
 */

import { selection } from "d3-selection";

/** The next frame of what moves each element. @type {WeakMap<Element, number>} */
const flights = new WeakMap();

/** @param {Element} element */
export function interrupt(element) {
  cancelAnimationFrame(flights.get(element) ?? 0);
  flights.delete(element);
}

/** Slow at both ends. @param {number} time  0..1 */
const eased = (time) => (time < 0.5 ? 4 * time ** 3 : 1 - 4 * (1 - time) ** 3);

/**
 * @param {Element} element
 * @param {number} duration_ms
 * @param {(share: number) => void} move  called each frame; the last time with 1
 */
export function fly(element, duration_ms, move) {
  interrupt(element);
  const start_ms = performance.now();
  const frame = (/** @type {number} */ now_ms) => {
    const time = Math.max(0, Math.min(1, (now_ms - start_ms) / duration_ms));
    // Moving the map interrupts what moves it, so the next frame is asked for after; unless another flight has begun meanwhile.
    flights.delete(element);
    move(eased(time));
    if (time < 1 && !flights.has(element)) flights.set(element, requestAnimationFrame(frame));
  };
  flights.set(element, requestAnimationFrame(frame));
}

Object.assign(selection.prototype, {
  /** @this {import("d3-selection").Selection<Element, unknown, null, undefined>} */
  interrupt() {
    return this.each(function () {
      interrupt(this);
    });
  },
});
