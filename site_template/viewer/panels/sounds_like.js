/** The tracks most similar to the pinned one: a section of its card, and lines on the map. */

import { messageOf } from "../data/decode.js";
import { built, gettext } from "../data/language.js";
import { button, element } from "../ui/dom.js";
import { isolated } from "../ui/format.js";
import { foldedList } from "./folded_list.js";
import { findDistant, keptText, summarizeShared } from "./neighbor_distance.js";
import { trackRow } from "./track_row.js";
import { NO_GROUP, NO_TRACK } from "../data/types.js";

/** @import { NeighborsReader } from "../data/load.js" */
/** @import { Renderer } from "../map/renderer.js" */
/** @import { Store } from "../state/store.js" */
/** @import { MapData, Neighbors, TextData } from "../data/types.js" */

/** Initial number of rows, to keep the card small. */
const FIRST_ROWS = 5;

export class SoundsLike {
  #map;
  #store;
  #reader;
  #goTo;
  #findPathFrom;
  #mix;
  /** @type {TextData | null} */
  #text = null;

  /**
   * @param {{map: MapData, store: Store, reader: NeighborsReader, renderer: Renderer, goTo: (track: number) => void,
   *   findPathFrom: (track: number) => void, mix: (track: number, isMore: boolean) => void}} parts
   */
  constructor({ map, store, reader, renderer, goTo, findPathFrom, mix }) {
    this.#map = map;
    this.#store = store;
    this.#reader = reader;
    this.#goTo = goTo;
    this.#findPathFrom = findPathFrom;
    this.#mix = mix;
    store.subscribe(["pinned"], async ({ pinned }) => {
      renderer.setLinks({ track: pinned, neighbors: [] });
      if (pinned === NO_TRACK || !reader.isAvailable) return;
      try {
        const { tracks } = await reader.read(pinned);
        if (store.get().pinned !== pinned) return;
        const elsewhere = this.#elsewhere(pinned, tracks);
        renderer.setLinks({ neighbors: tracks.map((track, index) => ({ track, isElsewhere: elsewhere[index] })) });
      } catch (reason) {
        // The card, which loads the same data, reports the error.
        messageOf(reason);
      }
    });
  }

  /** @param {TextData} text */
  setText(text) {
    this.#text = text;
  }

  /**
   * @param {number} track
   * @param {() => void} onGrow  called when the height of the section changes
   * @param {() => void} onEnter  called when keyboard navigation opens another track's card
   */
  section(track, onGrow, onEnter) {
    const section = element("section", { class: "alike", "aria-label": this.#reader.isAvailable ? gettext("Sounds like") : gettext("Paths"), hidden: true });
    const show = (/** @type {HTMLElement[]} */ ...nodes) => {
      section.replaceChildren(...nodes);
      section.hidden = false;
      onGrow();
    };
    if (this.#reader.isAvailable) {
      this.#reader.read(track).then(
        (neighbors) => show(...this.#nodes(track, neighbors, onGrow, onEnter)),
        (reason) => {
          if (!(reason instanceof Error)) throw reason;
          show(element("h3", {}, gettext("Sounds like")), element("p", { class: "card-note" }, reason.message));
        },
      );
    } else if (this.#map.count > 1) {
      section.replaceChildren(this.#pathButton(track));
      section.hidden = false;
    }
    return section;
  }

  /**
   * @param {number} track
   * @param {Neighbors} neighbors
   * @param {() => void} onGrow
   * @param {() => void} onEnter
   */
  #nodes(track, { tracks, shared, kept }, onGrow, onEnter) {
    const elsewhere = this.#elsewhere(track, tracks);
    const rows = tracks.map((other, index) => {
      const notes = [built(summarizeShared(shared[index] ?? "")), elsewhere[index] ? this.#whereabouts(track, other) : ""].filter(Boolean);
      return this.#row(other, notes.join(" · "), built(shared[index] ?? ""), onEnter);
    });
    const select = button("text-button", gettext("Select these"), () => this.#store.set({ selected: [track, ...tracks] }));
    return [
      element("div", { class: "alike-head" }, element("h3", {}, gettext("Sounds like")), select),
      ...foldedList(rows, FIRST_ROWS, {}, onGrow),
      element("p", { class: "alike-kept" }, keptText(kept)),
      element(
        "div", { class: "card-actions" },
        this.#pathButton(track),
        button("card-action", gettext("More of this"), () => this.#mix(track, true)),
        button("card-action", gettext("Less of this"), () => this.#mix(track, false)),
      ),
    ];
  }

  /** @param {number} track */
  #pathButton(track) {
    return button("card-action", gettext("Path to another track"), () => this.#findPathFrom(track));
  }

  /**
   * @param {number} track
   * @param {string} note
   * @param {string} figures  the values behind the note
   * @param {() => void} onEnter
   */
  #row(track, note, figures, onEnter) {
    const row = trackRow(/** @type {TextData} */ (this.#text), track, note, (event) => {
      this.#goTo(track);
      if (event.detail === 0) onEnter();
    });
    row.title = figures;
    return row;
  }

  /**
   * @param {number} track
   * @param {readonly number[]} others
   */
  #elsewhere(track, others) {
    const { x, y, view } = this.#map;
    const distances = others.map((other) => Math.hypot(x[other] - x[track], y[other] - y[track]));
    return findDistant(distances, Math.hypot(view[2] - view[0], view[3] - view[1]));
  }

  /** @param {number} track  @param {number} other */
  #whereabouts(track, other) {
    const { cluster, clusters } = this.#map;
    const isNamed = cluster[other] !== NO_GROUP && cluster[other] !== cluster[track];
    return isNamed ? gettext("elsewhere on the map, in {cluster}", { cluster: isolated(clusters[cluster[other]].name) }) : gettext("elsewhere on the map");
  }
}
