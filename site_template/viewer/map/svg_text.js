/** How numbers and words are written in an SVG document. Pure. */

/** As text within XML, which has no place for most control characters, and that turns nothing around. @param {string} text */
export const escaped = (text) => text.replace(/[\p{Control}\p{Surrogate}\u202a-\u202e\u2066-\u2069\ufffe\uffff]/gu, " ").replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** To a tenth of a pixel. @param {number} value */
export const rounded = (value) => Math.round(value * 10) / 10;

/** From the base line of a text up to its middle, of its size. */
export const MIDDLE = 0.35;

/**
 * A text with what keeps it apart from what lies below, as two texts: not every program knows in which order to paint the two of one.
 *
 * @param {string} text
 * @param {number} x
 * @param {number} y  of the base line
 * @param {string} look  attributes of both
 * @param {string} halo  attributes of the one below
 * @param {string} fill  of the one above
 */
export const haloedText = (text, x, y, look, halo, fill) => textNode(text, x, y, `${look} fill="none" stroke-linejoin="round" ${halo}`) + textNode(text, x, y, `${look} fill="${fill}"`);

/**
 * @param {string} text
 * @param {number} x
 * @param {number} y  of the base line
 * @param {string} look  attributes
 */
export const textNode = (text, x, y, look) => `<text x="${rounded(x)}" y="${rounded(y)}" ${look}>${escaped(text)}</text>`;
