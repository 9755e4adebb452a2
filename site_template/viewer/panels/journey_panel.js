/**
 * The order of the selection: sorts it into a journey, and shows its loudness and its hard transitions. For a path, also the wishes for
 * it.
 */

import { curvePoints, placeAt } from "../data/curve.js";
import { messageOf } from "../data/decode.js";
import { MAX_ORDERED } from "../data/journey.js";
import { NO_GROUP } from "../data/types.js";
import { element, svgElement, withNames } from "../ui/dom.js";
import { gettext, gettext_noop, ngettext } from "../data/language.js";
import { isolated } from "../ui/format.js";
import { createPressGuard } from "../ui/presses.js";
import { inSlices } from "../ui/slices.js";

/** @import { Transitions } from "../data/transitions.js" */
/** @import { AlikeGraph } from "./alike_graph.js" */
/** @import { Navigation } from "../map/navigation.js" */
/** @import { PathTool } from "./path_tool.js" */
/** @import { Renderer } from "../map/renderer.js" */
/** @import { Store } from "../state/store.js" */
/** @import { MapData, TextData } from "../data/types.js" */

/** Minimum number of tracks to sort. */
const FEWEST = 3;
/** Size of the drawing, which is stretched to the panel. */
const CHART = { width: 300, height: 40 };
const MAX_CLUSTERS = 8;
/** In larger libraries, opening a link to a path does not load the data of all tracks. */
const MAX_READ = 20_000;
const NO_SOUND = gettext_noop("This map has no data on similar sound, so distances on the map were used.");
/** Rounds a tempo to whole beats per minute. @param {number} tempo */
const bpm = (tempo) => String(Math.round(tempo));

export class JourneyPanel {
  #host;
  #parts;
  /** @type {TextData | null} */
  #text = null;
  /** The current order. @type {readonly number[]} */
  #order = [];
  /** Counter that invalidates older runs. */
  #turn = 0;
  /** Whether the focused button has disappeared with its row. */
  #hasLostFocus = false;

  /**
   * @param {HTMLElement} host
   * @param {{map: MapData, store: Store, alike: AlikeGraph, pathTool: PathTool, renderer: Renderer, navigation: Navigation,
   *   goTo: (track: number) => void, say: (text: string) => void}} parts  `say` shows a message beside the selection
   */
  constructor(host, parts) {
    this.#host = host;
    this.#parts = parts;
    const { store, pathTool } = parts;
    this.#find("[data-action='order']").addEventListener("click", () => void this.#arrange());
    this.#find("[data-action='another']").addEventListener("click", () => pathTool.another());
    this.#find("[data-action='stop']").addEventListener("click", () => pathTool.addStop());
    this.#input("one").addEventListener("change", () => pathTool.change({ isOneAnArtist: this.#input("one").checked }));
    this.#input("minutes").addEventListener("change", () => pathTool.change({ minutes: Math.max(0, Number(this.#input("minutes").value) || 0) }));
    this.#find(".journey-avoid").addEventListener("change", () => pathTool.change({ avoided: this.#avoided() }));
    this.#find("svg").addEventListener("click", (event) => this.#pinAt(/** @type {MouseEvent} */ (event)));
    const whenReleased = createPressGuard(host);
    store.subscribe(["selected", "path"], () => whenReleased(() => this.#update()));
  }

  /** @param {TextData} text */
  setText(text) {
    this.#text = text;
    this.#update();
  }

  #update() {
    const { store, renderer } = this.#parts;
    const { selected, path } = store.get();
    this.#turn++;
    this.#order = path === selected ? path : [];
    const isOrder = this.#order.length > 1;
    this.#host.hidden = !this.#text || selected.length < (isOrder ? 2 : FEWEST);
    if (this.#host.hidden) return;
    // A path is already in order.
    this.#find("[data-action='order']").hidden = selected.length < FEWEST || this.#parts.pathTool.wish !== null;
    this.#find(".journey-curve").hidden = this.#find(".journey-hard").hidden = true;
    renderer.setLinks({ hard: new Set() });
    this.#showWish();
    if (isOrder && (this.#parts.map.count <= MAX_READ || this.#parts.alike.isBegun)) void this.#describe();
  }

  async #arrange() {
    const { store, alike, navigation, say } = this.#parts;
    const { selected, pinned } = store.get();
    if (selected.length > MAX_ORDERED) return say(gettext("A journey has {count} tracks at most. Select fewer.", { count: MAX_ORDERED }));
    const turn = ++this.#turn;
    const isCanceled = () => turn !== this.#turn;
    try {
      const transitions = await alike.transitions((note) => isCanceled() || say(note));
      const { orderJourney } = await alike.readScript();
      if (isCanceled()) return;
      say(gettext("Looking for an order"));
      const start = selected.includes(pinned) ? pinned : selected[0];
      const order = await inSlices(orderJourney(selected, start, transitions), isCanceled);
      if (!order) return;
      store.set({ selected: order, path: order });
      navigation.frame(order);
      const hard = hardPlaces(order, transitions).length;
      const hardness = hard > 0 ? hardText(hard) : gettext("no hard transition");
      say(gettext("A journey from {track}, with {transitions}.", { track: isolated(this.#title(start)), transitions: hardness }) + (transitions.isBySound ? "" : ` ${gettext(NO_SOUND)}`));
    } catch (reason) {
      if (!isCanceled()) say(messageOf(reason));
    }
  }

  /** Shows the curve and the hard transitions, once their data is loaded. */
  async #describe() {
    const { alike, renderer } = this.#parts;
    const turn = this.#turn;
    const order = this.#order;
    try {
      const transitions = await alike.transitions(() => {});
      if (turn !== this.#turn) return;
      const hard = hardPlaces(order, transitions);
      renderer.setLinks({ hard: new Set(hard) });
      this.#showCurve(order, hard);
      const rows = this.#showHard(order, hard, transitions);
      await inSlices(this.#offerBridges(order, hard, transitions, rows), () => turn !== this.#turn);
    } catch (reason) {
      const message = messageOf(reason);
      if (turn !== this.#turn) return;
      // The order itself is available; show the message in place of the missing part.
      this.#find(".journey-note").textContent = message;
      this.#find(".journey-curve").hidden = false;
    }
  }

  /** @param {readonly number[]} order  @param {readonly number[]} hard */
  #showCurve(order, hard) {
    const loudness = this.#parts.alike.valuesOf("feature.loudness");
    const { width, height } = CHART;
    const { points, low, high } = curvePoints(order.map((track) => loudness?.[track] ?? NaN), width, height);
    const figure = this.#find(".journey-curve");
    figure.hidden = points.length < 2;
    if (figure.hidden || !loudness) return;
    const across = (/** @type {number} */ index) => (index / (order.length - 1)) * width;
    const line = points.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ");
    const chart = this.#find("svg");
    chart.replaceChildren(
      ...hard.map((index) => svgElement("path", { class: "journey-mark", d: `M${across(index + 0.5).toFixed(1)} -3V${height + 3}` })),
      svgElement("polyline", { class: "journey-line", points: line }),
    );
    const at = (/** @type {number} */ index) => gettext("{title}, track {place}", { title: isolated(this.#title(order[index])), place: index + 1 });
    chart.setAttribute("aria-label", gettext("Loudness along the way. Quietest: {low}. Loudest: {high}.", { low: at(low), high: at(high) }));
    this.#find(".journey-note").textContent = "";
  }

  /** @param {readonly number[]} order  @param {readonly number[]} hard  @param {Transitions} transitions  @returns {HTMLElement[]}  rows */
  #showHard(order, hard, transitions) {
    const box = this.#find(".journey-hard");
    const rows = hard.map((index) => this.#hardRow(order[index], order[index + 1], transitions));
    box.hidden = hard.length === 0;
    this.#find("summary b").textContent = hardText(hard.length);
    this.#find("ol").replaceChildren(...rows);
    if (this.#hasLostFocus) this.#find(box.hidden ? "[data-action='order']" : ".journey-hard summary").focus();
    this.#hasLostFocus = false;
    return rows;
  }

  /** @param {number} from  @param {number} to  @param {Transitions} transitions */
  #hardRow(from, to, transitions) {
    const names = `${isolated(this.#title(from))} → ${isolated(this.#title(to))}`;
    const show = element("button", { class: "journey-step", type: "button" }, ...withNames(names));
    show.addEventListener("click", () => this.#parts.goTo(from));
    return element("li", {}, show, element("span", { class: "journey-why" }, this.#why(from, to, transitions)));
  }

  /**
   * Offers tracks that would make hard transitions easier. This is slow if it has to search all tracks for each.
   *
   * @param {readonly number[]} order  @param {readonly number[]} hard  @param {Transitions} transitions  @param {readonly HTMLElement[]} rows
   * @returns {Generator<void, void>}
   */
  *#offerBridges(order, hard, transitions, rows) {
    const taken = new Set(order);
    const fits = (/** @type {number} */ track) => !taken.has(track) && this.#parts.renderer.isVisible(track);
    for (const [row, index] of hard.entries()) {
      const bridge = transitions.bridge(order[index], order[index + 1], fits);
      if (bridge >= 0) rows[row].append(this.#bridgeButton(order, index, bridge));
      yield;
    }
  }

  /** @param {readonly number[]} order  @param {number} index  @param {number} bridge  a track */
  #bridgeButton(order, index, bridge) {
    const add = element("button", { class: "text-button", type: "button" }, ...withNames(gettext("Put {title} between them", { title: isolated(this.#title(bridge)) })));
    add.addEventListener("click", () => {
      const longer = [...order.slice(0, index + 1), bridge, ...order.slice(index + 1)];
      this.#hasLostFocus = true;
      this.#parts.store.set({ selected: longer, path: longer });
      this.#parts.say(gettext("{title} is track {place} now.", { title: isolated(this.#title(bridge)), place: index + 2 }));
    });
    return add;
  }

  /** @param {number} from  @param {number} to  @param {Transitions} transitions */
  #why(from, to, transitions) {
    const { alike } = this.#parts;
    const tempo = alike.valuesOf("feature.tempo");
    const reasons = [];
    if (transitions.sound(from, to) >= 0.5) reasons.push(transitions.isBySound ? gettext("they do not sound alike") : gettext("they are far apart"));
    if (tempo && transitions.tempo(from, to) > 0.3) reasons.push(gettext("tempo {from} → {to}", { from: bpm(tempo[from]), to: bpm(tempo[to]) }));
    if (transitions.key(from, to) > 0.4) reasons.push(gettext("key {from} → {to}", { from: alike.keyOf(from), to: alike.keyOf(to) }));
    return reasons.join("; ");
  }

  #showWish() {
    const { wish } = this.#parts.pathTool;
    for (const selector of ["[data-action='another']", "[data-action='stop']", ".journey-wishes"]) this.#find(selector).hidden = !wish;
    if (!wish) return;
    this.#input("one").checked = wish.isOneAnArtist;
    this.#input("minutes").value = wish.minutes > 0 ? String(wish.minutes) : "";
    const { cluster, clusters } = this.#parts.map;
    const ends = new Set(wish.stops.map((track) => cluster[track]));
    const passed = new Set([...wish.avoided, ...this.#order.map((track) => cluster[track])]);
    const offered = [...passed].filter((index) => index !== NO_GROUP && !ends.has(index)).slice(0, MAX_CLUSTERS);
    const boxes = offered.sort((a, b) => a - b).map((index) =>
      element("label", {}, element("input", { type: "checkbox", value: String(index), checked: wish.avoided.has(index) }), element("span", { dir: "auto", translate: "no" }, clusters[index].name)),
    );
    const avoid = this.#find(".journey-avoid");
    const focused = document.activeElement instanceof HTMLInputElement && avoid.contains(document.activeElement) ? document.activeElement.value : "";
    avoid.hidden = boxes.length === 0;
    avoid.replaceChildren(element("legend", {}, gettext("Avoid these clusters")), ...boxes);
    /** @type {HTMLElement | null} */ (avoid.querySelector(`input[value="${focused || "-"}"]`))?.focus();
  }

  #avoided() {
    const chosen = /** @type {NodeListOf<HTMLInputElement>} */ (this.#find(".journey-avoid").querySelectorAll("input:checked"));
    return new Set(Array.from(chosen, ({ value }) => Number(value)));
  }

  /** @param {MouseEvent} event */
  #pinAt({ clientX }) {
    const { left, width } = this.#find("svg").getBoundingClientRect();
    if (this.#order.length > 0) this.#parts.goTo(this.#order[placeAt((clientX - left) / width, this.#order.length)]);
  }

  /** @param {number} track */
  #title(track) {
    return /** @type {TextData} */ (this.#text).titles[track];
  }

  /** @param {string} selector */
  #find(selector) {
    return /** @type {HTMLElement} */ (this.#host.querySelector(selector));
  }

  /** @param {string} name */
  #input(name) {
    return /** @type {HTMLInputElement} */ (this.#find(`input[name="${name}"]`));
  }
}

/** @param {number} count */
const hardText = (count) => ngettext("{count} hard transition", "{count} hard transitions", count);

/** @param {readonly number[]} order  @param {Transitions} transitions */
function hardPlaces(order, transitions) {
  return order.slice(1).flatMap((track, index) => (transitions.isHard(order[index], track) ? [index] : []));
}
