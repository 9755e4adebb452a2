/** Divides a description into words, numbers and signs, in English whatever it is written in. Pure. */

import { normalized } from "./search.js";

/** @import { Words } from "./words.js" */

/**
 * @typedef {object} Token
 * @property {string} text  in English
 * @property {string} own  as it was typed, normalized
 * @property {number} start
 * @property {number} end
 * @property {number} [low]  the number, or the range of two numbers with "to" between
 * @property {number} [high]
 * @property {boolean} [isOpen]  "140+"
 * @property {"bpm" | "min"} [unit]
 * @property {boolean} [isDecade]
 * @property {boolean} [isMinorKey]  "Dm"
 */

const TOKEN =
  /(?<decade>\d{4}|\d{2})['’]?s(?![\p{L}\p{N}])|(?<low>\d+(?:\.\d+)?)(?:\s*(?:-|–|to|and|bis|und|[aye])\s*(?<high>\d+(?:\.\d+)?))?(?:-?ish|(?<plus>\+))?(?:\s*(?<unit>bpm|beats? (?:per|a) minute|min(?:s|ut(?:en?|es|os?))?)(?![\p{L}\p{N}])|(?![\p{L}\p{N}]))|(?<sign>[<>≤≥~≈])|(?<minus>(?<=^|\s)[-–](?=\p{L}))|(?<key>(?<![\p{L}\p{N}])[a-g][#♯♭]m?(?![\p{L}\p{N}]))|(?<word>[\p{L}\p{N}\p{M}]+(?:['’]\p{L}+)*)/giu;
/** @type {Readonly<Record<string, string>>} */
const SIGNS = { "<": "under", "≤": "under", ">": "over", "≥": "over", "~": "around", "≈": "around" };
export const FIRST_YEAR = 1900;

/** @param {string} text  @param {Words} words  @returns {Token[]} */
export function tokensOf(text, { joined }) {
  const tokens = [...text.matchAll(TOKEN)].map((match) => {
    const { decade, low, high, plus, unit, sign, minus } = /** @type {Record<string, string | undefined>} */ (match.groups);
    const start = /** @type {number} */ (match.index);
    /** @type {Token} */
    const token = { text: minus ? "not" : sign ? SIGNS[sign] : normalized(match[0].replace(/[#♯]/, "sharp").replace("♭", "flat")), own: normalized(match[0]), start, end: start + match[0].length };
    if (decade) Object.assign(token, { low: decadeOf(Number(decade)), isDecade: true });
    else if (low) Object.assign(token, { low: Number(low), high: Number(high ?? low), isOpen: Boolean(plus), unit: unit && (unit[0].toLowerCase() === "b" ? "bpm" : "min") });
    else if (/^[A-G](?:b|flat)?m$/.test(match[0])) token.isMinorKey = true;
    return token;
  });
  // "Anything but" is "not", "more than" is "over", "langsam" is "slow".
  for (let at = 0; at < tokens.length; at++) {
    for (let length = Math.min(3, tokens.length - at); length > 0; length--) {
      const parts = tokens.slice(at, at + length);
      const own = parts.map((token) => token.own).join(" ");
      const meant = joined.get(own);
      if (!meant) continue;
      tokens.splice(at, length, { text: meant, own, start: parts[0].start, end: parts[length - 1].end });
      break;
    }
  }
  return tokens;
}

/** @param {number} digits */
const decadeOf = (digits) => (digits > 99 ? digits : digits + (digits < 30 ? 2000 : FIRST_YEAR));
