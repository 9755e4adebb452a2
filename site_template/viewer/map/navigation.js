/** Zoom and pan with wheel, trackpad, drag, pinch, buttons and keys, and animated moves. */

import { interpolateZoom } from "d3-interpolate";
import { select } from "d3-selection";
import { zoom, zoomIdentity, zoomTransform } from "d3-zoom";
import { animate, isAnimated } from "./pan_animation.js";
import { isEmbedded, isLeftToPage, wireEmbedding } from "./embedding.js";
import { clamped } from "../state/link_bounds.js";
import { narrow } from "../ui/insets.js";
import { createWheelReader } from "./wheel.js";
import { centeredTransform, closeUp, extentOfMost, fitTransform, PLANE_SIZE, toScreen, transformOfView, viewOf } from "./viewport.js";

/** @import { Positions } from "./positions.js" */
/** @import { Store } from "../state/store.js" */
/** @import { Insets, Size, Transform, View } from "../data/types.js" */

/** Zoom range, as multiples of the scale of the whole map. */
const ZOOM_RANGE = [0.5, 200];
const STEP = 1.6;
const PAN_STEP = 90;
/** Duration of animated moves. It is the only animation longer than a quarter of a second; in less, the eye loses its bearings. */
const FLY_MS = 700;
/** Maximum share of a narrow window's height that the card covers, with margin. */
const CARD_SHARE = 0.66;
/** Width that the card covers in a wide window, pixels. */
const CARD_WIDTH = 320;
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

/** @param {any} event  a mouse or touch event; wheel events are handled before */
const isForMap = ({ button, ctrlKey, touches }) => !button && !ctrlKey && !(isEmbedded && touches?.length === 1);

export class Navigation {
  #positions;
  #insets;
  #surface;
  #zoom;
  /** @type {Size} */
  #size = { width: 1, height: 1 };
  #hasSize = false;
  #readWheel = createWheelReader();
  /** Where the last animation ends. @type {Transform} */
  #target = { k: 1, x: 0, y: 0 };
  #home = fitTransform([0, 0, 65535, 65535], { width: 1, height: 1 }, { top: 0, right: 0, bottom: 0, left: 0 });

  /**
   * @param {HTMLElement} element
   * @param {Positions} positions
   * @param {Store} store
   * @param {() => Insets} insets  the area that panels currently cover
   */
  constructor(element, positions, store, insets) {
    this.#positions = positions;
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
      .filter((/** @type {any} */ event) => (event.type === "wheel" ? this.#isZoom(event) : isForMap(event)))
      .clickDistance(5)
      .tapDistance(12)
      .on("start", (event) => element.classList.toggle("is-dragging", event.sourceEvent?.type === "mousedown"))
      .on("zoom", ({ transform: { k, x, y } }) => store.set({ transform: { k, x, y } }))
      .on("end", () => element.classList.remove("is-dragging"));
    this.#surface.call(this.#zoom);
    // D3 suppresses the click at the end of a drag until a timer fires; on a busy page, it suppressed the next click as well.
    addEventListener("mousedown", () => select(window).on("click.drag", null), true);
    this.#wireGestures(element);
    wireEmbedding(element);
    // A double click must not zoom, because its first click pins a track. There are wheel, keys and buttons for zooming.
    this.#surface.on("dblclick.zoom", null);
    store.subscribe(["axes"], () => this.show(null));
  }

  /**
   * Safari on a Mac reports a pinch as a gesture, not as wheel events. On touch screens, it also sends touches, which D3 handles.
   *
   * @param {HTMLElement} element
   */
  #wireGestures(element) {
    let k = 1;
    for (const type of ["gesturestart", "gesturechange"]) {
      element.addEventListener(type, (/** @type {any} */ event) => {
        event.preventDefault();
        if (navigator.maxTouchPoints > 0) return;
        if (type === "gesturestart") ({ k } = this.#current());
        const { left, top } = element.getBoundingClientRect();
        this.#zoom.scaleTo(this.#surface, k * event.scale, [event.clientX - left, event.clientY - top]);
      });
    }
  }

  /**
   * Returns whether D3 handles a wheel event as zoom; two-finger scrolling on a trackpad moves the map here.
   *
   * @param {WheelEvent} event
   */
  #isZoom(event) {
    if (isLeftToPage(event)) return false;
    if (this.#readWheel(event) === "zoom") return true;
    event.preventDefault();
    const { k, x, y } = this.#current();
    this.#moveTo(this.#constrained({ k, x: x - event.deltaX, y: y - event.deltaY }), 0);
    return false;
  }

  /** The transform of the view of the whole map. */
  get home() {
    return this.#home;
  }

  /**
   * Adapts to a new window size. The view of the whole map, which is the first view, is kept; other views keep their center. An animation
   * jumps to its end: on phones, the keyboard disappears while the map flies to a search result.
   *
   * @param {Size} size
   */
  resize(size) {
    const before = this.#size;
    const isWhole = this.view === null;
    const destination = this.#destination();
    this.#size = size;
    this.#hasSize = true;
    this.#home = fitTransform(this.#positions.view, size, this.#insets());
    this.#zoom.scaleExtent([ZOOM_RANGE[0] * this.#home.k, ZOOM_RANGE[1] * this.#home.k]);
    if (isWhole) {
      this.#moveTo(this.#home, 0);
    } else {
      const shift = [(size.width - before.width) / 2, (size.height - before.height) / 2];
      const { k, x, y } = destination;
      this.#moveTo({ k, x: x + shift[0], y: y + shift[1] }, 0);
    }
  }

  fit() {
    this.#home = fitTransform(this.#positions.view, this.#size, this.#insets());
    this.#moveTo(this.#home, FLY_MS);
  }

  /** The current view, or the one that the map flies to; null for the whole map. @returns {View | null} */
  get view() {
    if (!this.#hasSize) return null;
    const { k, x, y } = this.#destination();
    const home = this.#home;
    if (Math.abs(k / home.k - 1) < 0.001 && Math.hypot(x - home.x, y - home.y) < 1) return null;
    return viewOf({ k, x, y }, this.#size, this.#insets());
  }

  /** @param {View | null} view  null for the whole map */
  show(view) {
    this.#home = fitTransform(this.#positions.view, this.#size, this.#insets());
    this.#moveTo(view ? this.#transformWithin(view) : this.#home, 0);
  }

  /** Returns the transform of a view from a link, limited to this window's zoom range. @param {View} view */
  #transformWithin(view) {
    const { k } = transformOfView(view, this.#size, this.#insets());
    const span = (view.span * k) / clamped(k, this.#zoom.scaleExtent());
    return transformOfView({ ...view, span }, this.#size, this.#insets());
  }

  /** @param {number} direction  1: in, -1: out */
  zoomBy(direction) {
    const { k, x, y } = this.#destination();
    const [across, down] = this.#middle();
    const scale = clamped(k * STEP ** direction, this.#zoom.scaleExtent());
    const kept = (/** @type {number} */ place, /** @type {number} */ offset) => place - ((place - offset) / k) * scale;
    this.#moveTo(this.#constrained({ k: scale, x: kept(across, x), y: kept(down, y) }), 220, [across, down]);
  }

  /**
   * @param {number} right  steps
   * @param {number} down  steps
   */
  panBy(right, down) {
    const { k, x, y } = this.#destination();
    this.#moveTo(this.#constrained({ k, x: x - right * PAN_STEP, y: y - down * PAN_STEP }), 140);
  }

  /**
   * Centers a track, close enough to distinguish it from its neighbors.
   *
   * @param {number} track
   */
  flyTo(track) {
    const k = Math.max(this.#destination().k, this.#home.k * closeUp(this.#positions.x.length));
    this.#moveTo(centeredTransform(this.#positions.x[track], this.#positions.y[track], k, this.#size, this.#insetsWithCard()), FLY_MS);
  }

  /** Returns the insets including the card, which opens during the animation: at the bottom of narrow windows, at the right of wide ones. */
  #insetsWithCard() {
    const insets = this.#insets();
    if (narrow.matches) return { ...insets, bottom: Math.max(insets.bottom, CARD_SHARE * this.#size.height) };
    const right = insets.right + CARD_WIDTH;
    return this.#size.width - insets.left - right > CARD_WIDTH ? { ...insets, right } : insets;
  }

  /** Zooms to some tracks. @param {readonly number[]} tracks  at least one @param {number} [margin]  around them, map units */
  frame(tracks, margin = 0) {
    const [x0, y0, x1, y1] = extentOfMost(this.#positions, tracks, 0);
    this.#moveTo(fitTransform([x0 - margin, y0 - margin, x1 + margin, y1 + margin], this.#size, this.#insets()), FLY_MS);
  }

  /** Zooms to some tracks, except outliers. @param {readonly number[]} tracks  at least one */
  flyToAll(tracks) {
    this.#moveTo(fitTransform(extentOfMost(this.#positions, tracks), this.#size, this.#insets()), FLY_MS);
  }

  /** Centers a track at the current scale. @param {number} track */
  bringIntoView(track) {
    const { k } = this.#destination();
    this.#moveTo(centeredTransform(this.#positions.x[track], this.#positions.y[track], k, this.#size, this.#insets()), 240);
  }

  /** In a narrow window, moves the map if the card would hide a track, at the current scale. @param {number} track */
  keepInSight(track) {
    if (!narrow.matches) return;
    const [x, y] = [this.#positions.x[track], this.#positions.y[track]];
    const insets = this.#insetsWithCard();
    const current = this.#current();
    if (toScreen(current, x, y)[1] > this.#size.height - insets.bottom) this.#moveTo(centeredTransform(x, y, current.k, this.#size, insets), 240);
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

  /** Returns the transform at the end of the running animation, or else the current one. @returns {Transform} */
  #destination() {
    return isAnimated(/** @type {Element} */ (this.#surface.node())) ? this.#target : this.#current();
  }

  /**
   * Returns the closest transform within the limits of panning.
   *
   * @param {Transform} transform
   * @returns {Transform}
   */
  #constrained(transform) {
    /** @type {[[number, number], [number, number]]} */
    const window = [[0, 0], [this.#size.width, this.#size.height]];
    return this.#zoom.constrain()(asD3(transform), window, this.#zoom.translateExtent());
  }

  /**
   * @param {Transform} target
   * @param {number} duration_ms  of the animation; ignored with reduced motion
   * @param {[number, number]} [pivot]  fixed point of the zoom, pixels; by default the window's center
   */
  #moveTo(target, duration_ms, pivot = [this.#size.width / 2, this.#size.height / 2]) {
    const apply = (/** @type {Transform} */ transform) => this.#zoom.transform(this.#surface, asD3(transform));
    if (duration_ms === 0 || reducedMotion.matches) {
      apply(target);
      return;
    }
    this.#target = target;
    const [across, down] = pivot;
    const span = Math.max(this.#size.width, this.#size.height);
    /** @param {Transform} transform @returns {[number, number, number]} */
    const viewIn = ({ k, x, y }) => [(across - x) / k, (down - y) / k, span / k];
    const between = interpolateZoom(viewIn(this.#current()), viewIn(target));
    animate(/** @type {Element} */ (this.#surface.node()), duration_ms, (share) => {
      const [x, y, width] = between(share);
      const k = span / width;
      apply(share === 1 ? target : { k, x: across - x * k, y: down - y * k });
    });
  }
}

/** @param {Transform} transform */
const asD3 = ({ k, x, y }) => zoomIdentity.translate(x, y).scale(k);

/**
 * Wires the keys of the focused map, and the buttons beside it.
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
