/** Unpacks the columns of the details files. Pure; docs/site-data.md has the format. */

const FIRST_CODE = 35;
const BACKSLASH = 92;
const CONTROLS = { first: 127, end: 161 };
/** Prefix of an id that is stored in full; other ids omit their common prefix. */
const MARK = "=";

/**
 * @param {{width: number, text: string}} packed
 * @returns {string[]}
 */
export function unpackTexts({ width, text }) {
  if (width === 0) return text.split("\n");
  return Array.from({ length: text.length / width }, (_, row) => text.slice(row * width, (row + 1) * width));
}

/**
 * @param {{prefix: string, width: number, text: string}} packed
 * @returns {string[]}
 */
export function unpackIds({ prefix, ...packed }) {
  const parts = unpackTexts(packed);
  return prefix ? parts.map((part) => (part.startsWith(MARK) ? part.slice(1) : prefix + part)) : parts;
}

/**
 * @param {{middle: number, step: number, codes: string}} packed  steps from `middle`, one character each
 * @returns {(number | null)[]}  null if unknown
 */
export function unpackNumbers({ middle, step, codes }) {
  const digits = Math.max(0, -Math.floor(Math.log10(step)));
  /** Caches values, because few distinct ones repeat. @type {Map<number, number | null>} */
  const known = new Map();
  return Array.from(codes, (character) => {
    const code = character.charCodeAt(0);
    let value = known.get(code);
    if (value === undefined) {
      const steps = stepsOf(code);
      value = steps === null ? null : Number((middle + steps * step).toFixed(digits));
      known.set(code, value);
    }
    return value;
  });
}

/** Decodes a step: even codes are steps up, odd ones down. @param {number} code  @returns {number | null} */
function stepsOf(code) {
  if (code < FIRST_CODE) return null;
  const index = placeOf(code);
  return index % 2 === 0 ? index / 2 : -(index + 1) / 2;
}

/** Returns the index of a character among the used ones; some are left out. @param {number} code */
function placeOf(code) {
  let index = code;
  if (index >= CONTROLS.end) index -= CONTROLS.end - CONTROLS.first;
  if (index > BACKSLASH) index -= 1;
  return index - FIRST_CODE;
}

/**
 * @typedef {object} PackedWords  words of each row, one character each, and their strengths, 1 to 9
 * @property {string[]} codes  one string per row
 * @property {string} strengths  for all rows
 */

/**
 * @param {{codes: string, strengths: string}} packed
 * @returns {PackedWords}
 */
export const unpackWords = ({ codes, strengths }) => ({ codes: codes.split(" "), strengths });

/**
 * @param {PackedWords} words
 * @param {(row: number, place: number, strength: number) => void} take  called with each word's index among all words
 */
export function eachWord({ codes, strengths }, take) {
  let at = 0;
  codes.forEach((row, index) => {
    for (const character of row) take(index, placeOf(character.charCodeAt(0)), Number(strengths[at++]));
  });
}
