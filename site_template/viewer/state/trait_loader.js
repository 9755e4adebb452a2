/** Loads traits of all tracks on demand, and puts them into the state. */

import { messageOf } from "../data/decode.js";
import { readingText } from "../data/load.js";
import { createSinceTrait, createTrait, traitNames } from "../data/traits.js";

/** @import { DetailsReader, ListeningReader } from "../data/load.js" */
/** @import { Store } from "./store.js" */
/** @import { Insights, MapData, Trait } from "../data/types.js" */
/** @import { TraitName } from "../data/traits.js" */

export class TraitLoader {
  #map;
  #store;
  #details;
  #readInsights;
  #readListening;

  /**
   * @param {MapData} map
   * @param {Store} store
   * @param {DetailsReader} details
   * @param {() => Promise<Insights>} readInsights
   * @param {ListeningReader} readListening
   */
  constructor(map, store, details, readInsights, readListening) {
    this.#map = map;
    this.#store = store;
    this.#details = details;
    this.#readInsights = readInsights;
    this.#readListening = readListening;
    /** The traits that can be loaded. */
    this.names = traitNames(map.columns);
  }

  /** @param {string} id */
  offers(id) {
    return this.names.some((name) => name.id === id);
  }

  /**
   * @param {readonly string[]} ids
   * @param {(note: string) => void} tell  shows the progress, as text; empty to clear it
   * @returns {Promise<boolean>}  whether all of them are loaded
   */
  async load(ids, tell) {
    const wanted = this.names.filter(({ id }) => ids.includes(id) && !this.#store.get().traits.has(id));
    if (wanted.length === 0) return true;
    try {
      const arrived = await Promise.all([
        this.#fromDetails(wanted.filter(({ source }) => source === "details"), tell),
        this.#fromInsights(wanted.filter(({ source }) => source === "insights")),
        this.#fromListening(wanted.filter(({ source }) => source === "listening"), tell),
      ]);
      // Keep traits that were loaded in the meantime: they may already have sizes.
      this.#store.set({ traits: new Map([...arrived.flat().map((trait) => /** @type {const} */ ([trait.id, trait])), ...this.#store.get().traits]) });
      tell("");
      return true;
    } catch (reason) {
      tell(messageOf(reason));
      return false;
    }
  }

  /**
   * @param {string} id  of a trait in `names`
   * @param {(note: string) => void} tell
   * @returns {Promise<boolean>}  whether points can be sized by it
   */
  async loadSizes(id, tell) {
    if (!(await this.load([id], tell))) return false;
    const trait = /** @type {Trait} */ (this.#store.get().traits.get(id));
    if (trait.sizes) return true;
    try {
      const sized = (await this.#readListening()).withSizes(trait, tell);
      if (sized) this.#store.set({ traits: new Map(this.#store.get().traits).set(id, sized) });
      return sized !== null;
    } catch (reason) {
      tell(messageOf(reason));
      return false;
    }
  }

  /**
   * @param {readonly TraitName[]} names
   * @param {(note: string) => void} tell
   */
  async #fromDetails(names, tell) {
    if (names.length === 0) return [];
    const documents = await this.#readAll(tell);
    return names.map((name) => createTrait(name, documents, this.#map.count));
  }

  /**
   * @param {readonly TraitName[]} names
   * @param {(note: string) => void} tell
   */
  async #fromListening(names, tell) {
    if (names.length === 0) return [];
    const [{ heatTrait }, documents] = await Promise.all([this.#readListening(), this.#readAll(tell)]);
    return names.map((name) => heatTrait(name, this.#map, documents));
  }

  /** @param {(note: string) => void} tell */
  #readAll(tell) {
    tell(readingText(0));
    return this.#details.readAll((share) => tell(readingText(share)));
  }

  /** @param {readonly TraitName[]} names */
  async #fromInsights(names) {
    if (names.length === 0) return [];
    const { since } = await this.#readInsights();
    return names.map((name) => createSinceTrait(name, since, this.#map.count));
  }
}
