/** The layer of marks: rings around the hovered and the pinned track and around what a query found; lines between tracks. */

import { Layer } from "./canvas.js";
import { drawLinks } from "./links.js";
import { NO_TRACK } from "../data/types.js";

/** @import { Place } from "./label_placement.js" */
/** @import { Surface } from "./canvas.js" */
/** @import { Links } from "./links.js" */
/** @import { Theme, Transform } from "../data/types.js" */

/** A ring around each of thousands of matches would hide the map; the points themselves stand out anyway. */
const MAX_RINGS = 150;
/** Which tracks have a ring, of those that stand out. @param {readonly number[] | null} matches  @param {unknown} overlay */
export const ringed = (matches, overlay) => (matches && matches.length <= MAX_RINGS && !overlay ? matches : []);
/** From a track to its ring. @param {number} radius  of the track, pixels */
const ringDistance = (radius) => 0.35 * radius + 3.5;
/** How far such a ring reaches beyond the track. @param {number} radius  of the track, pixels */
export const ringReach = (radius) => ringDistance(radius) + 1;
/** How far what is drawn over the tracks of an album or an artist reaches from the middle of each. */
export const OVERLAY_REACH = 10;
/** How far the ring of the pinned track reaches beyond it, pixels; its glow, a little further, may touch its title. */
export const PINNED_REACH = 6;

/**
 * @typedef {((on: {context: Surface, positionOf: (track: number) => [number, number], theme: Theme, transform: Transform}) => void)
 *   & {placesOf?: (positionOf: (track: number) => [number, number]) => readonly Place[]}} Overlay  draws below the rings, in pixels; where it writes
 */
/** @typedef {{x: number, y: number, radius: number, corner: number}} Outline  half the side of a square, and the radius of its corners */

/**
 * @typedef {object} Marks  all there is to draw
 * @property {{hovered: number, pinned: number, pathStart: number, matches: readonly number[] | null, transform: Transform}} state
 * @property {Overlay | null} overlay
 * @property {Links | null} links
 * @property {(track: number) => [number, number]} positionOf  pixels
 * @property {(track: number) => Outline} outlineOf
 * @property {Theme} theme
 */

export class MarksLayer extends Layer {
  #wasEmpty = false;

  /** @param {Marks} marks */
  draw(marks) {
    const { hovered, pinned, pathStart, matches } = marks.state;
    const isEmpty = hovered === NO_TRACK && pinned === NO_TRACK && pathStart === NO_TRACK && !matches && !marks.links && !marks.overlay;
    // Chromium without a GPU copies every canvas that is there into every frame.
    if (isEmpty && this.#wasEmpty) return;
    this.#wasEmpty = isEmpty;
    this.canvas.hidden = isEmpty;
    this.clear();
    drawMarks(this.context, marks);
  }
}

/** @param {Surface} surface  @param {Marks} marks */
export function drawMarks(surface, { state: { hovered, pinned, pathStart, matches, transform }, overlay, links, positionOf, outlineOf, theme }) {
  const ring = (/** @type {number} */ track, /** @type {number} */ distance, /** @type {number} */ width, color = theme.accent, alpha = 1) => drawRing(surface, outlineOf(track), distance, width, color, alpha);
  if (overlay) {
    surface.save();
    overlay({ context: surface, positionOf, theme, transform });
    surface.restore();
  }
  if (links) drawLinks(surface, links, positionOf, theme);
  for (const track of ringed(matches, overlay)) ring(track, ringDistance(outlineOf(track).radius), 1.25, theme.text, 0.55);
  if (hovered !== NO_TRACK && hovered !== pinned) ring(hovered, 3.5, 2, theme.text);
  if (pathStart !== NO_TRACK && pathStart !== pinned) ring(pathStart, 4.5, 2.5);
  if (pinned !== NO_TRACK) {
    ring(pinned, 9, 5, theme.accent, 0.25);
    ring(pinned, 4.5, 2.5);
  }
}

/**
 * @param {Surface} surface
 * @param {Outline} outline
 * @param {number} distance  from it
 * @param {number} width
 * @param {string} color
 * @param {number} alpha
 */
function drawRing(surface, { x, y, radius, corner }, distance, width, color, alpha) {
  const half = radius + distance;
  surface.beginPath();
  surface.roundRect(x - half, y - half, 2 * half, 2 * half, corner + distance);
  Object.assign(surface, { globalAlpha: alpha, lineWidth: width, strokeStyle: color });
  surface.stroke();
  surface.globalAlpha = 1;
}
