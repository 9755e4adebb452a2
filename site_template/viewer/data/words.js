/**
 * The vocabulary of descriptions on this map: words of `words.json`, and the map's own styles, genres and playlists. Pure.
 */

import { normalized } from "./search.js";
import { STYLES } from "./traits.js";

/** @import { Trait } from "./types.js" */

const SCHEMA = "spotmap.words/1";
/** Weight of a related tag, relative to a tag with the word's own name. */
const RELATED = 0.85;

/**
 * @typedef {object} Entry  an entry of `words.json`; lists are comma-separated
 * @property {string} [also]  synonyms
 * @property {string} [trait]  id of a measure
 * @property {"low" | "high"} [end]  the end of its range that the word means
 * @property {number} [at]  the threshold between both ends, in percent; without one, the word means a third of the library
 * @property {string} [more]  the comparative
 * @property {string} [mores]  other comparatives
 * @property {string} [styles]  the embedders' tags for it, and related tags
 * @property {string} [is]  a description to use instead if hardly any track has these styles, or the map lacks the measure
 *
 * @typedef {{id: string, place: number, weight: number}} Tag  a category of a trait, and its weight
 * @typedef {object} Word
 * @property {string} name
 * @property {Entry} entry
 * @property {Tag[]} tags
 * @property {number} playlist  index of the playlist, -1 for none
 * @property {boolean} [compares]
 * @property {boolean} [isOfMap]  a playlist or a category of this map
 * @property {boolean} [isUtmost]  "loudest"
 *
 * @typedef {Record<"idle" | "not" | "or" | "very" | "before" | "after" | "around" | "over" | "under" | "like", Set<string>>} Particles
 * @typedef {{styles: readonly string[], playlists: readonly {name: string}[], facets: readonly Trait[]}} MapWords
 */

/** @param {string | undefined} list */
const listed = (list) => (list ?? "").split(",").map((item) => item.trim()).filter(Boolean);

export class Words {
  /** @type {Map<string, Word>} */
  #phrases = new Map();
  /** Number of words of the longest phrase. */
  longest = 1;

  /**
   * @param {any} document  words.json, parsed
   * @param {MapWords} map
   */
  constructor(document, { styles, playlists, facets }) {
    if (document.schema !== SCHEMA) throw new Error(`words.json is "${document.schema}", not "${SCHEMA}"`);
    const of = (/** @type {string} */ key) => new Set(document[key].split(" "));
    /** @type {Particles} */
    this.is = {
      idle: of("idle"), not: of("not"), or: of("or"), very: of("very"), before: of("before"), after: of("after"), around: of("around"),
      over: of("over"), under: of("under"), like: of("like"),
    };
    /** @type {ReadonlyMap<string, [number, number]>}  "early", "mid" and "late" as years of a decade */
    this.parts = new Map(Object.entries(document.early));
    /** Replacements for phrases of two or three words. @type {ReadonlyMap<string, string>} */
    this.joined = new Map(Object.entries(document.joined));
    /** @type {ReadonlyMap<string, number>} */
    this.decades = new Map(Object.entries(document.decades));
    const own = ownTags(styles, facets);
    playlists.forEach(({ name }, playlist) => {
      const word = { name, entry: {}, tags: [], playlist, isOfMap: true };
      for (const phrase of [name, name.replace(/\p{Extended_Pictographic}/gu, "")]) this.#add(phrase, word);
    });
    for (const [name, tags] of own) this.#add(name, { name: tags.said, entry: {}, tags: related(own, name, []), playlist: -1, isOfMap: true });
    for (const [name, entry] of Object.entries(/** @type {Record<string, Entry>} */ (document.words))) {
      const also = listed(entry.also);
      const tags = related(own, normalized(name), [...also, ...listed(entry.styles)]);
      const word = { name, entry, tags, playlist: -1 };
      for (const phrase of [name, ...also]) this.#add(phrase, word);
      for (const phrase of [entry.more ?? "", ...listed(entry.mores)]) {
        if (!phrase) continue;
        this.#add(phrase, { ...word, compares: true });
        const most = phrase.endsWith("er") ? phrase.replace(/er$/, "est") : phrase.replace(/^more /, "most ");
        if (most !== phrase) this.#add(most, { ...word, isUtmost: true });
      }
    }
  }

  /** @param {string} phrase  @param {Word} word */
  #add(phrase, word) {
    const key = normalized(phrase);
    if (!key) return;
    // A word with its own meaning is not a synonym of another.
    if (this.#phrases.get(key)?.name === phrase && word.name !== phrase) return;
    this.#phrases.set(key, word);
    this.longest = Math.max(this.longest, key.split(" ").length);
  }

  /** Returns whether any phrase begins with this part. @param {string} part  normalized */
  begins(part) {
    return [...this.#phrases.keys(), ...this.joined.keys()].some((phrase) => phrase.startsWith(part));
  }

  /** @param {string} phrase  normalized  @returns {Word | undefined} */
  find(phrase) {
    return this.#phrases.get(phrase);
  }
}

/**
 * Returns the categories of the map by name.
 *
 * @param {readonly string[]} styles
 * @param {readonly Trait[]} facets
 * @returns {Map<string, {said: string, tags: Omit<Tag, "weight">[]}>}
 */
function ownTags(styles, facets) {
  const own = new Map();
  const add = (/** @type {string} */ said, /** @type {string} */ id, /** @type {number} */ index) => {
    const key = normalized(said);
    const known = own.get(key) ?? { said, tags: [] };
    known.tags.push({ id, place: index });
    own.set(key, known);
  };
  for (const { id, categories } of facets) categories.forEach(({ name }, index) => add(name, id, index));
  styles.forEach((name, index) => add(name, STYLES, index));
  return own;
}

/**
 * Returns the tags with this name, its subgenres ("deep house" is house), and related tags.
 *
 * @param {ReturnType<typeof ownTags>} own
 * @param {string} name  normalized
 * @param {readonly string[]} others
 * @returns {Tag[]}
 */
function related(own, name, others) {
  /** @type {Map<string, Tag>} */
  const found = new Map();
  const add = (/** @type {string} */ key, /** @type {number} */ weight) => {
    for (const tag of own.get(key)?.tags ?? []) {
      const id = `${tag.id} ${tag.place}`;
      if (!found.has(id)) found.set(id, { ...tag, weight });
    }
  };
  for (const key of own.keys()) if (key === name || key.endsWith(` ${name}`)) add(key, 1);
  for (const other of others) add(normalized(other), RELATED);
  return [...found.values()];
}
