/**
 * Positions of labels, and the zoom from which on each is visible. Pure.
 *
 * Each label gets the smallest scale from which it no longer overlaps a stronger one (Been, Daiches and Yap 2006, "Dynamic map
 * labeling"). Zooming in only adds labels, and panning changes none, so nothing flickers. Labels for small scales only disappear at
 * a given scale, and make room for others. A label that would hide tracks is placed below, above or beside its group.
 */

import { isInside } from "./lasso.js";
import { PLANE_SIZE, planeX, planeY } from "./viewport.js";

/** @import { Group } from "../data/types.js" */

/**
 * @typedef {[x: number, y: number, side?: -1 | 0 | 1, across?: -1 | 0 | 1]} Anchor  on the plane: the label is centered there, or it
 *   is placed above (-1) or below (1), left (-1) or right (1) of it
 *
 * @typedef {object} Candidate
 * @property {number} group
 * @property {number} [count]  tracks
 * @property {number} width  pixels, including its margin
 * @property {number} height  pixels
 * @property {readonly Anchor[]} anchors  possible positions, best first
 * @property {number} [from]  smallest transform scale
 * @property {number} [to]  largest transform scale, exclusive
 *
 * @typedef {object} Label
 * @property {number} group
 * @property {number} x  plane
 * @property {number} y  plane
 * @property {number} dx  pixels from there to its center
 * @property {number} dy
 * @property {number} minScale  smallest transform scale; Infinity if it is never visible
 * @property {number} maxScale  largest transform scale, exclusive
 * @property {number} width  pixels
 * @property {number} height  pixels
 */

/** Minimum distance of a label from the edges of the window and from panels, pixels. */
export const LABEL_MARGIN = 8;
/** Share of a group's tracks that its label may hide if it would hide some at every position. */
const MAY_HIDE = 0.1;
/** A label outside of the view of the whole map, or over another group, counts like one that hides this share of its group's tracks. */
const MISPLACED = 0.25;

/**
 * Returns the scale from which on two labels at fixed positions of the plane do not overlap.
 *
 * @param {Label} a
 * @param {Label} b
 */
function separationScale(a, b) {
  return Math.min(scaleApart(a.x - b.x, a.dx - b.dx, (a.width + b.width) / 2), scaleApart(a.y - b.y, a.dy - b.dy, (a.height + b.height) / 2));
}

/**
 * Returns the scale from which on the sum of a plane distance and a window distance reaches a given length.
 *
 * @param {number} distance  plane
 * @param {number} shift  pixels
 * @param {number} room  pixels
 */
function scaleApart(distance, shift, room) {
  if (distance === 0) return Math.abs(shift) >= room ? 0 : Infinity;
  return Math.max(0, (room - Math.sign(distance) * shift) / Math.abs(distance));
}

/**
 * @param {readonly Candidate[]} candidates  strongest first
 * @param {number} homeScale  the scale of the first view. Of the anchors that are visible there, or at the label's smallest scale, the
 *   first one that hides no or few tracks and is not misplaced is used, or else the one that hides the fewest; see `MISPLACED`
 * @param {(x0: number, y0: number, x1: number, y1: number) => number} [tracksIn]  number of tracks in a box of the plane
 * @param {number} [reach]  radius of tracks, pixels
 * @param {(label: Label, scale: number) => number} [misplacedShare]  how much of a label is over another group, 0..1; 1 or more if it is
 *   outside of the view of the whole map
 * @returns {Label[]}
 */
export function placeLabels(candidates, homeScale, tracksIn = () => 0, reach = 0, misplacedShare = () => 0) {
  /** @type {Label[]} */
  const placed = [];
  for (const { group, width, height, anchors, count = 1, from = 0, to = Infinity } of candidates) {
    const scale = Math.max(homeScale, from);
    /** @type {Label | undefined} */
    let best;
    let leastHidden = Infinity;
    for (const [x, y, side = 0, across = 0] of anchors) {
      const label = { group, x, y, dx: across * (width / 2 + reach), dy: side * (height / 2 + reach), width, height, minScale: from, maxScale: to };
      for (const stronger of placed) {
        // A stronger label is no obstacle once it is separate or no longer visible.
        const apart = Math.min(separationScale(label, stronger), stronger.maxScale);
        if (apart > stronger.minScale && apart > label.minScale) label.minScale = apart;
      }
      const share = label.minScale <= scale ? tracksUnder(label, scale, tracksIn, reach) / count : Infinity;
      const hidden = (share === 0 ? 0 : Math.max(share, MAY_HIDE)) + (label.minScale <= scale ? MISPLACED * misplacedShare(label, scale) : 0);
      if (!best || hidden < leastHidden || (hidden === Infinity && leastHidden === Infinity && label.minScale < best.minScale)) {
        [best, leastHidden] = [label, hidden];
      }
      if (hidden === 0) break;
    }
    if (best) placed.push(best);
  }
  return placed;
}

/**
 * Returns a function that tests whether a position of the plane is within a group's boundaries.
 *
 * @param {Group["boundaries"]} boundaries
 * @returns {(x: number, y: number) => boolean}
 */
export function areaOf(boundaries) {
  const rings = boundaries.map((ring) => ({ ring, box: boundingBox(ring) }));
  return (x, y) => rings.some(({ ring, box }) => x >= box.x0 && x <= box.x1 && y >= box.y0 && y <= box.y1 && isInside(cornersOf(ring), x, y));
}

/** @param {readonly number[]} ring  map units  @returns {[number, number][]} plane */
const cornersOf = (ring) => Array.from({ length: ring.length / 2 }, (_, i) => [planeX(ring[2 * i]), planeY(ring[2 * i + 1])]);

/**
 * @param {Label} label
 * @param {number} scale
 * @param {(x0: number, y0: number, x1: number, y1: number) => number} tracksIn
 * @param {number} reach  pixels
 */
function tracksUnder({ x, y, dx, dy, width, height }, scale, tracksIn, reach) {
  const [center, middle, right, bottom] = [x + dx / scale, y + dy / scale, (width / 2 + reach) / scale, (height / 2 + reach) / scale];
  return tracksIn(center - right, middle - bottom, center + right, middle + bottom);
}

/**
 * Returns the possible positions of a group's label: over its densest spot, then over, below, above and beside the center of each
 * island, the largest first; if there are several islands, also around all of them.
 *
 * @param {Pick<Group, "peak" | "boundaries">} group
 * @returns {Anchor[]}
 */
export function anchorsOf({ peak, boundaries }) {
  /** @type {Anchor[]} */
  const anchors = peak ? [[planeX(peak[0]), planeY(peak[1])]] : [];
  const boxes = islands(boundaries);
  for (const box of boxes) anchors.push([(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2], ...besideBox(box));
  if (boxes.length > 1) anchors.push(...besideBox(around(boxes)));
  return anchors;
}

/**
 * Returns the possible positions of a label for several groups: in their center, around all of them, then those of each group.
 *
 * @param {readonly Pick<Group, "count" | "peak" | "boundaries">[]} members
 * @returns {Anchor[]}
 */
export function anchorsAmong(members) {
  const peaks = members.flatMap(({ peak, count }) => (peak ? [{ x: planeX(peak[0]), y: planeY(peak[1]), count }] : []));
  if (peaks.length === 0) return [];
  const sum = Math.max(1, peaks.reduce((total, { count }) => total + count, 0));
  const mean = (/** @type {"x" | "y"} */ axis) => peaks.reduce((total, one) => total + one[axis] * one.count, 0) / sum;
  const boxes = members.flatMap(({ boundaries }) => islands(boundaries));
  return [[mean("x"), mean("y")], ...(boxes.length > 0 ? besideBox(around(boxes)) : []), ...members.flatMap(anchorsOf)];
}

/** @typedef {{x0: number, y0: number, x1: number, y1: number}} Box  on the plane */

/** @param {readonly Box[]} boxes  @returns {Box} */
function around(boxes) {
  const edge = (/** @type {keyof Box} */ side) => boxes.map((box) => box[side]);
  return { x0: Math.min(...edge("x0")), y0: Math.min(...edge("y0")), x1: Math.max(...edge("x1")), y1: Math.max(...edge("y1")) };
}

/**
 * Returns the positions below and above a box, then right and left of it, first the one closer to the center of the map.
 *
 * @param {Box} box
 * @returns {Anchor[]}
 */
function besideBox({ x0, y0, x1, y1 }) {
  const [center, middle] = [(x0 + x1) / 2, (y0 + y1) / 2];
  /** @type {Anchor[]} */
  const along = [[center, y1, 1], [center, y0, -1]];
  /** @type {Anchor[]} */
  const across = [[x1, middle, 0, 1], [x0, middle, 0, -1]];
  return [...(y0 + y1 > PLANE_SIZE ? along.reverse() : along), ...(x0 + x1 > PLANE_SIZE ? across.reverse() : across)];
}

/**
 * @param {Group["boundaries"]} boundaries
 * @returns {Box[]}  the largest first
 */
function islands(boundaries) {
  const boxes = boundaries.filter((ring) => ring.length >= 6).map(boundingBox);
  return boxes.sort((a, b) => (b.x1 - b.x0) * (b.y1 - b.y0) - (a.x1 - a.x0) * (a.y1 - a.y0));
}

/**
 * @param {readonly number[]} ring  map units
 * @returns {Box}
 */
function boundingBox(ring) {
  const box = { x0: Infinity, y0: Infinity, x1: -Infinity, y1: -Infinity };
  for (let i = 0; i < ring.length; i += 2) {
    box.x0 = Math.min(box.x0, planeX(ring[i]));
    box.x1 = Math.max(box.x1, planeX(ring[i]));
    box.y0 = Math.min(box.y0, planeY(ring[i + 1]));
    box.y1 = Math.max(box.y1, planeY(ring[i + 1]));
  }
  return box;
}

/**
 * Moves labels whose center is in view sideways, and by half their height up or down, so that panels and edges do not cut them off, and by at most
 * their height or half their width around obstacles. Labels whose center is outside, or that would overlap a stronger one, are left out.
 *
 * @param {readonly Label[]} labels  centers and sizes in pixels, strongest first
 * @param {{left: number, right: number, top?: number, bottom?: number}} free  the free area without its margin, pixels
 * @param {readonly Place[]} [taken]  obstacles, pixels
 * @returns {Label[]}
 */
export function keepInside(labels, free, taken = []) {
  const { left, right, top = -Infinity, bottom = Infinity } = free;
  /** @type {Label[]} */
  const kept = [];
  for (const label of labels) {
    const inside = Math.max(left + label.width / 2, Math.min(right - label.width / 2, label.x));
    if (Math.abs(inside - label.x) > label.width / 2) continue;
    const within = Math.max(top + label.height / 2, Math.min(bottom - label.height / 2, label.y));
    const out = Math.abs(within - label.y);
    const isOutside = out >= label.height + LABEL_MARGIN;
    if (out > label.height / 2 && !isOutside) continue;
    // A label that is completely outside comes into view when the map moves.
    const moved = { ...label, x: inside, y: isOutside ? label.y : within };
    const isFree = (/** @type {Label} */ { x, y, width, height }) =>
      x - width / 2 >= left && x + width / 2 <= right && y - height / 2 >= top && y + height / 2 <= bottom;
    const places = [moved, ...besideTaken(moved, taken).filter(isFree)];
    const place = places.find((item) => ![...taken, ...kept].some((other) => touches(item, other)));
    if (place) kept.push(place);
  }
  return kept;
}

/** @typedef {{x: number, y: number, width: number, height: number}} Place  center and size, pixels */

/**
 * Returns positions above, below and beside an obstacle, at most the label's height or half its width away, nearest first.
 *
 * @param {Label} label
 * @param {readonly Place[]} taken
 * @returns {Label[]}
 */
function besideTaken(label, taken) {
  const [across, down] = [(/** @type {Place} */ { x }) => Math.abs(x - label.x), (/** @type {Place} */ { y }) => Math.abs(y - label.y)];
  return taken
    .filter((item) => touches(label, item))
    .flatMap((item) => [-1, 1].flatMap((side) => [
      { ...label, y: item.y + (side * (item.height + label.height)) / 2 },
      { ...label, x: item.x + (side * (item.width + label.width)) / 2 },
    ]))
    .filter((item) => across(item) <= label.width / 2 && down(item) <= label.height)
    .sort((a, b) => across(a) + down(a) - across(b) - down(b));
}

/** @param {Place} a  @param {Place} b */
function touches(a, b) {
  return Math.abs(a.x - b.x) < (a.width + b.width) / 2 && Math.abs(a.y - b.y) < (a.height + b.height) / 2;
}

/**
 * Returns the visible tracks whose title fits beside them without overlapping another title. Earlier tracks have precedence, and the
 * order does not depend on the view, so titles keep their positions while panning.
 *
 * @param {readonly {track: number, x: number, y: number, width: number}[]} titles  middle of the left edge of each, pixels
 * @param {number} height  pixels
 * @param {readonly {x: number, y: number, width: number, height: number}[]} taken  boxes (center, size) already in use, pixels
 * @returns {Set<number>} tracks
 */
export function fitTitles(titles, height, taken) {
  /** @type {{x0: number, y0: number, x1: number, y1: number}[]} */
  const boxes = taken.map(({ x, y, width, height: tall }) => ({
    x0: x - width / 2,
    x1: x + width / 2,
    y0: y - tall / 2,
    y1: y + tall / 2,
  }));
  /** @type {Set<number>} */
  const fitting = new Set();
  for (const { track, x, y, width } of titles) {
    const box = { x0: x, x1: x + width, y0: y - height / 2, y1: y + height / 2 };
    if (boxes.some((b) => box.x0 < b.x1 && b.x0 < box.x1 && box.y0 < b.y1 && b.y0 < box.y1)) continue;
    boxes.push(box);
    fitting.add(track);
  }
  return fitting;
}

/**
 * Returns the start of a title: to the right of its point, or else to its left, or null if the window would cut it off on both sides.
 *
 * @param {{x: number, reach: number, width: number}} title  center of its point, distance from it, and its width; pixels
 * @param {{left: number, right: number}} free  the free area, pixels
 * @returns {number | null}  pixels
 */
export function besidePoint({ x, reach, width }, { left, right }) {
  if (x + reach >= left && x + reach + width <= right) return x + reach;
  return x - reach - width >= left && x - reach <= right ? x - reach - width : null;
}
