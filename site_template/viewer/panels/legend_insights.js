/** Additional information in the legend: on each playlist and cluster on demand, and below the list. */

import { messageOf } from "../data/decode.js";
import { button, element, icon, withNames } from "../ui/dom.js";
import { built, formatCount, gettext } from "../data/language.js";
import { foldedList } from "./folded_list.js";
import { insightOf, tracksOfCluster, uncoveredClusters } from "./group_insight.js";
import { trackRow } from "./track_row.js";

/** @import { TrackList } from "./group_insight.js" */
/** @import { LegendRow } from "./legend_rows.js" */
/** @import { Store } from "../state/store.js" */
/** @import { StyleWords } from "./style_words.js" */
/** @import { GroupKind, Insights, MapData, TextData } from "../data/types.js" */

/** Initial number of rows. */
const FIRST_ROWS = 5;
const CHEVRON = "m6 8 4 4 4-4";

export class LegendInsights {
  #map;
  #store;
  #readInsights;
  #goTo;
  #flyToAll;
  #styleWords;
  /** @type {TextData | null} */
  #text = null;
  /** Expandable descriptions of the legend's rows, by their id in the state. @type {Map<string, {opener: HTMLElement, body: HTMLElement}>} */
  #parts = new Map();
  #below = element("div");

  /**
   * @param {{map: MapData, store: Store, readInsights: () => Promise<Insights>, goTo: (track: number) => void,
   *   flyToAll: (tracks: readonly number[]) => void, styleWords: StyleWords}} parts
   */
  constructor({ map, store, readInsights, goTo, flyToAll, styleWords }) {
    this.#map = map;
    this.#store = store;
    this.#readInsights = readInsights;
    this.#goTo = goTo;
    this.#flyToAll = flyToAll;
    this.#styleWords = styleWords;
    store.subscribe(["about"], async () => {
      await Promise.all([...this.#parts.keys()].map((id) => this.#show(id)));
      this.#parts.get(store.get().about)?.body.parentElement?.scrollIntoView({ block: "nearest" });
    });
  }

  /** @param {TextData} text */
  setText(text) {
    this.#text = text;
    void this.#show(this.#store.get().about);
    void this.#fillBelow();
  }

  /** Discards the descriptions, because the legend lists something else. */
  clear() {
    this.#parts.clear();
  }

  /**
   * Creates the button that opens a row's description, and that description.
   *
   * @param {LegendRow} row
   * @returns {HTMLElement[]}  empty if there are no descriptions for such rows
   */
  disclosure({ key, name }) {
    const { colorBy } = this.#store.get();
    const hasMore = this.#map.files.insights && (colorBy === "cluster" || colorBy === "playlist") && Number(key) >= 0;
    if (!hasMore) return [];
    const id = `${colorBy} ${key}`;
    const opener = element(
      "button",
      { class: "legend-about", type: "button", tabindex: "-1", "aria-expanded": "false", "aria-controls": `about-${key}`, "aria-label": gettext("About {name}", { name }) },
      icon(CHEVRON),
    );
    opener.addEventListener("click", () => this.#store.set({ about: this.#store.get().about === id ? "" : id }));
    const body = element("div", { id: `about-${key}`, class: "insight", hidden: true });
    this.#parts.set(id, { opener, body });
    void this.#show(id);
    return [opener, body];
  }

  /** Returns the section below the list. */
  below() {
    this.#below = element("div");
    void this.#fillBelow();
    return this.#below;
  }

  /** Opens or closes a description. @param {string} id */
  async #show(id) {
    const part = this.#parts.get(id);
    if (!part) return;
    const { opener, body } = part;
    const isOpen = this.#store.get().about === id;
    opener.setAttribute("aria-expanded", String(isOpen));
    body.hidden = !isOpen;
    if (!isOpen) return;
    const [kind, key] = id.split(" ");
    const nodes = await this.#orWhyNot((insights) => this.#description(insights, /** @type {GroupKind} */ (kind), Number(key)));
    body.replaceChildren(...nodes);
  }

  /**
   * @param {(insights: Insights) => Node[]} describe
   * @param {(message: string) => Node[]} [whyNot]  content to show on failure
   */
  async #orWhyNot(describe, whyNot = (message) => [element("p", { class: "legend-note", role: "status" }, message)]) {
    try {
      return describe(await this.#readInsights());
    } catch (reason) {
      return whyNot(messageOf(reason));
    }
  }

  /**
   * @param {Insights} insights
   * @param {GroupKind} kind
   * @param {number} index
   */
  #description(insights, kind, index) {
    const { sentence, closeness, lists, notes } = insightOf(this.#map, insights, kind, index);
    /** @type {HTMLElement[]} */
    const nodes = kind === "cluster" ? this.#styleWords.ofName(this.#map.clusters[index].name) : [];
    nodes.push(element("p", { hidden: !sentence }, ...withNames(built(sentence))));
    if (closeness !== null) nodes.push(closenessBar(closeness));
    nodes.push(...(this.#text ? lists.flatMap((list) => this.#list(list, /** @type {TextData} */ (this.#text))) : []));
    return [...nodes, ...notes.map((note) => element("p", {}, ...withNames(note)))];
  }

  /**
   * @param {TrackList} list
   * @param {TextData} text
   */
  #list({ heading, rows, canSelect }, text) {
    const head = element("div", { class: "alike-head" }, element("h2", {}, heading));
    if (canSelect) head.append(button("text-button", gettext("Select these"), () => this.#store.set({ selected: rows.map(({ track }) => track) })));
    return [head, ...foldedList(rows.map(({ track, note }) => this.#track(text, track, note)), FIRST_ROWS, { "aria-label": heading })];
  }

  /** @param {TextData} text  @param {number} track  @param {string} note */
  #track(text, track, note) {
    return trackRow(text, track, note, () => this.#goTo(track));
  }

  async #fillBelow() {
    const below = this.#below;
    const { colorBy } = this.#store.get();
    // Wait for the titles, because this is not needed to see the map.
    if (!this.#map.files.insights || !this.#text) return;
    // The error message is already shown below the legend, with the map's directions.
    if (colorBy === "cluster") below.replaceChildren(...(await this.#orWhyNot(eventNodes, () => [])));
    if (colorBy === "playlist" && this.#map.playlists.length > 0) {
      below.replaceChildren(...(await this.#orWhyNot((insights) => this.#uncovered(insights))));
    }
  }

  /** @param {Insights} insights */
  #uncovered(insights) {
    const rows = uncoveredClusters(this.#map, insights).map(({ index, name, count }) => {
      const show = element(
        "button",
        { class: "unmade-show", type: "button", title: gettext("Show on the map") },
        element("span", { class: "unmade-name", dir: "auto", translate: "no" }, name),
        element("span", { class: "legend-count" }, formatCount(count)),
      );
      show.addEventListener("click", () => this.#flyToAll(tracksOfCluster(this.#map, index)));
      const select = button("text-button", gettext("Select"), () => this.#store.set({ selected: tracksOfCluster(this.#map, index) }));
      select.setAttribute("aria-label", gettext("Select the tracks of {name}", { name }));
      return element("li", { class: "unmade-row" }, show, select);
    });
    if (rows.length === 0) return [];
    return [element("h2", { class: "legend-heading" }, gettext("Playlists you have not made yet")), element("ul", { class: "unmade" }, ...rows)];
  }
}

/** @param {Insights} insights */
function eventNodes({ events }) {
  if (events.length === 0) return [];
  const list = element("ul", {}, ...events.map((event) => element("li", { dir: "auto" }, ...withNames(built(event)))));
  return [element("details", { class: "about" }, element("summary", {}, gettext("Since the last build")), list)];
}

/** @param {number} closeness  0..1 */
function closenessBar(closeness) {
  const fill = element("span", { class: "bar-fill" });
  fill.style.width = `${100 * closeness}%`;
  const label = gettext("Closeness: {closeness} of 100, from as mixed as random tracks to as similar as neighbors", { closeness: Math.round(100 * closeness) });
  return element(
    "div",
    { class: "closeness", role: "img", "aria-label": label },
    gettext("mixed"), element("span", { class: "bar" }, fill), gettext("alike"),
  );
}
