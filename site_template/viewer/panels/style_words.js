/** Styles, moods and traits as buttons; the map then shows the tracks that have one. */

import { gettext, gettext_noop } from "../data/language.js";
import { element } from "../ui/dom.js";
import { MAX_STRENGTH, STYLES } from "../data/traits.js";
import { afterSolo } from "./legend_rows.js";

/** @import { Store } from "../state/store.js" */
/** @import { TraitLoader } from "../state/trait_loader.js" */
/** @import { MapData, TrackDetails } from "../data/types.js" */

/** Maximum number on a card, which is only a summary. */
const MAX_ON_CARD = 4;
/** Labels of strengths, by thirds. */
const STRENGTHS = [gettext_noop("light"), gettext_noop("clear"), gettext_noop("strong")];
/** Separators in a cluster's name, and the suffix after the words: an artist, or a number. */
const BETWEEN = /\s+–\s+|,\s+/;
const AFTER = /\s+\(.*\)$|\s+\d+$/;

export class StyleWords {
  #map;
  #store;
  #traitLoader;
  /** Counter that invalidates earlier presses. */
  #turn = 0;

  /** @param {{map: MapData, store: Store, traitLoader: TraitLoader}} parts */
  constructor({ map, store, traitLoader }) {
    this.#map = map;
    this.#store = store;
    this.#traitLoader = traitLoader;
  }

  /**
   * Returns the characteristic styles of a track, with bars for their strength.
   *
   * @param {TrackDetails["styles"]} styles
   */
  ofTrack(styles) {
    const items = styles.slice(0, MAX_ON_CARD).map(({ name, strength }) => {
      const said = STRENGTHS[Math.ceil((strength * STRENGTHS.length) / MAX_STRENGTH) - 1];
      const fill = element("span", { class: "bar-fill" });
      fill.style.width = `${Math.round((100 * strength) / MAX_STRENGTH)}%`;
      const bar = element("span", { class: "bar", "aria-hidden": "true" }, fill);
      return element("li", {}, this.#word(name, gettext("{style}, {strength}: show only these tracks", { style: name, strength: gettext(said) }), bar));
    });
    return element("ul", { class: "chips", "aria-label": gettext("Styles and moods") }, ...items);
  }

  /**
   * Returns the words of a cluster's name as buttons. A style shows only its tracks; a trait ("slow") starts a search.
   *
   * @param {string} name
   * @returns {HTMLElement[]}  empty if the map has no styles
   */
  ofName(name) {
    const { styles } = this.#map.columns;
    if (styles.length === 0) return [];
    const items = wordsOf(name, styles).map(({ word, isStyle }) => {
      if (isStyle) return element("li", {}, this.#word(word, gettext("Show only {name}", { name: word })));
      const button = element("button", { class: "chip style-word", type: "button", title: gettext("Search for {word}", { word }) }, word);
      button.addEventListener("click", () => this.#store.set({ query: word }));
      return element("li", {}, button);
    });
    return [element("ul", { class: "chips", "aria-label": gettext("Words of its name") }, ...items)];
  }

  /** @param {string} name  @param {string} label  @param {HTMLElement[]} bars */
  #word(name, label, ...bars) {
    const button = element("button", { class: "chip style-word", type: "button", translate: "no", "data-style": name, "aria-label": label, title: label }, name, ...bars);
    button.addEventListener("click", () => void this.#show(name));
    return button;
  }

  /** @param {string} name */
  async #show(name) {
    const turn = ++this.#turn;
    const { colorBy } = this.#store.get();
    const progress = /** @type {HTMLElement | null} */ (document.querySelector(".legend-progress"));
    const isLoaded = await this.#traitLoader.load([STYLES], (note) => {
      if (progress) progress.textContent = note;
    });
    const state = this.#store.get();
    // Another word was pressed, or another coloring chosen, while these were loading.
    if (!isLoaded || turn !== this.#turn || state.colorBy !== colorBy) return;
    this.#store.set({ colorBy: STYLES, ...afterSolo(this.#map, { ...state, colorBy: STYLES }, name) });
  }
}

/**
 * @param {string} name  "Dub techno, house – deep, slow (An artist)"
 * @param {readonly string[]} styles
 * @returns {{word: string, isStyle: boolean}[]}  styles in their original spelling
 */
export function wordsOf(name, styles) {
  const known = new Map(styles.map((style) => [style.toLowerCase(), style]));
  const parts = name.replace(AFTER, "").split(BETWEEN);
  return parts.filter(Boolean).map((part) => ({ word: known.get(part.toLowerCase()) ?? part.toLowerCase(), isStyle: known.has(part.toLowerCase()) }));
}
