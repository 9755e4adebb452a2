/** Two people on one map: how alike, whose tracks are where, what each would like of the other's, and a path between them. */

import { decodePeople, sharesOf } from "../data/people.js";
import { messageOf } from "../data/decode.js";
import { element, swatch, withNames } from "../ui/dom.js";
import { formatCount, isolated } from "../ui/format.js";
import { colorOf } from "../ui/palette.js";
import { button, ToolShell } from "./tool_shell.js";

/** @import { Pair, Share } from "../data/people.js" */
/** @import { ToolParts } from "./tools.js" */
/** @import { Group, State, TextData } from "../data/types.js" */

const FIRST_CLUSTERS = 6;
const percent = (/** @type {number} */ share) => `${Math.round(100 * share)} %`;

export class TwoPeople {
  #parts;
  #shell;
  /** @type {Pair[]} */
  #pairs = [];
  #shown = 0;
  /** What the map was colored by before. @type {State["colorBy"] | null} */
  #before = null;

  /** @param {HTMLElement} host  @param {ToolParts & {text: TextData}} parts */
  constructor(host, parts) {
    this.#parts = parts;
    this.#shell = new ToolShell(host, parts, () => this.#recolor());
  }

  /** @param {HTMLElement} opener */
  async show(opener) {
    const { store, readPeople, announce } = this.#parts;
    this.#shell.opener = opener;
    try {
      this.#pairs = decodePeople(await readPeople?.());
    } catch (reason) {
      return this.#shell.show("Two people", element("p", { class: "card-note" }, messageOf(reason)));
    }
    this.#before ??= store.get().colorBy;
    store.set({ colorBy: "layer" });
    this.#draw();
    announce(this.#pairs[this.#shown].sentence);
  }

  /** Back to the colors that were there, unless others were chosen meanwhile. */
  #recolor() {
    const { store } = this.#parts;
    if (this.#before && store.get().colorBy === "layer") store.set({ colorBy: this.#before });
    this.#before = null;
  }

  #draw() {
    const pair = this.#pairs[this.#shown];
    const [one, other] = pair.people.map((name) => this.#layer(name));
    const shares = sharesOf(this.#parts.map, one.index, other.index);
    this.#shell.show(
      "Two people",
      ...this.#choice(),
      this.#figure(pair),
      this.#bridge(pair),
      this.#clusters(shares, one, other),
      ...[0, 1].map((place) =>
        this.#shell.list(
          `${isolated(pair.people[place])} would like`,
          pair.likes[place],
          `${isolated(pair.people[1 - place])} has no other tracks.`,
        ),
      ),
    );
  }

  /** @param {string} name  @returns {Group} */
  #layer(name) {
    const { layers } = this.#parts.map;
    return layers.find((layer) => layer.name === name) ?? layers[0];
  }

  /** Of more than two people: which two. */
  #choice() {
    if (this.#pairs.length < 2) return [];
    const options = this.#pairs.map(({ people }, place) =>
      element("option", { value: String(place), selected: place === this.#shown }, people.map(isolated).join(", ")),
    );
    const select = element("select", { "aria-label": "Which two" }, ...options);
    select.addEventListener("change", () => {
      this.#shown = Number(select.value);
      this.#draw();
      /** @type {HTMLElement | null} */ (document.querySelector(".tool-body select"))?.focus();
    });
    return [element("p", {}, select)];
  }

  /** @param {Pair} pair */
  #figure({ mixing, chance, sentence }) {
    const nodes = [];
    if (mixing !== null && chance !== null) {
      const scale = Math.max(mixing, chance, 0.01);
      const bar = (/** @type {string} */ label, /** @type {number} */ share, /** @type {string} */ kind) => {
        const fill = element("span", { class: "bar-fill" });
        fill.style.width = `${(100 * share) / scale}%`;
        const value = element("dd", {}, element("span", { class: "bar", "aria-hidden": "true" }, fill), element("span", { class: "bar-value" }, percent(share)));
        return [element("dt", { class: kind }, label), value];
      };
      nodes.push(element("dl", { class: "bars" }, ...bar("Mixed", mixing, "tool-found"), ...bar("By chance", chance, "tool-chance")));
    }
    return element("section", { "aria-label": "How alike" }, ...nodes, element("p", { class: "card-note", dir: "auto" }, ...withNames(sentence)));
  }

  /** @param {Pair} pair */
  #bridge({ centers, people }) {
    const node = button("card-action", "A path between their centers", () => {
      this.#parts.pathTool.between(...centers);
      this.#shell.giveWay();
    });
    node.disabled = centers[0] === centers[1];
    node.title = `From the track that all of ${people[0]}’s are most like, to the same of ${people[1]}’s`;
    return element("p", {}, node);
  }

  /** @param {Share[]} shares  @param {Group} one  @param {Group} other */
  #clusters(shares, one, other) {
    const { store } = this.#parts;
    const { theme } = store.get();
    const colors = [one, other].map((layer) => colorOf(layer.color, theme));
    const head = element(
      "p", { class: "tool-key" },
      ...[one, other].flatMap((layer, place) => [swatch(colors[place]), element("span", { dir: "auto", translate: "no" }, layer.name)]),
    );
    const rows = shares.map((share, place) => element("li", { hidden: place >= FIRST_CLUSTERS }, this.#share(share, one, other, colors)));
    const more = button("text-button", `${rows.length - FIRST_CLUSTERS} more`, () => {
      for (const row of rows) row.hidden = false;
      more.remove();
    });
    more.hidden = rows.length <= FIRST_CLUSTERS;
    return element(
      "section", { class: "alike", "aria-label": "Clusters by person", hidden: rows.length === 0 },
      element("div", { class: "alike-head" }, element("h3", {}, "Clusters by person")), head, element("ol", { class: "alike-list" }, ...rows), more,
    );
  }

  /** @param {Share} share  @param {Group} first  @param {Group} second  @param {readonly string[]} colors */
  #share({ cluster, tracks, one, other, both }, first, second, colors) {
    const { map, navigation } = this.#parts;
    const { name } = map.clusters[cluster];
    const parts = [one, both, other].map((count, place) => {
      const part = element("span", { class: "tool-part" });
      part.style.flexGrow = String(count);
      part.style.background = place === 1 ? `repeating-linear-gradient(135deg, ${colors[0]} 0 4px, ${colors[1]} 4px 8px)` : colors[place / 2];
      part.hidden = count === 0;
      return part;
    });
    const counts = `${formatCount(one)} · ${formatCount(both)} · ${formatCount(other)}`;
    const row = element(
      "button", { class: "alike-row tool-share", type: "button" },
      element("span", { class: "alike-title", dir: "auto", translate: "no" }, name),
      element("span", { class: "tool-count", "aria-hidden": "true" }, counts),
      element("span", { class: "tool-bar", "aria-hidden": "true" }, ...parts),
      element("span", { class: "visually-hidden" }, `: only ${first.name} ${formatCount(one)}, both ${formatCount(both)}, only ${second.name} ${formatCount(other)}`),
    );
    row.title = `Only ${first.name}: ${formatCount(one)}. Both: ${formatCount(both)}. Only ${second.name}: ${formatCount(other)}.`;
    row.addEventListener("click", () => {
      navigation.flyToAll(tracks);
      this.#shell.giveWay();
    });
    return row;
  }
}
