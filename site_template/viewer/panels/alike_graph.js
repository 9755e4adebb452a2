/** Data for comparing tracks (similar tracks, tempo, key, duration), and the script that finds paths and journeys; loaded on demand. */

import { DataError } from "../data/decode.js";
import { gettext } from "../data/language.js";
import { inSlices } from "../ui/slices.js";

/** @import { NeighborsReader } from "../data/load.js" */
/** @import { Graph } from "../data/paths.js" */
/** @import { Transitions } from "../data/transitions.js" */
/** @import { JOURNEYS } from "../journeying.js" */
/** @import { Store } from "../state/store.js" */
/** @import { TraitLoader } from "../state/trait_loader.js" */
/** @import { MapData, Membership } from "../data/types.js" */
/** @typedef {(note: string) => void} Tell */

const TRAITS = ["feature.tempo", "feature.key", "duration_ms", "feature.loudness"];

export class AlikeGraph {
  #map;
  #store;
  #reader;
  #traitLoader;
  /** Loads the functions that find paths and journeys. */
  readScript;
  /** @type {Graph | null} */
  #graph = null;
  /** @type {Transitions | null} */
  #transitions = null;

  /** @param {{map: MapData, store: Store, reader: NeighborsReader, traitLoader: TraitLoader, readScript: () => Promise<typeof JOURNEYS>}} parts */
  constructor({ map, store, reader, traitLoader, readScript }) {
    this.#map = map;
    this.#store = store;
    this.#reader = reader;
    this.#traitLoader = traitLoader;
    this.readScript = readScript;
  }

  /** Whether the site contains neighbors. */
  get isBySound() {
    return this.#reader.isAvailable;
  }

  /** Whether loading has started, so that loading the rest is acceptable. */
  get isBegun() {
    return this.#graph !== null || this.#transitions !== null;
  }

  /**
   * Returns the graph for paths: of similar tracks, or of adjacent tracks if the site contains no neighbors.
   *
   * @param {Tell} tell
   * @returns {Promise<Graph>}
   */
  async graph(tell) {
    if (this.#graph) return this.#graph;
    const { nearestOnMap, linkBothWays } = await this.readScript();
    const neighbors = this.isBySound ? await this.#read(tell) : await inSlices(nearestOnMap(this.#map));
    this.#graph = await /** @type {Promise<Graph>} */ (inSlices(linkBothWays(/** @type {Uint32Array} */ (neighbors))));
    return this.#graph;
  }

  /** @param {Tell} tell */
  #read(tell) {
    const say = (/** @type {number} */ share) => tell(gettext("Loading similar tracks: {percent} %", { percent: Math.floor(100 * share) }));
    say(0);
    return this.#reader.readAll(say);
  }

  /**
   * Returns the transitions, by the data that the site contains.
   *
   * @param {Tell} tell
   * @returns {Promise<Transitions>}
   */
  async transitions(tell) {
    if (this.#transitions) return this.#transitions;
    const graph = this.isBySound ? await this.graph(tell) : null;
    let trouble = "";
    const isWhole = await this.#traitLoader.load(TRAITS, (note) => {
      trouble = note;
      if (note) tell(note);
    });
    if (!isWhole) throw new DataError(trouble);
    const { Transitions } = await this.readScript();
    const { x, y, view } = this.#map;
    const span = Math.hypot(view[2] - view[0], view[3] - view[1]);
    this.#transitions = new Transitions({ graph, x, y, span, tempo: this.valuesOf("feature.tempo"), fifth: this.#fifths() });
    return this.#transitions;
  }

  /** Returns a trait's values of all tracks, after `transitions`; null if the site does not contain them. @param {string} id */
  valuesOf(id) {
    const values = this.#trait(id)?.values;
    return values && values.length > 0 ? values : null;
  }

  /** Returns the key of a track as text, or empty. @param {number} track */
  keyOf(track) {
    const key = this.#trait("feature.key");
    return (key?.membership && key.categories[fifthOf(key.membership, track)]?.name) ?? "";
  }

  /** Returns the keys of all tracks; null if the site does not contain them. */
  #fifths() {
    const membership = this.#trait("feature.key")?.membership;
    return membership ? Int8Array.from({ length: this.#map.count }, (_, track) => fifthOf(membership, track)) : null;
  }

  /** @param {string} id */
  #trait(id) {
    return this.#store.get().traits.get(id);
  }
}

/** Returns the index of a track's key on the circle of fifths, -1 if unknown. @param {Membership} membership  @param {number} track */
const fifthOf = ({ offsets, groups }, track) => (offsets[track] < offsets[track + 1] ? groups[offsets[track]] : -1);
