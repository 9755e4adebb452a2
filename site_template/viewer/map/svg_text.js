/** Formats numbers and text for SVG. Pure. */

/** Escapes text for XML, without control characters and direction overrides. @param {string} text */
export const escaped = (text) => text.replace(/[\p{Control}\p{Surrogate}\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu, " ").replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** Rounds to a tenth of a pixel. @param {number} value */
export const rounded = (value) => Math.round(value * 10) / 10;

/** Distance from the baseline of a text to its middle, relative to the font size. */
export const MIDDLE = 0.35;

/**
 * Writes a text with a halo as two text elements, because not every program supports `paint-order`.
 *
 * @param {string} text
 * @param {number} x
 * @param {number} y  of the base line
 * @param {string} look  attributes of both
 * @param {string} halo  attributes of the lower one
 * @param {string} fill  of the upper one
 */
export const haloedText = (text, x, y, look, halo, fill) => textNode(text, x, y, `${look} fill="none" stroke-linejoin="round" ${halo}`) + textNode(text, x, y, `${look} fill="${fill}"`);

/**
 * @param {string} text
 * @param {number} x
 * @param {number} y  of the base line
 * @param {string} look  attributes
 */
export const textNode = (text, x, y, look) => `<text x="${rounded(x)}" y="${rounded(y)}" ${look}>${escaped(text)}</text>`;
