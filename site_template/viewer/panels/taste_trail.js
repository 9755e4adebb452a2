/** The taste trail: a line over the map through the yearly centers of plays, up to the day of the time slider. */

import { gettext } from "../data/language.js";
import { centersOfTaste, wayUntil } from "../data/listening.js";
import { element, PANEL_TOGGLED, svgElement, tellToggled, withNames } from "../ui/dom.js";
import { isolated } from "../ui/format.js";
import { toScreen } from "../map/viewport.js";

/** @import { Center } from "../data/listening.js" */
/** @import { DetailsReader } from "../data/load.js" */
/** @import { Store } from "../state/store.js" */
/** @import { Box, MapData } from "../data/types.js" */

/** Minimum distance between year labels, pixels. */
const APART = { x: 44, y: 22 };
/** Label of the current center: maximum width, distance from the sides, and approximate width of a letter. Pixels. */
const NOW = { maxWidth: 280, side: 148, letter: 7.5 };

export class TasteTrail {
  #map;
  #store;
  #freeArea;
  #host;
  #drawing = svgElement("svg", { "aria-hidden": "true" });
  /** @type {readonly Center[]} */
  #centers;

  /**
   * @param {HTMLElement} surface  the map
   * @param {{map: MapData, store: Store, freeArea: () => Box}} parts
   * @param {readonly any[]} documents  all details
   */
  constructor(surface, { map, store, freeArea }, documents) {
    this.#map = map;
    this.#store = store;
    this.#freeArea = freeArea;
    this.#centers = centersOfTaste(map, documents, map.columns.yearsPlayed);
    this.#host = element("div", { class: "trail", role: "img", "aria-label": this.#inWords(), hidden: true });
    surface.append(this.#host);
    store.subscribe(["transform", "until", "axes"], () => this.#draw());
    document.addEventListener(PANEL_TOGGLED, () => this.#draw()); // its label stays between the panels
  }

  /** @param {boolean} isShown */
  show(isShown) {
    this.#host.hidden = !isShown;
    tellToggled(this.#host); // it is drawn, and names on the map make room for its label
  }

  #inWords() {
    const places = this.#centers.map((center) => `${center.year}${this.#nameOf(center)}`);
    return gettext("Center of your taste, by year: {places}", { places: places.join("; ") });
  }

  /** @param {Center} center */
  #nameOf({ cluster }) {
    return cluster < 0 ? "" : ` · ${isolated(this.#map.clusters[cluster].name)}`;
  }

  #draw() {
    const { transform, until, axes } = this.#store.get();
    // Positions of the map have no meaning along axes.
    if (this.#host.hidden || axes || this.#centers.length === 0) return this.#host.replaceChildren();
    const { past, here } = wayUntil(this.#centers, until ?? Infinity);
    const at = (/** @type {Center} */ { x, y }) => toScreen(transform, x, y);
    const line = [...past, here].map(at);
    const [left, top] = at(here);
    const now = `${here.year}${this.#nameOf(here)}`;
    const area = this.#freeArea();
    const nowAt = Math.max(area.left + NOW.side, Math.min(area.right - NOW.side, left));
    /** Centers and half-widths of labels. @type {[number, number, number][]} */
    const written = [[nowAt, top, Math.min(NOW.maxWidth, NOW.letter * now.length) / 2 + APART.x / 2]];
    const earlier = past.filter(({ year }) => year !== here.year).reverse();
    const labels = earlier.flatMap((center) => {
      const [x, y] = at(center);
      if (written.some(([otherX, otherY, reach]) => Math.abs(otherX - x) < reach && Math.abs(otherY - y) < APART.y)) return [];
      written.push([x, y, APART.x]);
      return [label("", String(center.year), x, y)];
    });
    this.#drawing.replaceChildren(
      svgElement("path", { class: "trail-line", d: `M${line.map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}` }),
      ...earlier.map((center) => dot("3.5", ...at(center))),
      dot("7", left, top),
    );
    this.#host.replaceChildren(this.#drawing, ...labels, label("trail-now", now, nowAt, top));
  }
}

/** @param {string} radius  @param {number} x  @param {number} y */
const dot = (radius, x, y) => svgElement("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: radius });

/** @param {string} kind  @param {string} text  @param {number} x  @param {number} y */
function label(kind, text, x, y) {
  const node = element("span", { class: kind }, ...withNames(text));
  node.style.left = `${x.toFixed(1)}px`;
  node.style.top = `${y.toFixed(1)}px`;
  return node;
}

/**
 * @param {HTMLElement} surface
 * @param {{map: MapData, store: Store, details: DetailsReader, freeArea: () => Box}} parts
 */
export async function createTasteTrail(surface, parts) {
  return new TasteTrail(surface, parts, await parts.details.readAll(() => {}));
}
