/** Decides which layers a change concerns, and draws those once in the next frame. */

import { LabelsLayer } from "./labels_layer.js";
import { MarksLayer } from "./marks_layer.js";
import { colorOf } from "./palette.js";
import { PointsLayer } from "./points_layer.js";
import { RegionsLayer } from "./regions_layer.js";
import { appearanceOf, groupsOf, HIDDEN_KEY, RANK } from "./selection.js";
import { readTheme } from "./theme.js";
import { NO_GROUP } from "./types.js";
import { toScreen, visibleExtent } from "./viewport.js";

/** @import { Grid } from "./grid.js" */
/** @import { Appearance } from "./selection.js" */
/** @import { Store } from "./store.js" */
/** @import { Group, Insets, MapData, Size, State, TextData, Theme } from "./types.js" */

/** Titles of single tracks come once no more tracks than this are in view: beyond it they only hide the map. */
const MAX_TITLES = 250;

/** Labels may come nearer to panels than the first view's points do. */
const LABEL_AIR = 20;

/** @typedef {"regions" | "points" | "labels" | "marks"} LayerName */

/** @type {readonly (keyof State)[]} */
const DRESS_KEYS = ["theme", "colorBy", "matches", ...Object.values(HIDDEN_KEY)];

export class Renderer {
  #map;
  #grid;
  #store;
  #layers;
  /** @type {() => number} */
  #homeScale;
  /** @type {Appearance} */
  #appearance;
  /** @type {Theme} */
  #theme;
  /** @type {Set<LayerName>} */
  #dirty = new Set();
  #dressed = false;
  #frame = 0;
  /** @type {Size} */
  #size = { width: 0, height: 0 };
  /** What labels may be written on: pixels from the left. */
  #free = { left: 0, right: 0 };
  /** @type {TextData | null} */
  #text = null;

  /**
   * @param {HTMLElement} element  holds a canvas for each layer
   * @param {MapData} map
   * @param {Grid} grid
   * @param {Store} store
   * @param {() => number} homeScale  the scale of the view that shows all
   */
  constructor(element, map, grid, store, homeScale) {
    /** @param {LayerName} name */
    const canvas = (name) =>
      /** @type {HTMLCanvasElement} */ (element.querySelector(`canvas[data-layer="${name}"]`));
    this.#map = map;
    this.#grid = grid;
    this.#store = store;
    this.#homeScale = homeScale;
    this.#layers = {
      regions: new RegionsLayer(canvas("regions")),
      points: new PointsLayer(canvas("points"), grid),
      labels: new LabelsLayer(canvas("labels")),
      marks: new MarksLayer(canvas("marks")),
    };
    this.#appearance = appearanceOf(map, store.get());
    this.#theme = readTheme(store.get().theme);
    store.subscribe(["transform"], () => this.invalidate("regions", "points", "labels", "marks"));
    store.subscribe(["hovered", "pinned"], () => this.invalidate("marks"));
    store.subscribe(DRESS_KEYS, (state) => {
      this.#appearance = appearanceOf(map, state);
      this.#theme = readTheme(state.theme);
      this.#dressed = false;
      this.invalidate("regions", "points", "labels", "marks");
    });
  }

  /** @param {...LayerName} names */
  invalidate(...names) {
    for (const name of names) this.#dirty.add(name);
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  /**
   * @param {Size} size
   * @param {number} ratio  device pixels in a pixel
   * @param {Insets} insets  what panels cover, with air around them, of which labels use half
   */
  resize(size, ratio, { left, right }) {
    this.#size = size;
    this.#free = { left: left - LABEL_AIR, right: size.width - right + LABEL_AIR };
    for (const layer of Object.values(this.#layers)) layer.resize(size, ratio);
    this.#dressed = false;
    this.invalidate("regions", "points", "labels", "marks");
  }

  /** Titles have arrived. @param {TextData} text */
  setText(text) {
    this.#text = text;
    this.invalidate("labels");
  }

  get visibleCount() {
    return this.#appearance.visibleCount;
  }

  /** @param {number} track */
  isVisible(track) {
    return this.#appearance.rank[track] !== RANK.HIDDEN;
  }

  /** Radius of a point now, pixels. */
  get radius() {
    return this.#layers.points.radiusAt(this.#store.get().transform);
  }

  /**
   * @param {number} track
   * @returns {[number, number]} pixels
   */
  positionOf = (track) => toScreen(this.#store.get().transform, this.#map.x[track], this.#map.y[track]);

  #draw() {
    const state = this.#store.get();
    const { regions, points, labels, marks } = this.#layers;
    const { transform } = state;
    const groups = this.#shownGroups(state);
    if (!this.#dressed) {
      this.#dressed = true;
      points.dress(this.#appearance, this.#colorOfGroup, this.#theme, state.matches !== null);
      labels.place(groups, this.#homeScale());
    }
    if (this.#dirty.has("regions")) regions.draw(transform, groups, this.#colorOfGroup, this.#theme.name);
    if (this.#dirty.has("points")) points.draw(transform);
    if (this.#dirty.has("labels")) labels.draw(transform, this.#theme, this.#titlesInView(state), this.radius, this.#free);
    if (this.#dirty.has("marks")) marks.draw(state, this.positionOf, this.radius, this.#theme);
    this.#dirty.clear();
  }

  /** @param {number} group */
  #colorOfGroup = (group) => {
    if (group === NO_GROUP) return this.#theme.noise;
    const { colorBy } = this.#store.get();
    return colorOf(groupsOf(this.#map, colorBy)[group].color, this.#theme.name);
  };

  /**
   * @param {Readonly<State>} state
   * @returns {Group[]}
   */
  #shownGroups(state) {
    const hidden = state[HIDDEN_KEY[state.colorBy]];
    return groupsOf(this.#map, state.colorBy).filter(({ index }) => !hidden.has(index));
  }

  /** @param {Readonly<State>} state */
  #titlesInView({ transform }) {
    if (!this.#text) return [];
    const { order, x, y } = this.#grid;
    const [x0, y0, x1, y1] = visibleExtent(transform, this.#size, 0);
    const runs = this.#grid.runs(x0, y0, x1, y1);
    const tracks = [];
    for (let r = 0; r < runs.length; r += 2) {
      for (let place = runs[r]; place < runs[r + 1]; place++) {
        if (this.#appearance.rank[order[place]] <= RANK.DIMMED) continue;
        if (x[place] < x0 || x[place] > x1 || y[place] < y0 || y[place] > y1) continue;
        tracks.push(order[place]);
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
