/** The search field and its list: a combobox as the ARIA authoring practices describe it. */

import { element } from "../ui/dom.js";
import { counted } from "../ui/format.js";
import { SearchIndex } from "../data/search.js";
import { NO_TRACK } from "../data/types.js";

/** @import { Store } from "../state/store.js" */
/** @import { TextData } from "../data/types.js" */

const MAX_ROWS = 40;
/** Tracks that the index takes in at once: some milliseconds, after which the page may do something else. */
const SLICE = 500;

export class SearchPanel {
  #input;
  #results;
  #list;
  #status;
  #select;
  #store;
  #flyTo;
  /** @type {TextData | null} */
  #text = null;
  /** @type {SearchIndex | null} */
  #index = null;
  #active = -1;

  /**
   * @param {HTMLElement} host
   * @param {Store} store
   * @param {(track: number) => void} flyTo
   */
  constructor(host, store, flyTo) {
    this.#input = /** @type {HTMLInputElement} */ (host.querySelector("input"));
    this.#results = /** @type {HTMLElement} */ (host.querySelector(".search-results"));
    this.#list = /** @type {HTMLElement} */ (host.querySelector(".search-list"));
    this.#status = /** @type {HTMLElement} */ (host.querySelector(".search-status"));
    this.#select = /** @type {HTMLButtonElement} */ (host.querySelector("[data-action='select-found']"));
    this.#store = store;
    this.#flyTo = flyTo;
    this.#input.addEventListener("input", () => this.#find());
    this.#input.addEventListener("keydown", (event) => this.#onKey(event));
    this.#list.addEventListener("click", (event) => {
      const row = /** @type {Element} */ (event.target).closest("[data-track]");
      if (row) this.#choose(Number(/** @type {HTMLElement} */ (row).dataset.track));
    });
    host.addEventListener("focusin", () => this.#open(true));
    host.addEventListener("focusout", (event) => {
      if (!host.contains(/** @type {Node | null} */ (event.relatedTarget))) this.#open(false);
    });
    this.#select.addEventListener("click", () => {
      this.#open(false);
      store.set({ selected: store.get().matches ?? [], query: "", matches: null });
    });
    store.subscribe(["query"], () => this.#follow());
    // Keeps the focus in the field while a result is clicked.
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
    if (!index.isComplete) setTimeout(() => this.#grow(index));
    // What has been typed meanwhile was sought among the tracks that were there.
    else if (this.#input.value) this.#find();
  }

  /** The query may come from elsewhere: from a link, or from the history. */
  #follow() {
    const { query } = this.#store.get();
    if (!this.#index || query === this.#input.value) return;
    this.#input.value = query;
    this.#find();
    this.#open(false);
  }

  focus() {
    this.#input.focus();
    this.#input.select();
  }

  clear() {
    this.#input.value = "";
    this.#find();
  }

  #find() {
    if (!this.#index) return;
    const query = this.#input.value;
    const matches = this.#index.search(query);
    this.#active = -1;
    this.#store.set({ query, matches });
    this.#show(matches);
  }

  /** @param {readonly number[] | null} matches */
  #show(matches) {
    const text = /** @type {TextData} */ (this.#text);
    const rows = (matches ?? []).slice(0, MAX_ROWS).map((track, place) =>
      element(
        "li",
        { id: `found-${place}`, role: "option", "data-track": String(track), "aria-selected": "false" },
        element("span", { class: "found-title", dir: "auto", translate: "no" }, text.titles[track]),
        element("span", { class: "found-artists", dir: "auto", translate: "no" }, text.artistsOf(track).join(", ")),
      ),
    );
    this.#list.replaceChildren(...rows);
    this.#results.scrollTop = 0;
    this.#status.textContent = statusText(matches);
    this.#select.hidden = !matches || matches.length === 0;
    this.#input.removeAttribute("aria-activedescendant");
    this.#open(true);
  }

  /** @param {boolean} wanted */
  #open(wanted) {
    const open = wanted && this.#store.get().matches !== null;
    this.#results.hidden = !open;
    this.#input.setAttribute("aria-expanded", String(open));
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const matches = this.#store.get().matches ?? [];
    const last = Math.min(matches.length, MAX_ROWS) - 1;
    if (event.key === "ArrowDown") this.#activate(Math.min(this.#active + 1, last));
    else if (event.key === "ArrowUp") this.#activate(Math.max(this.#active - 1, 0));
    else if (event.key === "Enter" && matches.length > 0) this.#choose(matches[Math.max(0, this.#active)]);
    else return;
    event.preventDefault();
  }

  /** @param {number} place */
  #activate(place) {
    this.#open(true);
    this.#list.children[this.#active]?.setAttribute("aria-selected", "false");
    this.#active = place;
    const row = this.#list.children[place];
    if (!row) return;
    row.setAttribute("aria-selected", "true");
    row.scrollIntoView({ block: "nearest" });
    this.#input.setAttribute("aria-activedescendant", row.id);
  }

  /** @param {number} track */
  #choose(track) {
    this.#open(false);
    this.#store.set({ pinned: track, hovered: NO_TRACK });
    this.#flyTo(track);
  }
}

/** @param {readonly number[] | null} matches */
function statusText(matches) {
  if (matches === null) return "";
  if (matches.length === 0) return "Nothing found. Try fewer or other words.";
  return `${counted(matches.length, "track")} found`;
}
