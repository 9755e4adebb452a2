/**
 * Where labels stand and from which zoom on they show. Pure.
 *
 * Each label gets the smallest scale from which it no longer touches a stronger one (Been, Daiches and Yap 2006, "Dynamic map
 * labeling"): zooming in only ever adds labels, panning changes none, so nothing flickers. What is to be read from afar only
 * leaves at a scale of its own, and what it was in the way of comes then. A label that would hide many of its group's tracks
 * stands above or below them instead.
 */

import { PLANE_SIZE, planeX, planeY } from "./viewport.js";

/** @import { Group } from "../data/types.js" */

/**
 * @typedef {[x: number, y: number, side?: -1 | 0 | 1]} Anchor  on the plane: a label's middle lies there, or it stands above
 *   (-1) or below (1)
 *
 * @typedef {object} Candidate
 * @property {number} group
 * @property {number} [count]  tracks
 * @property {number} width  pixels, with the room it wants around it
 * @property {number} height  pixels
 * @property {readonly Anchor[]} anchors  where it may be, the best first
 * @property {number} [from]  it may show from this transform scale on
 * @property {number} [to]  and below this one
 *
 * @typedef {object} Label
 * @property {number} group
 * @property {number} x  plane
 * @property {number} y  plane
 * @property {number} dy  pixels from there to its middle
 * @property {number} minScale  it shows from this transform scale on; Infinity for one that never can
 * @property {number} maxScale  and below this one
 * @property {number} width  pixels
 * @property {number} height  pixels
 */

/** The share of a group's tracks that its label may hide, where it would hide some at every place. */
const MAY_HIDE = 0.1;

/**
 * The scale from which two labels at fixed places of the plane stay apart.
 *
 * @param {{x: number, y: number, dy: number, width: number, height: number}} a
 * @param {{x: number, y: number, dy: number, width: number, height: number}} b
 */
function separationScale(a, b) {
  return Math.min(scaleApart(a.x - b.x, 0, (a.width + b.width) / 2), scaleApart(a.y - b.y, a.dy - b.dy, (a.height + b.height) / 2));
}

/**
 * The scale from which a distance of the plane and one of the window are together at least as long as asked for.
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
 * @param {readonly Candidate[]} candidates  the strongest first
 * @param {number} homeScale  the scale of the first view: of the anchors that show there, or where the label begins, the first is
 *   taken that hides none, or few tracks, or else the one that hides the fewest
 * @param {(x0: number, y0: number, x1: number, y1: number) => number} [tracksIn]  how many tracks lie in a box of the plane
 * @param {number} [reach]  how far tracks reach into a label from where they lie, pixels
 * @returns {Label[]}
 */
export function placeLabels(candidates, homeScale, tracksIn = () => 0, reach = 0) {
  /** @type {Label[]} */
  const placed = [];
  for (const { group, width, height, anchors, count = 1, from = 0, to = Infinity } of candidates) {
    const scale = Math.max(homeScale, from);
    /** @type {Label | undefined} */
    let best;
    let leastHidden = Infinity;
    for (const [x, y, side = 0] of anchors) {
      const label = { group, x, y, dy: side * (height / 2 + reach), width, height, minScale: from, maxScale: to };
      for (const stronger of placed) {
        // In the way no longer once it is apart, or has gone.
        const apart = Math.min(separationScale(label, stronger), stronger.maxScale);
        if (apart > stronger.minScale && apart > label.minScale) label.minScale = apart;
      }
      const share = label.minScale <= scale ? tracksUnder(label, scale, tracksIn, reach) / count : Infinity;
      const hidden = share === 0 ? 0 : Math.max(share, MAY_HIDE);
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
 * @param {Label} label
 * @param {number} scale
 * @param {(x0: number, y0: number, x1: number, y1: number) => number} tracksIn
 * @param {number} reach  pixels
 */
function tracksUnder({ x, y, dy, width, height }, scale, tracksIn, reach) {
  const [middle, right, bottom] = [y + dy / scale, (width / 2 + reach) / scale, (height / 2 + reach) / scale];
  return tracksIn(x - right, middle - bottom, x + right, middle + bottom);
}

/**
 * Where a group's label may stand: over its densest place, then over each island's middle, and below and above it, the largest
 * island first; where it has several, below and above all of them.
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
 * Where the label of several groups may stand: in their middle, then below and above all of them, then where each one's could.
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
 * Below and above a box, first where the middle of the map is.
 *
 * @param {Box} box
 * @returns {Anchor[]}
 */
function besideBox({ x0, y0, x1, y1 }) {
  const middle = (x0 + x1) / 2;
  /** @type {Anchor[]} */
  const sides = [[middle, y1, 1], [middle, y0, -1]];
  return y0 + y1 > PLANE_SIZE ? sides.reverse() : sides;
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
 * Labels whose middle is in view move sideways, and by half their height up or down, so that panels and edges cut none off, and by their height or
 * half their width at most where something else stands already. Those whose middle is not stay away, and those that would then touch a stronger one.
 *
 * @param {readonly Label[]} labels  middles and sizes in pixels, the strongest first
 * @param {{left: number, right: number, top?: number, bottom?: number}} free  what may be written on, pixels
 * @param {readonly Place[]} [taken]  what stands there already, pixels
 * @returns {Label[]}
 */
export function keepInside(labels, free, taken = []) {
  /** @type {Label[]} */
  const kept = [];
  for (const label of labels) {
    const inside = Math.max(free.left + label.width / 2, Math.min(free.right - label.width / 2, label.x));
    if (Math.abs(inside - label.x) > label.width / 2) continue;
    const { top = -Infinity, bottom = Infinity } = free;
    const within = Math.max(top + label.height / 2, Math.min(bottom - label.height / 2, label.y));
    const out = Math.abs(within - label.y);
    if (out > label.height / 2 && out < label.height) continue;
    // What is all outside comes into view whole once the map moves.
    const moved = { ...label, x: inside, y: out >= label.height ? label.y : within };
    const place = [moved, ...besideTaken(moved, taken)].find((one) => ![...taken, ...kept].some((other) => touches(one, other)));
    if (place) kept.push(place);
  }
  return kept;
}

/** @typedef {{x: number, y: number, width: number, height: number}} Place  middle and size, pixels */

/**
 * Above, below and beside what a label lies on, by its height and by half its width at most, the nearer first.
 *
 * @param {Label} label
 * @param {readonly Place[]} taken
 * @returns {Label[]}
 */
function besideTaken(label, taken) {
  const [across, down] = [(/** @type {Place} */ { x }) => Math.abs(x - label.x), (/** @type {Place} */ { y }) => Math.abs(y - label.y)];
  return taken
    .filter((one) => touches(label, one))
    .flatMap((one) => [-1, 1].flatMap((side) => [
      { ...label, y: one.y + (side * (one.height + label.height)) / 2 },
      { ...label, x: one.x + (side * (one.width + label.width)) / 2 },
    ]))
    .filter((one) => across(one) <= label.width / 2 && down(one) <= label.height)
    .sort((a, b) => across(a) + down(a) - across(b) - down(b));
}

/** @param {Place} a  @param {Place} b */
function touches(a, b) {
  return Math.abs(a.x - b.x) < (a.width + b.width) / 2 && Math.abs(a.y - b.y) < (a.height + b.height) / 2;
}

/**
 * Which of the tracks in view can have their title beside them without touching another title. The order decides, and it does
 * not change with the view, so titles keep their places while panning.
 *
 * @param {readonly {track: number, x: number, y: number, width: number}[]} titles  left middle of each, pixels
 * @param {number} height  pixels
 * @param {readonly {x: number, y: number, width: number, height: number}[]} taken  boxes (middle, size) already in use, pixels
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
 * Where a title begins: to the right of its point, else to its left, nowhere if the window would cut it on both sides.
 *
 * @param {{x: number, reach: number, width: number}} title  its point's middle, what it keeps from it, its own width; pixels
 * @param {{left: number, right: number}} free  what no panel covers, pixels
 * @returns {number | null}  pixels
 */
export function besidePoint({ x, reach, width }, { left, right }) {
  if (x + reach >= left && x + reach + width <= right) return x + reach;
  return x - reach - width >= left && x - reach <= right ? x - reach - width : null;
}
