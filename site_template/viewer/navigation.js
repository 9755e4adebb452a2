/** Zoom and pan: wheel, drag, pinch, buttons, keys; and flights to a place. */

import { select } from "d3-selection";
import "d3-transition";
import { zoom, zoomIdentity, zoomTransform } from "d3-zoom";
import { centredTransform, fitTransform, PLANE_SIZE, transformOfView, viewOf } from "./viewport.js";

/** @import { Store } from "./store.js" */
/** @import { Insets, MapData, Size, Transform, View } from "./types.js" */

/** How far one can zoom out and in, as multiples of the scale that shows all. */
const ZOOM_RANGE = [0.5, 200];
const STEP = 1.6;
const PAN_STEP = 90;
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

export class Navigation {
  #map;
  #insets;
  #surface;
  #zoom;
  /** @type {Size} */
  #size = { width: 1, height: 1 };
  #home = fitTransform([0, 0, 65535, 65535], { width: 1, height: 1 }, { top: 0, right: 0, bottom: 0, left: 0 });

  /**
   * @param {HTMLElement} element
   * @param {MapData} map
   * @param {Store} store
   * @param {() => Insets} insets  what panels cover now
   */
  constructor(element, map, store, insets) {
    this.#map = map;
    this.#insets = insets;
    this.#surface = select(/** @type {Element} */ (element));
    this.#zoom = zoom()
      .extent(() => [
        [0, 0],
        [this.#size.width, this.#size.height],
      ])
      .translateExtent([
        [-2 * PLANE_SIZE, -2 * PLANE_SIZE],
        [3 * PLANE_SIZE, 3 * PLANE_SIZE],
      ])
      .clickDistance(5)
      .tapDistance(12)
      .on("start", (event) => element.classList.toggle("is-dragging", event.sourceEvent?.type === "mousedown"))
      .on("zoom", ({ transform: { k, x, y } }) => store.set({ transform: { k, x, y } }))
      .on("end", () => element.classList.remove("is-dragging"));
    this.#surface.call(this.#zoom);
    // A double click must not leave a track pinned at another zoom than it was clicked at: zooming has wheel, keys and buttons.
    this.#surface.on("dblclick.zoom", null);
  }

  /** The scale that shows all. */
  get homeScale() {
    return this.#home.k;
  }

  /**
   * The window has another size: the first time the whole map is shown, later the middle of the view stays the middle.
   *
   * @param {Size} size
   */
  resize(size) {
    const before = this.#size;
    const first = before.width === 1;
    this.#size = size;
    this.#home = fitTransform(this.#map.view, size, this.#insets());
    this.#zoom.scaleExtent([ZOOM_RANGE[0] * this.#home.k, ZOOM_RANGE[1] * this.#home.k]);
    if (first) {
      this.#moveTo(this.#home, 0);
    } else {
      const shift = [(size.width - before.width) / 2, (size.height - before.height) / 2];
      const { k, x, y } = this.#current();
      this.#moveTo({ k, x: x + shift[0], y: y + shift[1] }, 0);
    }
  }

  fit() {
    this.#home = fitTransform(this.#map.view, this.#size, this.#insets());
    this.#moveTo(this.#home, 600);
  }

  /** What the window shows now; null for the whole map. @returns {View | null} */
  get view() {
    const { k, x, y } = this.#current();
    const home = this.#home;
    if (Math.abs(k / home.k - 1) < 0.001 && Math.hypot(x - home.x, y - home.y) < 1) return null;
    return viewOf({ k, x, y }, this.#size, this.#insets());
  }

  /** @param {View | null} view  null for the whole map */
  show(view) {
    this.#home = fitTransform(this.#map.view, this.#size, this.#insets());
    this.#moveTo(view ? transformOfView(view, this.#size, this.#insets()) : this.#home, 0);
  }

  /** @param {number} direction  1 closer, -1 further away */
  zoomBy(direction) {
    this.#zoom.scaleBy(this.#timed(220), STEP ** direction, this.#middle());
  }

  /**
   * @param {number} right  steps
   * @param {number} down  steps
   */
  panBy(right, down) {
    const { k } = this.#current();
    const step = PAN_STEP / k;
    this.#zoom.translateBy(this.#timed(140), -right * step, -down * step);
  }

  /**
   * Brings a track into the middle, close enough to tell it from its neighbours.
   *
   * @param {number} track
   */
  flyTo(track) {
    const k = Math.max(this.#current().k, this.#home.k * 6);
    this.#moveTo(centredTransform(this.#map.x[track], this.#map.y[track], k, this.#size, this.#insets()), 900);
  }

  /** Brings a track into the middle at the present scale. @param {number} track */
  bringIntoView(track) {
    const { k } = this.#current();
    this.#moveTo(centredTransform(this.#map.x[track], this.#map.y[track], k, this.#size, this.#insets()), 240);
  }

  /** @returns {[number, number]} */
  #middle() {
    const { top, right, bottom, left } = this.#insets();
    return [(left + this.#size.width - right) / 2, (top + this.#size.height - bottom) / 2];
  }

  /** @returns {Transform} */
  #current() {
    return zoomTransform(/** @type {Element} */ (this.#surface.node()));
  }

  /**
   * @param {Transform} transform
   * @param {number} duration_ms
   */
  #moveTo({ k, x, y }, duration_ms) {
    this.#zoom.transform(this.#timed(duration_ms), zoomIdentity.translate(x, y).scale(k));
  }

  /**
   * What D3's zoom is applied to: the surface itself, or a transition of it.
   *
   * @param {number} duration_ms
   * @returns {import("d3-selection").Selection<Element, any, any, any> | import("d3-selection").TransitionLike<Element, any>}
   */
  #timed(duration_ms) {
    this.#surface.interrupt();
    if (duration_ms === 0 || reducedMotion.matches) return this.#surface;
    return this.#surface.transition().duration(duration_ms);
  }
}

/**
 * Keys of the map while it has the focus, and the buttons beside it.
 *
 * @param {HTMLElement} element
 * @param {ParentNode} controls
 * @param {Navigation} navigation
 */
export function wireNavigation(element, controls, navigation) {
  /** @type {Record<string, () => void>} */
  const actions = {
    "+": () => navigation.zoomBy(1),
    "=": () => navigation.zoomBy(1),
    "-": () => navigation.zoomBy(-1),
    "0": () => navigation.fit(),
    ArrowLeft: () => navigation.panBy(-1, 0),
    ArrowRight: () => navigation.panBy(1, 0),
    ArrowUp: () => navigation.panBy(0, -1),
    ArrowDown: () => navigation.panBy(0, 1),
  };
  element.addEventListener("keydown", (event) => {
    const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
  for (const button of controls.querySelectorAll("button[data-action]")) {
    const name = /** @type {HTMLElement} */ (button).dataset.action;
    if (name === "zoom-in") button.addEventListener("click", () => navigation.zoomBy(1));
    if (name === "zoom-out") button.addEventListener("click", () => navigation.zoomBy(-1));
    if (name === "fit") button.addEventListener("click", () => navigation.fit());
  }
}
