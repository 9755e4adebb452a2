/** The selection as a list: to browse, play, copy and save. */

import { element, icon, show, tellToggled } from "../ui/dom.js";
import { countAddresses, listedTrack, toCsv, toJspf, toM3u, toSpotifyUris } from "../data/exports.js";
import { gettext, gettext_noop, ngettext } from "../data/language.js";
import { formatDuration, tracksText } from "../ui/format.js";
import { MAX_LINKED_TRACKS } from "../state/permalink.js";
import { trackLinks } from "../data/listen_links.js";
import { copyText, saveText } from "../ui/saving.js";
import { createPressGuard } from "../ui/presses.js";
import { visibleRows } from "../ui/row_window.js";
import { NO_TRACK } from "../data/types.js";
import { shownCollection } from "../state/appearance.js";

/** @import { Address } from "../state/address.js" */
/** @import { DetailsReader } from "../data/load.js" */
/** @import { ListedTrack } from "../data/exports.js" */
/** @import { LocalAudio } from "../data/local_audio.js" */
/** @import { Player } from "./player.js" */
/** @import { Selecting } from "../map/selecting.js" */
/** @import { Store } from "../state/store.js" */
/** @import { MapData, TextData, TrackDetails } from "../data/types.js" */

/** Pixels, as in the style sheet. */
const ROW_HEIGHT = 48;
const TOO_MANY = gettext_noop("Too many for a link. To keep them, copy or save them.");
/** Maximum radius of the circle around a track, map units. */
const WIDEST = 16_384;
const ICONS = { play: "M6.5 4.5v11l9-5.5z", open: "M8 5H4.5v10.5H15V12M11 4.5h4.5V9M15 5l-6.5 6.5", remove: "m5.5 5.5 9 9M14.5 5.5l-9 9" };

export class PicksPanel {
  #host;
  #map;
  #store;
  #details;
  #selecting;
  #player;
  #localAudio;
  #address;
  #goTo;
  #list;
  #whenReleased;
  #status;
  #radius;
  /** @type {TextData | null} */
  #text = null;
  /** The row that is the Tab stop. */
  #current = 0;

  /**
   * @param {HTMLElement} host
   * @param {{map: MapData, store: Store, details: DetailsReader, selecting: Selecting, player: Player, localAudio: LocalAudio,
   *   address: Address, goTo: (track: number) => void}} parts
   */
  constructor(host, { map, store, details, selecting, player, localAudio, address, goTo }) {
    const find = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (host.querySelector(selector));
    this.#host = host;
    this.#map = map;
    this.#store = store;
    this.#details = details;
    this.#selecting = selecting;
    this.#player = player;
    this.#localAudio = localAudio;
    this.#address = address;
    this.#goTo = goTo;
    this.#list = find(".picks-list");
    this.#whenReleased = createPressGuard(this.#list);
    this.#status = find(".picks-status");
    this.#radius = /** @type {HTMLInputElement} */ (find(".picks-radius input"));
    find("[data-action='clear']").addEventListener("click", () => selecting.clear());
    find("[data-action='copy-link']").addEventListener("click", () => void this.#copyLink());
    for (const button of host.querySelectorAll("[data-export]")) {
      const kind = /** @type {HTMLElement} */ (button).dataset.export ?? "";
      button.addEventListener("click", () => void this.#export(kind));
    }
    this.#radius.addEventListener("input", () => {
      const { circle } = selecting;
      if (circle) selecting.around(circle.track, WIDEST * Number(this.#radius.value) ** 2);
    });
    this.#list.addEventListener("scroll", () => this.#showRows());
    this.#list.addEventListener("keydown", (event) => this.#onKey(event));
    this.#list.addEventListener("click", (event) => this.#onClick(event));
    // Wait for the next frame: showing rows immediately can change the list's size during the observer's callback.
    new ResizeObserver(() => requestAnimationFrame(() => this.#showRows())).observe(this.#list);
    store.subscribe(["selected"], () => this.#whenReleased(() => this.#update()));
    store.subscribe(["pinned"], () => this.#markPinned());
  }

  /** @param {TextData} text */
  setText(text) {
    this.#text = text;
    this.#update();
  }

  #update() {
    const { selected } = this.#store.get();
    const { circle } = this.#selecting;
    const isShown = selected.length > 0 && this.#text !== null;
    const isToggled = this.#host.hidden === isShown;
    show(this.#host, isShown);
    if (isShown) this.#showSelection(selected, circle);
    if (isToggled) tellToggled(this.#host);
  }

  /** @param {readonly number[]} selected  @param {Selecting["circle"]} circle */
  #showSelection(selected, circle) {
    /** @type {HTMLElement} */ (this.#host.querySelector(".picks-count")).textContent = tracksText(selected.length);
    const radiusRow = /** @type {HTMLElement} */ (this.#radius.parentElement);
    radiusRow.hidden = !circle;
    if (circle) this.#radius.value = String(Math.sqrt(circle.radius / WIDEST));
    this.#status.textContent = this.#canLink ? "" : gettext(TOO_MANY);
    this.#current = Math.min(this.#current, selected.length - 1);
    // An album is sorted once its details have arrived, while the list may be in use.
    const row = /** @type {HTMLElement | null} */ (this.#list.contains(document.activeElement) ? document.activeElement?.closest("[data-track]") : null);
    this.#list.replaceChildren(element("div", { class: "picks-space", role: "presentation" }));
    this.#showRows();
    const place = row ? selected.indexOf(Number(row.dataset.track)) : -1;
    if (place >= 0) this.#focusRow(place);
  }

  /** @param {string} text  about the selection */
  say(text) {
    this.#status.textContent = text;
  }

  /** Creates only the visible rows, because the selection may contain the whole library. */
  #showRows() {
    const text = this.#text;
    const { selected } = this.#store.get();
    const space = /** @type {HTMLElement | null} */ (this.#list.firstElementChild);
    if (!text || !space || this.#host.hidden) return;
    // First, because the height of the list depends on it.
    space.style.height = `${selected.length * ROW_HEIGHT}px`;
    const [first, end] = visibleRows(this.#list.scrollTop, this.#list.clientHeight, ROW_HEIGHT, selected.length);
    const wanted = new Set(selected.slice(first, end));
    const notes = shownCollection(this.#store.get())?.notes ?? [];
    this.#list.classList.toggle("has-notes", notes.some(Boolean));
    if (this.#current < first || this.#current >= end) this.#current = first;
    const present = new Map([...this.#rows()].map((row) => [Number(row.dataset.track), row]));
    for (const [track, row] of present) if (!wanted.has(track)) row.remove();
    for (let index = first; index < end; index++) {
      const track = selected[index];
      const row = present.get(track) ?? this.#row(text, track);
      row.style.transform = `translateY(${index * ROW_HEIGHT}px)`;
      row.setAttribute("aria-setsize", String(selected.length));
      row.setAttribute("aria-posinset", String(index + 1));
      row.dataset.place = String(index);
      /** @type {HTMLElement} */ (row.querySelector(".picks-note")).textContent = notes[index] ?? "";
      if (this.#list.children[index - first + 1] !== row) this.#list.insertBefore(row, this.#list.children[index - first + 1] ?? null);
    }
    this.#setCurrent(this.#current);
    this.#markPinned();
  }

  #rows() {
    return /** @type {NodeListOf<HTMLElement>} */ (this.#list.querySelectorAll("[data-track]"));
  }

  /**
   * @param {TextData} text
   * @param {number} track
   */
  #row(text, track) {
    const title = text.titles[track];
    const artists = text.artistsOf(track).join(", ");
    const names = element(
      "button",
      { class: "picks-names", type: "button", "data-action": "show" },
      element("span", { class: "picks-title", dir: "auto", translate: "no" }, title),
      element("span", { class: "picks-artists", dir: "auto", translate: "no" }, artists || gettext("Unknown artist")),
    );
    const remove = element("button", { class: "icon-button", type: "button", "data-action": "remove", "aria-label": gettext("Remove {title}", { title }), title: gettext("Remove") }, icon(ICONS.remove));
    const more = element("span", { class: "picks-more" });
    const art = element("span", { class: "picks-art" });
    const row = element("div", { class: "picks-row", role: "listitem", "data-track": String(track) }, art, element("span", { class: "picks-note" }), names, more, remove);
    void this.#addDetails(text, track, row);
    return row;
  }

  /** @param {TextData} text  @param {number} track  @param {HTMLElement} row */
  async #addDetails(text, track, row) {
    const details = await this.#details.read(track).catch(() => null);
    // The row shows less; the card reports the error.
    if (!details) return;
    const [art, more] = /** @type {Iterable<HTMLElement>} */ (row.querySelectorAll(".picks-art, .picks-more"));
    if (details.artFile) {
      art.replaceChildren(element("img", { src: `art/${encodeURIComponent(details.artFile)}`, alt: "" }));
      this.#list.classList.add("has-covers");
    }
    more.replaceChildren(...moreNodes(text.titles[track], details, this.#player.canPlay(details)));
    if (Number(row.dataset.place) === this.#current) this.#setCurrent(this.#current);
    else for (const control of more.querySelectorAll("a, button")) control.setAttribute("tabindex", "-1");
  }

  /** Offers to listen, after the list of the user's own audio files has arrived. */
  offerListening() {
    for (const row of this.#rows()) void this.#addDetails(/** @type {TextData} */ (this.#text), Number(row.dataset.track), row);
  }

  #markPinned() {
    const { pinned } = this.#store.get();
    for (const row of this.#rows()) row.classList.toggle("is-pinned", Number(row.dataset.track) === pinned);
  }

  /** Sets the row that is the Tab stop; arrow keys change it. @param {number} index */
  #setCurrent(index) {
    this.#current = index;
    for (const row of this.#rows()) {
      const tabIndex = Number(row.dataset.place) === index ? "0" : "-1";
      for (const control of row.querySelectorAll("a, button")) control.setAttribute("tabindex", tabIndex);
    }
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const last = this.#store.get().selected.length - 1;
    const page = Math.max(1, Math.floor(this.#list.clientHeight / ROW_HEIGHT) - 1);
    /** @type {Record<string, number>} */
    const targets = {
      ArrowDown: this.#current + 1, ArrowUp: this.#current - 1, PageDown: this.#current + page, PageUp: this.#current - page, Home: 0, End: last,
    };
    const target = targets[event.key];
    if (event.key === "Delete") this.#remove(this.#store.get().selected[this.#current]);
    else if (target === undefined) return;
    else this.#focusRow(Math.max(0, Math.min(last, target)));
    event.preventDefault();
  }

  /** @param {number} index */
  #focusRow(index) {
    const top = index * ROW_HEIGHT;
    if (top < this.#list.scrollTop) this.#list.scrollTop = top;
    else if (top + ROW_HEIGHT > this.#list.scrollTop + this.#list.clientHeight) this.#list.scrollTop = top + ROW_HEIGHT - this.#list.clientHeight;
    this.#current = index;
    this.#showRows();
    /** @type {HTMLElement | null} */ (this.#list.querySelector(`[data-place="${index}"] .picks-names`))?.focus();
  }

  /** @param {number} track */
  #remove(track) {
    const { selected } = this.#store.get();
    const index = selected.indexOf(track);
    if (index < 0) return; // the selection has changed while the button was pressed
    this.#selecting.toggle(track);
    if (selected.length > 1) this.#focusRow(Math.min(index, selected.length - 2));
  }

  /** @param {Event} event */
  #onClick(event) {
    const button = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-action]"));
    const row = /** @type {HTMLElement | null} */ (button?.closest("[data-track]"));
    if (!button || !row) return;
    const track = Number(row.dataset.track);
    if (button.dataset.action === "remove") this.#remove(track);
    else {
      this.#setCurrent(Number(row.dataset.place));
      if (button.dataset.action !== "play") return this.#goTo(track);
      this.#store.set({ pinned: track, hovered: NO_TRACK });
      void this.#player.play(track);
    }
  }

  /** Whether a link can contain the selection. Albums and artists are linked by name, regardless of their number of tracks. */
  get #canLink() {
    const state = this.#store.get();
    return state.selected.length <= MAX_LINKED_TRACKS || shownCollection(state) !== null;
  }

  async #copyLink() {
    if (!this.#canLink) {
      this.#status.textContent = gettext(TOO_MANY);
      return;
    }
    try {
      await copyText(this.#address.link(), gettext("Copy it from the address bar."));
      this.#status.textContent = gettext("Copied a link to this map with these tracks selected.");
    } catch (reason) {
      if (!(reason instanceof Error)) throw reason;
      this.#status.textContent = reason.message;
    }
  }

  /** @param {string} kind */
  async #export(kind) {
    const text = /** @type {TextData} */ (this.#text);
    const { selected } = this.#store.get();
    this.#status.textContent = gettext("Loading the details");
    try {
      await this.#localAudio.loadPaths();
      const tracks = [];
      for (const track of selected) {
        const details = await this.#details.read(track);
        tracks.push(listedTrack(text, track, details, this.#localAudio.pathOf(details.id)));
      }
      this.#status.textContent = await give(kind, `${this.#map.title || "spotmap"} selection`, tracks);
    } catch (reason) {
      if (!(reason instanceof Error)) throw reason;
      this.#status.textContent = reason.message;
    }
  }
}

/**
 * Exports the list in playing order.
 *
 * @param {string} kind  file type or destination
 * @param {string} name
 * @param {readonly ListedTrack[]} tracks
 * @returns {Promise<string>}  a message about the result
 */
async function give(kind, name, tracks) {
  const save = (/** @type {string} */ ending, /** @type {string} */ type, /** @type {string} */ text, count = tracks.length) => {
    if (count > 0) saveText(`${name}.${ending}`, type, text);
    return savedText(count, tracks.length);
  };
  if (kind === "m3u") return save("m3u8", "audio/x-mpegurl", toM3u(name, tracks), countAddresses(tracks));
  if (kind === "jspf") return save("jspf", "application/jspf+json", toJspf(name, tracks));
  if (kind === "csv") return save("csv", "text/csv", toCsv(tracks));
  const uris = toSpotifyUris(tracks);
  if (uris.length > 0) await copyText(uris.join("\n"), gettext("Save the list as CSV instead."));
  return copiedText(uris.length, tracks.length);
}

/** @param {number} saved  @param {number} all */
function savedText(saved, all) {
  if (saved === 0) return gettext("None of these tracks has an address, as far as this page knows. CSV keeps their names.");
  const tracks = ngettext("Saved {count} track", "Saved {count} tracks", saved);
  return all > saved ? gettext("{saved}; {count} without an address", { saved: tracks, count: all - saved }) : tracks;
}

/** @param {number} copied  @param {number} all */
function copiedText(copied, all) {
  if (copied === 0) return gettext("None of these tracks is on Spotify, as far as the map knows.");
  const links = ngettext("Copied {count} link", "Copied {count} links", copied);
  const done = all > copied ? gettext("{copied}; {count} not on Spotify", { copied: links, count: all - copied }) : links;
  return gettext("{copied}. Paste them into a playlist in Spotify.", { copied: done });
}

/**
 * @param {string} title
 * @param {TrackDetails} details
 * @param {boolean} canPlay
 */
function moreNodes(title, details, canPlay) {
  const nodes = [];
  if (details.duration_ms !== null) nodes.push(element("span", { class: "picks-time" }, formatDuration(details.duration_ms)));
  if (canPlay) {
    nodes.push(element("button", { class: "icon-button", type: "button", "data-action": "play", "aria-label": gettext("Listen to {title}", { title }), title: gettext("Listen") }, icon(ICONS.play)));
  }
  const link = trackLinks(details)[0];
  if (link) {
    const label = gettext("Open in {service}", { service: link.label.replace("Open in ", "") });
    nodes.push(element("a", { class: "icon-button", href: link.url, target: "_blank", rel: "noopener", "aria-label": `${label}: ${title}`, title: label }, icon(ICONS.open)));
  }
  return nodes;
}
