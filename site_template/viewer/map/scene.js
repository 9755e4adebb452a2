/** Converts the content of the canvases to shapes in window pixels. */

import { boundaryOpacity, traceRings } from "./boundaries_layer.js";
import { boundaryColor, pointColor, shownGroups } from "./coloring.js";
import { growthOf, SIZES } from "../state/sizes.js";
import { elementsOver } from "./elements.js";
import { Pen } from "./pen.js";
import { planeX, planeY } from "./viewport.js";

/** @import { Surface } from "./canvas.js" */
/** @import { Dots, Scene } from "./drawing.js" */
/** @import { Positions } from "./positions.js" */
/** @import { Renderer } from "./renderer.js" */
/** @import { Appearance } from "../state/appearance.js" */
/** @import { MapData, State, Theme, Transform } from "../data/types.js" */

/** Tracks per slice. */
const STRETCH = 1024;
/** A number above the number of groups of any map. */
const MAX_GROUPS = 2 ** 24;

/** Builds an SVG path from points of the plane. */
class ShownPath {
  text = "";
  #transform;

  /** @param {Transform} transform */
  constructor(transform) {
    this.#transform = transform;
  }

  /** @param {string} command  @param {...number} points */
  #add(command, ...points) {
    const { k, x, y } = this.#transform;
    this.text += command + points.map((value, i) => (value * k + (i % 2 ? y : x)).toFixed(1)).join(" ");
  }

  /** @param {number} x  @param {number} y */
  moveTo(x, y) {
    this.#add("M", x, y);
  }

  /** @param {number} cx  @param {number} cy  @param {number} x  @param {number} y */
  quadraticCurveTo(cx, cy, x, y) {
    this.#add("Q", cx, cy, x, y);
  }

  closePath() {
    this.text += "Z";
  }
}

/**
 * @param {MapData} map
 * @param {Readonly<State>} state
 * @param {Theme} theme
 * @returns {Scene["boundaries"]}
 */
function boundariesOf(map, state, theme) {
  if (state.axes) return [];
  return shownGroups(map, state).map(({ index, boundaries }) => ({
    path: traceRings(boundaries, new ShownPath(state.transform)).text,
    color: boundaryColor(map, state, theme, index),
    ...boundaryOpacity(theme.name),
  }));
}

/**
 * @param {MapData} map
 * @param {Readonly<State>} state
 * @param {Theme} theme
 * @param {Appearance} appearance
 * @param {Pick<Positions, "x" | "y">} positions
 * @param {(rank: number, growth: number) => Pick<Dots, "opacity" | "radius" | "outline">} lookOf
 * @returns {Generator<void, Dots[]>}
 */
function* dotsOf(map, state, theme, { rank, group, size }, { x, y }, lookOf) {
  const { k, x: left, y: top } = state.transform;
  /** @type {Map<number, {rank: number, group: number, growth: number, places: number[]}>} */
  const alike = new Map();
  for (let track = 0; track < map.count; track++) {
    if (track % STRETCH === 0) yield;
    const look = (rank[track] * SIZES + (size ? size[track] : 0)) * MAX_GROUPS + group[track];
    let dots = alike.get(look);
    if (!dots) alike.set(look, (dots = { rank: rank[track], group: group[track], growth: size ? growthOf(size[track]) : 1, places: [] }));
    dots.places.push(planeX(x[track]) * k + left, planeY(y[track]) * k + top);
  }
  return [...alike.values()]
    .sort((a, b) => a.rank - b.rank || b.growth - a.growth || a.group - b.group)
    .map((item) => ({ color: pointColor(map, state, theme, item.group), ...lookOf(item.rank, item.growth), places: item.places }));
}

/** @param {(surface: Surface) => void} draw */
function drawnBy(draw) {
  const pen = new Pen();
  // The pen implements only the overloads of canvas methods that the layers use.
  draw(/** @type {Surface} */ (/** @type {unknown} */ (pen)));
  return pen.svg;
}

/**
 * Converts the points in slices, and everything else in one step before, because the map may move in the meantime.
 *
 * @param {MapData} map
 * @param {Renderer["shown"]} shown
 * @param {HTMLElement} surface  the map
 * @returns {Generator<void, Scene>}
 */
export function* sceneOf(map, { state, theme, appearance, positions: { x, y }, names, lookOf, drawCovers, drawMarks }, surface) {
  const [covers, marks] = [drawnBy(drawCovers), drawnBy(drawMarks) + elementsOver(surface)];
  const boundaries = boundariesOf(map, state, theme);
  const dots = yield* dotsOf(map, state, theme, appearance, { x, y }, lookOf);
  return { boundaries, dots, covers, names, marks };
}
