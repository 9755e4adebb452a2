/**
 * The cost of a transition between two tracks: by similarity, tempo and key. Pure.
 *
 * The files contain the ten nearest neighbors of each track by their vectors. For other pairs, a common neighbor is the next best
 * criterion, and then the distance on the map. Without neighbors (a map with given positions), only the map is available.
 */

/** @import { Graph } from "./paths.js" */
/**
 * @typedef {object} Known  data of all tracks
 * @property {Graph | null} graph  the graph of similar tracks
 * @property {ArrayLike<number>} x  on the map
 * @property {ArrayLike<number>} y
 * @property {number} span  length of the map's diagonal, in the same units
 * @property {ArrayLike<number> | null} tempo  beats per minute, NaN if unknown
 * @property {ArrayLike<number> | null} fifth  index of the key on the circle of fifths, 0..11, -1 if unknown
 */

/** Weights of the parts; two tracks without anything in common cost their sum. */
const WEIGHT = { sound: 1, tempo: 0.4, key: 0.25 };
/** Cost of a step to a neighbor per rank: 0.02 for the nearest neighbor, 0.2 for the tenth. */
const STEP = 0.02;
const COMMON_NEIGHBOR = 0.4;
const STRANGERS = 0.5;
/** Share of the map's diagonal from which on the distance has its maximum cost. */
const FAR = 0.5;
/** Cost of half or double the tempo: the beat continues, but the pace changes. */
const OTHER_PACE = 0.15;
/** Cost of an unknown value, which is neither good nor bad. */
const UNKNOWN = 0.3;
/** Cost from which on a listener notices the transition. */
const HARD = 0.75;
/** Minimum improvement for inserting a track into a hard transition. */
const BETTER = 0.1;

export class Transitions {
  #known;
  /** Cached costs to the nearby tracks of a track. @type {Map<number, Map<number, number>>} */
  #near = new Map();

  /** @param {Known} known */
  constructor(known) {
    this.#known = known;
  }

  /** Whether neighbors by vectors are available. */
  get isBySound() {
    return this.#known.graph !== null;
  }

  /** Returns the cost, from 0 (no change) to about 1.65. @param {number} from  @param {number} to */
  cost(from, to) {
    return WEIGHT.sound * this.sound(from, to) + WEIGHT.tempo * this.tempo(from, to) + WEIGHT.key * this.key(from, to);
  }

  /** @param {number} from  @param {number} to */
  isHard(from, to) {
    return this.cost(from, to) >= HARD;
  }

  /** @param {number} from  @param {number} to  @returns {number}  0..1 */
  sound(from, to) {
    const { graph, x, y, span } = this.#known;
    const apart = Math.min(1, Math.hypot(x[from] - x[to], y[from] - y[to]) / (FAR * span || 1));
    if (!graph) return apart;
    return this.#nearOf(from).get(to) ?? STRANGERS + (1 - STRANGERS) * apart;
  }

  /** @param {number} from  @param {number} to  @returns {number}  0..1 */
  tempo(from, to) {
    const { tempo } = this.#known;
    const octaves = Math.abs(Math.log2((tempo?.[from] ?? NaN) / (tempo?.[to] ?? NaN)));
    if (!Number.isFinite(octaves)) return UNKNOWN;
    const octave = Math.round(octaves);
    return Math.min(1, 2 * Math.abs(octaves - octave) + (octave > 0 ? OTHER_PACE : 0));
  }

  /** Returns the distance on the circle of fifths, of at most six steps. @param {number} from  @param {number} to  @returns {number}  0..1 */
  key(from, to) {
    const [keyFrom, keyTo] = [this.#known.fifth?.[from] ?? -1, this.#known.fifth?.[to] ?? -1];
    if (keyFrom < 0 || keyTo < 0) return UNKNOWN;
    const steps = Math.abs(keyFrom - keyTo);
    return Math.min(steps, 12 - steps) / 6;
  }

  /**
   * Returns the track that joins two tracks best: it minimizes the harder of the two transitions.
   *
   * @param {number} from
   * @param {number} to
   * @param {(track: number) => boolean} accepts
   * @returns {{track: number, cost: number} | null}  null if there is none
   */
  between(from, to, accepts) {
    const candidates = this.isBySound ? [...this.#nearOf(from).keys(), ...this.#nearOf(to).keys()] : this.#known.x.length;
    const count = typeof candidates === "number" ? candidates : candidates.length;
    /** @type {{track: number, cost: number} | null} */
    let best = null;
    for (let index = 0; index < count; index++) {
      const track = typeof candidates === "number" ? index : candidates[index];
      if (track === from || track === to || !accepts(track)) continue;
      const cost = Math.max(this.cost(from, track), this.cost(track, to));
      if (!best || cost < best.cost || (cost === best.cost && track < best.track)) best = { track, cost };
    }
    return best;
  }

  /**
   * Returns the track that would make a transition easier, if there is one.
   *
   * @param {number} from
   * @param {number} to
   * @param {(track: number) => boolean} accepts
   * @returns {number}  -1 for none
   */
  bridge(from, to, accepts) {
    const best = this.between(from, to, accepts);
    return best && best.cost <= this.cost(from, to) - BETTER ? best.track : -1;
  }

  /**
   * Returns the neighbors of a track, in either direction, and their neighbors.
   *
   * @param {number} track
   */
  #nearOf(track) {
    const known = this.#near.get(track);
    if (known) return known;
    const { offsets, targets, ranks } = /** @type {Graph} */ (this.#known.graph);
    /** @type {Map<number, number>} */
    const near = new Map();
    for (let i = offsets[track]; i < offsets[track + 1]; i++) {
      near.set(targets[i], Math.min(near.get(targets[i]) ?? 1, STEP * (1 + ranks[i])));
    }
    for (const middle of [...near.keys()]) {
      for (let i = offsets[middle]; i < offsets[middle + 1]; i++) if (!near.has(targets[i])) near.set(targets[i], COMMON_NEIGHBOR);
    }
    near.delete(track);
    this.#near.set(track, near);
    return near;
  }
}
