/**
 * Finds a path from one track to another over similar tracks. Pure; long work is a generator that yields regularly, so that its caller
 * can let the page respond.
 *
 * Steps lead from a track to its nearest neighbors, in either direction. The files contain ranks, not distances. In spaces of many
 * dimensions, the tenth neighbor is hardly farther away than the first, so distances would amount to counting steps, and the path
 * would be the shortest, not the smoothest. The cost of a step therefore depends on its rank (the better rank of mutual neighbors).
 * The weight of ranks depends on the length of the path: if it has too few tracks for a playlist, worse ranks cost more, so that
 * several small steps beat a large one; if it has too many, they cost less.
 */

import { Grid } from "./grid.js";

/** @typedef {{offsets: Uint32Array, targets: Uint32Array, ranks: Uint8Array}} Graph  steps from track t: indices offsets[t]..offsets[t + 1] */
/** @typedef {{tracks: number[], leap: number}} Path  leap: the index in `tracks` after which the path leaps across the map, or -1 */

/** "No neighbor" in a table of neighbors. */
export const NONE = 0xffffffff;
export const NEIGHBORS = 10;
/** Cost functions of a step by the neighbor's rank, from "all steps are equal" to "only the nearest". @type {readonly ((rank: number) => number)[]} */
const COSTS = [() => 1, (rank) => 5 + rank, (rank) => 1 + rank, (rank) => (1 + rank) ** 2, (rank) => (1 + rank) ** 3];
const FIRST_COST = 2;
/** Desired number of tracks on a path. */
const LENGTH = { min: 8, max: 25 };
/** Tracks per slice: less than a millisecond. */
const SLICE = 1500;

/**
 * Computes the neighbors of each track from positions only.
 *
 * @param {{x: Uint16Array, y: Uint16Array}} positions
 * @returns {Generator<void, Uint32Array>}  in the format of `linkBothWays`
 */
export function* nearestOnMap({ x, y }) {
  const grid = new Grid(x, y);
  const neighbors = new Uint32Array(NEIGHBORS * x.length).fill(NONE);
  for (let track = 0; track < x.length; track++) {
    neighbors.set(grid.around(x[track], y[track], NEIGHBORS + 1).filter((other) => other !== track).slice(0, NEIGHBORS), NEIGHBORS * track);
    if (track % 50 === 0) yield;
  }
  return neighbors;
}

/**
 * @param {Uint32Array} neighbors  NEIGHBORS per track, best first, padded with NONE
 * @returns {Generator<void, Graph>}
 */
export function* linkBothWays(neighbors) {
  const count = neighbors.length / NEIGHBORS;
  const offsets = new Uint32Array(count + 1);
  for (let track = 0; track < count; track++) {
    for (let i = track * NEIGHBORS; i < (track + 1) * NEIGHBORS; i++) {
      if (neighbors[i] === NONE) continue;
      offsets[track + 1]++;
      offsets[neighbors[i] + 1]++;
    }
    if (track % SLICE === 0) yield;
  }
  for (let track = 0; track < count; track++) offsets[track + 1] += offsets[track];
  const next = offsets.slice();
  const targets = new Uint32Array(offsets[count]);
  const ranks = new Uint8Array(offsets[count]);
  for (let track = 0; track < count; track++) {
    for (let rank = 0; rank < NEIGHBORS; rank++) {
      const other = neighbors[track * NEIGHBORS + rank];
      if (other === NONE) continue;
      for (const [from, to] of [[track, other], [other, track]]) {
        ranks[next[from]] = rank;
        targets[next[from]++] = to;
      }
    }
    if (track % SLICE === 0) yield;
  }
  return { offsets, targets, ranks };
}

/**
 * Finds the path from start to goal. If they are not connected, the path leads as close to the goal's component as possible on the
 * map, leaps, and continues.
 *
 * @param {Graph} graph
 * @param {number} start
 * @param {number} goal
 * @param {(track: number) => boolean} accepts  which tracks the path may contain; its ends are always allowed
 * @param {{x: Uint16Array, y: Uint16Array}} positions  on the map
 * @returns {Generator<void, Path>}
 */
export function* findPath(graph, start, goal, accepts, positions) {
  const mayUse = (/** @type {number} */ track) => track === start || track === goal || accepts(track);
  const fromStart = yield* searchFrom(graph, start, goal, mayUse, COSTS[FIRST_COST]);
  if (fromStart[goal] !== NONE) return { tracks: yield* bestPath(graph, start, goal, mayUse), leap: -1 };
  const fromGoal = yield* searchFrom(graph, goal, start, mayUse, COSTS[FIRST_COST]);
  const [near, far] = yield* closestPair(fromStart, fromGoal, positions);
  const before = yield* bestPath(graph, start, near, mayUse);
  return { tracks: [...before, ...(yield* bestPath(graph, far, goal, mayUse))], leap: before.length - 1 };
}

/**
 * Finds the cheapest path, with the cost function that gives it a playlist's length or comes closest to that.
 *
 * @param {Graph} graph
 * @param {number} start
 * @param {number} goal  a reachable track
 * @param {(track: number) => boolean} mayUse
 * @returns {Generator<void, number[]>}
 */
function* bestPath(graph, start, goal, mayUse) {
  let best = yield* cheapestPath(graph, start, goal, mayUse, COSTS[FIRST_COST]);
  const direction = best.length < LENGTH.min ? 1 : -1;
  for (let cost = FIRST_COST + direction; excess(best) > 0 && COSTS[cost]; cost += direction) {
    const other = yield* cheapestPath(graph, start, goal, mayUse, COSTS[cost]);
    if (excess(other) < excess(best)) best = other;
  }
  return best;
}

/** Returns the number of tracks that a path has too few or too many. @param {readonly number[]} path */
const excess = ({ length }) => Math.max(LENGTH.min - length, length - LENGTH.max, 0);

/**
 * @param {Graph} graph
 * @param {number} start
 * @param {number} goal
 * @param {(track: number) => boolean} mayUse
 * @param {(rank: number) => number} costOf
 * @returns {Generator<void, number[]>}
 */
function* cheapestPath(graph, start, goal, mayUse, costOf) {
  const from = yield* searchFrom(graph, start, goal, mayUse, costOf);
  const tracks = [goal];
  for (let track = goal; track !== start; tracks.push(track)) track = from[track];
  return tracks.reverse();
}

/**
 * Dijkstra's algorithm with a ring of buckets, which integer costs allow. Of equally cheap paths, it takes the one with the lowest
 * track numbers, compared from the last track, so the result does not depend on the order in which steps are stored.
 *
 * @param {Graph} graph
 * @param {number} start
 * @param {number} goal  where the search ends
 * @param {(track: number) => boolean} mayUse
 * @param {(rank: number) => number} costOf  integers from 1
 * @returns {Generator<void, Uint32Array>}  the predecessor of each track; the start itself for the start, NONE for unreached tracks
 */
function* searchFrom({ offsets, targets, ranks }, start, goal, mayUse, costOf) {
  const costs = Array.from({ length: NEIGHBORS }, (_, rank) => costOf(rank));
  /** @type {number[][]} */
  const buckets = Array.from({ length: Math.max(...costs) + 1 }, () => []);
  const from = new Uint32Array(offsets.length - 1).fill(NONE);
  const total = new Uint32Array(offsets.length - 1).fill(NONE);
  from[start] = start;
  total[start] = 0;
  buckets[0].push(start);
  let waiting = 1;
  let looked = 0;
  for (let reached = 0; waiting > 0; reached++) {
    const bucket = buckets[reached % buckets.length];
    for (const track of bucket) {
      if (track === goal) return from;
      if (total[track] !== reached) continue;
      for (let i = offsets[track]; i < offsets[track + 1]; i++) {
        const [other, cost] = [targets[i], reached + costs[ranks[i]]];
        if (cost > total[other] || !mayUse(other)) continue;
        if (cost < total[other]) {
          total[other] = cost;
          from[other] = track;
          buckets[cost % buckets.length].push(other);
          waiting++;
        } else if (track < from[other]) from[other] = track;
      }
      if (++looked % SLICE === 0) yield;
    }
    waiting -= bucket.length;
    bucket.length = 0;
  }
  return from;
}

/**
 * @param {Uint32Array} fromStart  predecessors from one side, from `searchFrom`
 * @param {Uint32Array} fromGoal  predecessors from the other side
 * @param {{x: Uint16Array, y: Uint16Array}} positions
 * @returns {Generator<void, [number, number]>}  the two tracks, one from each side, that are closest on the map
 */
function* closestPair(fromStart, fromGoal, { x, y }) {
  const grid = new Grid(x, y);
  const sizeOf = (/** @type {Uint32Array} */ side) => side.reduce((sum, track) => sum + Number(track !== NONE), 0);
  const [few, many] = sizeOf(fromStart) <= sizeOf(fromGoal) ? [fromStart, fromGoal] : [fromGoal, fromStart];
  /** @type {[number, number]} */
  let pair = [NONE, NONE];
  let reach = 2 ** 17;
  for (let track = 0; track < few.length; track++) {
    if (few[track] === NONE) continue;
    const other = grid.nearest(x[track], y[track], reach, (candidate) => many[candidate] !== NONE);
    if (other < 0) continue;
    const distance = Math.hypot(x[track] - x[other], y[track] - y[other]);
    if (distance < reach) {
      reach = distance;
      pair = [track, other];
    }
    yield;
  }
  return few === fromStart ? pair : [pair[1], pair[0]];
}
