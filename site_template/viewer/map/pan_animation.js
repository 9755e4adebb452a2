/**
 * Animated moves of the map, which stop when the user touches it.
 *
 * d3-zoom uses d3-transition only to stop animations. The bundle replaces it with this module, which saves a seventh of the script:
 * d3-transition brings colors, easings and a scheduler that are not used here.
 */

import { selection } from "d3-selection";

/** The next animation frame of each moving element. @type {WeakMap<Element, number>} */
const animations = new WeakMap();

/** @param {Element} element */
export function interrupt(element) {
  cancelAnimationFrame(animations.get(element) ?? 0);
  animations.delete(element);
}

/** Returns whether an animation of an element is running. @param {Element} element */
export const isAnimated = (element) => animations.has(element);

/** Eases in and out. @param {number} time  0..1 */
const eased = (time) => (time < 0.5 ? 4 * time ** 3 : 1 - 4 * (1 - time) ** 3);

/**
 * @param {Element} element
 * @param {number} duration_ms
 * @param {(share: number) => void} move  called in each frame; finally with 1
 */
export function animate(element, duration_ms, move) {
  interrupt(element);
  const start_ms = performance.now();
  const frame = (/** @type {number} */ now_ms) => {
    const time = Math.max(0, Math.min(1, (now_ms - start_ms) / duration_ms));
    // Moving the map interrupts its animation, so request the next frame afterwards, unless another animation has started.
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
