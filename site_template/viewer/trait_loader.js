/** Fetches what is known of every track once something needs it, and puts it into the state. */

import { createTrait, traitNames } from "./traits.js";

/** @import { DetailsReader } from "./load.js" */
/** @import { Store } from "./store.js" */
/** @import { MapData } from "./types.js" */

export class TraitLoader {
  #map;
  #store;
  #details;

  /**
   * @param {MapData} map
   * @param {Store} store
   * @param {DetailsReader} details
   */
  constructor(map, store, details) {
    this.#map = map;
    this.#store = store;
    this.#details = details;
    /** What can be asked for. */
    this.names = traitNames(map.columns);
  }

  /** @param {string} id */
  offers(id) {
    return this.names.some((name) => name.id === id);
  }

  /**
   * @param {readonly string[]} ids
   * @param {(note: string) => void} tell  how it goes, in words; empty when there is nothing to say
   * @returns {Promise<boolean>}  whether they are all there now
   */
  async load(ids, tell) {
    const wanted = this.names.filter(({ id }) => ids.includes(id) && !this.#store.get().traits.has(id));
    if (wanted.length === 0) return true;
    try {
      tell("Reading the details of all tracks");
      const documents = await this.#details.readAll((share) =>
        tell(`Reading the details of all tracks: ${Math.floor(100 * share)} %`),
      );
      const traits = new Map(this.#store.get().traits);
      for (const name of wanted) traits.set(name.id, createTrait(name, documents, this.#map.count));
      this.#store.set({ traits });
      tell("");
      return true;
    } catch (reason) {
      if (!(reason instanceof Error) || reason.name !== "DataError") throw reason;
      tell(reason.message);
      return false;
    }
  }
}
