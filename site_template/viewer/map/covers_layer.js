/** The covers layer: when zoomed in, tracks are shown as album covers instead of points. */

import { MovableCanvas } from "./canvas.js";

/** @import { Surface } from "./canvas.js" */
/** @import { Transform } from "../data/types.js" */

/** Half a cover's side as a share of the typical distance of neighbors, so that covers do not overlap. */
const SHARE_OF_SPACING = 0.3;
const RADIUS = { least: 12, most: 24 };
/** Maximum number of cached covers, and their width in device pixels. */
const MAX_KEPT = 600;
const KEPT_SIZE = 104;
/** Corner radius as a share of a cover's side. */
const ROUNDING = 0.14;

/**
 * Returns half the side of covers; 0 while tracks are too close together.
 *
 * @param {number} spacing  typical distance of neighbors, pixels
 * @returns {number} pixels
 */
export function coverRadius(spacing) {
  const radius = SHARE_OF_SPACING * spacing;
  return radius < RADIUS.least ? 0 : Math.min(RADIUS.most, radius);
}

/** @param {number} radius  half a cover's side  @returns {number}  corner radius */
export const cornerOf = (radius) => 2 * radius * ROUNDING;

/**
 * Returns the visible tracks that have room for a cover. Earlier tracks have precedence, and the order does not depend on the view.
 *
 * @template {{x: number, y: number}} Place
 * @param {readonly Place[]} places  pixels
 * @param {number} radius  half a cover's side, pixels
 * @returns {Place[]}
 */
export function apart(places, radius) {
  /** @type {Place[]} */
  const kept = [];
  for (const place of places) {
    if (kept.every(({ x, y }) => Math.max(Math.abs(x - place.x), Math.abs(y - place.y)) > 2.1 * radius)) kept.push(place);
  }
  return kept;
}

export class CoversLayer extends MovableCanvas {
  /** Clipped covers by track; null while loading or if there is none. @type {Map<number, HTMLCanvasElement | null>} */
  #covers = new Map();
  /** Functions by track that draw its cover on another surface. @type {ReadonlyMap<number, (surface: Surface) => void>} */
  #drawn = new Map();
  #fileOf;
  #onArrival;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {(track: number) => Promise<string>} fileOf  file name below art/, empty for none
   * @param {() => void} onArrival  called when a cover can be drawn
   */
  constructor(canvas, fileOf, onArrival) {
    super(canvas);
    canvas.hidden = true;
    this.#fileOf = fileOf;
    this.#onArrival = onArrival;
  }

  /** Whether no track is shown as a cover. */
  get isEmpty() {
    return this.canvas.hidden;
  }

  /** Returns whether a track is shown as a cover. @param {number} track */
  holds(track) {
    return !this.isEmpty && this.#drawn.has(track);
  }

  forget() {
    super.forget();
    this.#covers.clear();
  }

  /**
   * @template {{track: number, x: number, y: number}} Place
   * @param {Transform} transform
   * @param {readonly Place[]} places  of the tracks in view, pixels
   * @param {number} radius  pixels, 0 for none
   * @param {(track: number) => string} colorOf
   * @param {boolean} mayFetch  false while the map moves, because tracks in passing need no cover
   * @returns {{has(track: number): boolean}}  tracks that are shown as covers
   */
  draw(transform, places, radius, colorOf, mayFetch) {
    const shown = radius === 0 ? [] : apart(places, radius);
    if (mayFetch) for (const { track } of shown) if (!this.#covers.has(track)) void this.#fetch(track);
    this.#drawn = new Map(
      shown.flatMap(({ track, x, y }) => {
        const cover = this.#covers.get(track);
        return cover ? [[track, (/** @type {Surface} */ surface) => drawCover(surface, cover, x, y, radius, colorOf(track))]] : [];
      }),
    );
    this.canvas.hidden = this.#drawn.size === 0;
    if (this.#drawn.size > 0) {
      this.clear();
      this.drawOn(this.context);
      this.present(transform);
    } else {
      this.shown = transform;
    }
    this.follow(transform);
    return this.#drawn;
  }

  /** Draws the visible covers on a surface, for the transform at which they were drawn. @param {Surface} surface */
  drawOn(surface) {
    for (const draw of this.#drawn.values()) draw(surface);
  }

  /** @param {number} track */
  async #fetch(track) {
    if (this.#covers.size >= MAX_KEPT) this.#covers.clear();
    this.#covers.set(track, null);
    const image = new Image();
    try {
      const file = await this.#fileOf(track);
      if (!file) return;
      image.src = `art/${encodeURIComponent(file)}`;
      await image.decode();
    } catch (reason) {
      // The track stays a point on the map; its card shows the error.
      if (!(reason instanceof Error)) throw reason;
      return;
    }
    this.#covers.set(track, cutToShape(image));
    this.#onArrival();
  }
}

/**
 * @param {Surface} surface
 * @param {HTMLCanvasElement} cover
 * @param {number} x
 * @param {number} y
 * @param {number} radius
 * @param {string} color
 */
function drawCover(surface, cover, x, y, radius, color) {
  surface.drawImage(cover, x - radius, y - radius, 2 * radius, 2 * radius);
  surface.lineWidth = 2;
  surface.strokeStyle = color;
  surface.beginPath();
  surface.roundRect(x - radius, y - radius, 2 * radius, 2 * radius, cornerOf(radius));
  surface.stroke();
}

/** @param {HTMLImageElement} image */
function cutToShape(image) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = KEPT_SIZE;
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.beginPath();
  context.roundRect(0, 0, KEPT_SIZE, KEPT_SIZE, KEPT_SIZE * ROUNDING);
  context.clip();
  const side = Math.min(image.naturalWidth, image.naturalHeight);
  const [left, top] = [(image.naturalWidth - side) / 2, (image.naturalHeight - side) / 2];
  context.drawImage(image, left, top, side, side, 0, 0, KEPT_SIZE, KEPT_SIZE);
  return canvas;
}
