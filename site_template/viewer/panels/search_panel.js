/**
 * The search field and its results: a combobox according to the ARIA authoring practices. The query is searched among names, and parsed
 * as a description of sound. Names come first; if there are any, a description counts only if it is completely understood.
 */

import { element } from "../ui/dom.js";
import { gettext, ngettext } from "../data/language.js";
import { readingText } from "../data/load.js";
import { messageOf } from "../data/decode.js";
import { SearchIndex } from "../data/search.js";
import { finished } from "../data/work.js";
import { createPressGuard } from "../ui/presses.js";
import { inSlices } from "../ui/slices.js";
import { descriptionRows } from "./description_rows.js";

/** @import { Condition, Description } from "../data/describe.js" */
/** @import { CollectionLoader } from "./collection_loader.js" */
/** @import { FoundRow } from "./collections.js" */
/** @import { DescriberLoader } from "../state/describer_loader.js" */
/** @import { Store } from "../state/store.js" */
/** @import { TextData } from "../data/types.js" */

const MAX_ROWS = 40;
/** Maximum number of names above the results of a description. */
const MAX_NAMES = 6;
/** Tracks to index per slice: some milliseconds. */
const SLICE = 500;
/** Queries for warming up both code paths: a frequent initial letter, and two frequent letters. */
const REHEARSED = ["s", "er"];

/**
 * @typedef {object} Found
 * @property {readonly number[]} names  tracks found by name
 * @property {readonly number[]} rows  tracks that fit the description
 * @property {readonly string[]} says  how well the conditions are met
 * @property {Description | null} description
 * @property {string} status
 */

export class SearchPanel {
  #input;
  #results;
  #whenReleased;
  #list;
  #said;
  #status;
  #select;
  #store;
  #describing;
  #collections;
  #goTo;
  /** Found albums and artists. @type {readonly FoundRow[]} */
  #found = [];
  /** @type {TextData | null} */
  #text = null;
  /** @type {SearchIndex | null} */
  #index = null;
  #active = -1;
  /** The query of the current results. */
  #shown = "";
  /** The running search. @type {Generator<void, void> | null} */
  #work = null;
  /** Whether the list is to be open, as soon as there are results. */
  #opens = false;
  #isPrepared = false;
  /** Why descriptions, albums and artists cannot be found. */
  #failure = "";
  #isLoading = false;
  /** Whether the current query waits for data. */
  #isWaiting = false;

  /**
   * @param {HTMLElement} host
   * @param {{store: Store, describing: DescriberLoader, collections: CollectionLoader, goTo: (track: number) => void}} parts
   */
  constructor(host, { store, describing, collections, goTo }) {
    this.#input = /** @type {HTMLInputElement} */ (host.querySelector("input"));
    this.#results = /** @type {HTMLElement} */ (host.querySelector(".search-results"));
    this.#whenReleased = createPressGuard(this.#results);
    this.#list = /** @type {HTMLElement} */ (host.querySelector(".search-list"));
    this.#said = /** @type {HTMLElement} */ (host.querySelector(".search-said"));
    this.#status = /** @type {HTMLElement} */ (host.querySelector(".search-status"));
    this.#select = /** @type {HTMLButtonElement} */ (host.querySelector("[data-action='select-found']"));
    this.#store = store;
    this.#describing = describing;
    this.#collections = collections;
    this.#goTo = goTo;
    this.#input.addEventListener("input", () => this.#find(true));
    this.#input.addEventListener("keydown", (event) => this.#onKey(event));
    this.#list.addEventListener("click", (event) => {
      const row = /** @type {Element} */ (event.target).closest("[role='option']");
      if (row) this.#choose(/** @type {HTMLElement} */ (row));
    });
    host.addEventListener("focusin", () => {
      this.#open(true);
      void this.#prepare();
    });
    host.addEventListener("focusout", (event) => {
      if (!host.contains(/** @type {Node | null} */ (event.relatedTarget))) this.#open(false);
    });
    this.#select.addEventListener("click", () => {
      this.#open(false);
      store.set({ selected: store.get().matches ?? [], query: "", matches: null, almost: [] });
    });
    store.subscribe(["query"], () => this.#follow());
    // Keep the focus in the field while a result is clicked.
    this.#results.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  /** @param {TextData} text */
  setText(text) {
    this.#text = text;
    this.#index = new SearchIndex(text);
    this.#input.disabled = false;
    this.#grow(this.#index);
    this.#follow();
  }

  /** @param {SearchIndex} index */
  #grow(index) {
    index.grow(SLICE);
    if (!index.isComplete) {
      setTimeout(() => this.#grow(index));
      return;
    }
    this.#describing.setNames(index, /** @type {TextData} */ (this.#text));
    // Repeat the search, because the previous one used an incomplete index.
    if (this.#input.value) this.#find();
  }

  /** Loads the vocabulary of descriptions; without it, only names are found. */
  async #prepare() {
    try {
      await Promise.all([this.#describing.prepare(), this.#collections.prepare()]);
    } catch (reason) {
      this.#failure = this.#status.textContent = messageOf(reason);
      return;
    }
    this.#failure = "";
    if (this.#isPrepared) return;
    this.#isPrepared = true;
    if (this.#input.value) this.#find();
    else if (this.#index?.isComplete) void inSlices(this.#rehearsing(this.#index), () => this.#work !== null);
  }

  /** Runs the search code once in advance, because code is slow on its first run. @param {SearchIndex} index  @returns {Generator<void, void>} */
  *#rehearsing(index) {
    for (const query of REHEARSED) {
      const names = (yield* index.searching(query)) ?? [];
      yield;
      this.#describing.describer?.read(query);
      yield;
      this.#collections.find(query, false, names.slice(0, MAX_ROWS));
      yield;
    }
  }

  /** Applies a query from a link or from the history. */
  #follow() {
    const { query } = this.#store.get();
    if (!this.#index || query === this.#input.value) return;
    this.#input.value = query;
    this.#find(false);
    if (query) void this.#prepare();
  }

  focus() {
    this.#input.focus();
    this.#input.select();
  }

  clear() {
    this.#input.value = "";
    this.#find();
  }

  /** Whether nothing is searched. */
  get isEmpty() {
    return this.#input.value === "";
  }

  /** Searches in slices, so that a key never waits for the previous search. @param {boolean} [opens]  whether the list opens when the search is finished */
  #find(opens = this.#opens) {
    if (!this.#index) return;
    this.#opens = opens;
    const work = (this.#work = this.#finding(this.#index));
    void inSlices(work, () => this.#work !== work);
  }

  /** Finishes the search, for keys that act on the complete list. */
  #finish() {
    if (this.#work) finished(this.#work);
  }

  /** @param {SearchIndex} index  @returns {Generator<void, void>} */
  *#finding(index) {
    const query = this.#input.value;
    const names = yield* index.searching(query);
    const { describer } = this.#describing;
    if (describer) yield;
    const description = names && describer ? describer.read(query) : null;
    yield;
    if (!names || !describer || !description || !isMeant(description, names)) {
      this.#store.set({ query, matches: names, almost: [] });
      this.#show({ names: names ?? [], rows: [], says: [], description: null, status: (names?.length === 0 && this.#failure) || statusText(names) });
      return;
    }
    if (!describer.isReady) {
      // Show the names until the fits are computed.
      this.#store.set({ query, matches: names, almost: [] });
      this.#show({ names, rows: [], says: [], description, status: readingText(0) });
      this.#isWaiting = true;
      void this.#load();
      return;
    }
    const { tracks, almost, says } = yield* describer.fitting(description);
    const own = index.withWords(names, query);
    const isOwn = new Set(own);
    const fitting = tracks.filter((track) => !isOwn.has(track));
    yield;
    this.#store.set({ query, matches: [...own, ...fitting], almost });
    const rows = tracks.length > 0 ? fitting : almost;
    this.#show({ names: own, rows, says, description, status: fitText(own.length, tracks.length, almost.length, description) });
  }

  async #load() {
    if (this.#isLoading) return;
    this.#isLoading = true;
    const tell = (/** @type {string} */ note) => {
      if (this.#isWaiting) this.#status.textContent = note;
    };
    try {
      await this.#describing.describer?.load((share) => tell(readingText(share)));
      this.#find();
    } catch (reason) {
      tell(messageOf(reason));
    } finally {
      this.#isLoading = false;
    }
  }

  /** Removes or negates a condition. @param {Condition} condition  @param {"remove" | "negate"} change */
  #change(condition, change) {
    const { describer } = this.#describing;
    if (!describer) return;
    this.#input.value = describer.change(this.#input.value, condition, change);
    this.#find(true);
    this.#input.focus();
  }

  /** @param {Found} found */
  #show(found) {
    this.#isWaiting = false;
    this.#whenReleased(() => this.#fill(found));
  }

  /** @param {Found} found */
  #fill({ names, rows, says, description, status }) {
    // Keep the active row if more results arrive for the same query.
    const keyOf = (/** @type {HTMLElement | undefined} */ row) => row && (row.dataset.track ?? row.textContent);
    const chosen = this.#input.value === this.#shown ? keyOf(this.#rows[this.#active]) : undefined;
    this.#shown = this.#input.value;
    this.#active = -1;
    const shown = names.slice(0, rows.length > 0 ? MAX_NAMES : MAX_ROWS);
    /** @type {HTMLElement[]} */
    const nodes = shown.map((track) => this.#row(track));
    const collections = this.#collections.find(this.#shown, description !== null, shown);
    this.#found = collections.rows;
    nodes.splice(collections.before, 0, ...this.#found.map(({ row }) => row));
    if (nodes.length > 0 && rows.length > 0) {
      nodes.unshift(heading(gettext("By name")));
      nodes.push(heading(gettext("By sound")));
    }
    nodes.push(...rows.slice(0, MAX_ROWS - shown.length).map((track) => this.#row(track)));
    this.#list.replaceChildren(...nodes);
    this.#rows.forEach((row, index) => (row.id = `found-${index}`));
    const said = description ? descriptionRows(description.conditions, says, (condition, change) => this.#change(condition, change)) : [];
    this.#said.replaceChildren(...said);
    this.#said.hidden = said.length === 0;
    this.#status.textContent = status;
    this.#select.hidden = (this.#store.get().matches ?? []).length === 0;
    this.#input.removeAttribute("aria-activedescendant");
    this.#open(this.#opens);
    // Last, because it forces a layout of everything above.
    this.#results.scrollTop = 0;
    if (chosen) this.#activate(this.#rows.findIndex((row) => keyOf(row) === chosen));
  }

  /** @param {number} track */
  #row(track) {
    const text = /** @type {TextData} */ (this.#text);
    return element(
      "li",
      { role: "option", "data-track": String(track), "aria-selected": "false" },
      element("span", { class: "found-title", dir: "auto", translate: "no" }, text.titles[track]),
      element("span", { class: "found-artists", dir: "auto", translate: "no" }, text.artistsOf(track).join(", ")),
    );
  }

  /** @returns {HTMLElement[]} */
  get #rows() {
    return [.../** @type {NodeListOf<HTMLElement>} */ (this.#list.querySelectorAll("[role='option']"))];
  }

  /** @param {boolean} wanted */
  #open(wanted) {
    this.#opens = wanted;
    const open = wanted && this.#store.get().matches !== null;
    this.#results.hidden = !open;
    this.#input.setAttribute("aria-expanded", String(open));
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (["ArrowDown", "ArrowUp", "Enter"].includes(event.key)) this.#finish();
    const rows = this.#rows;
    if (event.key === "ArrowDown") this.#activate(Math.min(this.#active + 1, rows.length - 1));
    else if (event.key === "ArrowUp") this.#activate(Math.max(this.#active - 1, 0));
    else if (event.key === "Enter" && rows.length > 0) this.#choose(rows[Math.max(0, this.#active)]);
    else return;
    event.preventDefault();
  }

  /** @param {number} index */
  #activate(index) {
    this.#open(true);
    const rows = this.#rows;
    rows[this.#active]?.setAttribute("aria-selected", "false");
    this.#active = index;
    const row = rows[index];
    if (!row) return;
    row.setAttribute("aria-selected", "true");
    row.scrollIntoView({ block: "nearest" });
    this.#input.setAttribute("aria-activedescendant", row.id);
  }

  /** @param {HTMLElement} row */
  #choose({ dataset }) {
    this.#open(false);
    const named = this.#found.find(({ row }) => row.dataset === dataset);
    if (named) return this.#collections.show(named);
    this.#goTo(Number(dataset.track));
  }
}

/** @param {string} text */
const heading = (text) => element("li", { class: "search-heading", role: "presentation" }, text);

/**
 * Returns whether the query is a description, possibly in addition to a name. A name alone is found by itself, and words of a title may have
 * a meaning too.
 *
 * @param {Description} description
 * @param {readonly number[]} names  tracks with this name
 */
function isMeant({ conditions, unknown }, names) {
  return conditions.some(({ meaning }) => meaning.type !== "by") && (unknown.length === 0 || names.length === 0);
}

/** @param {readonly number[] | null} matches */
function statusText(matches) {
  if (matches === null) return "";
  if (matches.length === 0) return gettext("Nothing found. Try fewer or other words, or describe a sound: “slow dark jazz”.");
  return ngettext("{count} track found", "{count} tracks found", matches.length);
}

/** @param {number} named  @param {number} fitting  @param {number} almost  @param {Description} description */
function fitText(named, fitting, almost, { unknown }) {
  const names = named > 0 ? `${ngettext("{count} track by name", "{count} tracks by name", named)}; ` : "";
  const fits = fitting > 0 ? ngettext("{count} track fits", "{count} tracks fit", fitting) : almost > 0 ? gettext("nothing fits completely, these are the closest") : gettext("nothing fits");
  const text = names + fits;
  const words = unknown.map((word) => `“${word}”`).join(", ");
  const notUnderstood = words ? ` ${gettext("Not understood: {words}.", { words })}` : "";
  return gettext("{sentence}.", { sentence: text.charAt(0).toUpperCase() + text.slice(1) }) + notUnderstood;
}
