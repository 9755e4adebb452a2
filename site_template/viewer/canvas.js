/** What the layers that draw with canvas paths share. */

/** @import { Size, Transform } from "./types.js" */

/** A canvas of the window's size whose unit is the CSS pixel. */
export class Layer {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    /** @type {Size} */
    this.size = { width: 0, height: 0 };
    this.ratio = 1;
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

export const FONT_FAMILY = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif';
