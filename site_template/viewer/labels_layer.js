/** The layer of names: those of groups, and of single tracks once few enough are in view. */

import { FONT_FAMILY, Layer } from "./canvas.js";
import { anchorsOf, fitTitles, keepInside, placeLabels } from "./label_placement.js";

/** @import { Label } from "./label_placement.js" */
/** @import { Group, Theme, Transform } from "./types.js" */

const NARROW = 720;
const ROOM = { x: 18, y: 8 };
const MAX_TITLE_LENGTH = 28;
const TITLE_HEIGHT = 17;
const TITLE_GAP = 5;
const TITLE_FONT = `400 11.5px ${FONT_FAMILY}`;

/**
 * Large groups speak louder: 12 to 17 pixels by the share of tracks, 11 to 14 in a narrow window.
 *
 * @param {Group} group
 * @param {number} largest  tracks in the largest group
 * @param {boolean} narrow
 */
function fontSize(group, largest, narrow) {
  const [smallest, gain] = narrow ? [11, 3] : [12, 5];
  return Math.round(smallest + gain * Math.sqrt(group.count / Math.max(1, largest)));
}

/** @param {number} size */
const fontOf = (size) => `600 ${size}px ${FONT_FAMILY}`;

/** @param {string} name  @param {number} longest */
const shortened = (name, longest) => (name.length > longest ? `${name.slice(0, longest - 1).trimEnd()}…` : name);

/**
 * @typedef {object} Title
 * @property {number} track
 * @property {number} x  middle of its point, pixels
 * @property {number} y
 * @property {string} text
 */

export class LabelsLayer extends Layer {
  /** @type {Label[]} */
  #labels = [];
  /** @type {Map<number, {text: string, font: string}>} */
  #looks = new Map();

  /**
   * Finds the labels' places anew; needed when other groups show.
   *
   * @param {readonly Group[]} groups
   * @param {number} homeScale
   */
  place(groups, homeScale) {
    const strongest = [...groups].sort((a, b) => b.count - a.count);
    const largest = strongest[0]?.count ?? 0;
    this.#looks.clear();
    const candidates = strongest.map((group) => {
      const size = fontSize(group, largest, this.size.width < NARROW);
      const look = { text: shortened(group.name, 40), font: fontOf(size) };
      this.#looks.set(group.index, look);
      this.context.font = look.font;
      const width = this.context.measureText(look.text).width + ROOM.x;
      return { group: group.index, width, height: size + ROOM.y, anchors: anchorsOf(group) };
    });
    this.#labels = placeLabels(candidates, homeScale);
  }

  /**
   * @param {Transform} transform
   * @param {Theme} theme
   * @param {readonly Title[]} titles  of the tracks in view, empty while there are too many
   * @param {number} radius  of a point, pixels
   * @param {{left: number, right: number}} free  what no panel covers, pixels
   */
  draw(transform, theme, titles, radius, free) {
    this.clear();
    this.context.textBaseline = "middle";
    this.context.lineJoin = "round";
    const inView = this.#labels
      .filter(({ minScale }) => minScale <= transform.k)
      .map((label) => ({ ...label, x: label.x * transform.k + transform.x, y: label.y * transform.k + transform.y }))
      .filter(({ x, y, width, height }) => this.#inView(x, y, width, height));
    const shown = keepInside(inView, free);
    this.#drawTitles(titles, radius, shown, theme);
    this.context.textAlign = "center";
    for (const { group, x, y } of shown) {
      const look = /** @type {{text: string, font: string}} */ (this.#looks.get(group));
      this.context.font = look.font;
      this.#write(look.text, x, y, theme.text, theme.background, 4);
    }
  }

  /**
   * @param {readonly Title[]} titles
   * @param {number} radius
   * @param {readonly Label[]} labels
   * @param {Theme} theme
   */
  #drawTitles(titles, radius, labels, theme) {
    this.context.textAlign = "left";
    this.context.font = TITLE_FONT;
    const measured = titles.map(({ track, x, y, text }) => {
      const short = shortened(text, MAX_TITLE_LENGTH);
      return { track, x: x + radius + TITLE_GAP, y, text: short, width: this.context.measureText(short).width + 6 };
    });
    const points = titles.map(({ x, y }) => ({ x, y, width: 2 * radius, height: radius }));
    const fitting = fitTitles(measured, TITLE_HEIGHT, [...labels, ...points]);
    for (const { track, x, y, text } of measured) {
      if (fitting.has(track)) this.#write(text, x, y, theme.muted, theme.background, 3);
    }
  }

  /** @param {number} x  @param {number} y  @param {number} width  @param {number} height */
  #inView(x, y, width, height) {
    return x > -width && y > -height && x < this.size.width + width && y < this.size.height + height;
  }

  /**
   * @param {string} text
   * @param {number} x
   * @param {number} y
   * @param {string} color
   * @param {string} halo
   * @param {number} haloWidth
   */
  #write(text, x, y, color, halo, haloWidth) {
    this.context.lineWidth = haloWidth;
    this.context.strokeStyle = halo;
    this.context.globalAlpha = 0.85;
    this.context.strokeText(text, x, y);
    this.context.globalAlpha = 1;
    this.context.fillStyle = color;
    this.context.fillText(text, x, y);
  }
}
