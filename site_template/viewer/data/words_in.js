/** Adds the words of another language to the English words of descriptions. Pure. */

import { normalized } from "./search.js";

/**
 * @typedef {object} WordsIn  words.<code>.json
 * @property {string} endings  the endings that "~" stands for, joined by spaces
 * @property {Record<string, string>} means  the phrases that mean an English word or phrase, joined by commas
 */

/**
 * @param {any} words  words.json, parsed
 * @param {WordsIn} other
 * @returns {any}  the English words, and what means them
 */
export function withWordsOf(words, { endings, means }) {
  const joined = { ...words.joined };
  for (const [english, phrases] of Object.entries(means)) {
    for (const phrase of phrases.split(", ")) {
      for (const ending of phrase.includes("~") ? endings.split(" ") : [""]) joined[normalized(phrase.replace("~", ending))] = english;
    }
  }
  return { ...words, joined };
}
