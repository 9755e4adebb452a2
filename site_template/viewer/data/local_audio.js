/**
 * The listener's own files. `spotmap-build preview` serves them beside the page, and says so in the page's head. Where they lie
 * is also known to a page that was opened from disk, by the list that a build leaves beside the site. A page on any other host
 * knows of none.
 */

import { readTwin } from "./load.js";

const META = "meta[name='spotmap-audio']";
const LIST = "audio.json";

/** Why a list cannot be used is no matter of the listener's: then there is no audio, as on any other host. */
const NONE = Object.freeze({});

/** @param {any} paths  @returns {Readonly<Record<string, string>>} */
const asPaths = (paths) => (paths && typeof paths === "object" ? paths : NONE);

/**
 * @param {string} pathname  of a page from disk
 * @returns {string}  the list beside the site's folder
 */
const listBeside = (pathname) => `../${pathname.split("/").at(-2)}.${LIST}`;

export class LocalAudio {
  #base;
  /** @type {Readonly<Record<string, string>>} */
  #paths = NONE;
  /** @type {Promise<void> | null} */
  #reading = null;

  /** @param {string} base  the address below which the files lie; empty where there are none */
  constructor(base) {
    this.#base = base;
  }

  /** What the page that is open can play. @param {ParentNode} page */
  static of(page) {
    return new LocalAudio(page.querySelector(META)?.getAttribute("content") ?? "");
  }

  /** Learns which tracks are files. Asks nobody where there are none. */
  async load() {
    if (!this.#base) return;
    this.#reading ??= this.#fetchPaths();
    await this.#reading;
  }

  /** Learns where they lie, for lists that other players read: of a page from disk only once somebody wants one. */
  async loadPaths() {
    if (!this.#base && location.protocol === "file:") this.#reading ??= this.#readPaths();
    await (this.#reading ?? this.load());
  }

  /** Whether any track can be played. */
  get isThere() {
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
      this.#paths = NONE; // the site was copied without it
    }
  }

  /**
   * @param {string} id  of a track
   * @returns {string}  where its audio lies; empty where it is no file that can be played here
   */
  addressOf(id) {
    return this.#base && Object.hasOwn(this.#paths, id) ? this.#base + encodeURIComponent(id) : "";
  }

  /**
   * @param {string} id  of a track
   * @returns {string}  the file on the listener's machine, for lists that other players read; empty where it is none
   */
  pathOf(id) {
    return Object.hasOwn(this.#paths, id) ? this.#paths[id] : "";
  }
}
