/** Redraws the map for reasons outside its state: another screen, or lost canvas contents. */

/** @import { Renderer } from "./renderer.js" */

/** Interval of checks for a screen with another pixel ratio. */
const SHARPNESS_MS = 500;

/**
 * Calls back initially, after a change of size, and after a change of the pixel ratio. The ratio is polled, because media queries for
 * it do not fire for every change in every browser.
 *
 * @param {HTMLElement} element
 * @param {() => void} onChange
 */
export function watchSize(element, onChange) {
  new ResizeObserver(onChange).observe(element);
  let ratio = devicePixelRatio;
  setInterval(() => {
    if (devicePixelRatio === ratio) return;
    ratio = devicePixelRatio;
    onChange();
  }, SHARPNESS_MS);
}

/**
 * Browsers lose canvas contents when their graphics process ends: after a driver reset, or while a page is in the background. Some
 * dispatch an event, but not for every kind of canvas.
 *
 * @param {HTMLElement} surface  contains the canvases
 * @param {Renderer} renderer
 */
export function wireRedrawing(surface, renderer) {
  for (const canvas of surface.querySelectorAll("canvas")) {
    canvas.addEventListener("contextrestored", () => renderer.redraw());
  }
  addEventListener("pageshow", ({ persisted }) => persisted && renderer.redraw());
  document.addEventListener("visibilitychange", () => !document.hidden && renderer.redraw());
}
