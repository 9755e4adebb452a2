/** The marks layer: rings around the hovered track, the pinned track and search results; lines between tracks. */

import { Layer } from "./canvas.js";
import { drawLinks } from "./links.js";
import { NO_TRACK } from "../data/types.js";

/** @import { Place } from "./label_placement.js" */
/** @import { Surface } from "./canvas.js" */
/** @import { Links } from "./links.js" */
/** @import { Theme, Transform } from "../data/types.js" */

/** Maximum number of rings. Rings around thousands of matches would hide the map, and their points stand out anyway. */
const MAX_RINGS = 150;
/** Returns which of the matches have a ring. @param {readonly number[] | null} matches  @param {unknown} overlay */
export const ringed = (matches, overlay) => (matches && matches.length <= MAX_RINGS && !overlay ? matches : []);
/** Returns the distance of a ring from its track. @param {number} radius  of the track, pixels */
const ringDistance = (radius) => 0.35 * radius + 3.5;
/** Returns how far a ring extends beyond the track. @param {number} radius  of the track, pixels */
export const ringReach = (radius) => ringDistance(radius) + 1;
/** Radius of the marks on the tracks of an album or artist, pixels. */
export const OVERLAY_REACH = 10;
/** How far the pinned track's ring extends beyond it, pixels. Its glow extends a little farther and may touch the title. */
export const PINNED_REACH = 6;

/**
 * @typedef {((on: {context: Surface, positionOf: (track: number) => [number, number], theme: Theme, transform: Transform}) => void)
 *   & {placesOf?: (positionOf: (track: number) => [number, number]) => readonly Place[]}} Overlay  draws below the rings, in pixels; `placesOf`: its labels
 */
/** @typedef {{x: number, y: number, radius: number, corner: number}} Outline  half the side of a square, and its corner radius */

/**
 * @typedef {object} Marks  all marks to draw
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
    // Without a GPU, Chromium copies every existing canvas into every frame.
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
