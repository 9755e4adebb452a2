/**
 * Sorts tracks so that each follows well on the previous one. Pure; a generator that yields regularly.
 *
 * Computing the optimal order is infeasible. This starts with a nearest-neighbor tour, then reverses segments (2-opt) and moves
 * short ones (or-opt) until no such change improves it. The result is deterministic.
 */

/** @import { Transitions } from "./transitions.js" */

/** With more tracks, the matrix of transitions would not fit into memory. */
export const MAX_ORDERED = 2_000;
/** Maximum number of passes over all segments; usually a few are enough. */
const ROUNDS = 40;
const MAX_MOVED_LENGTH = 3;
/** Smaller gains are rounding errors. */
const GAIN = 1e-6;

/**
 * @param {readonly number[]} tracks  at most MAX_ORDERED
 * @param {number} start  the index of the first track
 * @param {Pick<Transitions, "cost">} transitions
 * @returns {Generator<void, number[]>}
 */
export function* orderJourney(tracks, start, transitions) {
  const count = tracks.length;
  const table = yield* costTable(tracks, transitions);
  const cost = (/** @type {number} */ from, /** @type {number} */ to) => table[from * count + to];
  const order = yield* nearestFirst(count, Math.max(0, tracks.indexOf(start)), cost);
  for (let round = 0; round < ROUNDS; round++) {
    const isTurned = yield* turnStretches(order, cost);
    const isMoved = yield* moveStretches(order, cost);
    if (!isTurned && !isMoved) break;
  }
  return Array.from(order, (index) => tracks[index]);
}

/**
 * @param {readonly number[]} tracks
 * @param {Pick<Transitions, "cost">} transitions
 * @returns {Generator<void, Float32Array>}
 */
function* costTable(tracks, transitions) {
  const count = tracks.length;
  const table = new Float32Array(count * count);
  for (let from = 0; from < count; from++) {
    for (let to = 0; to < from; to++) {
      table[from * count + to] = table[to * count + from] = transitions.cost(tracks[from], tracks[to]);
    }
    yield;
  }
  return table;
}

/** @typedef {(one: number, other: number) => number} Cost */

/**
 * @param {number} count
 * @param {number} start
 * @param {Cost} cost
 * @returns {Generator<void, Int32Array>}
 */
function* nearestFirst(count, start, cost) {
  const order = Int32Array.from({ length: count }, (_, index) => index);
  if (count > 0) [order[0], order[start]] = [start, 0];
  for (let index = 1; index < count; index++) {
    let best = index;
    for (let other = index + 1; other < count; other++) {
      const gain = cost(order[index - 1], order[best]) - cost(order[index - 1], order[other]);
      if (gain > 0 || (gain === 0 && order[other] < order[best])) best = other;
    }
    [order[index], order[best]] = [order[best], order[index]];
    yield;
  }
  return order;
}

/**
 * Reverses segments that make the order better. The first track stays first; the last one may change.
 *
 * @param {Int32Array} order
 * @param {Cost} cost
 * @returns {Generator<void, boolean>}  whether anything was
 */
function* turnStretches(order, cost) {
  let isChanged = false;
  const last = order.length - 1;
  for (let from = 1; from < last; from++) {
    for (let to = from + 1; to <= last; to++) {
      const [before, first, final] = [order[from - 1], order[from], order[to]];
      let gain = cost(before, first) - cost(before, final);
      if (to < last) gain += cost(final, order[to + 1]) - cost(first, order[to + 1]);
      if (gain <= GAIN) continue;
      order.subarray(from, to + 1).reverse();
      isChanged = true;
    }
    yield;
  }
  return isChanged;
}

/**
 * Moves up to three consecutive tracks to a better position.
 *
 * @param {Int32Array} order
 * @param {Cost} cost
 * @returns {Generator<void, boolean>}  whether any were
 */
function* moveStretches(order, cost) {
  let isChanged = false;
  const count = order.length;
  for (let length = 1; length <= MAX_MOVED_LENGTH; length++) {
    for (let from = 1; from + length <= count; from++) {
      const [first, final, before] = [order[from], order[from + length - 1], order[from - 1]];
      const after = from + length < count ? order[from + length] : -1;
      const freed = cost(before, first) + (after >= 0 ? cost(final, after) - cost(before, after) : 0);
      let [best, target] = [GAIN, -1];
      for (let index = 0; index < count; index++) {
        if (index >= from - 1 && index < from + length) continue;
        const next = index + 1 < count ? order[index + 1] : -1;
        const paid = cost(order[index], first) + (next >= 0 ? cost(final, next) - cost(order[index], next) : 0);
        if (freed - paid > best) [best, target] = [freed - paid, index];
      }
      if (target >= 0) {
        moveStretch(order, from, length, target);
        isChanged = true;
      }
      yield;
    }
  }
  return isChanged;
}

/**
 * @param {Int32Array} order
 * @param {number} from
 * @param {number} length
 * @param {number} target  the position after which it is inserted
 */
function moveStretch(order, from, length, target) {
  const moved = order.slice(from, from + length);
  if (target < from) {
    order.copyWithin(target + 1 + length, target + 1, from);
    order.set(moved, target + 1);
  } else {
    order.copyWithin(from, from + length, target + 1);
    order.set(moved, target + 1 - length);
  }
}
