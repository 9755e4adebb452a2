/** The labels layer: names of groups, and titles of tracks once few enough are in view. */

import { FONT_FAMILY, MovableCanvas } from "./canvas.js";
import { shortened } from "../ui/format.js";
import { areaOf, besidePoint, fitTitles, keepInside, placeLabels } from "./label_placement.js";
import { TextSprites } from "./text_sprites.js";
import { mapX, mapY } from "./viewport.js";

/** @import { Grid } from "../data/grid.js" */
/** @import { Label, Place } from "./label_placement.js" */
/** @import { Scene } from "./drawing.js" */
/** @import { MapName } from "./map_names.js" */
/** @import { TextLook } from "./text_sprites.js" */
/** @import { Size, Theme, Transform } from "../data/types.js" */

/** Side of the whole map below which names are smaller, pixels; see `sideOf`. */
const SMALL_MAP = 450;
const ROOM = { x: 18, y: 8 };
/** Points along a label, relative to its center and width, at which it may lie over another group. */
const PARTS = [-0.4, -0.2, 0, 0.2, 0.4];
/** How misplaced a name is that is beside its group and not whole in view, as a multiple of one that is out of view. */
const BESIDE_AND_CUT = 4;
/** Line height, relative to the font size. */
const LEADING = 1.2;
const MAX_TITLE_LENGTH = 28;
const TITLE_HEIGHT = 17;
const TITLE_GAP = 5;
/** A title may touch the edge of smaller points (radius, pixels); otherwise crowded points would have no titles. */
const SMALL = 8;
const TITLE_FONT = `400 11.5px ${FONT_FAMILY}`;

/**
 * Returns the style of a label. Larger groups have larger labels: 12 to 17 pixels by their share of tracks, 11 to 14 on a small map.
 * Regions are larger, but thin, widely spaced and gray, like countries on a map of towns. On a small map they would cover half of the
 * points; there they are only a little larger, less spaced, and dark.
 *
 * @param {MapName} name
 * @param {boolean} isSmall  whether the map is small
 */
function lookOf({ isLarger, share }, isSmall) {
  const [smallest, gain] = isSmall ? [11, 3] : [12, 5];
  const size = Math.round(smallest + (isLarger ? (isSmall ? 1 : 3) : 0) + gain * Math.sqrt(share));
  const font = `${isLarger ? 500 : 600} ${size}px ${FONT_FAMILY}`;
  return isLarger ? { font, size, tracking: size / (isSmall ? 20 : 8), haloWidth: 6, isGray: !isSmall } : { font, size, tracking: 0, haloWidth: 4, isGray: false };
}

/** Returns the center of a label. @param {Label} label  @param {Transform} transform  @returns {{x: number, y: number}} pixels */
const centerOf = ({ x, y, dx, dy }, transform) => ({ x: x * transform.k + transform.x + dx, y: y * transform.k + transform.y + dy });

/**
 * @typedef {object} Title
 * @property {number} track
 * @property {number} x  center of its point, pixels
 * @property {number} y
 * @property {number} reach  radius of the track's point or cover, pixels
 * @property {string} text
 */

export class LabelsLayer extends MovableCanvas {
  /** The visible names. @type {Scene["names"]} */
  written = [];
  /** @type {Label[]} */
  #labels = [];
  /** Styles by the labels' `group`. @type {(ReturnType<typeof lookOf> & Pick<MapName, "lines">)[]} */
  #looks = [];
  #sprites = new TextSprites();
  /** @type {Size} */
  #size = { width: 0, height: 0 };

  /**
   * @param {Size} size
   * @param {number} ratio  device pixels per pixel
   */
  resize(size, ratio) {
    super.resize(size, ratio);
    this.#size = size;
  }

  forget() {
    super.forget();
    this.#sprites = new TextSprites();
  }

  /**
   * Recomputes the positions of labels, after the visible groups have changed.
   *
   * @param {readonly MapName[]} names  strongest first
   * @param {{home: Transform, grid: Grid, radius: number, side: number, free: {left: number, right: number, top: number, bottom: number}}} view
   *   the view of the whole map: its transform, the tracks, the radius of their points, the map's size (see `sideOf`), and the area free of
   *   panels; pixels
   */
  place(names, { home, grid, radius, side, free }) {
    this.#looks = names.map((name) => ({ lines: name.lines, ...lookOf(name, side < SMALL_MAP) }));
    const candidates = names.map(({ anchors, count, from, to }, group) => {
      const { font, size, tracking, lines } = this.#looks[group];
      const widths = lines.map((line) => this.#sprites.widthOf(font, line, tracking));
      const height = size * (1 + LEADING * (lines.length - 1)) + ROOM.y;
      return { group, count, width: Math.max(...widths) + ROOM.x, height, anchors, from, to };
    });
    const tracksIn = (/** @type {number} */ x0, /** @type {number} */ y0, /** @type {number} */ x1, /** @type {number} */ y1) =>
      grid.countIn(mapX(x0), mapY(y1), mapX(x1), mapY(y0));
    const areas = names.map(({ boundaries }) => areaOf(boundaries));
    const misplacedShare = (/** @type {Label} */ label, /** @type {number} */ scale) => {
      const { x, y } = centerOf(label, home);
      // A name beside its group that is not whole in view would be moved over the group, and so would hide more than others.
      const across = label.dx === 0 ? 0 : label.width / 2;
      const isInHome = x - across >= free.left && x + across <= free.right && y >= free.top && y <= free.bottom;
      if (scale <= home.k && !isInHome) return across > 0 ? BESIDE_AND_CUT : 1;
      // Over another group of the same level, it would seem to be that group's name.
      const others = areas.filter((_, other) => other !== label.group && names[other].isLarger === names[label.group].isLarger);
      const isOver = (/** @type {number} */ part) => others.some((area) => area(label.x + (label.dx + part * label.width) / scale, label.y + label.dy / scale));
      return PARTS.filter(isOver).length / PARTS.length;
    };
    this.#labels = placeLabels(candidates, home.k, tracksIn, Math.max(0, radius - ROOM.y / 2), misplacedShare);
  }

  /**
   * @param {Transform} transform
   * @param {Theme} theme
   * @param {readonly Title[]} titles  titles of the tracks in view, empty while there are too many
   * @param {{left: number, right: number, top: number, bottom: number}} free  the free area, pixels
   * @param {readonly Place[]} taken  elements over the map, pixels
   */
  draw(transform, theme, titles, free, taken) {
    this.clear();
    this.written = [];
    const inView = this.#labels
      .filter(({ minScale, maxScale }) => minScale <= transform.k && transform.k < maxScale)
      .map((label) => ({ ...label, ...centerOf(label, transform) }))
      .filter(({ x, y, width, height }) => this.#inView(x, y, width, height));
    const shown = keepInside(inView, free, taken);
    this.#drawTitles(titles, [...shown, ...taken], theme, free);
    for (const { group, x, y } of shown) {
      const { lines, font, size, tracking, haloWidth, isGray } = this.#looks[group];
      const look = { font, tracking, color: isGray ? theme.muted : theme.text, halo: theme.background, haloWidth, height: size + ROOM.y };
      lines.forEach((line, index) => {
        const middle = y + (index - (lines.length - 1) / 2) * LEADING * size;
        this.#write(line, look, x - this.#sprites.widthOf(font, line, tracking) / 2, middle);
      });
    }
    this.present(transform);
    this.follow(transform);
  }

  /**
   * @param {readonly Title[]} titles
   * @param {readonly Place[]} labels
   * @param {Theme} theme
   * @param {{left: number, right: number}} free
   */
  #drawTitles(titles, labels, theme, free) {
    const look = { font: TITLE_FONT, color: theme.muted, halo: theme.background, haloWidth: 3, height: TITLE_HEIGHT };
    const measured = titles.flatMap(({ track, x, y, reach, text }) => {
      const short = shortened(text, MAX_TITLE_LENGTH);
      const width = this.#sprites.widthOf(TITLE_FONT, short) + 6;
      const left = besidePoint({ x, reach: reach + TITLE_GAP, width }, free);
      const isWhole = y >= TITLE_HEIGHT / 2 && y <= this.#size.height - TITLE_HEIGHT / 2;
      return left === null || !isWhole ? [] : [{ track, x: left, y, text: short, width }];
    });
    const points = titles.map(({ x, y, reach }) => ({ x, y, width: 2 * reach, height: reach < SMALL ? reach : 2 * reach }));
    const fitting = fitTitles(measured, TITLE_HEIGHT, [...labels, ...points]);
    for (const { track, x, y, text } of measured) {
      if (fitting.has(track)) this.#write(text, look, x, y);
    }
  }

  /** @param {number} x  @param {number} y  @param {number} width  @param {number} height */
  #inView(x, y, width, height) {
    const [right, bottom] = [this.#size.width + this.overscan, this.#size.height + this.overscan];
    return x > -width - this.overscan && y > -height - this.overscan && x < right + width && y < bottom + height;
  }

  /**
   * @param {string} text
   * @param {TextLook} look
   * @param {number} left
   * @param {number} middle
   */
  #write(text, look, left, middle) {
    const { ratio } = this;
    const { image, width, pad } = this.#sprites.get(text, look, ratio);
    const [weight, size] = look.font.split(" ");
    this.written.push({ text, x: left + width / 2, y: middle, width, weight, size: parseFloat(size), tracking: look.tracking ?? 0, color: look.color, haloWidth: look.haloWidth });
    // Align to device pixels, or the copied text would be blurred.
    const x = Math.round((left - pad) * ratio) / ratio;
    const y = Math.round((middle - look.height / 2 - pad) * ratio) / ratio;
    this.context.drawImage(image, x, y, image.width / ratio, image.height / ratio);
  }
}
