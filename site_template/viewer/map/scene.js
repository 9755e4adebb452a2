/** What the canvases show, as shapes in pixels of the window. */

import { boundaryOpacity, traceRings } from "./boundaries_layer.js";
import { boundaryColor, pointColor, shownGroups } from "./coloring.js";
import { growthOf } from "../state/sizes.js";
import { elementsOver } from "./elements.js";
import { Pen } from "./pen.js";
import { planeX, planeY } from "./viewport.js";

/** @import { Surface } from "./canvas.js" */
/** @import { Dots, Scene } from "./drawing.js" */
/** @import { Positions } from "./positions.js" */
/** @import { Renderer } from "./renderer.js" */
/** @import { Appearance } from "../state/appearance.js" */
/** @import { MapData, State, Theme, Transform } from "../data/types.js" */

/** A path as SVG writes it, given points of the plane. */
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
 * @param {Positions} positions
 * @param {(rank: number, growth: number) => Pick<Dots, "opacity" | "radius" | "outline">} lookOf
 * @returns {Dots[]}
 */
function dotsOf(map, state, theme, { rank, group, size }, positions, lookOf) {
  const { k, x: left, y: top } = state.transform;
  const { x, y } = positions;
  /** @type {Map<string, {rank: number, group: number, growth: number, places: number[]}>} */
  const alike = new Map();
  for (let track = 0; track < map.count; track++) {
    const growth = size ? growthOf(size[track]) : 1;
    const name = `${rank[track]} ${group[track]} ${growth}`;
    const places = alike.get(name)?.places ?? [];
    if (places.length === 0) alike.set(name, { rank: rank[track], group: group[track], growth, places });
    places.push(planeX(x[track]) * k + left, planeY(y[track]) * k + top);
  }
  return [...alike.values()]
    .sort((a, b) => a.rank - b.rank || b.growth - a.growth || a.group - b.group)
    .map((one) => ({ color: pointColor(map, state, theme, one.group), ...lookOf(one.rank, one.growth), places: one.places }));
}

/** @param {(surface: Surface) => void} draw */
function drawnBy(draw) {
  const pen = new Pen();
  // A canvas can be asked for the same in more ways, which no layer uses.
  draw(/** @type {Surface} */ (/** @type {unknown} */ (pen)));
  return pen.svg;
}

/**
 * @param {MapData} map
 * @param {Renderer["shown"]} shown
 * @param {HTMLElement} surface  the map
 * @returns {Scene}
 */
export function sceneOf(map, { state, theme, appearance, positions, names, lookOf, drawCovers, drawMarks }, surface) {
  return {
    boundaries: boundariesOf(map, state, theme),
    dots: dotsOf(map, state, theme, appearance, positions, lookOf),
    covers: drawnBy(drawCovers),
    names,
    marks: drawnBy(drawMarks) + elementsOver(surface),
  };
}
