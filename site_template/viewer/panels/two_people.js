/** Two people on one map: their similarity, the distribution of their tracks, recommendations, and a path between them. */

import { built, formatCount, gettext } from "../data/language.js";
import { decodePeople, sharesOf } from "../data/people.js";
import { messageOf } from "../data/decode.js";
import { button, element, swatch, withNames } from "../ui/dom.js";
import { isolated } from "../ui/format.js";
import { colorOf } from "../ui/palette.js";
import { foldedList } from "./folded_list.js";
import { ToolShell } from "./tool_shell.js";

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
  /** The previous coloring. @type {State["colorBy"] | null} */
  #before = null;

  /** @param {HTMLElement} host  @param {ToolParts & {text: TextData}} parts */
  constructor(host, parts) {
    this.#parts = parts;
    this.#shell = new ToolShell(host, parts, () => this.#recolor());
    // Draw again with the colors of the new theme.
    parts.store.subscribe(["theme"], () => this.#before && this.#draw());
  }

  /** @param {HTMLElement} opener  @param {() => boolean} isCanceled  whether another tool was requested in the meantime */
  async show(opener, isCanceled) {
    const { store, readPeople, announce } = this.#parts;
    const { colorBy } = store.get();
    this.#shell.opener = opener;
    try {
      this.#pairs = decodePeople(await readPeople?.());
      await new Promise((/** @type {(value: void) => void} */ resolve) => this.#parts.whenReleased(resolve)); // the press may close it
      if (isCanceled()) return;
    } catch (reason) {
      if (isCanceled()) return;
      return this.#shell.show(gettext("Two people"), element("p", { class: "card-note" }, messageOf(reason)));
    }
    this.#before ??= colorBy;
    // Unless another coloring was chosen while the data was loading.
    if (store.get().colorBy === colorBy) store.set({ colorBy: "layer" });
    this.#draw();
    this.#makeRoom();
    announce(built(this.#pairs[this.#shown].sentence));
  }

  /** Fits the whole map, if it is the current view, into the area beside the tool. */
  #makeRoom() {
    const { navigation } = this.#parts;
    if (navigation.view === null) navigation.fit();
  }

  /** Restores the previous coloring, unless another was chosen in the meantime. */
  #recolor() {
    const { store } = this.#parts;
    this.#makeRoom();
    if (this.#before && store.get().colorBy === "layer") store.set({ colorBy: this.#before });
    this.#before = null;
  }

  #draw() {
    const pair = this.#pairs[this.#shown];
    const [one, other] = pair.people.map((name) => this.#layer(name));
    const shares = sharesOf(this.#parts.map, one.index, other.index);
    this.#shell.show(
      gettext("Two people"),
      ...this.#choice(),
      this.#figure(pair),
      this.#bridge(pair),
      this.#clusters(shares, one, other),
      ...[0, 1].map((index) =>
        this.#shell.list(
          gettext("{name} would like", { name: isolated(pair.people[index]) }),
          pair.likes[index],
          gettext("{name} has no other tracks.", { name: isolated(pair.people[1 - index]) }),
        ),
      ),
    );
  }

  /** @param {string} name  @returns {Group} */
  #layer(name) {
    const { layers } = this.#parts.map;
    return layers.find((layer) => layer.name === name) ?? layers[0];
  }

  /** Lets the user choose two of more than two people. */
  #choice() {
    if (this.#pairs.length < 2) return [];
    const options = this.#pairs.map(({ people }, index) =>
      element("option", { value: String(index), selected: index === this.#shown }, people.map(isolated).join(", ")),
    );
    const select = element("select", { "aria-label": gettext("Which two") }, ...options);
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
      nodes.push(element("dl", { class: "bars" }, ...bar(gettext("Mixed"), mixing, "tool-found"), ...bar(gettext("By chance"), chance, "tool-chance")));
    }
    return element("section", { "aria-label": gettext("How alike") }, ...nodes, element("p", { class: "card-note", dir: "auto" }, ...withNames(built(sentence))));
  }

  /** @param {Pair} pair */
  #bridge({ centers, people }) {
    const node = button("card-action", gettext("A path between their centers"), () => {
      this.#parts.pathTool.between(...centers);
      this.#shell.giveWay();
    });
    node.disabled = centers[0] === centers[1];
    node.title = gettext("From the track most typical of {one} to the track most typical of {other}", { one: people[0], other: people[1] });
    return element("p", {}, node);
  }

  /** @param {Share[]} shares  @param {Group} first  @param {Group} second */
  #clusters(shares, first, second) {
    const { store } = this.#parts;
    const { theme } = store.get();
    const colors = [first, second].map((layer) => colorOf(layer.color, theme));
    const head = element(
      "p", { class: "tool-key" },
      ...[first, second].flatMap((layer, index) => [swatch(colors[index]), element("span", { dir: "auto", translate: "no" }, layer.name)]),
    );
    const rows = shares.map((share) => this.#share(share, first, second, colors));
    return element(
      "section", { class: "alike", "aria-label": gettext("Clusters by person"), hidden: rows.length === 0 },
      element("div", { class: "alike-head" }, element("h3", {}, gettext("Clusters by person"))), head, ...foldedList(rows, FIRST_CLUSTERS),
    );
  }

  /** @param {Share} share  @param {Group} first  @param {Group} second  @param {readonly string[]} colors */
  #share({ cluster, tracks, one, other, both }, first, second, colors) {
    const { map, navigation } = this.#parts;
    const { name } = map.clusters[cluster];
    const parts = [one, both, other].map((count, index) => {
      const part = element("span", { class: "tool-part" });
      part.style.flexGrow = String(count);
      part.style.background = index === 1 ? `repeating-linear-gradient(135deg, ${colors[0]} 0 4px, ${colors[1]} 4px 8px)` : colors[index / 2];
      part.hidden = count === 0;
      return part;
    });
    const counts = `${formatCount(one)} · ${formatCount(both)} · ${formatCount(other)}`;
    const said = gettext("Only {first}: {one}. Both: {both}. Only {second}: {other}.", { first: first.name, one, both, second: second.name, other });
    const row = element(
      "button", { class: "alike-row tool-share", type: "button" },
      element("span", { class: "alike-title", dir: "auto", translate: "no" }, name),
      element("span", { class: "tool-count", "aria-hidden": "true" }, counts),
      element("span", { class: "tool-bar", "aria-hidden": "true" }, ...parts),
      element("span", { class: "visually-hidden" }, `: ${said}`),
    );
    row.title = said;
    row.addEventListener("click", () => {
      this.#shell.giveWay(); // first, because it may close to make room for the map
      navigation.flyToAll(tracks);
    });
    return row;
  }
}
