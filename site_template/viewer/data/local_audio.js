/**
 * The listener's own files. `spotmap-build preview` serves them beside the page, and says so in the page's head; a page on any
 * other host knows of none.
 */

const META = "meta[name='spotmap-audio']";

/** Why a list cannot be used is no matter of the listener's: then there is no audio, as on any other host. */
const NONE = Object.freeze({});

export class LocalAudio {
  #base;
  /** @type {Readonly<Record<string, string>>} */
  #paths = NONE;

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
    try {
      const answer = await fetch(this.#base, { cache: "no-store" });
      const paths = answer.ok ? await answer.json() : NONE;
      this.#paths = paths && typeof paths === "object" ? paths : NONE;
    } catch {
      this.#paths = NONE;
    }
  }

  /**
   * @param {string} id  of a track
   * @returns {string}  where its audio lies; empty where it is no file
   */
  addressOf(id) {
    return Object.hasOwn(this.#paths, id) ? this.#base + encodeURIComponent(id) : "";
  }

  /**
   * @param {string} id  of a track
   * @returns {string}  the file on the listener's machine, for lists that other players read; empty where it is none
   */
  pathOf(id) {
    return Object.hasOwn(this.#paths, id) ? this.#paths[id] : "";
  }
}
