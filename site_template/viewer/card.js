/** The card of one track: shown while it is hovered, kept while it is pinned. */

import { placeholderArt } from "./artwork.js";
import { element, swatch } from "./dom.js";
import { featureBars } from "./features.js";
import { formatDuration } from "./format.js";
import { trackLinks } from "./links.js";
import { colorOf } from "./palette.js";
import { placeCard } from "./placement.js";
import { groupsHolding } from "./selection.js";
import { NO_TRACK } from "./types.js";

/** @import { Renderer } from "./renderer.js" */
/** @import { Store } from "./store.js" */
/** @import { Group, GroupKind, MapData, State, TextData, ThemeName, TrackDetails } from "./types.js" */

/** A pointer that only passes over tracks does not fetch the details of each. */
const HOVER_DELAY_MS = 90;
const MAX_CHIPS = 6;
/** @type {readonly GroupKind[]} */
const CHIP_KINDS = ["cluster", "layer", "playlist"];
const MAX_FACETS = 4;
/** Below this width the card is a sheet at the bottom, and the style sheet places it. */
const docked = matchMedia("(max-width: 719px)");

/** Which track the card is about. @param {Pick<State, "hovered" | "pinned">} state */
export const trackInFocus = ({ hovered, pinned }) => (hovered === NO_TRACK ? pinned : hovered);

/**
 * @param {TextData} text
 * @param {number} track
 */
export const describeTrack = (text, track) => `${text.titles[track]}, ${text.artistsOf(track).join(", ")}`;

export class Card {
  #element;
  #map;
  #store;
  #renderer;
  #readDetails;
  /** @type {TextData | null} */
  #text = null;
  #shown = NO_TRACK;
  #timer = 0;

  /**
   * @param {HTMLElement} host
   * @param {MapData} map
   * @param {Store} store
   * @param {Renderer} renderer
   * @param {(track: number) => Promise<TrackDetails>} readDetails
   */
  constructor(host, map, store, renderer, readDetails) {
    this.#element = host;
    this.#map = map;
    this.#store = store;
    this.#renderer = renderer;
    this.#readDetails = readDetails;
    store.subscribe(["hovered", "pinned", "theme"], () => this.#update());
    store.subscribe(["transform"], () => this.place());
  }

  /** @param {TextData} text */
  setText(text) {
    this.#text = text;
    this.#update();
  }

  #update() {
    const state = this.#store.get();
    const track = trackInFocus(state);
    clearTimeout(this.#timer);
    this.#shown = track;
    this.#element.hidden = track === NO_TRACK || !this.#text;
    if (!this.#text || track === NO_TRACK) return;
    const pinned = track === state.pinned;
    this.#element.classList.toggle("is-pinned", pinned);
    this.#element.replaceChildren(...this.#summary(this.#text, track, pinned));
    this.place();
    this.#timer = setTimeout(() => void this.#addDetails(track), pinned ? 0 : HOVER_DELAY_MS);
  }

  /** Puts the card beside its track. */
  place() {
    if (this.#element.hidden) return;
    const { style } = this.#element;
    if (docked.matches) {
      style.transform = "";
      return;
    }
    const card = { width: this.#element.offsetWidth, height: this.#element.offsetHeight };
    const screen = { width: innerWidth, height: innerHeight };
    const [left, top] = placeCard(this.#renderer.positionOf(this.#shown), card, screen);
    style.transform = `translate(${Math.round(left)}px, ${Math.round(top)}px)`;
  }

  /**
   * @param {TextData} text
   * @param {number} track
   * @param {boolean} pinned
   */
  #summary(text, track, pinned) {
    const artists = text.artistsOf(track).join(", ");
    const album = text.albumOf(track);
    const art = element("img", { class: "card-art", alt: "", width: "72", height: "72" });
    art.src = placeholderArt(`${artists}\n${album || text.titles[track]}`);
    const head = element(
      "div",
      { class: "card-head" },
      art,
      element(
        "div",
        { class: "card-names" },
        element("h2", { class: "card-title" }, text.titles[track]),
        element("p", { class: "card-artists" }, artists || "Unknown artist"),
        element("p", { class: "card-album" }, album),
      ),
    );
    /** @type {HTMLElement[]} */
    const nodes = [head, this.#groups(track), element("div", { class: "card-details" })];
    if (pinned) nodes.unshift(this.#closeButton());
    return nodes;
  }

  #closeButton() {
    const button = element("button", { class: "card-close", type: "button", "aria-label": "Unpin (Escape)", title: "Unpin" }, "×");
    button.addEventListener("click", () => this.#store.set({ pinned: NO_TRACK }));
    return button;
  }

  /** @param {number} track */
  #groups(track) {
    const { theme } = this.#store.get();
    const list = element("ul", { class: "chips", "aria-label": "Cluster, libraries and playlists" });
    for (const kind of CHIP_KINDS) {
      const groups = groupsHolding(this.#map, kind, track);
      list.append(...groups.slice(0, MAX_CHIPS).map((group) => chip(group, theme, kind)));
      if (groups.length > MAX_CHIPS) list.append(element("li", { class: "chip" }, `${groups.length - MAX_CHIPS} more`));
    }
    return list;
  }

  /** @param {number} track */
  async #addDetails(track) {
    /** @type {Node[]} */
    let nodes;
    try {
      nodes = this.#detailNodes(track, await this.#readDetails(track));
    } catch (reason) {
      if (!(reason instanceof Error)) throw reason;
      nodes = [element("p", { class: "card-note" }, reason.message)];
    }
    if (this.#shown !== track) return;
    this.#element.querySelector(".card-details")?.replaceChildren(...nodes);
    this.place();
  }

  /**
   * @param {number} track
   * @param {TrackDetails} details
   */
  #detailNodes(track, details) {
    const { duration_ms, year, artFile, features, facets } = details;
    if (artFile && this.#shown === track) this.#showArt(artFile);
    const nodes = [];
    const facts = [year === null ? "" : String(year), duration_ms === null ? "" : formatDuration(duration_ms)].filter(Boolean);
    if (facts.length > 0) nodes.push(element("p", { class: "card-facts" }, facts.join(" · ")));
    const bars = featureBars(features);
    if (bars.length > 0) nodes.push(element("dl", { class: "bars" }, ...bars.flatMap(barNodes)));
    if (facets.length > 0) {
      const rows = facets.slice(0, MAX_FACETS).flatMap(({ name, value }) => [
        element("dt", {}, name),
        element("dd", {}, String(value)),
      ]);
      nodes.push(element("dl", { class: "facets" }, ...rows));
    }
    const links = trackLinks(details).map(({ label, url }) => element("a", { href: url, target: "_blank", rel: "noopener" }, label));
    if (links.length > 0) nodes.push(element("p", { class: "card-links" }, ...links));
    return nodes;
  }

  /** Shows the cover once it is there; until then, and if it is missing, the placeholder stays. @param {string} file */
  #showArt(file) {
    const current = /** @type {HTMLImageElement} */ (this.#element.querySelector(".card-art"));
    const cover = new Image();
    cover.addEventListener("load", () => {
      current.src = cover.src;
    });
    cover.src = `art/${encodeURIComponent(file)}`;
  }
}

/**
 * @param {Group} group
 * @param {ThemeName} theme
 * @param {string} kind
 */
function chip(group, theme, kind) {
  return element("li", { class: `chip chip-${kind}` }, swatch(colorOf(group.color, theme)), group.name);
}

/** @param {import("./features.js").Bar} bar */
function barNodes({ label, text, share }) {
  const value = element("dd", {}, element("span", { class: "bar-value" }, text));
  if (share !== null) {
    const fill = element("span", { class: "bar-fill" });
    fill.style.width = `${Math.round(share * 100)}%`;
    value.prepend(element("span", { class: "bar", "aria-hidden": "true" }, fill));
  }
  return [element("dt", {}, label), value];
}
