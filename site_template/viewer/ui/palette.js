/** The colors of groups. Pure. */

/** @import { ThemeName } from "../data/types.js" */

/**
 * Twelve colors, ordered so that the first ones are farthest apart. Found by exchange search in OKLCH (hue steps of 6 degrees, four levels of
 * lightness, one hue for both themes), maximizing the smallest OKLab distance under normal, protan, deutan and tritan
 * vision (matrices of Machado, Oliveira and Fernandes 2009). The light theme's seventh was then darkened by hand for contrast
 * with the background. tests/viewer/palette.test.mjs checks distances and contrasts.
 *
 * @type {Readonly<Record<ThemeName, readonly string[]>>}
 */
const BASE = {
  dark: [
    "#4e9cee", "#e1d153", "#c06310", "#fd87a3", "#c5c8fe", "#9d63be",
    "#74eaa5", "#b19716", "#089868", "#1fc9ce", "#cf73ba", "#a6be49",
  ],
  light: [
    "#0361af", "#9c8e11", "#773a00", "#b94767", "#7f7ee4", "#682c87",
    "#15a362", "#715f02", "#055c3e", "#018589", "#923780", "#6b7f09",
  ],
};

/** The golden angle in degrees, which spreads any number of hues evenly. */
const GOLDEN_ANGLE = 137.508;
const CHROMA = 0.11;
const LIGHTNESS = { dark: [0.72, 0.62, 0.82], light: [0.52, 0.43, 0.61] };

/**
 * Returns the color of a group: one of the twelve, then OKLCH colors at golden-angle steps with three levels of lightness.
 *
 * @param {number} index  color index of the site's files, from 0
 * @param {ThemeName} theme
 * @returns {string} #rrggbb
 */
export function colorOf(index, theme) {
  const base = BASE[theme];
  if (index < base.length) return base[index];
  const beyond = index - base.length;
  const levels = LIGHTNESS[theme];
  return oklchToHex(levels[beyond % levels.length], CHROMA, (30 + beyond * GOLDEN_ANGLE) % 360);
}

/**
 * Reduces chroma until the color is in sRGB. Matrices: Ottosson 2020, "A perceptual color space for image processing".
 *
 * @param {number} lightness  0..1
 * @param {number} chroma
 * @param {number} hue  degrees
 * @returns {string} #rrggbb
 */
export function oklchToHex(lightness, chroma, hue) {
  const angle = (hue * Math.PI) / 180;
  const a = chroma * Math.cos(angle);
  const b = chroma * Math.sin(angle);
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
  if (chroma > 0.01 && linear.some((channel) => channel < 0 || channel > 1)) {
    return oklchToHex(lightness, chroma - 0.01, hue);
  }
  return `#${linear.map(encodeChannel).join("")}`;
}

/** @param {number} linear */
function encodeChannel(linear) {
  const clipped = Math.min(1, Math.max(0, linear));
  const encoded = clipped <= 0.0031308 ? 12.92 * clipped : 1.055 * clipped ** (1 / 2.4) - 0.055;
  return Math.round(encoded * 255).toString(16).padStart(2, "0");
}

/**
 * Returns the opaque color as an Int32 pixel of ImageData on a little-endian machine.
 *
 * @param {string} hex  #rrggbb
 */
export function packedPixel(hex) {
  const value = parseInt(hex.slice(1), 16);
  return (0xff000000 | ((value & 0xff) << 16) | (value & 0xff00) | (value >> 16)) | 0;
}

/**
 * @param {string} hex  #rrggbb
 * @param {number} alpha  0..1
 */
export function withAlpha(hex, alpha) {
  return hex + Math.round(alpha * 255).toString(16).padStart(2, "0");
}
