/** Writes the visible part of the map as an SVG document with title and legend, for pictures of any size and for editing. Pure. */

import { gettext } from "../data/language.js";
import { shortened } from "../ui/format.js";
import { escaped, MIDDLE, rounded, textNode } from "./svg_text.js";

/** @import { Box, Theme } from "../data/types.js" */

/**
 * @typedef {object} Scene  the visible shapes, from bottom to top, in window pixels
 * @property {{path: string, color: string, fill: number, stroke: number}[]} boundaries  with their opacity
 * @property {Dots[]} dots
 * @property {{text: string, x: number, y: number, width: number, weight: string, size: number, tracking: number, color: string, haloWidth: number}[]} names
 *   `x` and `y` are the center of a name
 * @property {string} covers  SVG shapes between dots and names
 * @property {string} marks  SVG shapes on top
 *
 * @typedef {{color: string, opacity: number, radius: number, outline: number, places: number[]}} Dots  points of the same appearance: x, y, x, y, ...
 *
 * @typedef {object} Key  the legend
 * @property {{color: string, text: string, count: string}[]} rows
 * @property {{colors: string[], low: string, high: string} | null} scale  for a number
 * @property {{label: string, samples: readonly {radius: number, text: string}[]} | null} sizes  the legend of sizes
 */

const MARGIN = 32;
const HEAD = 88;
const ROW = 24;
const MAX_ROWS = 8;
const SCALE = { width: 240, height: 10 };
/** Distances from a disc to its label, and to the next disc. */
const SAMPLE = { gap: 6, apart: 16 };
/** Limits of the legend's column width, and the approximate width of a letter. Pixels. */
const COLUMN = { least: 160, most: 280 };
const LETTER = 7.2;
/** Full-width letters count twice. */
const WIDE = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303f\uff01-\uff60]/gu;
/** With more points, there is one path per color; otherwise the file would be too large to open. */
const MAX_CIRCLES = 5000;

/** Numbers per slice. */
const STRETCH = 1024;

/** Estimates the width of a text in pixels. @param {string} text */
const widthOf = (text) => LETTER * (text.length + (text.match(WIDE)?.length ?? 0));

/** @param {string} text  @param {number} room  pixels */
const fitted = (text, room) => shortened(text, Math.floor((room * text.length) / Math.max(1, widthOf(text))));

/**
 * Writes points of one appearance: as circles if they are few, otherwise as zero-length strokes with round caps.
 *
 * @param {Dots} dots
 * @param {boolean} asPath
 * @param {string} background  #rrggbb
 * @returns {Generator<void, string>}
 */
function* dotsNode({ color, opacity, radius, outline, places }, asPath, background) {
  const look = opacity < 1 ? ` opacity="${opacity.toFixed(2)}"` : "";
  if (asPath) {
    let [path, lastX, lastY] = ["", 0, 0];
    for (let i = 0; i < places.length; i += 2) {
      if (i % STRETCH === 0) yield;
      const [x, y] = [Math.round(places[i] * 10), Math.round(places[i + 1] * 10)];
      path += `m${(x - lastX) / 10} ${(y - lastY) / 10}h0`;
      [lastX, lastY] = [x, y];
    }
    return `<path d="${path}" fill="none" stroke="${color}" stroke-width="${rounded(2 * radius)}" stroke-linecap="round"${look}/>`;
  }
  const circles = [];
  for (let i = 0; i < places.length; i += 2) circles.push(`<circle cx="${rounded(places[i])}" cy="${rounded(places[i + 1])}" r="${rounded(radius)}"/>`);
  const rim = outline > 0 ? ` stroke="${background}" stroke-width="${outline}"` : "";
  return `<g fill="${color}"${rim}${look}>${circles.join("")}</g>`;
}

/**
 * Returns the visible ones of some points.
 *
 * @param {Dots} dots
 * @param {(x: number, y: number, reach: number) => boolean} isSeen
 * @returns {Generator<void, Dots>}
 */
function* seenOf(dots, isSeen) {
  const { places, radius } = dots;
  /** @type {number[]} */
  const seen = [];
  for (let i = 0; i < places.length; i += 2) {
    if (i % STRETCH === 0) yield;
    if (isSeen(places[i], places[i + 1], radius)) seen.push(places[i], places[i + 1]);
  }
  return { ...dots, places: seen };
}

/**
 * Writes names. All halos are below all names, so that no halo covers an adjacent name.
 *
 * @param {Scene["names"][number]} name
 * @param {string} look  attributes
 */
const nameNode = ({ text, x, y, size, weight, tracking }, look) =>
  textNode(text, x, y + MIDDLE * size, `font-size="${size}" font-weight="${weight}" letter-spacing="${rounded(tracking)}" ${look}`);

/**
 * Writes the legend of colors, and below it the legend of sizes.
 *
 * @param {Key} key
 * @param {number} width  of the picture
 * @param {Theme} theme
 * @returns {{node: string, height: number}}
 */
function keyNode({ rows, scale, sizes }, width, theme) {
  const colors = colorsNode({ rows, scale }, width, theme);
  if (!sizes) return colors;
  const gap = colors.height > 0 ? ROW / 2 : 0;
  const below = sizesNode(sizes, width - 2 * MARGIN, theme);
  return { node: `${colors.node}<g transform="translate(0 ${colors.height + gap})">${below.node}</g>`, height: colors.height + gap + below.height };
}

/**
 * Wraps items that do not fit into the next line.
 *
 * @param {NonNullable<Key["sizes"]>} sizes
 * @param {number} room  pixels across
 * @param {Theme} theme
 */
function sizesNode({ label, samples }, room, theme) {
  const line = Math.max(ROW, ...samples.map(({ radius }) => 2 * radius + 4));
  const muted = `fill="${theme.muted}" font-size="13"`;
  let [x, middle] = [widthOf(label) + SAMPLE.apart, line / 2];
  const nodes = samples.map(({ radius, text }) => {
    const reach = 2 * radius + SAMPLE.gap;
    if (x > 0 && x + reach + widthOf(text) > room) [x, middle] = [0, middle + line];
    const disc = `<circle cx="${rounded(x + radius)}" cy="${rounded(middle)}" r="${rounded(radius)}" fill="${theme.muted}"/>`;
    const value = textNode(text, x + reach, middle + MIDDLE * 13, muted);
    x += reach + widthOf(text) + SAMPLE.apart;
    return disc + value;
  });
  return { node: textNode(label, 0, line / 2 + MIDDLE * 13, muted) + nodes.join(""), height: middle + line / 2 };
}

/**
 * @param {Pick<Key, "rows" | "scale">} key
 * @param {number} width  of the picture
 * @param {Theme} theme
 * @returns {{node: string, height: number}}
 */
function colorsNode({ rows, scale }, width, theme) {
  const [text, muted] = [`fill="${theme.text}" font-size="13"`, `fill="${theme.muted}" font-size="13"`];
  if (scale) {
    const step = SCALE.width / scale.colors.length;
    // A little wider than their step, to avoid gaps between them.
    const bars = scale.colors.map((color, index) => `<rect x="${rounded(index * step)}" width="${rounded(step + 0.5)}" height="${SCALE.height}" fill="${color}"/>`);
    const ends = textNode(scale.low, 0, 28, muted) + textNode(scale.high, SCALE.width, 28, `${muted} text-anchor="end"`);
    return { node: bars.join("") + ends, height: 2 * ROW };
  }
  const longest = Math.max(...rows.map(({ text: name, count }) => 48 + widthOf(name) + widthOf(count)));
  const columns = Math.max(1, Math.floor((width - 2 * MARGIN) / Math.max(COLUMN.least, Math.min(COLUMN.most, longest))));
  const [column, room] = [(width - 2 * MARGIN) / columns, Math.max(2, columns) * MAX_ROWS];
  const shown = rows.length > room ? rows.slice(0, room - 1) : rows;
  const lines = Math.ceil((rows.length > room ? room : rows.length) / columns);
  const at = (/** @type {number} */ index) => [Math.floor(index / lines) * column, (index % lines) * ROW + 14];
  const nodes = shown.map(({ color, text: name, count }, index) => {
    const [x, y] = at(index);
    const brief = escaped(fitted(name, column - 40 - widthOf(count)));
    return `<circle cx="${rounded(x + 5)}" cy="${y - 4.5}" r="5" fill="${color}"/><text x="${rounded(x + 18)}" y="${y}" ${text}>${brief} <tspan dx="4" fill="${theme.muted}">${count}</tspan></text>`;
  });
  if (rows.length > shown.length) nodes.push(textNode(gettext("and {count} more", { count: rows.length - shown.length }), at(shown.length)[0] + 18, at(shown.length)[1], muted));
  return { node: nodes.join(""), height: lines * ROW };
}

/**
 * Writes the document in slices, because a million points take some seconds.
 *
 * @param {{title: string, note: string, scene: Scene, key: Key, area: Box, theme: Theme}} drawn  `area`: the part of the window
 * @returns {Generator<void, {svg: string, width: number, height: number}>}  pixels
 */
export function* drawMap({ title, note, scene, key, area, theme }) {
  const width = Math.round(area.right - area.left);
  const mapHeight = Math.round(area.bottom - area.top);
  const foot = keyNode(key, width, theme);
  const height = HEAD + mapHeight + MARGIN + foot.height + MARGIN;
  const isSeen = (/** @type {number} */ x, /** @type {number} */ y, /** @type {number} */ reach) =>
    x > area.left - reach && x < area.right + reach && y > area.top - reach && y < area.bottom + reach;
  /** @type {Dots[]} */
  const dots = [];
  for (const one of scene.dots) dots.push(yield* seenOf(one, isSeen));
  const asPath = dots.reduce((sum, { places }) => sum + places.length / 2, 0) > MAX_CIRCLES;
  const points = [];
  for (const one of dots) if (one.places.length > 0) points.push(yield* dotsNode(one, asPath, theme.background));
  const names = scene.names.filter(({ x, y }) => isSeen(x, y, 0));
  const svg = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif">`,
    `<title>${escaped(title)}</title><rect width="${width}" height="${height}" fill="${theme.background}"/>`,
    `<clipPath id="map"><rect x="${rounded(area.left)}" y="${rounded(area.top)}" width="${width}" height="${mapHeight}"/></clipPath>`,
    `<g transform="translate(${rounded(-area.left)} ${rounded(HEAD - area.top)})" clip-path="url(#map)">`,
    ...scene.boundaries.map(({ path, color, fill, stroke }) => `<path d="${path}" fill="${color}" fill-opacity="${fill}" fill-rule="evenodd" stroke="${color}" stroke-opacity="${stroke}" stroke-width="1.25"/>`),
    ...points,
    scene.covers,
    `<g text-anchor="middle" stroke="${theme.background}" stroke-linejoin="round">`,
    ...names.map((name) => nameNode(name, `stroke-width="${name.haloWidth}" opacity="0.85"`)),
    '</g><g text-anchor="middle">',
    ...names.map((name) => nameNode(name, `fill="${name.color}"`)),
    `</g>${scene.marks}</g>`,
    textNode(shortened(title, Math.floor((width - 2 * MARGIN) / 12)), MARGIN, 48, `fill="${theme.text}" font-size="22" font-weight="600"`),
    textNode(fitted(note, width - 2 * MARGIN), MARGIN, 70, `fill="${theme.muted}" font-size="13"`),
    `<g transform="translate(${MARGIN} ${HEAD + mapHeight + MARGIN})">${foot.node}</g></svg>`,
  ].join("\n");
  return { svg, width, height };
}
