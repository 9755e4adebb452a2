/** Finds albums and artists for a search query. Pure. */

import { normalized, SearchIndex } from "./search.js";
import { finished } from "./work.js";

/** @import { Named, TextData } from "./types.js" */
/** @typedef {Named & {count: number, isVarious: boolean}} Collection  `count`: number of its tracks; `isVarious`: no artist has half of them */

/** With more results, tracks would be out of sight. */
const MAX_FOUND = 4;
/** Number of tracks that may come before albums and artists. */
const MAX_BEFORE = 3;
/** Number of results to compare; a complete name is always among them. */
const MAX_COMPARED = 50;
/** Tracks to scan, or names to index, per slice: some milliseconds. */
const SLICE = 500;

/** Returns all artists and albums of a library, the largest first. @param {TextData} text  @returns {Collection[]} */
export const collectionsOf = (text) => finished(gather(text));

/**
 * The same, in slices.
 *
 * @param {TextData} text
 * @returns {Generator<void, Collection[]>}
 */
function* gather({ titles, artistsOf, albumOf, albumNumberOf }) {
  /** @type {Map<string, number>} */
  const artists = new Map();
  /** @type {Map<number, {name: string, count: number, by: Map<string, number>}>} */
  const albums = new Map();
  for (let track = 0; track < titles.length; track++) {
    if (track % SLICE === SLICE - 1) yield;
    const names = artistsOf(track);
    for (const name of new Set(names)) artists.set(name, (artists.get(name) ?? 0) + 1);
    const name = albumOf(track);
    if (!name) continue;
    const number = albumNumberOf(track);
    let album = albums.get(number);
    if (!album) albums.set(number, (album = { name, count: 0, by: new Map() }));
    album.count++;
    for (const by of names) album.by.set(by, (album.by.get(by) ?? 0) + 1);
  }
  /** @type {Collection[]} */
  const all = Array.from(artists, ([name, count]) => ({ kind: "artist", name, by: "", count, isVarious: false }));
  for (const { name, count, by } of albums.values()) {
    const [leading, most] = [...by].reduce((best, entry) => (entry[1] > best[1] ? entry : best), ["", 0]);
    all.push({ kind: "album", name, by: leading, count, isVarious: by.size > 1 && 2 * most < count });
  }
  return all.sort((left, right) => right.count - left.count);
}

export class CollectionIndex {
  #gathering;
  /** @type {Collection[]} */
  #all = [];
  /** @type {SearchIndex | null} */
  #index = null;

  /** @param {TextData} text */
  constructor(text) {
    this.#gathering = gather(text);
  }

  /** Indexes a few more names. @returns {boolean}  whether the index is complete */
  grow() {
    if (!this.#index) {
      const { done, value } = this.#gathering.next();
      if (done) this.#begin(value);
      return false;
    }
    this.#index.grow(SLICE);
    return this.#index.isComplete;
  }

  /** @param {Collection[]} all */
  #begin(all) {
    this.#all = all;
    // Names are searched like titles, together with the artists of albums.
    this.#index = new SearchIndex({
      titles: all.map(({ name }) => name),
      artistsOf: (index) => [all[index].by],
      albumOf: () => "",
      albumNumberOf: () => 0,
    });
  }

  /**
   * Albums and artists with a single track add nothing to that track, so they are found by their complete name only.
   *
   * @param {string} query
   * @param {boolean} [ofWholeWords]  whether each word must match a whole word of the name, because the query may mean something else
   * @returns {Collection[]}  best first; larger ones first among equals
   */
  find(query, ofWholeWords = false) {
    const index = this.#index;
    if (!index) return [];
    const whole = normalized(query);
    const places = index.search(query) ?? [];
    /** @type {Collection[]} */
    const found = [];
    for (const [rank, place] of (ofWholeWords ? index.withWords(places, query) : places).entries()) {
      const entry = this.#all[place];
      if (entry.count === 1 && (rank >= MAX_COMPARED || normalized(entry.name) !== whole)) continue;
      found.push(entry);
      if (found.length === MAX_FOUND) break;
    }
    return found;
  }
}

/**
 * Returns how many of the found tracks come before the albums and artists: those whose title is the query, if no album or artist is.
 *
 * @param {readonly Collection[]} found  best first
 * @param {readonly string[]} titles  titles of the found tracks, best first
 * @param {string} query
 */
export function countBefore(found, titles, query) {
  const isCalledSo = (/** @type {string} */ name) => normalized(name) === normalized(query);
  if (found.some(({ name }) => isCalledSo(name))) return 0;
  const rest = titles.slice(0, MAX_BEFORE).findIndex((title) => !isCalledSo(title));
  return rest < 0 ? MAX_BEFORE : rest;
}
