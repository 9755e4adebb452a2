/** Finds tracks by what a person remembers of title, artist or album. Pure. */

/** @import { TextData } from "./types.js" */

/**
 * Case, accents and punctuation do not matter: "beyonce" finds Beyoncé, "acdc" does not find AC/DC but "ac dc" does.
 *
 * @param {string} text
 */
export function normalized(text) {
  return text
    .normalize("NFKD")
    .replace(/\p{Mark}+/gu, "")
    .toLowerCase()
    .replace(/ß/g, "ss")
    .replace(/ø/g, "o")
    .replace(/ł/g, "l")
    .replace(/æ/g, "ae")
    .replace(/['’`]/g, "")
    .replace(/[^\p{Letter}\p{Number}]+/gu, " ")
    .trim();
}

/**
 * @typedef {object} SearchIndex  three lines a track, each with a space before every word
 * @property {string[]} titles
 * @property {string[]} artists
 * @property {string[]} albums
 */

/**
 * @param {TextData} text
 * @returns {SearchIndex}
 */
export function createSearchIndex(text) {
  /** @type {Map<string, string>} */
  const known = new Map();
  /** @param {string} raw */
  const line = (raw) => {
    let result = known.get(raw);
    if (result === undefined) {
      result = ` ${normalized(raw)}`;
      known.set(raw, result);
    }
    return result;
  };
  return {
    titles: text.titles.map((title) => ` ${normalized(title)}`),
    artists: text.titles.map((_, track) => line(text.artistsOf(track).join(" "))),
    albums: text.titles.map((_, track) => line(text.albumOf(track))),
  };
}

/**
 * How well a term fits a line: 3 at its beginning, 2 at a word's, 1 within a word, 0 not at all.
 *
 * @param {string} line
 * @param {string} term
 */
function fitness(line, term) {
  const place = line.indexOf(term);
  if (place < 0) return 0;
  if (place === 1) return 3;
  return line.includes(` ${term}`) ? 2 : 1;
}

/**
 * Every word of the query must occur somewhere. Titles count most, then artists, then albums; equal tracks keep their order.
 *
 * @param {SearchIndex} index
 * @param {string} query
 * @returns {number[] | null} tracks, best first; null if the query says nothing
 */
export function search({ titles, artists, albums }, query) {
  const terms = normalized(query).split(" ").filter(Boolean);
  if (terms.length === 0) return null;
  const whole = ` ${terms.join(" ")}`;
  /** @type {{track: number, score: number}[]} */
  const found = [];
  for (let track = 0; track < titles.length; track++) {
    let score = 0;
    for (const term of terms) {
      const best = Math.max(
        5 * fitness(titles[track], term),
        4 * fitness(artists[track], term),
        2 * fitness(albums[track], term),
      );
      if (best === 0) {
        score = 0;
        break;
      }
      score += best;
    }
    if (score === 0) continue;
    if (titles[track] === whole) score += 40;
    else if (artists[track] === whole) score += 30;
    found.push({ track, score });
  }
  found.sort((a, b) => b.score - a.score || a.track - b.track);
  return found.map(({ track }) => track);
}
