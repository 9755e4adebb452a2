/** The card of a track: visible while the track is hovered or pinned. */

import { placeholderArt } from "../ui/artwork.js";
import { byId, element, icon, show, swatch } from "../ui/dom.js";
import { featureBars } from "../data/features.js";
import { formatDay, gettext, gettext_noop } from "../data/language.js";
import { formatDuration, isolated, selectedText } from "../ui/format.js";
import { dockingArea, freeArea, narrow } from "../ui/insets.js";
import { ALL_SHOWN } from "./legend_rows.js";
import { trackLinks } from "../data/listen_links.js";
import { colorOf } from "../ui/palette.js";
import { createPressGuard } from "../ui/presses.js";
import { dockCard, placeCard } from "./placement.js";
import { APPEARANCE_KEYS, groupsHolding } from "../state/appearance.js";
import { NO_TRACK } from "../data/types.js";

/** @import { DetailsReader } from "../data/load.js" */
/** @import { Player } from "./player.js" */
/** @import { Renderer } from "../map/renderer.js" */
/** @import { Selecting } from "../map/selecting.js" */
/** @import { SoundsLike } from "./sounds_like.js" */
/** @import { Store } from "../state/store.js" */
/** @import { StyleWords } from "./style_words.js" */
/** @import { Box, Group, GroupKind, MapData, Named, State, TextData, ThemeName, TrackDetails } from "../data/types.js" */

/** Delay before details are loaded, so that a passing pointer does not load those of every track. */
const HOVER_DELAY_MS = 90;
const MAX_CHIPS = 6;
/** Minimum height, pixels; with less room, the card covers what is below. */
const MIN_HEIGHT = 240;
/** Minimum free width for a docked card beside panels, in card widths including the card; otherwise it covers them. */
const MAP_BESIDE = 1.75;
/** @type {readonly GroupKind[]} */
const CHIP_KINDS = ["cluster", "layer", "playlist"];
const MAX_FACETS = 4;
const PLAY = "M6.5 4.5v11l9-5.5z";
const ADD = "M10 4.5v11M4.5 10h11";
const ADDED = "m4.5 10.5 3.5 3.5 7.5-8";
const AROUND = "M10 3.5a6.5 6.5 0 1 0 .01 0M10 8.75a1.25 1.25 0 1 0 .01 0";

/** Returns the track of the card. @param {Pick<State, "hovered" | "pinned">} state */
const trackInFocus = ({ hovered, pinned }) => (hovered === NO_TRACK ? pinned : hovered);

/**
 * @param {TextData} text
 * @param {number} track
 */
export const describeTrack = (text, track) => [text.titles[track], ...text.artistsOf(track)].map(isolated).join(", ");

export class Card {
  #element;
  #map;
  #store;
  #renderer;
  #details;
  #selecting;
  #player;
  #soundsLike;
  #styleWords;
  #spotOf;
  #show;
  /** @type {TextData | null} */
  #text = null;
  #shown = NO_TRACK;
  /** Key of the card's content; it is rebuilt only when this changes. */
  #look = "";
  /** Position and height of the docked card; empty while it follows the pointer. */
  #docked = "";
  #timer = 0;
  #frame = 0;

  /**
   * @param {HTMLElement} host
   * @param {{map: MapData, store: Store, renderer: Renderer, details: DetailsReader, selecting: Selecting, player: Player, soundsLike: SoundsLike, styleWords: StyleWords, spotOf: (track: number) => number[], show: (named: Named) => void}} parts  `show` opens an album or artist
   */
  constructor(host, { map, store, renderer, details, selecting, player, soundsLike, styleWords, spotOf, show }) {
    this.#element = host;
    this.#map = map;
    this.#store = store;
    this.#renderer = renderer;
    this.#details = details;
    this.#selecting = selecting;
    this.#player = player;
    this.#soundsLike = soundsLike;
    this.#styleWords = styleWords;
    this.#spotOf = spotOf;
    this.#show = show;
    const whenReleased = createPressGuard(host);
    store.subscribe(["pinned", "theme"], () => whenReleased(() => this.#update()));
    // A moving pointer passes over more tracks than there are frames.
    store.subscribe(["hovered"], () => {
      cancelAnimationFrame(this.#frame);
      this.#frame = requestAnimationFrame(() => this.#update());
    });
    store.subscribe(["transform"], () => this.place());
    store.subscribe(["selected"], () => this.#showAdded());
    store.subscribe(APPEARANCE_KEYS, () => this.#showWhetherFiltered());
    // A focused card stays, whatever the pointer passes over.
    host.addEventListener("focusout", () => requestAnimationFrame(() => this.#update()));
  }

  /** @param {TextData} text */
  setText(text) {
    this.#text = text;
    this.#update();
  }

  /** Moves the focus into the card. */
  enter() {
    /** @type {HTMLElement | null} */ (this.#element.querySelector("button:not([hidden], [hidden] *), a"))?.focus();
  }

  #update() {
    const state = this.#store.get();
    const isWorkedIn = this.#element.contains(document.activeElement) && state.pinned !== NO_TRACK;
    const track = isWorkedIn ? state.pinned : trackInFocus(state);
    const look = `${track} ${track === state.pinned} ${state.theme}`;
    if (look === this.#look) return;
    if (this.#text) this.#look = look;
    clearTimeout(this.#timer);
    this.#shown = track;
    show(this.#element, track !== NO_TRACK && this.#text !== null);
    if (!this.#text || track === NO_TRACK) return;
    const pinned = track === state.pinned;
    this.#element.classList.toggle("is-pinned", pinned);
    this.#element.replaceChildren(...this.#summary(this.#text, track, pinned));
    this.place();
    this.#showWhetherFiltered();
    this.#timer = setTimeout(() => void this.#addDetails(track), pinned ? 0 : HOVER_DELAY_MS);
  }

  /** Places the card beside its track, or docks it at the side. */
  place() {
    if (this.#element.hidden) return;
    const { style } = this.#element;
    if (narrow.matches) {
      style.transform = style.maxHeight = "";
      return;
    }
    const stays = this.#shown === this.#store.get().pinned;
    const area = this.#areaFor(stays);
    style.maxHeight = `${Math.max(MIN_HEIGHT, Math.floor(area.bottom - area.top) - 20)}px`;
    const card = { width: this.#element.offsetWidth, height: this.#element.offsetHeight };
    const [x, y] = (stays ? dockCard : placeCard)(this.#renderer.positionOf(this.#shown), card, area);
    style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
    const docked = stays ? `${style.transform} ${card.height}` : "";
    if (docked !== this.#docked) this.#renderer.invalidate("labels"); // they make room
    this.#docked = docked;
  }

  /**
   * Returns the free area, or if it has too little room, one in which the card may cover the legend, in low windows the bars at the bottom
   * or the search as well, but not the player.
   *
   * @param {boolean} stays  whether the card is docked
   * @returns {Box}
   */
  #areaFor(stays) {
    const { offsetWidth: width, scrollHeight } = this.#element;
    const height = Math.min(MIN_HEIGHT, scrollHeight) + 20;
    const free = stays ? dockingArea(MIN_HEIGHT + 20) : freeArea();
    const needed = stays ? MAP_BESIDE * width : width + 20;
    if (free.right - free.left >= needed && free.bottom - free.top >= height) return free;
    const right = free.right >= width + 20 ? free.right : innerWidth;
    const search = byId("masthead").getBoundingClientRect().bottom;
    const spans = [Math.max(free.top, search), free.top, search].flatMap((top) => [{ top, bottom: free.bottom }, { top, bottom: innerHeight }]);
    const span = spans.find(({ top, bottom }) => bottom - top >= height) ?? { top: 0, bottom: innerHeight };
    return { left: 0, right, ...span };
  }

  /**
   * @param {TextData} text
   * @param {number} track
   * @param {boolean} pinned
   */
  #summary(text, track, pinned) {
    const names = text.artistsOf(track);
    const artists = names.join(", ");
    const album = text.albumOf(track);
    const nameOf = (/** @type {Named["kind"]} */ kind, /** @type {string} */ name) => (pinned ? this.#nameButton({ kind, name, by: kind === "album" ? (names[0] ?? "") : "" }) : name);
    const by = names.flatMap((name, index) => [index > 0 ? ", " : "", nameOf("artist", name)]);
    const art = element("img", { class: "card-art", alt: "", width: "72", height: "72" });
    art.src = placeholderArt(`${artists}\n${album || text.titles[track]}`);
    const head = element(
      "div",
      { class: "card-head" },
      art,
      element(
        "div",
        { class: "card-names" },
        element("h2", { class: "card-title", dir: "auto", translate: "no" }, text.titles[track]),
        element("p", { class: "card-artists", dir: "auto", translate: "no" }, element("span", {}, ...(by.length > 0 ? by : [gettext("Unknown artist")]))),
        element("p", { class: "card-album", dir: "auto", translate: "no" }, element("span", {}, album && nameOf("album", album))),
      ),
    );
    /** @type {HTMLElement[]} */
    const about = [this.#groups(track), element("div", { class: "card-details" })];
    if (!pinned) return [head, ...this.#spot(track, pinned), ...about];
    const alike = this.#soundsLike.section(track, () => this.place(), () => this.enter());
    return [head, ...this.#spot(track, pinned), this.#filteredNote(), this.#actions(track), ...about, alike, this.#closeButton()];
  }

  /** @param {Named} named */
  #nameButton(named) {
    const button = element("button", { class: "name-button", type: "button", title: named.kind === "album" ? gettext("Show this album") : gettext("Show this artist") }, named.name);
    button.addEventListener("click", () => this.#show(named));
    return button;
  }

  /**
   * Shows the index among several tracks on one spot, and buttons to the others.
   *
   * @param {number} track
   * @param {boolean} pinned
   */
  #spot(track, pinned) {
    const spot = this.#spotOf(track);
    if (spot.length < 2) return [];
    const index = spot.indexOf(track);
    const text = gettext("{place} of {count} here", { place: index + 1, count: spot.length });
    const step = (/** @type {string} */ name, /** @type {string} */ label, /** @type {string} */ path, /** @type {number} */ by) => {
      const node = element("button", { class: "icon-button", type: "button", "data-action": `spot-${name}`, "aria-label": label, title: label }, icon(path));
      node.addEventListener("click", () => {
        this.#store.set({ pinned: spot[(index + by + spot.length) % spot.length] });
        /** @type {HTMLElement | null} */ (this.#element.querySelector(`[data-action="spot-${name}"]`))?.focus();
      });
      return node;
    };
    const steps = pinned
      ? [step("previous", gettext("Previous track on this spot"), "m12.5 5-5 5 5 5", -1), step("next", gettext("Next track on this spot"), "m7.5 5 5 5-5 5", 1)]
      : [];
    return [element("div", { class: "card-spot" }, element("span", {}, text), ...steps)];
  }

  /** @param {number} track */
  #actions(track) {
    const button = (/** @type {string} */ action, /** @type {string} */ path, /** @type {string} */ label, /** @type {() => void} */ act) => {
      const node = element("button", { class: "card-action", type: "button", "data-action": action }, icon(path), label);
      node.addEventListener("click", act);
      return node;
    };
    const listen = button("listen", PLAY, gettext("Listen"), () => void this.#player.play(track));
    listen.hidden = true;
    const add = button("add", ADD, gettext("Add"), () => this.#selecting.toggle(track));
    add.title = gettext("Add to the selection");
    const around = button("around", AROUND, gettext("Nearby"), () => this.#selecting.around(track));
    around.title = gettext("Select the tracks around this one");
    requestAnimationFrame(() => this.#showAdded());
    const chosen = element("p", { class: "card-chosen" });
    return element("div", { class: "card-actions" }, listen, add, around, chosen);
  }

  /** Shows whether the track is in the selection. */
  #showAdded() {
    const add = this.#element.querySelector("[data-action='add']");
    if (!add) return;
    const { selected } = this.#store.get();
    const isIn = selected.includes(this.#shown);
    /** @type {HTMLElement} */ (this.#element.querySelector(".card-chosen")).textContent = selected.length > 0 ? selectedText(selected.length) : "";
    add.setAttribute("aria-pressed", String(isIn));
    add.replaceChildren(icon(isIn ? ADDED : ADD), isIn ? gettext("Added") : gettext("Add"));
  }

  /** Returns a note for a track that was found or linked, but is filtered out. */
  #filteredNote() {
    const show = element("button", { class: "text-button", type: "button" }, gettext("Clear the filters"));
    show.addEventListener("click", () => {
      this.#store.set({ ...ALL_SHOWN, until: null });
      this.enter();
    });
    return element("p", { class: "card-filtered", hidden: true }, gettext("Hidden by a filter."), " ", show);
  }

  #showWhetherFiltered() {
    const note = /** @type {HTMLElement | null} */ (this.#element.querySelector(".card-filtered"));
    if (!note || note.hidden === this.#renderer.isVisible(this.#shown)) return;
    note.hidden = !note.hidden;
    this.place();
  }

  #closeButton() {
    const button = element("button", { class: "card-close", type: "button", "aria-label": gettext("Unpin (Escape)"), title: gettext("Unpin") }, "×");
    button.addEventListener("click", () => this.#store.set({ pinned: NO_TRACK }));
    return button;
  }

  /** @param {number} track */
  #groups(track) {
    const { theme } = this.#store.get();
    const list = element("ul", { class: "chips", "aria-label": gettext("Cluster, libraries and playlists") });
    for (const kind of CHIP_KINDS) {
      const groups = groupsHolding(this.#map, kind, track);
      list.append(...groups.slice(0, MAX_CHIPS).map((group) => chip(group, theme, kind)));
      if (groups.length > MAX_CHIPS) list.append(element("li", { class: "chip" }, gettext("{count} more", { count: groups.length - MAX_CHIPS })));
    }
    return list;
  }

  /** @param {number} track */
  async #addDetails(track) {
    /** @type {Node[]} */
    let nodes;
    try {
      nodes = this.#detailNodes(track, await this.#details.read(track));
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
    const { duration_ms, year, artFile, features, styles, lastPlayed } = details;
    const facets = lastPlayed === null ? details.facets : [...details.facets.slice(0, MAX_FACETS - 1), { name: gettext_noop("last played"), value: formatDay(lastPlayed) }];
    if (artFile && this.#shown === track) this.#showArt(artFile);
    if (this.#shown === track) this.#showListen(details);
    const nodes = [];
    const facts = [year === null ? "" : String(year), duration_ms === null ? "" : formatDuration(duration_ms)].filter(Boolean);
    if (facts.length > 0) nodes.push(element("p", { class: "card-facts" }, facts.join(" · ")));
    if (styles.length > 0) nodes.push(this.#styleWords.ofTrack(styles));
    const bars = featureBars(features);
    if (bars.length > 0) nodes.push(element("dl", { class: "bars" }, ...bars.flatMap(barNodes)));
    if (facets.length > 0) {
      const rows = facets.slice(0, MAX_FACETS).flatMap(({ name, value }) => [
        element("dt", {}, gettext(name)),
        element("dd", { dir: "auto", translate: "no" }, String(value)),
      ]);
      nodes.push(element("dl", { class: "facets" }, ...rows));
    }
    const links = trackLinks(details).map(({ label, url }) => element("a", { href: url, target: "_blank", rel: "noopener" }, gettext(label)));
    if (links.length > 0) nodes.push(element("p", { class: "card-links" }, ...links));
    return nodes;
  }

  /** Offers to listen, after the list of the user's own audio files has arrived. */
  async offerListening() {
    const track = this.#shown;
    if (track === NO_TRACK) return;
    const details = await this.#details.read(track).catch(() => null); // `#addDetails` reports the error
    if (details && this.#shown === track) this.#showListen(details);
  }

  /** @param {TrackDetails} details */
  #showListen(details) {
    const listen = /** @type {HTMLElement | null} */ (this.#element.querySelector("[data-action='listen']"));
    if (listen) listen.hidden = !this.#player.canPlay(details);
  }

  /** Shows the cover once it is loaded; until then, and if it is missing, the placeholder stays. @param {string} file */
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
  return element("li", { class: `chip chip-${kind}` }, swatch(colorOf(group.color, theme)), element("span", { class: "chip-name", dir: "auto", translate: "no" }, group.name));
}

/** @param {import("../data/features.js").Bar} bar */
function barNodes({ label, text, share }) {
  const value = element("dd", {}, element("span", { class: "bar-value" }, text));
  if (share !== null) {
    const fill = element("span", { class: "bar-fill" });
    fill.style.width = `${Math.round(share * 100)}%`;
    value.prepend(element("span", { class: "bar", "aria-hidden": "true" }, fill));
  }
  return [element("dt", {}, gettext(label)), value];
}
