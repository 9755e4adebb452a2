/** Generated covers for tracks without one: simple geometry, deterministic for a text. Pure. */

import { hashText } from "../data/hash.js";
import { oklchToHex } from "./palette.js";

/**
 * @param {number} seed
 * @returns {() => number} pseudo-random numbers in 0..1 (mulberry32)
 */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** @type {readonly ((random: () => number, color: string) => string)[]} */
const MOTIFS = [
  // A record: concentric rings.
  (random, color) => {
    const [x, y] = [30 + 40 * random(), 30 + 40 * random()];
    const rings = [44, 34, 24, 14].map((r) => `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${r}"/>`).join("");
    return `<g fill="none" stroke="${color}" stroke-width="2.5" stroke-opacity=".7">${rings}</g>`;
  },
  // A waveform.
  (random, color) => {
    const bars = Array.from({ length: 9 }, (_, i) => {
      const height = 12 + 56 * random();
      return `<rect x="${11 + i * 9}" y="${(50 - height / 2).toFixed(1)}" width="5" height="${height.toFixed(1)}" rx="2.5"/>`;
    });
    return `<g fill="${color}" fill-opacity=".75">${bars.join("")}</g>`;
  },
  // Two suns over a horizon.
  (random, color) => {
    const radius = 18 + 14 * random();
    const x = 28 + 44 * random();
    return (
      `<circle cx="${x.toFixed(1)}" cy="48" r="${radius.toFixed(1)}" fill="${color}" fill-opacity=".8"/>` +
      `<path d="M0 ${(58 + 8 * random()).toFixed(1)}Q50 ${(44 + 24 * random()).toFixed(1)} 100 62V100H0Z" fill="#000" fill-opacity=".28"/>`
    );
  },
  // Overlapping leaves.
  (random, color) => {
    const turn = Math.round(360 * random());
    const leaves = [0, 60, 120]
      .map((angle) => `<ellipse cx="50" cy="50" rx="40" ry="15" transform="rotate(${turn + angle} 50 50)"/>`)
      .join("");
    return `<g fill="${color}" fill-opacity=".38">${leaves}</g>`;
  },
];

/**
 * @param {string} text  identifies the cover, such as artist and album
 * @returns {string} an SVG image as a data URL
 */
export function placeholderArt(text) {
  const random = randomFrom(hashText(text));
  const hue = 360 * random();
  const from = oklchToHex(0.48, 0.1, hue);
  const to = oklchToHex(0.3, 0.08, (hue + 40 + 60 * random()) % 360);
  const light = oklchToHex(0.82, 0.09, (hue + 20) % 360);
  const motif = MOTIFS[Math.floor(random() * MOTIFS.length)](random, light);
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><defs><linearGradient id="g" x1="0" y1="0" x2="1" y2="1">' +
    `<stop stop-color="${from}"/><stop offset="1" stop-color="${to}"/></linearGradient></defs>` +
    `<rect width="100" height="100" fill="url(#g)"/>${motif}</svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
