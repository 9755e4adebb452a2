/** Loads the describer at the first search. */

/** @import { Describer } from "./describer.js" */
/** @import { DescribingReader, DetailsReader } from "../data/load.js" */
/** @import { SearchIndex } from "../data/search.js" */
/** @import { MapData, TextData } from "../data/types.js" */

export class DescriberLoader {
  #map;
  #details;
  #reader;
  /** @type {[SearchIndex, TextData] | null} */
  #names = null;
  /** @type {Promise<void> | null} */
  #pending = null;
  /** The describer, once it is loaded. @type {Describer | null} */
  describer = null;

  /** @param {{map: MapData, details: DetailsReader, reader: DescribingReader}} parts */
  constructor({ map, details, reader }) {
    this.#map = map;
    this.#details = details;
    this.#reader = reader;
  }

  /** @param {SearchIndex} index  complete  @param {TextData} text */
  setNames(index, text) {
    this.#names = [index, text];
    this.describer?.setNames(index, text);
  }

  /** @returns {Promise<void>}  rejects with a DataError; can be called again */
  async prepare() {
    if (!this.#reader.isAvailable) return;
    this.#pending ??= this.#load();
    try {
      await this.#pending;
    } catch (reason) {
      this.#pending = null;
      throw reason;
    }
  }

  async #load() {
    const Describing = await this.#reader.readScript();
    const describer = new Describing({ map: this.#map, details: this.#details, readWords: this.#reader.readWords });
    await describer.prepare();
    if (this.#names) describer.setNames(...this.#names);
    this.describer = describer;
  }
}
