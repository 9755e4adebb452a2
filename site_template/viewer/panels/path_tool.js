/**
 * Finds a path between two tracks: the one where it was requested, and the next one that is pinned. The path becomes the selection, and
 * can then be changed: with more stops, another path, or a duration.
 */

import { RANK } from "../state/appearance.js";
import { gettext, ngettext } from "../data/language.js";
import { isolated } from "../ui/format.js";
import { messageOf } from "../data/decode.js";
import { wished } from "../data/route.js";
import { inSlices } from "../ui/slices.js";
import { NO_TRACK } from "../data/types.js";

/** @import { AlikeGraph } from "./alike_graph.js" */
/** @import { Navigation } from "../map/navigation.js" */
/** @import { Renderer } from "../map/renderer.js" */
/** @import { Route, Wish } from "../data/route.js" */
/** @import { Store } from "../state/store.js" */
/** @import { MapData, TextData } from "../data/types.js" */

export class PathTool {
  #hint;
  #parts;
  /** @type {TextData | null} */
  #text = null;
  /** Counter that invalidates older searches. */
  #turn = 0;
  /** The wish to which the next chosen track is added as a stop; null if it is the goal. @type {Wish | null} */
  #stopOf = null;
  /** Stops to add to it, whose path has not been found yet. @type {readonly number[]} */
  #chosen = [];
  /** Those of them that were chosen before the user asked for another stop. @type {readonly number[]} */
  #kept = [];

  /**
   * Create it before other handlers of Escape.
   *
   * @param {HTMLElement} hint  instructions and progress
   * @param {{map: MapData, store: Store, alike: AlikeGraph, renderer: Renderer, navigation: Navigation,
   *   focusMap: () => void, announce: (text: string) => void, say: (text: string) => void}} parts  `say` shows a message beside the selection
   */
  constructor(hint, parts) {
    this.#hint = hint;
    this.#parts = parts;
    const { store, renderer } = parts;
    hint.querySelector("button")?.addEventListener("click", () => this.#cancel());
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || hint.hidden) return;
      event.stopImmediatePropagation();
      this.#cancel();
    });
    store.subscribe(["pathStart"], ({ pathStart }) => {
      this.#turn++;
      hint.hidden = pathStart === NO_TRACK;
      renderer.invalidate("marks");
    });
    store.subscribe(["pinned"], ({ pinned, pathStart }) => {
      if (pathStart !== NO_TRACK && pinned !== NO_TRACK) void this.#choose(pathStart, pinned);
    });
    // The path is drawn while it is the selection.
    store.subscribe(["selected", "path"], ({ selected, path }) => renderer.setLinks({ path: path === selected ? path : [] }));
    // Another path was requested for a selection that is not shown anymore.
    store.subscribe(["selected"], ({ pathStart }) => pathStart === NO_TRACK && this.#turn++);
  }

  /** @param {TextData} text */
  setText(text) {
    this.#text = text;
  }

  /** The wish for the selection, while it is a path. @returns {Wish | null} */
  get wish() {
    const { asked, selected } = this.#parts.store.get();
    return asked?.tracks === selected ? asked.wish : null;
  }

  /** @param {number} track */
  startAt(track) {
    this.#stopOf = null;
    this.#ask(track, gettext("Choose the track that the path leads to"));
  }

  /** Finds a path between two given tracks. @param {number} start  @param {number} goal */
  between(start, goal) {
    void this.#find(wished({ stops: [start, goal] }));
  }

  /** Lets the user choose a track as another stop. A search for a path with an earlier one stops, and that one is kept. */
  addStop() {
    const { wish } = this;
    if (!wish) return;
    this.#turn++;
    this.#kept = this.#stopOf === wish ? this.#chosen : [];
    this.#stopOf = wish;
    this.#ask(wish.stops[0], gettext("Choose a track that the path leads through"));
  }

  /** Looks for another path between the same ends. @param {Partial<Wish>} change  changed wishes */
  change(change) {
    const { wish } = this;
    const { store } = this.#parts;
    if (!wish) return;
    const next = { ...wish, passed: new Set(), ...change };
    // Store it immediately, so that further changes during the search add to it.
    store.set({ asked: { wish: next, tracks: store.get().selected } });
    void this.#find(next);
  }

  /** Looks for a path that shares only its stops with previous ones. */
  another() {
    const { wish } = this;
    if (wish) void this.#find({ ...wish, passed: new Set([...wish.passed, ...this.#parts.store.get().selected]) });
  }

  /** @param {number} track  @param {string} text */
  #ask(track, text) {
    const { store, focusMap, announce } = this.#parts;
    store.set({ pathStart: track, pinned: NO_TRACK, hovered: NO_TRACK });
    this.#tell(text);
    focusMap();
    announce(gettext("{ask}. Escape cancels.", { ask: text }));
  }

  #cancel() {
    const { store, announce } = this.#parts;
    const { pathStart, pinned } = store.get();
    const kept = this.#kept;
    this.#chosen = this.#kept = [];
    store.set({ pathStart: NO_TRACK, pinned: pinned === NO_TRACK && !this.#stopOf ? pathStart : pinned });
    if (this.#stopOf && kept.length > 0) return void this.#find({ ...this.#stopOf, passed: new Set() }, kept);
    announce(this.#stopOf ? gettext("The path stays as it is") : gettext("No path"));
  }

  /** @param {string} text */
  #tell(text) {
    if (this.#hint.hidden) this.#parts.say(text);
    else /** @type {HTMLElement} */ (this.#hint.querySelector("p")).textContent = text;
  }

  /** @param {number} start  @param {number} track */
  async #choose(start, track) {
    const wish = this.#stopOf;
    if (wish && [...wish.stops, ...this.#kept].includes(track)) return this.#tell(gettext("The path leads through this track already. Choose another one"));
    if (!wish && track === start) return this.#tell(gettext("The path begins here. Choose another track"));
    if (!wish) return this.#find(wished({ stops: [start, track] }));
    this.#chosen = [...this.#kept, track];
    this.#kept = [];
    await this.#find({ ...wish, passed: new Set() }, this.#chosen);
  }

  /** @param {Wish} wanted  @param {readonly number[]} [stops]  more stops, each of which is put where it fits best */
  async #find(wanted, stops = []) {
    const { map, renderer, alike } = this.#parts;
    const text = /** @type {TextData} */ (this.#text);
    const turn = ++this.#turn;
    const isCanceled = () => turn !== this.#turn;
    const tell = (/** @type {string} */ note) => isCanceled() || this.#tell(note);
    try {
      const { findRoute, withStop } = await alike.readScript();
      const wish = { ...wanted, stops: stops.reduce((found, stop) => withStop(found, stop, map), wanted.stops) };
      const graph = await alike.graph(tell);
      // Only a duration needs more data than the graph of similar tracks.
      const transitions = wish.minutes > 0 ? await alike.transitions(tell) : null;
      if (isCanceled()) return;
      tell(gettext("Looking for a path"));
      const { rank } = renderer.appearance;
      const minutes = alike.valuesOf("duration_ms");
      const route = await inSlices(
        findRoute(graph, wish, {
          accepts: (track) => rank[track] !== RANK.HIDDEN,
          positions: map,
          artistOf: (track) => (text.artistsOf(track)[0] ?? "").toLowerCase(),
          cluster: map.cluster,
          minutesOf: (track) => minutes?.[track] ?? NaN,
          transitions,
        }),
        isCanceled,
      );
      if (!route) return;
      if (wish.passed.size > 0 && route.leaps.length > 0) {
        return this.#tell(gettext("No other path was found: without the tracks already shown, it would have to jump across the map."));
      }
      this.#show(route, wish);
    } catch (reason) {
      tell(messageOf(reason));
    }
  }

  /** @param {Route} route  @param {Wish} wish */
  #show(route, wish) {
    const { store, navigation, alike, announce, say } = this.#parts;
    const { titles } = /** @type {TextData} */ (this.#text);
    const { tracks } = route;
    store.set({ asked: { wish, tracks }, pathStart: NO_TRACK, pinned: NO_TRACK, hovered: NO_TRACK, query: "", matches: null, selected: tracks, path: tracks });
    navigation.frame(tracks);
    const text = pathText(route, minutesText(tracks, alike.valuesOf("duration_ms")), alike.isBySound);
    say(text);
    const [from, to] = [titles[tracks[0]], titles[tracks[tracks.length - 1]]].map(isolated);
    announce(gettext("From {from} to {to}: {path}", { from, to, path: text }));
  }
}

/** Returns the description of a path. @param {Route} route  @param {string} [minutes]  its duration, as text  @param {boolean} [isBySound]  whether it is over similar tracks */
export function pathText({ tracks, leaps }, minutes = "", isBySound = true) {
  const path = isBySound
    ? ngettext("A path of {count} track", "A path of {count} tracks", tracks.length)
    : ngettext("A path of {count} track across the map", "A path of {count} tracks across the map", tracks.length);
  const length = minutes ? `${path}, ${minutes}` : path;
  if (leaps.length === 0) return length;
  const places = { places: leaps.map((leap) => leap + 1).join(gettext(" and ")) };
  const why = isBySound
    ? ngettext("No chain of similar tracks connects its ends", "No chain of similar tracks connects some of its stops", leaps.length)
    : ngettext("No chain of neighbors connects its ends", "No chain of neighbors connects some of its stops", leaps.length);
  const jump = ngettext("after track {places} it jumps to the nearest place on the map", "after tracks {places} it jumps to the nearest place on the map", leaps.length, places);
  return gettext("{path}. {why}: {jump}.", { path: length, why, jump });
}

/**
 * @param {readonly number[]} tracks
 * @param {ArrayLike<number> | null} minutes  of all tracks
 * @returns {string}  empty if any duration is unknown
 */
export function minutesText(tracks, minutes) {
  const sum = tracks.reduce((total, track) => total + (minutes?.[track] ?? NaN), 0);
  return Number.isNaN(sum) ? "" : ngettext("{count} minute", "{count} minutes", Math.round(sum));
}
