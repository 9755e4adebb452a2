/** Keeps the page's address and its state in sync: links, reload, back and forward. */

import { readLink, tracksWith, writeLink, writeView } from "./permalink.js";
import { isGroupKind } from "./appearance.js";
import { filterWithin, untilWithin } from "./link_bounds.js";
import { isAxis } from "../data/axes.js";
import { tracksNamed } from "../data/named.js";
import { wished } from "../data/route.js";
import { NO_TRACK } from "../data/types.js";

/** @import { Navigation } from "../map/navigation.js" */
/** @import { Store } from "./store.js" */
/** @import { TraitLoader } from "./trait_loader.js" */
/** @import { MapData, State, TextData } from "../data/types.js" */

/** Delay before the address is written. Browsers refuse more than about a hundred changes in half a minute. */
const SETTLED_MS = 300;
/** Changes that "back" undoes. Typing, panning and the time slider would fill the history with irrelevant steps. */
const STEPS = /** @type {const} */ ([
  "colorBy", "sizeBy", "hiddenClusters", "hiddenPlaylists", "hiddenLayers", "traitFilters", "axes", "pinned", "selected",
]);
/** Fields that belong together: what a list, a path or an album consists of. */
const CHOSEN = /** @type {const} */ (["selected", "path", "asked", "collection"]);

export class Address {
  #map;
  #store;
  #navigation;
  #traitLoader;
  #tellMissing;
  /** @type {TextData | null} */
  #text = null;
  #timer = 0;
  #isStep = false;
  #written = "";
  /** The state after the address was last applied; what differs from it was changed on the page. */
  #followed;
  /** The run that follows the address, which prevents the reverse; a newer one replaces it. @type {object | null} */
  #following = null;

  /**
   * @param {MapData} map
   * @param {Store} store
   * @param {Navigation} navigation
   * @param {TraitLoader} traitLoader
   * @param {(missing: import("./link_bounds.js").Missing) => void} tellMissing
   */
  constructor(map, store, navigation, traitLoader, tellMissing) {
    this.#map = map;
    this.#store = store;
    this.#navigation = navigation;
    this.#traitLoader = traitLoader;
    this.#tellMissing = tellMissing;
    this.#written = writeLink(store.get(), map, null);
    this.#followed = store.get();
    store.subscribe(STEPS, () => this.#later(true));
    store.subscribe(["transform", "query", "until"], () => this.#later(false));
    addEventListener("popstate", () => {
      this.#followed = store.get();
      void this.#follow(true);
    });
    addEventListener("pagehide", () => void this.link());
  }

  /** Applies the parts of the address that need no titles. Call it once the window's size is known, before the first paint. */
  async start() {
    this.#navigation.show(readLink(location.hash, this.#map).view);
    this.#followed = { ...this.#followed, transform: this.#store.get().transform };
    await this.#follow(false);
  }

  /** Applies the parts of the address that name tracks, once the titles are loaded. @param {TextData} text */
  async setText(text) {
    this.#text = text;
    await this.#follow(false);
  }

  /** Returns a link to the current state, after writing pending changes. */
  link() {
    if (this.#timer) this.#writeNow();
    return location.href;
  }

  /** @param {boolean} isStep */
  #later(isStep) {
    if (this.#following || !this.#text) return;
    // The previous history entry keeps the view at which it was left.
    if (isStep && this.#timer && !this.#isStep) this.#write(false, this.#written);
    clearTimeout(this.#timer);
    this.#isStep ||= isStep;
    this.#timer = setTimeout(() => this.#writeNow(), this.#isStep ? 60 : SETTLED_MS);
  }

  #writeNow() {
    this.#write(this.#isStep, writeLink(this.#store.get(), this.#map, this.#text));
  }

  /**
   * @param {boolean} isStep
   * @param {string} link
   */
  #write(isStep, link) {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#isStep = false;
    const view = writeView(this.#navigation.view);
    const hash = [view && `at=${view}`, link].filter(Boolean).join("&");
    // The whole address: a path alone would be resolved against the page's base, and "//maps/" as a host.
    const address = location.href.split("#")[0] + (hash && `#${hash}`);
    if (isStep && link !== this.#written) history.pushState(null, "", address);
    else history.replaceState(null, "", address);
    this.#written = link;
  }

  /**
   * Applies the address. What was changed on the page since the last time stays: the window's size or the titles may become known after
   * someone has started to use the map.
   *
   * @param {boolean} moves  whether to apply the view as well
   */
  async #follow(moves) {
    const link = readLink(location.hash, this.#map);
    const text = this.#text;
    const run = (this.#following = {});
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#isStep = false;
    try {
      const ids = traitsOf(link.patch);
      const offered = new Set(ids.filter((id) => this.#traitLoader.offers(id)));
      if (offered.has(link.patch.sizeBy)) await this.#traitLoader.loadSizes(link.patch.sizeBy, () => {});
      const isLoaded = offered.size === 0 || (await this.#traitLoader.load([...offered], () => {}));
      // The address has changed, or the titles have arrived, while these were loading.
      if (run !== this.#following) return;
      const { axes, traits } = this.#store.get();
      const known = isLoaded ? new Map([...traits].filter(([id]) => offered.has(id))) : new Map();
      /** @type {Partial<State>} */
      const next = { ...keptOf(link.patch, known), axes: axesOf(link.patch, axes, traits) };
      if (text) {
        const { patch, missing } = tracksOf(link, text);
        Object.assign(next, patch);
        this.#tellMissing({ ...missing, groups: link.unknownGroups, measures: new Set(ids).size - offered.size });
      }
      const before = this.#store.get();
      const changed = changedKeys(before, this.#followed).filter((key) => key in next || key === "transform");
      for (const key of changed) delete next[key];
      this.#store.set(changesOf(next, before));
      this.#followed = this.#store.get();
      if ((moves && !changed.includes("transform")) || this.#followed.axes !== axes) this.#navigation.show(link.view);
      this.#written = writeLink(this.#followed, this.#map, text);
      this.#following = null;
      if (changed.length > 0) this.#later(false);
    } finally {
      if (run === this.#following) this.#following = null;
    }
  }
}

/**
 * Finds the tracks that a link names.
 *
 * @param {import("./permalink.js").LinkedState} link
 * @param {TextData} text
 */
function tracksOf({ pinned, named, selected, isPath, wish }, text) {
  const pins = tracksWith(text, pinned ? [pinned] : []);
  const own = named ? tracksNamed(text, named) : [];
  const tracks = own.length > 0 ? own : tracksWith(text, selected);
  const stops = tracksWith(text, wish?.stops ?? []);
  // Without one of its stops, it is a different path.
  const asked = isPath && wish && stops.length === wish.stops.length ? { wish: wished({ ...wish, stops }), tracks } : null;
  const missing = (named ? 0 : new Set(selected).size - tracks.length) + (pinned ? 1 - pins.length : 0);
  return {
    patch: { pinned: pins[0] ?? NO_TRACK, selected: tracks, path: isPath ? tracks : [], asked, collection: named && { ...named, tracks: own, notes: [] } },
    missing: { tracks: missing, names: named && own.length === 0 ? 1 : 0 },
  };
}

/**
 * Returns the fields that differ between two states. A selection, its path and its album count as one.
 *
 * @param {Readonly<State>} state
 * @param {Readonly<State>} earlier
 */
function changedKeys(state, earlier) {
  const changed = /** @type {(keyof State)[]} */ (Object.keys(state)).filter((key) => state[key] !== earlier[key]);
  return CHOSEN.some((key) => changed.includes(key)) ? [...changed, ...CHOSEN] : changed;
}

/**
 * Returns the changes of an address. A list that was read from it is a new object even if its content is the same, and would cause
 * all tracks to be styled again.
 *
 * @param {Partial<State>} next
 * @param {Readonly<State>} state
 * @returns {Partial<State>}
 */
function changesOf(next, state) {
  return Object.fromEntries(Object.entries(next).filter(([key, value]) => {
    const current = state[/** @type {keyof State} */ (key)];
    return !(isEmptyList(value) && isEmptyList(current));
  }));
}

/** @param {unknown} value */
const isEmptyList = (value) => (Array.isArray(value) ? value.length === 0 : (value instanceof Set || value instanceof Map) && value.size === 0);

/**
 * @param {import("./permalink.js").LinkedState["patch"]} patch
 * @returns {string[]}  the traits that the link needs
 */
function traitsOf({ traitFilters, colorBy, sizeBy, until, axes }) {
  const ids = [...traitFilters.keys(), colorBy, sizeBy, until === null ? "" : "added_at", ...Object.values(axes ?? {})];
  return ids.filter((id) => id !== "" && !isGroupKind(id));
}

/**
 * @param {import("./permalink.js").LinkedState["patch"]} patch
 * @param {State["traits"]} known  the loaded ones of the needed traits
 */
function keptOf(patch, known) {
  const filters = [...patch.traitFilters].flatMap(([id, filter]) => {
    const trait = known.get(id);
    return trait ? [/** @type {const} */ ([id, trait.membership ? filter : filterWithin(filter, trait)])] : [];
  });
  const days = known.get("added_at");
  return {
    ...patch,
    colorBy: isGroupKind(patch.colorBy) || known.has(patch.colorBy) ? patch.colorBy : "cluster",
    sizeBy: known.get(patch.sizeBy)?.sizes ? patch.sizeBy : "",
    traitFilters: new Map(filters),
    until: days ? untilWithin(patch.until, days) : null,
  };
}

/**
 * @param {Pick<State, "axes">} patch
 * @param {State["axes"]} now  kept if it is equal, because a new object moves all tracks
 * @param {State["traits"]} traits
 * @returns {State["axes"]}
 */
function axesOf({ axes }, now, traits) {
  if (axes?.x === now?.x && axes?.y === now?.y) return now;
  const isAvailable = (/** @type {string} */ id) => traits.has(id) && isAxis(/** @type {import("../data/types.js").Trait} */ (traits.get(id)));
  return axes && isAvailable(axes.x) && isAvailable(axes.y) ? axes : null;
}
