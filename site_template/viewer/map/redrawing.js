/** What makes the map be drawn again although nothing of it has changed: another screen, or pictures that were lost. */

/** @import { Renderer } from "./renderer.js" */

/** How soon a window that was moved to a sharper screen is drawn for it. */
const SHARPNESS_MS = 500;

/**
 * Calls back at first, at another size, and on a screen of other sharpness, where the same size has other pixels. That is looked
 * up: media queries for it do not fire at every change in every browser.
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
 * Browsers lose what canvases show when their graphics process ends: after a driver was reset, or while a page lies in the
 * background. Some tell it, but not of every kind of canvas.
 *
 * @param {HTMLElement} surface  holds the canvases
 * @param {Renderer} renderer
 */
export function wireRedrawing(surface, renderer) {
  for (const canvas of surface.querySelectorAll("canvas")) {
    canvas.addEventListener("contextrestored", () => renderer.redraw());
  }
  addEventListener("pageshow", ({ persisted }) => persisted && renderer.redraw());
  document.addEventListener("visibilitychange", () => !document.hidden && renderer.redraw());
}
