/** Tick labels along the edges while tracks are laid out along two axes. They are elements, because there are few of them. */

import { axisOf, axisTitle, ticksOf } from "../data/axes.js";
import { svgElement } from "../ui/dom.js";
import { toMap, toScreen } from "./viewport.js";

/** @import { Store } from "../state/store.js" */
/** @import { Axis } from "../data/axes.js" */
/** @import { Box, Transform } from "../data/types.js" */

/** Pixels per tick, and distances of labels from the edge. */
const ROOM = { across: 96, up: 64 };
const EDGE = 10;
const LINE = 18;

/**
 * @param {HTMLElement} surface  the map
 * @param {Store} store
 * @param {() => Box} freeArea  pixels
 * @param {readonly HTMLElement[]} panels  panels that change the free area when they open or close
 */
export function wireAxisMarks(surface, store, freeArea, panels) {
  const drawing = svgElement("svg", { class: "axis-marks", "aria-hidden": "true" });
  surface.append(drawing);
  /** @type {{x: Axis, y: Axis} | null} */
  let axes = null;

  const draw = () => {
    if (!axes) {
      drawing.replaceChildren();
      return;
    }
    const { transform } = store.get();
    const area = freeArea();
    drawing.replaceChildren(...marksUp(axes.y, transform, area), ...marksAcross(axes.x, transform, area));
  };
  const choose = () => {
    const state = store.get();
    const [x, y] = [state.traits.get(state.axes?.x ?? ""), state.traits.get(state.axes?.y ?? "")];
    axes = x && y ? { x: axisOf(x), y: axisOf(y) } : null;
    draw();
  };
  store.subscribe(["axes"], choose);
  store.subscribe(["transform"], () => axes && draw());
  const observer = new ResizeObserver(() => requestAnimationFrame(() => axes && draw()));
  for (const panel of [surface, ...panels]) observer.observe(panel);
  choose();
}

/**
 * @param {Axis} axis
 * @param {Transform} transform
 * @param {Box} area
 */
function marksAcross(axis, transform, { top, right, bottom, left }) {
  const [low] = toMap(transform, left, 0);
  const [high] = toMap(transform, right, 0);
  const marks = ticksOf(axis, low, high, Math.max(2, (right - left) / ROOM.across)).map(({ unit, text }) => {
    const x = Math.round(toScreen(transform, unit, 0)[0]);
    // Leave out labels that would be cut off at the edges.
    if (x < left + 32 || x > right - 24) return "";
    return mark(`M${x} ${top}V${bottom - EDGE - LINE}`, { x: String(x), y: String(bottom - EDGE), "text-anchor": "middle" }, text);
  });
  const title = { class: "axis-title", x: String(right - EDGE), y: String(bottom - EDGE - LINE - 4), "text-anchor": "end" };
  return [...marks, svgElement("text", title, document.createTextNode(`${axisTitle(axis.trait)} →`))];
}

/**
 * @param {Axis} axis
 * @param {Transform} transform
 * @param {Box} area
 */
function marksUp(axis, transform, { top, right, bottom, left }) {
  const [, low] = toMap(transform, 0, bottom);
  const [, high] = toMap(transform, 0, top);
  const marks = ticksOf(axis, low, high, Math.max(2, (bottom - top) / ROOM.up)).map(({ unit, text }) => {
    const y = Math.round(toScreen(transform, 0, unit)[1]);
    if (y < top + EDGE + 2 * LINE || y > bottom - EDGE - LINE) return "";
    return mark(`M${left} ${y}H${right}`, { x: String(left + EDGE), y: String(y - 4) }, text);
  });
  const title = { class: "axis-title", x: String(left + EDGE), y: String(top + EDGE + LINE / 2) };
  return [...marks, svgElement("text", title, document.createTextNode(`↑ ${axisTitle(axis.trait)}`))];
}

/**
 * @param {string} line
 * @param {Record<string, string>} place
 * @param {string} text
 */
function mark(line, place, text) {
  return svgElement("g", {}, svgElement("path", { d: line }), svgElement("text", place, document.createTextNode(text)));
}
