/** What the layers that draw with canvas paths share. */

/** @import { Size, Transform } from "../data/types.js" */
/**
 * @typedef {Pick<CanvasRenderingContext2D, "beginPath" | "moveTo" | "lineTo" | "quadraticCurveTo" | "arc" | "roundRect" | "closePath" | "fill" | "stroke" | "fillText" | "strokeText"
 *   | "drawImage" | "save" | "restore" | "transform" | "setLineDash" | "fillStyle" | "strokeStyle" | "lineWidth" | "lineJoin" | "lineCap" | "globalAlpha" | "font" | "textAlign" | "textBaseline">} Surface
 *   what marks and covers are drawn on: a canvas, or a pen that writes a document
 */

/** A canvas of the window's size whose unit is the CSS pixel. */
export class Layer {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    /** @type {Size} */
    this.size = { width: 0, height: 0 };
    this.ratio = 1;
    this.overscan = 0;
  }

  /**
   * @param {Size} size
   * @param {number} ratio  device pixels in a pixel
   */
  resize(size, ratio) {
    this.size = size;
    this.ratio = ratio;
    this.canvas.width = Math.max(1, Math.round(size.width * ratio));
    this.canvas.height = Math.max(1, Math.round(size.height * ratio));
  }

  /** Empties the canvas; what is drawn next is in pixels of the window. */
  clear() {
    this.context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.context.clearRect(0, 0, this.size.width, this.size.height);
  }

  /** What is drawn next is on the plane. @param {Transform} transform */
  enterPlane({ k, x, y }) {
    this.context.setTransform(k * this.ratio, 0, 0, k * this.ratio, x * this.ratio, y * this.ratio);
  }
}

/** Pixels that a movable canvas reaches beyond each edge of the window: what a swift hand uncovers until the next picture. */
const OVERSCAN = 112;
/** Beyond this a canvas is coarser than the screen: clearing alone would take the frame's time. */
const MAX_PIXELS = 4000 * 2300;

/**
 * A canvas that reaches beyond the window. What is on it was drawn for one transform; under another one it is moved and scaled
 * as a whole by the compositor, which costs the page next to nothing, until it is drawn again.
 *
 * It is drawn on a second canvas and handed over as a finished picture: Chromium without a GPU copies a canvas that is drawn on
 * directly into every frame, changed or not.
 */
export class MovableCanvas {
  /** What the picture on it was drawn for. @type {Transform | null} */
  shown = null;

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    const front = typeof OffscreenCanvas === "undefined" ? null : canvas.getContext("bitmaprenderer");
    this.back = front ? new OffscreenCanvas(1, 1) : canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (this.back.getContext("2d"));
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
   * @param {number} ratio  device pixels in a pixel
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

  /** What is on it may be lost. */
  forget() {
    this.shown = null;
  }

  /** Makes the canvas as large as it must be. Not before it is drawn on: an empty one costs the first picture's frame as much. */
  fit() {
    const { back, extent } = this;
    if (back.width !== extent.width) back.width = extent.width;
    if (back.height !== extent.height) back.height = extent.height;
  }

  /** What is drawn next is in pixels of the window, on an empty canvas. */
  clear() {
    const { context, ratio } = this;
    this.fit();
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.extent.width, this.extent.height);
    context.setTransform(ratio, 0, 0, ratio, OVERSCAN * ratio, OVERSCAN * ratio);
  }

  /** Shows what was drawn. @param {Transform} transform  what it was drawn for */
  present(transform) {
    if (this.#front) this.#front.transferFromImageBitmap(/** @type {OffscreenCanvas} */ (this.back).transferToImageBitmap());
    this.shown = transform;
  }

  /** Puts what was drawn where it belongs under another transform. @param {Transform} transform */
  follow({ k, x, y }) {
    if (!this.shown) return;
    const scale = k / this.shown.k;
    const [dx, dy] = [x - this.shown.x * scale, y - this.shown.y * scale];
    this.canvas.style.transform = scale === 1 && dx === 0 && dy === 0 ? "" : `matrix(${scale}, 0, 0, ${scale}, ${dx}, ${dy})`;
  }

  /**
   * Whether what was drawn still covers the window well enough to be moved instead of drawn again.
   *
   * @param {Transform} transform
   * @param {Size} size  of the window
   * @param {number} stretch  how much larger or smaller than drawn it may be shown
   * @param {number} [spare]  pixels that it must reach beyond the window
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

  /** Whether the picture is the one for this transform. @param {Transform} transform */
  isCurrent({ k, x, y }) {
    return this.shown?.k === k && this.shown.x === x && this.shown.y === y;
  }
}

export const FONT_FAMILY = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif';
