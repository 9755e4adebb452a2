/** Decides which layers a change affects, and draws these once in the next frame. */

import { boundaryColor, pointColor, shownGroups } from "./coloring.js";
import { sameStyle, styleOf } from "./style.js";
import { cornerOf, coverRadius, CoversLayer } from "./covers_layer.js";
import { placesOver } from "./over.js";
import { LABEL_MARGIN } from "./label_placement.js";
import { LabelsLayer } from "./labels_layer.js";
import { namesOnMap } from "./map_names.js";
import { drawMarks, MarksLayer, OVERLAY_REACH, PINNED_REACH, ringed, ringReach } from "./marks_layer.js";
import { PointsLayer } from "./points_layer.js";
import { BoundariesLayer } from "./boundaries_layer.js";
import { appearanceOf, APPEARANCE_KEYS, highlighted, RANK, shownCollection } from "../state/appearance.js";
import { growthOf } from "../state/sizes.js";
import { NO_TRACK } from "../data/types.js";
import { readTheme } from "../ui/theme.js";
import { sideOf, toScreen, visibleExtent } from "./viewport.js";

/** @import { Links } from "./links.js" */
/** @import { Surface } from "./canvas.js" */
/** @import { Overlay } from "./marks_layer.js" */
/** @import { Appearance } from "../state/appearance.js" */
/** @import { Positions } from "./positions.js" */
/** @import { Store } from "../state/store.js" */
/** @import { Box, MapData, Size, State, TextData, Theme, Transform } from "../data/types.js" */

/** Maximum number of visible tracks for titles; more titles would hide the map. */
const MAX_TITLES = 250;

/** Maximum stretching of layers while the map moves. It is more visible in text than in soft boundaries. */
const STRETCH = { boundaries: 1.3, labels: 1.15 };
/** Time at rest after which layers that were moved are drawn again. */
const SETTLED_MS = 90;

/** If drawing takes longer, the rest is left to the next frame. */
const LONG_MS = 6;

/** Duration of the transition to other positions. */
const FADE_MS = 240;
const reducedMotion = matchMedia("(prefers-reduced-motion: reduce)");

/** @import { Outline } from "./marks_layer.js" */
/** @typedef {"boundaries" | "points" | "covers" | "labels" | "marks"} LayerName  covers are drawn with the labels */

/** @type {readonly (keyof State)[]} */
const STYLE_KEYS = ["theme", ...APPEARANCE_KEYS];

export class Renderer {
  #element;
  #map;
  #positions;
  #store;
  #layers;
  /** @type {() => Transform} */
  #home;
  /** Computed lazily, so that several simultaneous changes cost it once. @type {Appearance | null} */
  #appearance = null;
  /** The inputs of the points' last style. @type {ReturnType<typeof styleOf> | null} */
  #lastStyle = null;
  /** @type {Theme} */
  #theme;
  /** @type {Set<LayerName>} */
  #dirty = new Set();
  #styled = false;
  #placed = false;
  /** Whether visible covers may be missing, because the map moved. */
  #owesCovers = false;
  #frame = 0;
  #movedAt_ms = -Infinity;
  /** @type {Size} */
  #size = { width: 0, height: 0 };
  /** The free area for labels: pixels from the left and the top. */
  #free = { left: 0, right: 0, top: 0, bottom: 0 };
  /** @type {TextData | null} */
  #text = null;
  /** @type {Links} */
  #links = { track: NO_TRACK, neighbors: [], path: [], hard: new Set() };
  /** @type {Overlay | null} */
  #overlay = null;

  /**
   * @param {HTMLElement} element  contains a canvas for each layer
   * @param {MapData} map
   * @param {Positions} positions
   * @param {Store} store
   * @param {() => Transform} home  the transform of the view of the whole map
   * @param {(track: number) => Promise<string>} coverOf  file name of a track's cover, empty for none
   */
  constructor(element, map, positions, store, home, coverOf) {
    /** @param {LayerName} name */
    const canvas = (name) =>
      /** @type {HTMLCanvasElement} */ (element.querySelector(`canvas[data-layer="${name}"]`));
    this.#element = element;
    this.#map = map;
    this.#positions = positions;
    this.#store = store;
    this.#home = home;
    this.#layers = {
      boundaries: new BoundariesLayer(canvas("boundaries")),
      points: new PointsLayer(canvas("points"), positions.grid),
      covers: new CoversLayer(canvas("covers"), coverOf, () => this.invalidate("labels")),
      labels: new LabelsLayer(canvas("labels")),
      marks: new MarksLayer(canvas("marks")),
    };
    this.#theme = readTheme(store.get().theme);
    store.subscribe(["axes"], () => {
      this.#layers.points.place(positions.grid);
      this.#lastStyle = null;
      this.#styled = false;
      this.invalidate("boundaries", "points", "labels", "marks");
      if (!reducedMotion.matches) element.animate([{ opacity: 0 }, { opacity: 1 }], { duration: FADE_MS, easing: "ease-out" });
    });
    store.subscribe(["transform"], () => {
      this.#movedAt_ms = performance.now();
      this.invalidate("marks");
    });
    store.subscribe(["hovered", "pinned"], () => this.invalidate("marks"));
    // A pinned track always has its cover, and its card may cover names.
    store.subscribe(["pinned"], () => this.invalidate("labels"));
    store.subscribe(STYLE_KEYS, (state) => {
      this.#appearance = null;
      this.#theme = readTheme(state.theme);
      this.#styled = false;
      this.invalidate("boundaries", "points", "labels", "marks");
    });
  }

  /** @param {...LayerName} names */
  invalidate(...names) {
    for (const name of names) this.#dirty.add(name);
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw(performance.now() - this.#movedAt_ms < SETTLED_MS);
    });
  }

  /** Sets the lines between tracks. @param {Partial<Links>} links  those that change */
  setLinks(links) {
    this.#links = { ...this.#links, ...links };
    this.invalidate("marks");
  }

  /** Sets the overlay over the points. @param {Overlay | null} overlay */
  setOverlay(overlay) {
    this.#overlay = overlay;
    this.invalidate("marks", "labels");
  }

  /** @returns {Links | null}  null if there is nothing to draw */
  #visibleLinks() {
    const { track, path, hard } = this.#links;
    const neighbors = this.#links.neighbors.filter((neighbor) => this.isVisible(neighbor.track));
    return neighbors.length + path.length > 0 ? { track, neighbors, path, hard } : null;
  }

  /** Draws pending changes immediately, so that the first picture is not delayed by a frame. */
  drawNow() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#draw(false);
  }

  /**
   * @param {Size} size
   * @param {number} ratio  device pixels per pixel
   * @param {Box} area  the free area
   */
  resize(size, ratio, { left, right, top, bottom }) {
    this.#size = size;
    this.#free = { left: left + LABEL_MARGIN, right: right - LABEL_MARGIN, top: top + LABEL_MARGIN, bottom: bottom - LABEL_MARGIN };
    for (const layer of Object.values(this.#layers)) layer.resize(size, ratio);
    this.#styled = false;
    this.invalidate("boundaries", "points", "labels", "marks");
  }

  /** Draws everything again, because canvas contents may be lost. */
  redraw() {
    const { boundaries, points, covers, labels } = this.#layers;
    for (const layer of [boundaries, points, covers, labels]) layer.forget();
    this.invalidate("boundaries", "points", "labels", "marks");
  }

  /** Sets the titles, once they are loaded. @param {TextData} text */
  setText(text) {
    this.#text = text;
    this.invalidate("labels");
  }

  /** @returns {Appearance} */
  get appearance() {
    return (this.#appearance ??= appearanceOf(this.#map, this.#store.get()));
  }

  get visibleCount() {
    return this.appearance.visibleCount;
  }

  /** @param {number} track */
  isVisible(track) {
    return this.appearance.rank[track] !== RANK.HIDDEN;
  }

  /** Current radius of tracks, pixels: of covers if they are shown, otherwise of points. */
  get radius() {
    const { covers, points } = this.#layers;
    const { transform } = this.#store.get();
    return covers.isEmpty ? points.radiusAt(transform) : coverRadius(points.spacingAt(transform));
  }

  /** Whether tracks differ in size. Covers are not shown then, because they cannot show the size. */
  get isSized() {
    return this.appearance.size !== null;
  }

  /** Returns the radius of a track's point, pixels. @param {number} track */
  pointRadius(track) {
    const { rank, size } = this.appearance;
    const { points } = this.#layers;
    const { transform } = this.#store.get();
    return size ? points.lookAt(transform, rank[track], growthOf(size[track])).radius : points.radiusAt(transform);
  }

  /** Returns the outlines for marks: those of covers, or else of points. @returns {(track: number) => Outline} */
  #outlines() {
    const { covers } = this.#layers;
    const cover = { radius: this.radius, corner: cornerOf(this.radius) };
    return (track) => {
      const [x, y] = this.positionOf(track);
      const radius = this.pointRadius(track);
      return { x, y, ...(covers.holds(track) ? cover : { radius, corner: radius }) };
    };
  }

  /**
   * @param {number} track
   * @returns {[number, number]} pixels
   */
  positionOf = (track) => toScreen(this.#store.get().transform, this.#positions.x[track], this.#positions.y[track]);

  /**
   * Copies a part of the window to a canvas.
   *
   * @param {HTMLCanvasElement} target  gets the part's size
   * @param {Box} area  pixels
   */
  copyTo(target, { left, top, right, bottom }) {
    const { ratio } = this.#layers.points;
    target.width = Math.max(1, Math.round((right - left) * ratio));
    target.height = Math.max(1, Math.round((bottom - top) * ratio));
    const context = /** @type {CanvasRenderingContext2D} */ (target.getContext("2d"));
    context.scale(ratio, ratio);
    for (const { canvas, overscan } of Object.values(this.#layers)) {
      if (canvas.hidden) continue;
      const [x, y] = [-left - overscan, -top - overscan];
      context.drawImage(canvas, x, y, this.#size.width + 2 * overscan, this.#size.height + 2 * overscan);
    }
  }

  /** The visible names on the map. */
  get names() {
    return this.#layers.labels.written;
  }

  /** The visible content, for drawing it again elsewhere. */
  get shown() {
    // Appearance, tiers, points, positions of names, and names each need a frame.
    for (let frame = 0; frame < 5; frame++) this.drawNow();
    const state = this.#store.get();
    const { points, covers, labels } = this.#layers;
    return {
      state,
      theme: this.#theme,
      appearance: this.appearance,
      positions: this.#positions,
      names: labels.written,
      lookOf: (/** @type {number} */ rank, /** @type {number} */ growth) => points.lookAt(state.transform, rank, growth),
      drawCovers: (/** @type {Surface} */ surface) => covers.drawOn(surface),
      drawMarks: (/** @type {Surface} */ surface) => drawMarks(surface, this.#marks(state)),
    };
  }

  /** @param {Readonly<State>} state */
  #marks(state) {
    return { state: { ...state, matches: highlighted(state) }, overlay: this.#overlay, links: this.#visibleLinks(), positionOf: this.positionOf, outlineOf: this.#outlines(), theme: this.#theme };
  }

  /** @param {boolean} isMoving */
  #draw(isMoving) {
    if (this.#size.width === 0) return;
    const state = this.#store.get();
    const { boundaries, points, covers, labels, marks } = this.#layers;
    const { transform } = state;
    // With many tracks, computing the appearance takes a frame, and so does sorting into tiers; drawing follows in the next one.
    const start = performance.now();
    const isLong = () => points.shown && performance.now() - start > LONG_MS;
    if (!this.#styled && ((this.appearance && isLong()) || (this.#applyStyle(state) && isLong()))) {
      this.invalidate();
      return;
    }
    if (!points.shown) {
      // Points are shown first; nothing else is drawn in their frames.
      points.advance(transform, false);
      this.invalidate();
      return;
    }
    // Boundaries and their names are shown on the map only, not along axes.
    const groups = state.axes ? [] : shownGroups(this.#map, state);
    /** @param {"boundaries" | "labels"} name */
    const isDue = (name) => {
      if (this.#dirty.has(name) || (name === "labels" && this.#owesCovers && !isMoving)) return true;
      const layer = this.#layers[name];
      return !(isMoving ? layer.covers(transform, this.#size, STRETCH[name]) : layer.isCurrent(transform));
    };
    const boundariesDue = isDue("boundaries");
    // Draw one layer per frame while the map moves, or if names must be placed first; postponed layers remain due.
    const labelsDue = isDue("labels") && !(boundariesDue && (isMoving || !this.#placed));
    if (boundariesDue) {
      const colorOfBoundaries = (/** @type {number} */ group) => boundaryColor(this.#map, state, this.#theme, group);
      boundaries.draw(transform, groups, colorOfBoundaries, this.#theme.name);
    } else {
      boundaries.follow(transform);
    }
    if (isMoving && (boundariesDue || labelsDue)) points.follow(transform);
    else points.advance(transform, isMoving);
    // Place names in one frame and draw them in the next; both together would block the page.
    const writesNames = labelsDue && this.#placed;
    if (labelsDue && !this.#placed) {
      const home = this.#home();
      const side = sideOf(this.#positions.view, home.k);
      const names = state.axes ? [] : namesOnMap(this.#map, state, home.k, side);
      labels.place(names, { home, grid: this.#positions.grid, radius: points.radiusAt(home), side, free: this.#free });
      this.#placed = true;
      this.#dirty.add("labels");
    }
    if (writesNames) {
      this.#drawNames(state, isMoving);
      this.#dirty.add("marks"); // they follow the outlines of covers
    } else {
      covers.follow(transform);
      labels.follow(transform);
    }
    if (this.#dirty.has("marks")) marks.draw(this.#marks(state));
    if (writesNames) this.#dirty.delete("labels");
    for (const name of /** @type {const} */ (["boundaries", "points", "marks"])) this.#dirty.delete(name);
    if (this.#dirty.size > 0 || this.#owesCovers || ![points, boundaries, labels].every((layer) => layer.isCurrent(transform))) this.invalidate();
  }

  /**
   * Draws covers, and the titles beside them.
   *
   * @param {Readonly<State>} state
   * @param {boolean} isMoving
   */
  #drawNames(state, isMoving) {
    const { covers, labels, points } = this.#layers;
    const { transform } = state;
    const titles = this.#titlesInView(state);
    const radius = this.isSized ? 0 : coverRadius(points.spacingAt(transform));
    const colorOf = (/** @type {number} */ track) => pointColor(this.#map, state, this.#theme, this.appearance.group[track]);
    const isPinned = (/** @type {{track: number}} */ { track }) => track === state.pinned;
    const pinnedFirst = [...titles.filter(isPinned), ...titles.filter((title) => !isPinned(title))];
    const covered = covers.draw(transform, pinnedFirst, radius, colorOf, !isMoving);
    this.#owesCovers = isMoving && radius > 0 && titles.length > 0;
    const collection = this.#overlay ? shownCollection(state) : null;
    const withRing = new Set(ringed(highlighted(state), collection));
    const listed = new Set(collection?.tracks);
    const reachOf = (/** @type {{track: number}} */ title) => {
      const { track } = title;
      const own = covered.has(track) ? radius : this.pointRadius(track);
      return Math.max(own, listed.has(track) ? OVERLAY_REACH : 0) + Math.max(isPinned(title) ? PINNED_REACH : 0, withRing.has(track) ? ringReach(own) : 0);
    };
    const withReach = titles.map((title) => ({ ...title, reach: reachOf(title) }));
    labels.draw(transform, this.#theme, withReach, this.#free, [...placesOver(this.#element), ...(this.#overlay?.placesOf?.(this.positionOf) ?? [])]);
  }

  /** @param {Readonly<State>} state  @returns {boolean}  whether the appearance of points has changed */
  #applyStyle(state) {
    this.#styled = true;
    this.#placed = false;
    const style = styleOf(this.appearance, state);
    if (this.#lastStyle && sameStyle(this.#lastStyle, style)) return false;
    this.#lastStyle = style;
    const colorOfPoints = (/** @type {number} */ group) => pointColor(this.#map, state, this.#theme, group);
    this.#layers.points.applyStyle(this.appearance, colorOfPoints, this.#theme, style.isEmphasized);
    return true;
  }

  /** @param {Readonly<State>} state */
  #titlesInView({ transform }) {
    if (!this.#text) return [];
    const { grid } = this.#positions;
    const { order, x, y } = grid;
    const { rank } = this.appearance;
    const [x0, y0, x1, y1] = visibleExtent(transform, this.#size, 0);
    const runs = grid.runs(x0, y0, x1, y1);
    const tracks = [];
    for (let r = 0; r < runs.length; r += 2) {
      for (let index = runs[r]; index < runs[r + 1]; index++) {
        if (rank[order[index]] <= RANK.DIMMED) continue;
        if (x[index] < x0 || x[index] > x1 || y[index] < y0 || y[index] > y1) continue;
        tracks.push(order[index]);
        if (tracks.length > MAX_TITLES) return [];
      }
    }
    const { titles } = this.#text;
    return tracks
      .sort((a, b) => a - b)
      .map((track) => {
        const [left, top] = this.positionOf(track);
        return { track, x: left, y: top, text: titles[track] };
      });
  }
}
