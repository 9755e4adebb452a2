/** Finds albums and artists by what a person types. Pure. */

import { normalized, SearchIndex } from "./search.js";
import { finished } from "./work.js";

/** @import { Named, TextData } from "./types.js" */
/** @typedef {Named & {count: number, isVarious: boolean}} Collection  `count`: of its tracks; `isVarious`: no artist has half of them */

/** More would push tracks out of sight. */
const MOST_FOUND = 4;
/** Tracks that may come before them. */
const MOST_BEFORE = 3;
/** A whole name is among the best of what is found. */
const MOST_COMPARED = 50;
/** Tracks that are looked through, and names that are taken in, at once: some milliseconds. */
const SLICE = 500;

/** All artists and albums of a library, the largest first. @param {TextData} text  @returns {Collection[]} */
export const collectionsOf = (text) => finished(gather(text));

/**
 * The same in slices.
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
    const [leading, most] = [...by].reduce((best, one) => (one[1] > best[1] ? one : best), ["", 0]);
    all.push({ kind: "album", name, by: leading, count, isVarious: by.size > 1 && 2 * most < count });
  }
  return all.sort((one, other) => other.count - one.count);
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

  /** Takes a little more in. @returns {boolean}  whether it is complete now */
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
    // Their names are sought as titles are, with the artists of albums beside them.
    this.#index = new SearchIndex({
      titles: all.map(({ name }) => name),
      artistsOf: (place) => [all[place].by],
      albumOf: () => "",
      albumNumberOf: () => 0,
    });
  }

  /**
   * Of one track only there is nothing to show but that track: such ones are found by their whole name.
   *
   * @param {string} query
   * @param {boolean} [ofWholeWords]  whether each word must be one of the name's: what is typed may mean something else
   * @returns {Collection[]}  best first, the larger of equals
   */
  find(query, ofWholeWords = false) {
    const index = this.#index;
    if (!index) return [];
    const whole = normalized(query);
    const places = index.search(query) ?? [];
    /** @type {Collection[]} */
    const found = [];
    for (const [rank, place] of (ofWholeWords ? index.withWords(places, query) : places).entries()) {
      const one = this.#all[place];
      if (one.count === 1 && (rank >= MOST_COMPARED || normalized(one.name) !== whole)) continue;
      found.push(one);
      if (found.length === MOST_FOUND) break;
    }
    return found;
  }
}

/**
 * How many of the tracks that were found come before the albums and artists: those that are called so, where none of these is.
 *
 * @param {readonly Collection[]} found  best first
 * @param {readonly string[]} titles  of the tracks, best first
 * @param {string} query
 */
export function countBefore(found, titles, query) {
  const isCalledSo = (/** @type {string} */ name) => normalized(name) === normalized(query);
  if (found.some(({ name }) => isCalledSo(name))) return 0;
  const rest = titles.slice(0, MOST_BEFORE).findIndex((title) => !isCalledSo(title));
  return rest < 0 ? MOST_BEFORE : rest;
}
