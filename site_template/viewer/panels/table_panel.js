/** The visible tracks as a table: to sort, browse and save. Part of an on-demand script; table_loader.js opens and closes the table. */

import { listedTrack, toCsv } from "../data/exports.js";
import { NO_TRACK } from "../data/types.js";
import { APPEARANCE_KEYS, RANK } from "../state/appearance.js";
import { element } from "../ui/dom.js";
import { gettext, ngettext } from "../data/language.js";
import { readingText } from "../data/load.js";
import { shownText } from "../ui/format.js";
import { visibleRows } from "../ui/row_window.js";
import { saveText } from "../ui/saving.js";
import { inSlices } from "../ui/slices.js";
import { namedColumns, orderBy, rowsOf, traitColumn } from "./table_columns.js";

/** @import { DetailsReader } from "../data/load.js" */
/** @import { Column, Order } from "./table_columns.js" */
/** @import { MapData, TextData } from "../data/types.js" */
/** @import { Renderer } from "../map/renderer.js" */
/** @import { Selecting } from "../map/selecting.js" */
/** @import { Store } from "../state/store.js" */
/** @import { TraitLoader } from "../state/trait_loader.js" */

/** Traits that are loaded when the table is opened; other loaded traits are columns as well. */
const FIRST_TRAITS = ["year", "duration_ms", "feature.tempo", "feature.key", "feature.loudness", "feature.danceability"];
/** Pixels, as in the style sheet. */
const ROW_HEIGHT = 36;
/** Maximum number of rows: browsers limit the height of elements to about 17 million pixels. */
const MAX_ROWS = 400_000;
const narrow = matchMedia("(max-width: 1099px)");

/**
 * @typedef {object} TableParts
 * @property {MapData} map
 * @property {TextData} text
 * @property {Store} store
 * @property {Renderer} renderer
 * @property {DetailsReader} details
 * @property {Selecting} selecting
 * @property {TraitLoader} traitLoader
 * @property {(track: number) => void} goTo  pins the track and brings it into view
 * @property {(text: string) => void} announce
 * @property {() => void} leave  closes the table
 * @property {(act: () => void) => void} whenReleased  of the rows
 */

export class TablePanel {
  #host;
  #parts;
  #scroller;
  #whenReleased;
  #status;
  #sortChoice;
  /** @type {Column[]} */
  #columns = [];
  /** Cached orders by column id. @type {Map<string, Order>} */
  #orders = new Map();
  /** The sort column; null for the order of the search, the selection or the map. @type {{id: string, isDescending: boolean} | null} */
  #sort = null;
  /** @type {Uint32Array} */
  #rows = new Uint32Array(0);
  /** The row that is the Tab stop. */
  #current = 0;
  /** A selection that was made in the table, which does not filter it. @type {readonly number[] | null} */
  #own = null;
  #frame = 0;

  /** @param {HTMLElement} host  @param {TableParts} parts */
  constructor(host, parts) {
    const find = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (host.querySelector(selector));
    this.#host = host;
    this.#parts = parts;
    this.#scroller = find(".table-scroll");
    this.#whenReleased = parts.whenReleased;
    this.#status = find(".table-status");
    this.#sortChoice = /** @type {HTMLSelectElement} */ (find("select"));
    find("[data-action='csv']").addEventListener("click", () => void this.#save());
    this.#sortChoice.addEventListener("change", () => void this.#sortBy(this.#sortChoice.value));
    this.#scroller.addEventListener("scroll", () => this.#showRows());
    this.#scroller.addEventListener("keydown", (event) => this.#onKey(event));
    this.#scroller.addEventListener("click", (event) => this.#onClick(event));
    new ResizeObserver(() => requestAnimationFrame(() => this.#showRows())).observe(this.#scroller);
    parts.store.subscribe(["traits"], () => this.#whenReleased(() => this.#setColumns()));
    parts.store.subscribe(APPEARANCE_KEYS, () => this.#refresh());
    parts.store.subscribe(["pinned"], ({ pinned }) => this.#showPinned(pinned));
  }

  /** Fills the table, which has just been opened. @param {boolean} takesFocus */
  show(takesFocus) {
    this.#setColumns();
    this.#update();
    if (takesFocus) this.#scroller.querySelector("button")?.focus();
    void this.#loadTraits();
  }

  /** Loads traits one after the other; loading all in one task would block the page. */
  async #loadTraits() {
    const { traitLoader } = this.#parts;
    for (const id of FIRST_TRAITS) {
      if (traitLoader.offers(id) && !(await traitLoader.load([id], (note) => this.#say(note)))) return;
      await new Promise((resolve) => setTimeout(resolve));
    }
  }

  /** @param {string} note  progress message; empty for the number of tracks */
  #say(note) {
    const { count } = this.#parts.map;
    const rows = this.#rows.length;
    const shown = shownText(rows, count);
    this.#status.textContent = note || (rows > MAX_ROWS ? gettext("{shown}, the first {rows} below", { shown, rows: MAX_ROWS }) : shown);
  }

  #setColumns() {
    if (this.#host.hidden) return;
    const { map, text, store } = this.#parts;
    const traits = [...store.get().traits.values()];
    const rank = (/** @type {string} */ id) => (FIRST_TRAITS.indexOf(id) + 1 || FIRST_TRAITS.length + 1);
    this.#columns = [...namedColumns(map, text), ...traits.sort((a, b) => rank(a.id) - rank(b.id)).map(traitColumn)];
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.sort;
    const isInRows = this.#scroller.children[1]?.contains(document.activeElement);
    this.#host.style.setProperty("--columns", this.#columns.map(({ width }) => `minmax(${width}px, ${width}fr)`).join(" "));
    this.#host.style.setProperty("--width", `${this.#columns.reduce((sum, { width }) => sum + width, 0)}px`);
    this.#scroller.setAttribute("aria-colcount", String(this.#columns.length));
    const head = element("div", { class: "table-row table-names", role: "row", "aria-rowindex": "1" }, ...this.#columns.map((column) => headCell(column)));
    const space = element("div", { class: "table-space", role: "rowgroup" });
    // At once, because the scroll position is within it.
    space.style.height = heightOf(this.#rows);
    this.#scroller.replaceChildren(head, space);
    this.#sortChoice.replaceChildren(element("option", { value: "", hidden: true }, gettext("Sort by")), ...this.#columns.flatMap(({ id, label }) => [element("option", { value: id }, gettext(label)), element("option", { value: `-${id}` }, gettext("{label}, descending", { label: gettext(label) }))]));
    this.#markSort();
    this.#showRows();
    const again = focused ? head.querySelector(`[data-sort="${CSS.escape(focused)}"]`) : isInRows ? this.#rowAt(this.#current) : null;
    /** @type {HTMLElement | null} */ (again)?.focus({ preventScroll: true });
  }

  /** Schedules an update; several changes in a frame cause one. */
  #refresh() {
    if (this.#host.hidden) return;
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      this.#whenReleased(() => this.#update());
    });
  }

  /** Updates the rows: the tracks that pass the filters, limited to search results or else to the selection on the map. */
  #update() {
    const { map, store, renderer } = this.#parts;
    const { matches, selected } = store.get();
    const { rank } = renderer.appearance;
    const listed = matches ?? (selected.length > 0 && selected !== this.#own ? selected : null);
    const isIn = new Uint8Array(map.count);
    for (let index = 0; listed && index < listed.length; index++) isIn[listed[index]] = 1;
    const isShown = (/** @type {number} */ track) => rank[track] !== RANK.HIDDEN && (!listed || isIn[track] === 1);
    const order = this.#sort && this.#orders.get(this.#sort.id);
    if (order) this.#rows = rowsOf(order, this.#sort?.isDescending === true, isShown);
    else this.#rows = asOrder(listed, map.count).filter(isShown);
    this.#current = Math.min(this.#current, Math.max(0, this.#rows.length - 1));
    this.#scroller.setAttribute("aria-rowcount", String(this.#rows.length + 1));
    this.#say("");
    this.#showRows();
  }

  /** @param {string} choice  id of a column, with a leading dash for descending order */
  async #sortBy(choice) {
    const isDescending = choice.startsWith("-");
    const id = isDescending ? choice.slice(1) : choice;
    const column = this.#columns.find((item) => item.id === id);
    if (!column) return;
    const sort = { id, isDescending };
    this.#sort = sort;
    this.#markSort();
    if (!this.#orders.has(id)) {
      this.#say(gettext("Sorting"));
      const order = await inSlices(orderBy(column, this.#parts.map.count), () => this.#sort !== sort);
      if (!order) return;
      this.#orders.set(id, order);
    }
    this.#whenReleased(() => {
      this.#scroller.scrollTop = 0;
      this.#current = 0;
      this.#update();
    });
    this.#parts.announce(isDescending ? gettext("Sorted by {label}, descending", { label: gettext(column.label) }) : gettext("Sorted by {label}", { label: gettext(column.label) }));
  }

  #markSort() {
    for (const cell of this.#scroller.querySelectorAll("[role='columnheader']")) {
      const isSorted = /** @type {HTMLElement} */ (cell).dataset.column === this.#sort?.id;
      cell.classList.toggle("is-sorted", isSorted);
      if (isSorted) cell.setAttribute("aria-sort", this.#sort?.isDescending ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    }
    this.#sortChoice.value = this.#sort ? (this.#sort.isDescending ? "-" : "") + this.#sort.id : "";
    // In a narrow window, the sheet has room for one column beside the titles.
    this.#host.dataset.beside = this.#sort && this.#sort.id !== "title" ? this.#sort.id : "artist";
    for (const row of this.#scroller.querySelectorAll(".table-row")) markBeside(row, this.#host.dataset.beside);
  }

  /** Creates only the visible rows. */
  #showRows() {
    const space = /** @type {HTMLElement | undefined} */ (this.#scroller.children[1]);
    if (!space || this.#host.hidden) return;
    const count = Math.min(MAX_ROWS, this.#rows.length);
    const [first, end] = visibleRows(this.#scroller.scrollTop - ROW_HEIGHT, this.#scroller.clientHeight, ROW_HEIGHT, count);
    space.style.height = heightOf(this.#rows);
    if (this.#current < first || this.#current >= end) this.#current = first;
    const { pinned, selected } = this.#parts.store.get();
    const chosen = new Set(selected);
    const wanted = new Set(this.#rows.subarray(first, end));
    const present = new Map([...this.#rowNodes()].map((row) => [Number(row.dataset.track), row]));
    for (const [track, row] of present) if (!wanted.has(track)) row.remove();
    for (let index = first; index < end; index++) {
      const track = this.#rows[index];
      const row = present.get(track) ?? this.#row(track);
      row.style.transform = `translateY(${index * ROW_HEIGHT}px)`;
      row.setAttribute("aria-rowindex", String(index + 2));
      row.setAttribute("aria-selected", String(chosen.has(track)));
      row.classList.toggle("is-pinned", track === pinned);
      row.dataset.place = String(index);
      row.tabIndex = index === this.#current ? 0 : -1;
      if (space.children[index - first] !== row) space.insertBefore(row, space.children[index - first] ?? null);
    }
  }

  #rowNodes() {
    return /** @type {NodeListOf<HTMLElement>} */ (this.#scroller.querySelectorAll("[data-track]"));
  }

  /** @param {number} track */
  #row(track) {
    const cells = this.#columns.map(({ id, isNumber, textOf }) =>
      element("span", { role: "gridcell", "data-column": id, class: isNumber ? "is-number" : "", dir: "auto", translate: "no" }, textOf(track)));
    const row = element("div", { class: "table-row", role: "row", "data-track": String(track) }, ...cells);
    markBeside(row, this.#host.dataset.beside ?? "");
    return row;
  }

  /** Scrolls to a track that was pinned elsewhere. @param {number} pinned */
  #showPinned(pinned) {
    if (this.#host.hidden) return;
    const index = pinned === NO_TRACK ? -1 : this.#rows.indexOf(pinned);
    if (index >= 0) this.#bringIntoSight(index);
    this.#showRows();
  }

  /** @param {number} index */
  #bringIntoSight(index) {
    const top = index * ROW_HEIGHT;
    const { scrollTop, clientHeight } = this.#scroller;
    if (top < scrollTop) this.#scroller.scrollTop = top;
    else if (top + 2 * ROW_HEIGHT > scrollTop + clientHeight) this.#scroller.scrollTop = top + 2 * ROW_HEIGHT - clientHeight;
    this.#current = index;
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const row = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest("[data-track]"));
    if (!row) return;
    const last = Math.min(MAX_ROWS, this.#rows.length) - 1;
    const page = Math.max(1, Math.floor(this.#scroller.clientHeight / ROW_HEIGHT) - 2);
    /** @type {Record<string, number>} */
    const targets = {
      ArrowDown: this.#current + 1, ArrowUp: this.#current - 1, PageDown: this.#current + page, PageUp: this.#current - page, Home: 0, End: last,
    };
    const target = targets[event.key];
    if (event.key === "Enter") this.#pin(Number(row.dataset.track));
    else if (event.key === " ") this.#toggle(Number(row.dataset.track));
    else if (target === undefined) return;
    else this.#focusRow(Math.max(0, Math.min(last, target)));
    event.preventDefault();
  }

  /** @param {number} index */
  #focusRow(index) {
    this.#bringIntoSight(index);
    this.#showRows();
    this.#rowAt(index)?.focus({ preventScroll: true });
  }

  /** Returns a row, if it is visible. @param {number} index */
  #rowAt(index) {
    return /** @type {HTMLElement | null} */ (this.#scroller.querySelector(`[data-place="${index}"]`));
  }

  /** @param {MouseEvent} event */
  #onClick(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const sort = /** @type {HTMLElement | null} */ (target.closest("[data-sort]"))?.dataset.sort;
    if (sort) {
      const again = this.#sort?.id === sort && !this.#sort.isDescending;
      return void this.#sortBy(again ? `-${sort}` : sort);
    }
    const row = /** @type {HTMLElement | null} */ (target.closest("[data-track]"));
    if (!row) return;
    const track = Number(row.dataset.track);
    this.#focusRow(Number(row.dataset.place));
    if (event.ctrlKey || event.metaKey) this.#toggle(track);
    else this.#pin(track);
  }

  /** @param {number} track */
  #pin(track) {
    // Close a sheet, which would hide the track.
    if (narrow.matches) this.#parts.leave();
    this.#parts.goTo(track);
  }

  /** Adds a track to the selection or removes it, without changing the rows. @param {number} track */
  #toggle(track) {
    const { store, selecting } = this.#parts;
    const before = store.get().selected;
    const narrowed = before.length > 0 && before !== this.#own;
    selecting.toggle(track);
    if (!narrowed) this.#own = store.get().selected;
    this.#refresh();
  }

  async #save() {
    const { map, text, details } = this.#parts;
    const [rows, columns] = [this.#rows, this.#columns];
    try {
      await details.readAll((share) => this.#say(readingText(share)));
      const tracks = [];
      for (const track of rows) tracks.push(listedTrack(text, track, await details.read(track), ""));
      // Skip columns that the list already contains.
      const more = columns.slice(3).filter(({ id }) => id !== "year" && id !== "duration_ms");
      const values = more.map(({ label, textOf }) => ({ label: label.toLowerCase(), values: Array.from(rows, textOf) }));
      saveText(`${map.title || "spotmap"} table.csv`, "text/csv", toCsv(tracks, values));
      this.#say(ngettext("Saved {count} track", "Saved {count} tracks", rows.length));
    } catch (reason) {
      if (!(reason instanceof Error)) throw reason;
      this.#say(reason.message);
    }
  }
}

/** @param {Uint32Array} rows */
const heightOf = (rows) => `${Math.min(MAX_ROWS, rows.length) * ROW_HEIGHT}px`;

/** Returns the tracks of a list, or without one, all tracks in their order. @param {readonly number[] | null} listed  @param {number} count  number of all tracks */
function asOrder(listed, count) {
  const tracks = new Uint32Array(listed ? listed.length : count);
  for (let index = 0; index < tracks.length; index++) tracks[index] = listed ? listed[index] : index;
  return tracks;
}

/** @param {Column} column */
const headCell = ({ id, label, isNumber }) =>
  element(
    "span",
    { role: "columnheader", "data-column": id, class: isNumber ? "is-number" : "" },
    element("button", { type: "button", "data-sort": id }, gettext(label)),
  );

/** @param {Element} row  @param {string} id  the column that a sheet shows beside the titles */
function markBeside(row, id) {
  for (const cell of /** @type {Iterable<HTMLElement>} */ (row.children)) cell.classList.toggle("is-beside", cell.dataset.column === id);
}
