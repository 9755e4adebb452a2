/** The listening history: loaded when its section of the legend or the time slider is opened; hidden without a history. */

import { messageOf } from "../data/decode.js";

/** @import { DetailsReader, ListeningReader } from "../data/load.js" */
/** @import { Store } from "../state/store.js" */
/** @import { TraitLoader } from "../state/trait_loader.js" */
/** @import { Box, MapData, TextData } from "../data/types.js" */

export class Listening {
  #host;
  #surface;
  #parts;
  /** @type {TextData | null} */
  #text = null;
  #isTrailShown = false;
  /** @type {Promise<import("./taste_trail.js").TasteTrail> | null} */
  #trail = null;

  /**
   * @param {HTMLDetailsElement} host
   * @param {HTMLElement} surface  the map
   * @param {{map: MapData, store: Store, details: DetailsReader, readListening: ListeningReader, traitLoader: TraitLoader, goTo: (track: number) => void, freeArea: () => Box}} parts
   */
  constructor(host, surface, parts) {
    this.#host = host;
    this.#surface = surface;
    this.#parts = parts;
    const { facts, facets } = parts.map.columns;
    host.hidden = !facts.includes("last_played") || !facets.includes("plays");
    host.addEventListener("toggle", () => void this.#fill());
  }

  /** @param {TextData} text */
  setText(text) {
    this.#text = text;
    void this.#fill();
  }

  async #fill() {
    if (!this.#host.open || !this.#text) return;
    try {
      await (await this.#parts.readListening()).showCoasts(this.#host, this.#parts, this.#text);
      // Its content has grown since it was opened.
      if (this.#host.open) this.#host.scrollIntoView({ block: "nearest" });
    } catch (reason) {
      /** @type {HTMLElement} */ (this.#host.querySelector("p")).textContent = messageOf(reason);
    }
  }

  /** Shows or hides the taste trail. @param {boolean} isShown  @param {(note: string) => void} tell  reports a failure */
  async showTrail(isShown, tell) {
    this.#isTrailShown = isShown;
    tell("");
    if (this.#parts.map.columns.yearsPlayed.length === 0 || (!isShown && !this.#trail)) return;
    this.#trail ??= this.#parts.readListening().then(({ createTasteTrail }) => createTasteTrail(this.#surface, this.#parts));
    try {
      (await this.#trail).show(this.#isTrailShown);
    } catch (reason) {
      this.#trail = null;
      tell(messageOf(reason));
    }
  }
}
