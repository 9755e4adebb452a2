/**
 * The user's own audio files. `spotmap-build preview` serves them together with the page, and a `meta` element says so. A page that is
 * opened from disk finds them in the list that a build writes beside the site. A page on any other host has none.
 */

import { readTwin } from "./load.js";

const META = "meta[name='spotmap-audio']";
const LIST = "audio.json";

/** Used if the list cannot be read: there is no audio then, as on any other host. */
const NONE = Object.freeze({});

/** @param {any} paths  @returns {Readonly<Record<string, string>>} */
const asPaths = (paths) => (paths && typeof paths === "object" ? paths : NONE);

/**
 * @param {string} pathname  of a page from disk
 * @returns {string}  path of the list beside the site's folder
 */
const listBeside = (pathname) => `../${pathname.split("/").at(-2)}.${LIST}`;

export class LocalAudio {
  #base;
  /** @type {Readonly<Record<string, string>>} */
  #paths = NONE;
  /** @type {Promise<void> | null} */
  #reading = null;

  /** @param {string} base  the base address of the files; empty if there are none */
  constructor(base) {
    this.#base = base;
  }

  /** Returns the local audio of a page. @param {ParentNode} page */
  static of(page) {
    return new LocalAudio(page.querySelector(META)?.getAttribute("content") ?? "");
  }

  /** Loads the list of tracks that are files. Sends no request if there are none. */
  async load() {
    if (!this.#base) return;
    this.#reading ??= this.#fetchPaths();
    await this.#reading;
  }

  /** Loads the files' paths, for playlists for other players. A page from disk loads them only when they are needed. */
  async loadPaths() {
    if (!this.#base && location.protocol === "file:") this.#reading ??= this.#readPaths();
    await (this.#reading ?? this.load());
  }

  /** Whether any track can be played. */
  get isAvailable() {
    return this.#base !== "" && Object.keys(this.#paths).length > 0;
  }

  async #fetchPaths() {
    try {
      const answer = await fetch(this.#base, { cache: "no-store" });
      this.#paths = asPaths(answer.ok ? await answer.json() : NONE);
    } catch {
      this.#paths = NONE;
    }
  }

  async #readPaths() {
    try {
      this.#paths = asPaths(JSON.parse(await readTwin(listBeside(location.pathname), LIST)).files);
    } catch {
      this.#paths = NONE; // the site was copied without the list
    }
  }

  /**
   * @param {string} id  of a track
   * @returns {string}  address of its audio; empty if it is not a file that can be played here
   */
  addressOf(id) {
    return this.#base && Object.hasOwn(this.#paths, id) ? this.#base + encodeURIComponent(id) : "";
  }

  /**
   * @param {string} id  of a track
   * @returns {string}  its file on the user's machine, for playlists for other players; empty if it is not a file
   */
  pathOf(id) {
    return Object.hasOwn(this.#paths, id) ? this.#paths[id] : "";
  }
}
