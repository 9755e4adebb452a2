/** Draws an album as a line through stops, and an artist as an outline with years, over the points. */

import { sequential } from "./ramps.js";
import { traceRings } from "./boundaries_layer.js";
import { outlineOf } from "./contour.js";
import { FONT_FAMILY } from "./canvas.js";

/** @import { Overlay } from "./marks_layer.js" */
/** @import { Positions } from "./positions.js" */

/** Pixels. */
const STOP = { numbered: 9, wide: 11, plain: 3.5, apart: 20 };
const DOT = 5;
const LABEL = { width: 40, height: 18, above: 14 };
/** Maximum number of tracks to draw; more would slow down every frame, and their points are visible anyway. */
const MAX_DRAWN = 1000;
/** A line through more tracks is thinner, because it may cross itself often. */
const MANY = 20;
/** Maximum number of year labels; more would hide the tracks. */
const MAX_YEARS = 7;

/**
 * Draws a line through tracks in order, with track numbers where there is room.
 *
 * @param {readonly number[]} tracks
 * @param {readonly string[]} numbers  track numbers on the album, empty if unknown
 * @returns {Overlay}
 */
export function albumLine(tracks, numbers) {
  const drawn = tracks.slice(0, MAX_DRAWN);
  /** Returns the stops with room for their number. @param {readonly (readonly [number, number])[]} stops */
  const numberedAmong = (stops) => spaced([...stops.keys()].filter((index) => numbers[index]), (index) => stops[index], STOP.apart, STOP.apart);
  /** @type {Overlay} */
  const draw = ({ context, positionOf, theme }) => {
    const stops = drawn.map(positionOf);
    context.lineJoin = context.lineCap = "round";
    const [width, alpha] = stops.length > MANY ? [1.5, 0.7] : [2.25, 0.95];
    for (const [color, lineWidth, globalAlpha] of /** @type {const} */ ([[theme.background, width + 3.5, 0.75], [theme.accent, width, alpha]])) {
      Object.assign(context, { strokeStyle: color, lineWidth, globalAlpha });
      context.beginPath();
      for (const [x, y] of stops) context.lineTo(x, y);
      context.stroke();
    }
    context.globalAlpha = 1;
    const numbered = numberedAmong(stops);
    Object.assign(context, { textAlign: "center", textBaseline: "middle", lineWidth: 1.5 });
    // Draw stops with numbers last, over adjacent stops.
    for (const isNumbered of [false, true]) {
      stops.forEach(([x, y], index) => {
        if (numbered.has(index) !== isNumbered) return;
        const isWide = numbers[index].length > 2;
        context.beginPath();
        context.arc(x, y, !isNumbered ? STOP.plain : isWide ? STOP.wide : STOP.numbered, 0, 2 * Math.PI);
        Object.assign(context, { fillStyle: theme.accent, strokeStyle: theme.background });
        context.fill();
        context.stroke();
        if (!isNumbered) return;
        Object.assign(context, { fillStyle: theme.background, font: `650 ${isWide ? 9 : 10.5}px ${FONT_FAMILY}` });
        context.fillText(numbers[index], x, y + 0.5);
      });
    }
  };
  return Object.assign(draw, {
    placesOf: (/** @type {(track: number) => readonly [number, number]} */ positionOf) => {
      const stops = drawn.map(positionOf);
      return Array.from(numberedAmong(stops), (index) => ({ x: stops[index][0], y: stops[index][1], width: 2 * STOP.numbered, height: 2 * STOP.numbered }));
    },
  });
}

/**
 * Draws an outline around tracks, and colors them from early to late.
 *
 * @param {readonly number[]} tracks
 * @param {readonly (number | null)[]} years  of each track, null if unknown
 * @param {Positions} positions
 * @returns {Overlay}
 */
export function artistContour(tracks, years, positions) {
  const known = years.filter((year) => year !== null);
  const [first, last] = [Math.min(...known), Math.max(...known)];
  /** @type {{x: ArrayLike<number>, rings: number[][]} | null}  for the current positions */
  let outline = null;
  const dated = (/** @type {(track: number) => readonly [number, number]} */ positionOf) =>
    [...spaced(yearPlaces(years), (candidate) => positionOf(tracks[candidate]), LABEL.width, LABEL.height)].map((index) => {
      const [x, y] = positionOf(tracks[index]);
      return { text: String(years[index]), x, y: y - LABEL.above, width: LABEL.width, height: LABEL.height };
    });
  /** @type {Overlay} */
  const draw = ({ context, positionOf, theme, transform }) => {
    if (outline?.x !== positions.x) outline = { x: positions.x, rings: outlineOf(positions, tracks) };
    context.save();
    context.transform(transform.k, 0, 0, transform.k, transform.x, transform.y);
    Object.assign(context, { fillStyle: theme.accent, strokeStyle: theme.accent, lineWidth: 1.75 / transform.k, globalAlpha: 0.1 });
    context.beginPath();
    traceRings(outline.rings, context);
    context.fill("evenodd");
    context.globalAlpha = 0.9;
    context.stroke();
    context.restore();
    tracks.slice(0, MAX_DRAWN).forEach((track, index) => {
      const [x, y] = positionOf(track);
      const year = years[index];
      context.beginPath();
      context.arc(x, y, DOT, 0, 2 * Math.PI);
      context.fillStyle = year === null ? theme.noise : sequential(last > first ? (year - first) / (last - first) : 1, theme.name);
      Object.assign(context, { strokeStyle: theme.background, lineWidth: 1.5 });
      context.fill();
      context.stroke();
    });
    Object.assign(context, { textAlign: "center", textBaseline: "middle", font: `600 11.5px ${FONT_FAMILY}`, lineJoin: "round", lineWidth: 3.5, strokeStyle: theme.background, fillStyle: theme.text });
    for (const { text, x, y } of dated(positionOf)) {
      context.strokeText(text, x, y);
      context.fillText(text, x, y);
    }
  };
  return Object.assign(draw, { placesOf: dated });
}

/**
 * Returns the positions of year labels, most informative first: the earliest, the latest, then others evenly between.
 *
 * @param {readonly (number | null)[]} years  ascending, except unknown ones
 * @returns {number[]}  a place each
 */
export function yearPlaces(years) {
  /** @type {Map<number, number>} */
  const firsts = new Map();
  years.forEach((year, index) => year !== null && !firsts.has(year) && firsts.set(year, index));
  const all = [...firsts.values()];
  const shares = [0, 1, 1 / 2, 1 / 4, 3 / 4, 1 / 8, 5 / 8, 3 / 8, 7 / 8];
  return [...new Set(shares.map((share) => all[Math.round(share * (all.length - 1))]))].filter((index) => index !== undefined).slice(0, MAX_YEARS);
}

/**
 * Returns the items that do not overlap earlier ones.
 *
 * @param {Iterable<number>} places
 * @param {(place: number) => readonly [number, number]} positionOf  pixels
 * @param {number} width  pixels
 * @param {number} height
 * @returns {Set<number>}
 */
function spaced(places, positionOf, width, height) {
  /** @type {Map<number, readonly [number, number]>} */
  const taken = new Map();
  for (const index of places) {
    const [x, y] = positionOf(index);
    if (![...taken.values()].some(([left, top]) => Math.abs(left - x) < width && Math.abs(top - y) < height)) taken.set(index, [x, y]);
  }
  return new Set(taken.keys());
}
