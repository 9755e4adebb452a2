/**
 * How well one track follows another: by how alike they sound, by tempo and by key. Pure.
 *
 * The files tell the ten nearest of each track, by their true sound. Beyond these it is known whether two have a neighbor in
 * common, and where not even that, how far apart they lie on the map. Without neighbors (a map whose places came with the
 * library) the map is all there is.
 */

/** @import { Graph } from "./paths.js" */
/**
 * @typedef {object} Known  of all tracks
 * @property {Graph | null} graph  which ones sound alike
 * @property {ArrayLike<number>} x  on the map
 * @property {ArrayLike<number>} y
 * @property {number} span  of the map, from corner to corner, in the same units
 * @property {ArrayLike<number> | null} tempo  beats a minute, NaN where unknown
 * @property {ArrayLike<number> | null} fifth  the key's place on the circle of fifths, 0..11, -1 where unknown
 */

/** What each part counts; two tracks that have nothing in common cost the sum. */
const WEIGHT = { sound: 1, tempo: 0.4, key: 0.25 };
/** A step to a neighbor, by its rank: 0.02 for the nearest neighbor, 0.2 for the tenth. */
const STEP = 0.02;
const COMMON_NEIGHBOR = 0.4;
const STRANGERS = 0.5;
/** Half of the map's diagonal is as far as anything. */
const FAR = 0.5;
/** Of half or double the tempo the beat goes on, and yet it is another pace. */
const OTHER_PACE = 0.15;
/** What is not known is neither good nor bad. */
const UNKNOWN = 0.3;
/** From here on a listener notices. */
export const HARD = 0.75;
/** A track between two that are hard to join has to make it easier by as much. */
const BETTER = 0.1;

export class Transitions {
  #known;
  /** Of a track that was asked about: those near it, and how near. @type {Map<number, Map<number, number>>} */
  #near = new Map();

  /** @param {Known} known */
  constructor(known) {
    this.#known = known;
  }

  /** Whether it is known what truly sounds alike. */
  get isBySound() {
    return this.#known.graph !== null;
  }

  /** From 0 (nothing changes) to about 1.65. @param {number} one  @param {number} other */
  cost(one, other) {
    return WEIGHT.sound * this.sound(one, other) + WEIGHT.tempo * this.tempo(one, other) + WEIGHT.key * this.key(one, other);
  }

  /** @param {number} one  @param {number} other  @returns {number}  0..1 */
  sound(one, other) {
    const { graph, x, y, span } = this.#known;
    const apart = Math.min(1, Math.hypot(x[one] - x[other], y[one] - y[other]) / (FAR * span || 1));
    if (!graph) return apart;
    return this.#nearOf(one).get(other) ?? STRANGERS + (1 - STRANGERS) * apart;
  }

  /** @param {number} one  @param {number} other  @returns {number}  0..1 */
  tempo(one, other) {
    const { tempo } = this.#known;
    const octaves = Math.abs(Math.log2((tempo?.[one] ?? NaN) / (tempo?.[other] ?? NaN)));
    if (!Number.isFinite(octaves)) return UNKNOWN;
    const whole = Math.round(octaves);
    return Math.min(1, 2 * Math.abs(octaves - whole) + (whole > 0 ? OTHER_PACE : 0));
  }

  /** Steps on the circle of fifths, of which six are the most. @param {number} one  @param {number} other  @returns {number}  0..1 */
  key(one, other) {
    const [from, to] = [this.#known.fifth?.[one] ?? -1, this.#known.fifth?.[other] ?? -1];
    if (from < 0 || to < 0) return UNKNOWN;
    const steps = Math.abs(from - to);
    return Math.min(steps, 12 - steps) / 6;
  }

  /**
   * The track that joins two best: the harder of its two transitions is the easiest.
   *
   * @param {number} one
   * @param {number} other
   * @param {(track: number) => boolean} accepts
   * @returns {{track: number, cost: number} | null}  null where there is none
   */
  between(one, other, accepts) {
    const candidates = this.isBySound ? [...this.#nearOf(one).keys(), ...this.#nearOf(other).keys()] : this.#known.x.length;
    const count = typeof candidates === "number" ? candidates : candidates.length;
    /** @type {{track: number, cost: number} | null} */
    let best = null;
    for (let place = 0; place < count; place++) {
      const track = typeof candidates === "number" ? place : candidates[place];
      if (track === one || track === other || !accepts(track)) continue;
      const cost = Math.max(this.cost(one, track), this.cost(track, other));
      if (!best || cost < best.cost || (cost === best.cost && track < best.track)) best = { track, cost };
    }
    return best;
  }

  /**
   * The track that would make a transition easier, if any would.
   *
   * @param {number} one
   * @param {number} other
   * @param {(track: number) => boolean} accepts
   * @returns {number}  -1 for none
   */
  bridge(one, other, accepts) {
    const best = this.between(one, other, accepts);
    return best && best.cost <= this.cost(one, other) - BETTER ? best.track : -1;
  }

  /**
   * Those that are its neighbors, in either direction, and theirs.
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
