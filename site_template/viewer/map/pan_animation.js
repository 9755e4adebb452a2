/**
 * Animated moves of the map, which stop as soon as somebody takes hold of it.
 *
 * d3-zoom asks d3-transition for one thing, to stop what moves. The build gives it this module instead, which saves a seventh of
 * the script: d3-transition comes with colors, easings and a scheduler that nothing here uses.
 */

import { selection } from "d3-selection";

/** The next frame of what moves each element. @type {WeakMap<Element, number>} */
const animations = new WeakMap();

/** @param {Element} element */
export function interrupt(element) {
  cancelAnimationFrame(animations.get(element) ?? 0);
  animations.delete(element);
}

/** Slow at both ends. @param {number} time  0..1 */
const eased = (time) => (time < 0.5 ? 4 * time ** 3 : 1 - 4 * (1 - time) ** 3);

/**
 * @param {Element} element
 * @param {number} duration_ms
 * @param {(share: number) => void} move  called each frame; the last time with 1
 */
export function animate(element, duration_ms, move) {
  interrupt(element);
  const start_ms = performance.now();
  const frame = (/** @type {number} */ now_ms) => {
    const time = Math.max(0, Math.min(1, (now_ms - start_ms) / duration_ms));
    // Moving the map interrupts what moves it, so the next frame is asked for after; unless another animation has begun meanwhile.
    animations.delete(element);
    move(eased(time));
    if (time < 1 && !animations.has(element)) animations.set(element, requestAnimationFrame(frame));
  };
  animations.set(element, requestAnimationFrame(frame));
}

Object.assign(selection.prototype, {
  /** @this {import("d3-selection").Selection<Element, unknown, null, undefined>} */
  interrupt() {
    return this.each(function () {
      interrupt(this);
    });
  },
});
