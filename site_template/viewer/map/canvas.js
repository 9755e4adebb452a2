/** Base classes of the layers that draw with canvas paths. */

import { DataError } from "../data/decode.js";
import { gettext } from "../data/language.js";

/** @import { Size, Transform } from "../data/types.js" */
/**
 * @typedef {Pick<CanvasRenderingContext2D, "beginPath" | "moveTo" | "lineTo" | "quadraticCurveTo" | "arc" | "roundRect" | "closePath" | "fill" | "stroke" | "fillText" | "strokeText"
 *   | "drawImage" | "save" | "restore" | "transform" | "setLineDash" | "fillStyle" | "strokeStyle" | "lineWidth" | "lineJoin" | "lineCap" | "globalAlpha" | "font" | "textAlign" | "textBaseline">} Surface
 *   the drawing target of marks and covers: a canvas, or a pen that writes SVG
 */

/** Returns what draws on a canvas. @param {HTMLCanvasElement | OffscreenCanvas} canvas  @returns {CanvasRenderingContext2D} */
function contextOf(canvas) {
  const context = canvas.getContext("2d");
  if (!context) throw new DataError(gettext("This browser, or an extension in it, does not let the page draw. Allow this page to use a canvas, then reload it."));
  return /** @type {CanvasRenderingContext2D} */ (context);
}

/** A canvas of the window's size with CSS pixels as its unit. */
export class Layer {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = contextOf(canvas);
    /** @type {Size} */
    this.size = { width: 0, height: 0 };
    this.ratio = 1;
    this.overscan = 0;
  }

  /**
   * @param {Size} size
   * @param {number} ratio  device pixels per pixel
   */
  resize(size, ratio) {
    this.size = size;
    this.ratio = ratio;
    this.canvas.width = Math.max(1, Math.round(size.width * ratio));
    this.canvas.height = Math.max(1, Math.round(size.height * ratio));
  }

  /** Clears the canvas, and sets its coordinates to window pixels. */
  clear() {
    this.context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.context.clearRect(0, 0, this.size.width, this.size.height);
  }

  /** Sets the coordinates to those of the plane. @param {Transform} transform */
  enterPlane({ k, x, y }) {
    this.context.setTransform(k * this.ratio, 0, 0, k * this.ratio, x * this.ratio, y * this.ratio);
  }
}

/** Pixels by which a movable canvas extends beyond the window, for fast drags until the next picture. */
const OVERSCAN = 112;
/** Maximum number of pixels. A larger canvas gets a lower resolution than the screen, because clearing it would take a whole frame. */
const MAX_PIXELS = 4000 * 2300;

/**
 * A canvas that extends beyond the window. Its picture is drawn for one transform. For other transforms, the compositor moves and
 * scales the picture, which costs the page almost nothing, until it is drawn again.
 *
 * It is drawn on a second canvas and transferred as a finished bitmap: without a GPU, Chromium copies every canvas that is drawn on
 * directly into every frame, even if it has not changed.
 */
export class MovableCanvas {
  /** The transform of the current picture. @type {Transform | null} */
  shown = null;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    const back = typeof OffscreenCanvas === "undefined" ? null : new OffscreenCanvas(1, 1);
    const front = back?.getContext("2d") ? canvas.getContext("bitmaprenderer") : null;
    this.back = front && back ? back : canvas;
    this.context = contextOf(this.back);
    this.ratio = 1;
    /** Device pixels. @type {Size} */
    this.extent = { width: 1, height: 1 };
    this.overscan = OVERSCAN;
    this.#front = front;
    if (front) this.back.addEventListener("contextrestored", () => canvas.dispatchEvent(new Event("contextrestored")));
    Object.assign(canvas.style, {
      inset: `${-OVERSCAN}px auto auto ${-OVERSCAN}px`,
      transformOrigin: `${OVERSCAN}px ${OVERSCAN}px`,
      willChange: "transform",
    });
  }

  /** @type {ImageBitmapRenderingContext | null} */
  #front;

  /**
   * @param {Size} size  of the window
   * @param {number} ratio  device pixels per pixel
   */
  resize(size, ratio) {
    const width = size.width + 2 * OVERSCAN;
    const height = size.height + 2 * OVERSCAN;
    this.ratio = Math.min(ratio, Math.sqrt(MAX_PIXELS / (width * height)));
    this.extent = {
      width: Math.max(1, Math.round(width * this.ratio)),
      height: Math.max(1, Math.round(height * this.ratio)),
    };
    this.canvas.style.width = `${this.extent.width / this.ratio}px`;
    this.canvas.style.height = `${this.extent.height / this.ratio}px`;
    this.shown = null;
  }

  /** Marks the picture as lost. */
  forget() {
    this.shown = null;
  }

  /** Resizes the canvas. Call it only before drawing: an empty large canvas would slow down the first frame as well. */
  fit() {
    const { back, extent } = this;
    if (back.width !== extent.width) back.width = extent.width;
    if (back.height !== extent.height) back.height = extent.height;
  }

  /** Clears the canvas, and sets its coordinates to window pixels. */
  clear() {
    const { context, ratio } = this;
    this.fit();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.extent.width, this.extent.height);
    context.setTransform(ratio, 0, 0, ratio, OVERSCAN * ratio, OVERSCAN * ratio);
  }

  /** Shows the drawn picture. @param {Transform} transform  of the picture */
  present(transform) {
    try {
      this.#front?.transferFromImageBitmap(/** @type {OffscreenCanvas} */ (this.back).transferToImageBitmap());
      this.shown = transform;
    } catch (reason) {
      // The graphics process has just ended: what is not shown is drawn again in the next frame.
      if (!(reason instanceof DOMException)) throw reason;
    }
  }

  /** Moves and scales the picture to another transform. @param {Transform} transform */
  follow({ k, x, y }) {
    if (!this.shown) return;
    const scale = k / this.shown.k;
    const [dx, dy] = [x - this.shown.x * scale, y - this.shown.y * scale];
    this.canvas.style.transform = scale === 1 && dx === 0 && dy === 0 ? "" : `matrix(${scale}, 0, 0, ${scale}, ${dx}, ${dy})`;
  }

  /**
   * Returns whether the picture still covers the window well enough to be moved instead of drawn again.
   *
   * @param {Transform} transform
   * @param {Size} size  of the window
   * @param {number} stretch  maximum scaling of the picture, in either direction
   * @param {number} [spare]  pixels by which it must extend beyond the window
   */
  covers({ k, x, y }, size, stretch, spare = 0) {
    if (!this.shown) return false;
    const scale = k / this.shown.k;
    if (scale * stretch < 1 || scale > stretch) return false;
    const left = x - (this.shown.x + OVERSCAN) * scale;
    const top = y - (this.shown.y + OVERSCAN) * scale;
    const right = left + (size.width + 2 * OVERSCAN) * scale;
    const bottom = top + (size.height + 2 * OVERSCAN) * scale;
    return left <= -spare && top <= -spare && right >= size.width + spare && bottom >= size.height + spare;
  }

  /** Returns whether the picture was drawn for this transform. @param {Transform} transform */
  isCurrent({ k, x, y }) {
    return this.shown?.k === k && this.shown.x === x && this.shown.y === y;
  }
}

export const FONT_FAMILY = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif';
