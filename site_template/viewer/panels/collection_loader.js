/** Opens an album or artist as the selection, and loads the script for it on demand. */

import { messageOf } from "../data/decode.js";
import { tracksNamed } from "../data/named.js";
import { NO_TRACK } from "../data/types.js";
import { shownCollection } from "../state/appearance.js";
import { createPressGuard } from "../ui/presses.js";

/** @import { CollectionParts, Collections } from "./collections.js" */
/** @import { Navigation } from "../map/navigation.js" */
/** @import { Named, TextData } from "../data/types.js" */
/** @typedef {Omit<CollectionParts, "text" | "show" | "fail" | "whenReleased"> & {readScript: () => Promise<typeof Collections>, navigation: Navigation, say: (note: string) => void}} LoaderParts */

/** Margin around the tracks for their outline, map units. */
const MARGIN = 1600;

export class CollectionLoader {
  #host;
  #whenReleased;
  #parts;
  /** @type {TextData | null} */
  #text = null;
  /** @type {Collections | null} */
  #collections = null;
  /** The pending request to open one. @type {{takesFocus: boolean, focused: Element | null} | null} */
  #asked = null;

  /** @param {HTMLElement} host  a part of the selection's panel  @param {LoaderParts} parts */
  constructor(host, parts) {
    this.#host = host;
    this.#whenReleased = createPressGuard(host);
    this.#parts = parts;
    parts.store.subscribe(["selected", "collection"], () => void this.#follow());
  }

  /** @param {TextData} text */
  setText(text) {
    this.#text = text;
    void this.#follow();
  }

  /** @param {Named} named */
  show({ kind, name, by }) {
    if (!this.#text) return;
    const tracks = tracksNamed(this.#text, { kind, name, by });
    // The pressed element disappears with its panel.
    const asked = (this.#asked = { takesFocus: Boolean(document.activeElement?.closest(".card, .collection")), focused: document.activeElement });
    this.#parts.store.set({ collection: { kind, name, by, tracks, notes: [] }, selected: tracks, pinned: NO_TRACK, hovered: NO_TRACK, query: "", matches: null, almost: [] });
    asked.focused = document.activeElement; // now that the card is closed
  }

  /** Finds albums and artists by name; nothing before the script is loaded. @type {Collections["find"]} */
  find(...query) {
    return this.#collections?.find(...query) ?? { rows: [], before: 0 };
  }

  /** Loads the name index. @returns {Promise<void>}  rejects with a DataError */
  async prepare() {
    if (this.#text) await (await this.#load()).index();
  }

  async #load() {
    const { readScript, ...parts } = this.#parts;
    const text = /** @type {TextData} */ (this.#text);
    const Made = await readScript();
    return (this.#collections ??= new Made(this.#host, { ...parts, text, show: (named) => this.show(named), fail: (reason) => this.#fail(reason), whenReleased: this.#whenReleased }));
  }

  async #follow() {
    const state = this.#parts.store.get();
    if (!this.#text || !shownCollection(state)) return this.#hide();
    try {
      if (!(await this.#load()).present() || !this.#asked) return;
      this.#parts.navigation.frame(state.selected, MARGIN);
      // Unless the user went on to something else while it was loading.
      const isLeft = [this.#asked.focused, document.body].includes(document.activeElement);
      if (this.#asked.takesFocus && isLeft) /** @type {HTMLElement | null} */ (this.#host.querySelector("[tabindex]"))?.focus({ preventScroll: true });
      this.#asked = null;
    } catch (reason) {
      this.#fail(reason);
    }
  }

  #hide() {
    this.#asked = null;
    this.#host.hidden = true;
    this.#parts.renderer.setOverlay(null);
  }

  /** Reports a failure; the tracks stay selected. @param {unknown} reason */
  #fail(reason) {
    this.#hide();
    this.#parts.say(messageOf(reason));
  }
}
