/**
 * Where labels stand and from which zoom on they show. Pure.
 *
 * Each label gets the smallest scale from which it no longer touches a stronger one (Been, Daiches and Yap 2006, "Dynamic map
 * labeling"): zooming in only ever adds labels, panning changes none, so nothing flickers. What is to be read from afar only
 * leaves at a scale of its own, and what it was in the way of comes then.
 */

import { planeX, planeY } from "./viewport.js";

/** @import { Group } from "../data/types.js" */

/**
 * @typedef {object} Candidate
 * @property {number} group
 * @property {number} width  pixels, with the room it wants around it
 * @property {number} height  pixels
 * @property {[number, number][]} anchors  places on the plane where its middle may be, the best first
 * @property {number} [from]  it may show from this transform scale on
 * @property {number} [to]  and below this one
 *
 * @typedef {object} Label
 * @property {number} group
 * @property {number} x  plane
 * @property {number} y  plane
 * @property {number} minScale  it shows from this transform scale on; Infinity for one that never can
 * @property {number} maxScale  and below this one
 * @property {number} width  pixels
 * @property {number} height  pixels
 */

/**
 * The scale from which two labels at fixed places of the plane are apart.
 *
 * @param {{x: number, y: number, width: number, height: number}} a
 * @param {{x: number, y: number, width: number, height: number}} b
 */
function separationScale(a, b) {
  return Math.min((a.width + b.width) / 2 / Math.abs(a.x - b.x), (a.height + b.height) / 2 / Math.abs(a.y - b.y));
}

/**
 * @param {readonly Candidate[]} candidates  the strongest first
 * @param {number} homeScale  the scale of the first view: an anchor that shows there is taken at once
 * @returns {Label[]}
 */
export function placeLabels(candidates, homeScale) {
  /** @type {Label[]} */
  const placed = [];
  for (const { group, width, height, anchors, from = 0, to = Infinity } of candidates) {
    /** @type {Label | undefined} */
    let best;
    for (const [x, y] of anchors) {
      const label = { group, x, y, width, height, minScale: from, maxScale: to };
      for (const stronger of placed) {
        // In the way no longer once it is apart, or has gone.
        const apart = Math.min(separationScale(label, stronger), stronger.maxScale);
        if (apart > stronger.minScale && apart > label.minScale) label.minScale = apart;
      }
      if (!best || label.minScale < best.minScale) best = label;
      if (best.minScale <= homeScale) break;
    }
    if (best) placed.push(best);
  }
  return placed;
}

/**
 * Where a group's label may stand: its densest place, then each island's middle, top and bottom, the largest island first.
 *
 * @param {Pick<Group, "peak" | "boundaries">} group
 * @returns {[number, number][]} on the plane
 */
export function anchorsOf({ peak, boundaries }) {
  /** @type {[number, number][]} */
  const anchors = peak ? [[planeX(peak[0]), planeY(peak[1])]] : [];
  const boxes = boundaries.filter((ring) => ring.length >= 6).map(boundingBox);
  boxes.sort((a, b) => (b.x1 - b.x0) * (b.y1 - b.y0) - (a.x1 - a.x0) * (a.y1 - a.y0));
  for (const { x0, y0, x1, y1 } of boxes) {
    const middle = (x0 + x1) / 2;
    anchors.push([middle, (y0 + y1) / 2], [middle, y0], [middle, y1]);
  }
  return anchors;
}

/**
 * @param {readonly number[]} ring  map units
 * @returns {{x0: number, y0: number, x1: number, y1: number}} on the plane
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
 * Labels whose middle is in view move sideways so that panels and edges cut none off. Those whose middle is not stay away, and
 * those that would then touch a stronger one.
 *
 * @param {readonly Label[]} labels  middles and sizes in pixels, the strongest first
 * @param {{left: number, right: number}} free  what may be written on, pixels
 * @returns {Label[]}
 */
export function keepInside(labels, free) {
  /** @type {Label[]} */
  const kept = [];
  for (const label of labels) {
    const inside = Math.max(free.left + label.width / 2, Math.min(free.right - label.width / 2, label.x));
    if (Math.abs(inside - label.x) > label.width / 2) continue;
    const moved = { ...label, x: inside };
    if (!kept.some((other) => touches(moved, other))) kept.push(moved);
  }
  return kept;
}

/** @param {Label} a  @param {Label} b  both in pixels */
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
