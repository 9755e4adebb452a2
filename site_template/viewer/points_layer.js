/** The layer of points: what `splat.js` draws, on a canvas. */

import { packedPixel } from "./palette.js";
import { RANK } from "./selection.js";
import { createBrush, hazePaint, solidPaint, splat } from "./splat.js";
import { unitsPerPixel, visibleExtent } from "./viewport.js";

/** @import { Grid } from "./grid.js" */
/** @import { Appearance } from "./selection.js" */
/** @import { Size, Theme, Transform } from "./types.js" */

/** Beyond a 4K window's pixels the layer is drawn coarser than the screen: clearing alone would take the frame's time. */
const MAX_PIXELS = 3840 * 2160;
/** Pixels around the window, so that discs on its edge need no clipping. More than the largest brush reaches. */
const MARGIN = 40;

/**
 * The radius of a point: some of the distance between neighbours, within what can be seen and what looks calm.
 *
 * @param {number} spacing  pixels between typical neighbours
 * @returns {number} pixels
 */
export function pointRadius(spacing) {
  return Math.min(6.5, Math.max(0.75, 0.55 * spacing ** 0.75));
}

export class PointsLayer {
  #canvas;
  #context;
  #grid;
  #spacing;
  /** @type {import("./splat.js").Points} */
  #points;
  /** @type {Size} */
  #size = { width: 0, height: 0 };
  #ratio = 1;
  #image = new ImageData(1, 1);
  #pixels = new Int32Array(1);
  #paints = { hidden: hazePaint(16), dimmed: hazePaint(88), solid: solidPaint(0) };
  #emphasis = 1;

  /**
   * @param {HTMLCanvasElement} canvas
   * @param {Grid} grid
   */
  constructor(canvas, grid) {
    this.#canvas = canvas;
    this.#context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    this.#grid = grid;
    this.#spacing = grid.typicalSpacing();
    const count = grid.order.length;
    this.#points = { x: grid.x, y: grid.y, rank: new Uint8Array(count), color: new Int32Array(count) };
  }

  /**
   * @param {Size} size
   * @param {number} ratio  device pixels in a pixel
   */
  resize(size, ratio) {
    this.#size = size;
    this.#ratio = Math.min(ratio, Math.sqrt(MAX_PIXELS / Math.max(1, size.width * size.height)));
    this.#canvas.width = Math.max(1, Math.round(size.width * this.#ratio));
    this.#canvas.height = Math.max(1, Math.round(size.height * this.#ratio));
    this.#image = new ImageData(this.#canvas.width + 2 * MARGIN, this.#canvas.height + 2 * MARGIN);
    this.#pixels = new Int32Array(this.#image.data.buffer);
  }

  /**
   * @param {Appearance} appearance
   * @param {(group: number) => string} colorOfGroup
   * @param {Theme} theme
   * @param {boolean} emphasised  whether the shown points are few among dimmed ones
   */
  dress(appearance, colorOfGroup, theme, emphasised) {
    const { order } = this.#grid;
    const { rank, color } = this.#points;
    /** @type {Map<number, number>} */
    const pixelOf = new Map();
    for (let place = 0; place < order.length; place++) {
      const group = appearance.group[order[place]];
      let pixel = pixelOf.get(group);
      if (pixel === undefined) {
        pixel = packedPixel(colorOfGroup(group));
        pixelOf.set(group, pixel);
      }
      rank[place] = appearance.rank[order[place]];
      color[place] = pixel;
    }
    this.#paints.solid = solidPaint(packedPixel(theme.background));
    this.#emphasis = emphasised ? 1.35 : 1;
  }

  /** @param {Transform} transform */
  draw(transform) {
    this.#pixels.fill(0);
    const target = { pixels: this.#pixels, stride: this.#image.width, height: this.#image.height };
    const ratio = this.#ratio;
    const perUnit = ratio / unitsPerPixel(transform);
    const projection = {
      scaleX: perUnit,
      scaleY: -perUnit,
      x: transform.x * ratio + MARGIN,
      y: transform.y * ratio + MARGIN + 65535 * perUnit,
    };
    const runs = this.#grid.runs(...visibleExtent(transform, this.#size, MARGIN / ratio));
    const radius = this.radiusAt(transform) * ratio;
    const outline = radius > 2.4 * ratio ? 0.9 * ratio : 0;
    const faint = createBrush(Math.min(radius * 0.8, 3 * ratio), 0, target.stride);
    const plain = createBrush(radius, outline, target.stride);
    const quiet = createBrush(radius * 0.8, outline, target.stride);
    const shown = this.#emphasis === 1 ? plain : createBrush(radius * this.#emphasis, outline, target.stride);
    const { hidden, dimmed, solid } = this.#paints;
    splat(target, this.#points, runs, RANK.HIDDEN, faint, projection, hidden);
    splat(target, this.#points, runs, RANK.DIMMED, faint, projection, dimmed);
    splat(target, this.#points, runs, RANK.QUIET, quiet, projection, solid);
    splat(target, this.#points, runs, RANK.SHOWN, shown, projection, solid);
    this.#context.putImageData(this.#image, -MARGIN, -MARGIN);
  }

  /**
   * @param {Transform} transform
   * @returns {number} pixels
   */
  radiusAt(transform) {
    return pointRadius(this.#spacing / unitsPerPixel(transform));
  }
}
