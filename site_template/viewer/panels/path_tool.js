/** Finds a path between two tracks: the one it was asked for at, and the one that is pinned next. It becomes the selection. */

import { RANK } from "../state/appearance.js";
import { counted, isolated } from "../ui/format.js";
import { findPath, linkBothWays } from "../data/paths.js";
import { inSlices } from "../ui/slices.js";
import { NO_TRACK } from "../data/types.js";

/** @import { NeighborsReader } from "../data/load.js" */
/** @import { Navigation } from "../map/navigation.js" */
/** @import { Graph, Path } from "../data/paths.js" */
/** @import { Renderer } from "../map/renderer.js" */
/** @import { Store } from "../state/store.js" */
/** @import { MapData, TextData } from "../data/types.js" */

const ASK = "Choose the track that the path leads to";

export class PathTool {
  #hint;
  #parts;
  /** @type {TextData | null} */
  #text = null;
  /** @type {Graph | null} */
  #graph = null;
  /** Counts searches, and what ended one: an older one shows nothing any more. */
  #turn = 0;

  /**
   * To be made before what else Escape does is wired.
   *
   * @param {HTMLElement} hint  what to do now, and how it goes
   * @param {{map: MapData, store: Store, reader: NeighborsReader, renderer: Renderer, navigation: Navigation,
   *   focusMap: () => void, announce: (text: string) => void, say: (text: string) => void}} parts  `say` tells it beside the selection
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
      if (pathStart !== NO_TRACK && pinned !== NO_TRACK) void this.#find(pathStart, pinned);
    });
    // The path shows as one while it is what is selected.
    store.subscribe(["selected", "path"], ({ selected, path }) => renderer.setLinks({ path: path === selected ? path : [] }));
  }

  /** @param {TextData} text */
  setText(text) {
    this.#text = text;
  }

  /** @param {number} track */
  startAt(track) {
    const { store, focusMap, announce } = this.#parts;
    store.set({ pathStart: track, pinned: NO_TRACK, hovered: NO_TRACK });
    this.#tell(ASK);
    focusMap();
    announce(`${ASK}. Escape cancels.`);
  }

  #cancel() {
    const { store, announce } = this.#parts;
    const { pathStart, pinned } = store.get();
    store.set({ pathStart: NO_TRACK, pinned: pinned === NO_TRACK ? pathStart : pinned });
    announce("No path");
  }

  /** @param {string} text */
  #tell(text) {
    /** @type {HTMLElement} */ (this.#hint.querySelector("p")).textContent = text;
  }

  /**
   * @param {number} start
   * @param {number} goal
   */
  async #find(start, goal) {
    const { map, renderer } = this.#parts;
    const turn = ++this.#turn;
    const isOver = () => turn !== this.#turn;
    if (goal === start) return this.#tell("The path begins here. Choose another track");
    try {
      this.#graph ??= await this.#readGraph((note) => isOver() || this.#tell(note));
      if (isOver()) return;
      this.#tell("Looking for a path");
      const { rank } = renderer.appearance;
      const path = await inSlices(findPath(this.#graph, start, goal, (track) => rank[track] !== RANK.HIDDEN, map), isOver);
      if (path) this.#show(path);
    } catch (reason) {
      if (!(reason instanceof Error) || reason.name !== "DataError") throw reason;
      if (!isOver()) this.#tell(reason.message);
    }
  }

  /** @param {(note: string) => void} tell */
  async #readGraph(tell) {
    const note = "Reading what sounds alike";
    tell(note);
    const neighbors = await this.#parts.reader.readAll((share) => tell(`${note}: ${Math.floor(100 * share)} %`));
    return /** @type {Promise<Graph>} */ (inSlices(linkBothWays(neighbors)));
  }

  /** @param {Path} path */
  #show(path) {
    const { store, navigation, announce, say } = this.#parts;
    const { titles } = /** @type {TextData} */ (this.#text);
    const { tracks } = path;
    store.set({ pathStart: NO_TRACK, pinned: NO_TRACK, hovered: NO_TRACK, query: "", matches: null, selected: tracks, path: tracks });
    navigation.frame(tracks);
    const text = pathText(path);
    say(text);
    announce(`From ${isolated(titles[tracks[0]])} to ${isolated(titles[tracks[tracks.length - 1]])}: ${text}`);
  }
}

/** What to say of a way that was found. @param {Path} path */
export function pathText({ tracks, leap }) {
  const length = counted(tracks.length, "track");
  return leap < 0 ? `A path of ${length}` : `A path of ${length}. No chain of alike tracks joins its ends: after track ${leap + 1} it leaps to the nearest place on the map.`;
}
