/** The layer of marks: rings around the hovered and the pinned track and around what a query found; lines between tracks. */

import { Layer } from "./canvas.js";
import { drawLinks } from "./links.js";
import { NO_TRACK } from "../data/types.js";

/** @import { Links } from "./links.js" */
/** @import { Theme, Transform } from "../data/types.js" */

/** A ring around each of thousands of matches would hide the map; the points themselves stand out anyway. */
const MAX_RINGS = 150;
/** How far the ring of the pinned track reaches beyond it, pixels; its glow, a little further, may touch its title. */
export const PINNED_REACH = 6;

/** @typedef {(on: {context: CanvasRenderingContext2D, positionOf: (track: number) => [number, number], theme: Theme, transform: Transform}) => void} Overlay  draws below the rings, in pixels */
/** @typedef {{x: number, y: number, radius: number, corner: number}} Outline  half the side of a square, and the radius of its corners */

export class MarksLayer extends Layer {
  #wasEmpty = false;

  /**
   * @param {{hovered: number, pinned: number, pathStart: number, matches: readonly number[] | null, transform: Transform}} state
   * @param {Overlay | null} overlay
   * @param {Links | null} links
   * @param {(track: number) => [number, number]} positionOf  pixels
   * @param {(track: number) => Outline} outlineOf
   * @param {Theme} theme
   */
  draw({ hovered, pinned, pathStart, matches, transform }, overlay, links, positionOf, outlineOf, theme) {
    const isEmpty = hovered === NO_TRACK && pinned === NO_TRACK && pathStart === NO_TRACK && !matches && !links && !overlay;
    // Chromium without a GPU copies every canvas that is there into every frame.
    if (isEmpty && this.#wasEmpty) return;
    this.#wasEmpty = isEmpty;
    this.canvas.hidden = isEmpty;
    this.clear();
    if (overlay) {
      this.context.save();
      overlay({ context: this.context, positionOf, theme, transform });
      this.context.restore();
    }
    if (links) drawLinks(this.context, links, positionOf, theme);
    if (matches && matches.length <= MAX_RINGS && !overlay) {
      for (const track of matches) {
        const outline = outlineOf(track);
        this.#ring(outline, 0.35 * outline.radius + 3.5, 1.25, theme.text, 0.55);
      }
    }
    if (hovered !== NO_TRACK && hovered !== pinned) {
      this.#ring(outlineOf(hovered), 3.5, 2, theme.text, 1);
    }
    if (pathStart !== NO_TRACK && pathStart !== pinned) this.#ring(outlineOf(pathStart), 4.5, 2.5, theme.accent, 1);
    if (pinned !== NO_TRACK) {
      this.#ring(outlineOf(pinned), 9, 5, theme.accent, 0.25);
      this.#ring(outlineOf(pinned), 4.5, 2.5, theme.accent, 1);
    }
  }

  /**
   * @param {Outline} outline
   * @param {number} distance  from it
   * @param {number} width
   * @param {string} color
   * @param {number} alpha
   */
  #ring({ x, y, radius, corner }, distance, width, color, alpha) {
    const half = radius + distance;
    this.context.beginPath();
    this.context.roundRect(x - half, y - half, 2 * half, 2 * half, corner + distance);
    this.context.globalAlpha = alpha;
    this.context.lineWidth = width;
    this.context.strokeStyle = color;
    this.context.stroke();
    this.context.globalAlpha = 1;
  }
}
