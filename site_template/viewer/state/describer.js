/** Parses and evaluates descriptions of sound. Loads the required data when a search begins, and caches it. */

import { changed, describe } from "../data/describe.js";
import { Fitter } from "../data/fit.js";
import { createNameFinder } from "../data/name_finder.js";
import { createTrait, traitNames } from "../data/traits.js";
import { Words } from "../data/words.js";

/** @import { Condition, Description, FindNames } from "../data/describe.js" */
/** @import { Fitting } from "../data/fit.js" */
/** @import { DetailsReader } from "../data/load.js" */
/** @import { SearchIndex } from "../data/search.js" */
/** @import { MapData, TextData, Trait } from "../data/types.js" */

/** No limit on the number of genres: each one is a word. */
const ALL = Infinity;
/** Yields to the event loop. */
const pause = () => new Promise((resolve) => setTimeout(resolve));

export class Describer {
  #map;
  #details;
  #readWords;
  /** @type {any} */
  #document = null;
  /** @type {Words | null} */
  #words = null;
  /** @type {readonly any[] | null} */
  #documents = null;
  /** @type {Fitter | null} */
  #fitter = null;
  /** @type {FindNames} */
  #findNames = () => null;
  /** @type {Map<string, Trait | null>} */
  #traits = new Map();

  /** @param {{map: MapData, details: DetailsReader, readWords: () => Promise<any>}} parts */
  constructor({ map, details, readWords }) {
    this.#map = map;
    this.#details = details;
    this.#readWords = readWords;
  }

  /** @param {SearchIndex} index  complete @param {TextData} text */
  setNames(index, text) {
    const playlists = this.#map.playlists.map(({ name, index: number }) => ({ name, tracks: () => this.#tracksOf(number) }));
    this.#findNames = createNameFinder(index, text, playlists);
  }

  /** Loads the vocabulary. @returns {Promise<void>}  rejects with a DataError */
  async prepare() {
    this.#document ??= await this.#readWords();
    this.#words ??= this.#wordsWith([]);
  }

  /** @param {string} text  @returns {Description}  empty until the vocabulary is loaded */
  read(text) {
    return this.#words ? describe(text, this.#words, this.#findNames) : { conditions: [], unknown: [] };
  }

  /** Whether all data for fits is loaded; genres are words only from then on. */
  get isReady() {
    return this.#fitter !== null;
  }

  /** @param {(share: number) => void} onProgress  0..1 @returns {Promise<void>}  fails with a DataError */
  async load(onProgress) {
    await this.prepare();
    this.#documents = await this.#details.readAll(onProgress);
    const facets = [];
    for (const name of this.#map.columns.facets) {
      await pause();
      facets.push(this.#trait(`facet.${name}`) ?? []);
    }
    this.#words = this.#wordsWith(facets.flat().filter(({ membership }) => membership !== null));
    const { count, x, y } = this.#map;
    this.#fitter = new Fitter({ count, x, y, trait: (id) => this.#trait(id), tracksOfPlaylist: (number) => this.#tracksOf(number) }, this.#words);
    void this.#warmUp(this.#fitter);
  }

  /** Ranks traits in advance, in slices, so that a large library does not block typing. @param {Fitter} fitter */
  async #warmUp(fitter) {
    for (const { id } of traitNames(this.#map.columns)) {
      const work = fitter.preparing(id);
      do await pause();
      while (!work.next().done);
    }
  }

  /** Returns the text with a condition removed or negated. @param {string} text  @param {Condition} condition  @param {"remove" | "negate"} change */
  change(text, condition, change) {
    return changed(text, condition, change);
  }

  /** Computes fits in slices. @param {Description} description  with at least one condition  @returns {Generator<void, Fitting>} */
  fitting({ conditions }) {
    if (!this.#fitter) throw new Error("nothing to measure by was loaded");
    return this.#fitter.fitting(conditions);
  }

  /** @param {readonly Trait[]} facets */
  #wordsWith(facets) {
    return new Words(this.#document, { styles: this.#map.columns.styles, playlists: this.#map.playlists, facets });
  }

  /** @param {string} id */
  #trait(id) {
    let trait = this.#traits.get(id);
    if (trait === undefined) {
      const name = traitNames(this.#map.columns).find((item) => item.id === id);
      trait = name && this.#documents ? createTrait(name, this.#documents, this.#map.count, ALL) : null;
      this.#traits.set(id, trait);
    }
    return trait;
  }

  /** @param {number} playlist */
  #tracksOf(playlist) {
    const { offsets, groups } = this.#map.memberships.playlist;
    /** @type {number[]} */
    const tracks = [];
    for (let track = 0; track < this.#map.count; track++) if (groups.subarray(offsets[track], offsets[track + 1]).includes(playlist)) tracks.push(track);
    return tracks;
  }
}
