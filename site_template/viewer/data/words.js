/**
 * What the words of a description can mean on this map: those of `words.json`, the map's own styles, genres and playlists. Pure.
 */

import { normalized } from "./search.js";
import { STYLES } from "./traits.js";

/** @import { Trait } from "./types.js" */

const SCHEMA = "spotmap.words/1";
/** What only goes along with a word counts less than what is called so. */
const RELATED = 0.85;

/**
 * @typedef {object} Entry  of `words.json`; lists are joined by commas
 * @property {string} [also]  other words for it
 * @property {string} [trait]  the id of a measure, and at which
 * @property {"low" | "high"} [end]  of its ends it lies
 * @property {number} [at]  the value that parts both ends, in percent; without one, the word is a third of the library
 * @property {string} [more]  the comparative
 * @property {string} [mores]  other comparatives
 * @property {string} [styles]  what the embedders call it, and what goes along with it
 * @property {string} [is]  a description to go by where hardly any track has one of these styles, or the map has no such measure
 *
 * @typedef {{id: string, place: number, weight: number}} Tag  a category of a trait, and how much it says
 * @typedef {object} Word
 * @property {string} name
 * @property {Entry} entry
 * @property {Tag[]} tags
 * @property {number} playlist  its number, -1 for none
 * @property {boolean} [compares]
 * @property {boolean} [isUtmost]  "loudest"
 *
 * @typedef {Record<"idle" | "not" | "or" | "very" | "before" | "after" | "around" | "over" | "under" | "like", Set<string>>} Particles
 * @typedef {{styles: readonly string[], playlists: readonly {name: string}[], facets: readonly Trait[]}} MapWords
 */

/** @param {string | undefined} list */
const listed = (list) => (list ?? "").split(",").map((one) => one.trim()).filter(Boolean);

export class Words {
  /** @type {Map<string, Word>} */
  #phrases = new Map();
  /** How many words the longest phrase has. */
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
    /** @type {ReadonlyMap<string, [number, number]>}  early, mid, late: years of a decade */
    this.parts = new Map(Object.entries(document.early));
    /** Of two words or three, the one that they stand for. @type {ReadonlyMap<string, string>} */
    this.joined = new Map(Object.entries(document.joined));
    /** @type {ReadonlyMap<string, number>} */
    this.decades = new Map(Object.entries(document.decades));
    const own = ownTags(styles, facets);
    playlists.forEach(({ name }, playlist) => {
      const word = { name, entry: {}, tags: [], playlist };
      for (const phrase of [name, name.replace(/\p{Extended_Pictographic}/gu, "")]) this.#add(phrase, word);
    });
    for (const [name, tags] of own) this.#add(name, { name: tags.said, entry: {}, tags: related(own, name, []), playlist: -1 });
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
    // A word with a meaning of its own is no other's synonym.
    if (this.#phrases.get(key)?.name === phrase && word.name !== phrase) return;
    this.#phrases.set(key, word);
    this.longest = Math.max(this.longest, key.split(" ").length);
  }

  /** Whether a phrase begins so. @param {string} part  normalized */
  begins(part) {
    return [...this.#phrases.keys()].some((phrase) => phrase.startsWith(part));
  }

  /** @param {string} phrase  normalized  @returns {Word | undefined} */
  find(phrase) {
    return this.#phrases.get(phrase);
  }
}

/**
 * The categories of the map by what they are called.
 *
 * @param {readonly string[]} styles
 * @param {readonly Trait[]} facets
 * @returns {Map<string, {said: string, tags: Omit<Tag, "weight">[]}>}
 */
function ownTags(styles, facets) {
  const own = new Map();
  const add = (/** @type {string} */ said, /** @type {string} */ id, /** @type {number} */ place) => {
    const key = normalized(said);
    const known = own.get(key) ?? { said, tags: [] };
    known.tags.push({ id, place });
    own.set(key, known);
  };
  for (const { id, categories } of facets) categories.forEach(({ name }, place) => add(name, id, place));
  styles.forEach((name, place) => add(name, STYLES, place));
  return own;
}

/**
 * What is called so, or is a kind of it ("deep house" is house), and what else goes along.
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
