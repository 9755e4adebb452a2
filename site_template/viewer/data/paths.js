/**
 * The way from one track to another over tracks that sound alike. Pure; work that takes long is a generator that yields now and
 * then, so that whoever runs it can let the page breathe.
 *
 * Steps go between a track and its nearest neighbors, in either direction. The files give ranks and no distances, and in spaces
 * of many dimensions the tenth neighbor is hardly further than the first: weighing by distance would come to counting steps,
 * and the way would be the shortest, not the smoothest. So a step costs what its rank says, the better one where each is a
 * neighbor of the other; and how much ranks weigh follows from how long the way is: where it has too few tracks for a playlist,
 * worse ranks cost more, so that several small steps beat a large one; where it has too many, they cost less.
 */

import { Grid } from "./grid.js";

/** @typedef {{offsets: Uint32Array, targets: Uint32Array, ranks: Uint8Array}} Graph  steps from track t: places offsets[t]..offsets[t + 1] */
/** @typedef {{tracks: number[], leap: number}} Path  leap: the place in `tracks` after which it leaps across the map, -1 if nowhere */

/** Stands for "no neighbor" in a table of neighbors. */
export const NONE = 0xffffffff;
export const NEIGHBORS = 10;
/** What a step to the neighbor of a rank costs, from "every step is alike" to "only the nearest will do". @type {readonly ((rank: number) => number)[]} */
const COSTS = [() => 1, (rank) => 5 + rank, (rank) => 1 + rank, (rank) => (1 + rank) ** 2, (rank) => (1 + rank) ** 3];
const FIRST_COST = 2;
/** Tracks that a way should have, where it can. */
const LENGTH = { least: 8, most: 25 };
/** Tracks looked at between two breaths: less than a millisecond. */
const SLICE = 1500;

/**
 * The neighbors of each track where only places are known.
 *
 * @param {{x: Uint16Array, y: Uint16Array}} positions
 * @returns {Generator<void, Uint32Array>}  as `linkBothWays` takes them
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
 * @param {Uint32Array} neighbors  NEIGHBORS a track, best first, NONE where there are fewer
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
 * The way from start to goal. Where no steps lead there, it goes as near to the goal's part as the map knows, leaps, and goes on.
 *
 * @param {Graph} graph
 * @param {number} start
 * @param {number} goal
 * @param {(track: number) => boolean} accepts  which tracks it may lead over; its ends are allowed in any case
 * @param {{x: Uint16Array, y: Uint16Array}} positions  on the map
 * @returns {Generator<void, Path>}
 */
export function* findPath(graph, start, goal, accepts, positions) {
  const mayUse = (/** @type {number} */ track) => track === start || track === goal || accepts(track);
  const reached = yield* searchFrom(graph, start, goal, mayUse, COSTS[FIRST_COST]);
  if (reached[goal] !== NONE) return { tracks: yield* bestPath(graph, start, goal, mayUse), leap: -1 };
  const others = yield* searchFrom(graph, goal, start, mayUse, COSTS[FIRST_COST]);
  const [near, far] = yield* closestPair(reached, others, positions);
  const before = yield* bestPath(graph, start, near, mayUse);
  return { tracks: [...before, ...(yield* bestPath(graph, far, goal, mayUse))], leap: before.length - 1 };
}

/**
 * The cheapest way, by costs that give it a playlist's length if any do, else by those that come nearest to it.
 *
 * @param {Graph} graph
 * @param {number} start
 * @param {number} goal  can be reached
 * @param {(track: number) => boolean} mayUse
 * @returns {Generator<void, number[]>}
 */
function* bestPath(graph, start, goal, mayUse) {
  let best = yield* cheapestPath(graph, start, goal, mayUse, COSTS[FIRST_COST]);
  const direction = best.length < LENGTH.least ? 1 : -1;
  for (let cost = FIRST_COST + direction; excess(best) > 0 && COSTS[cost]; cost += direction) {
    const other = yield* cheapestPath(graph, start, goal, mayUse, COSTS[cost]);
    if (excess(other) < excess(best)) best = other;
  }
  return best;
}

/** How many tracks a way has too few or too many. @param {readonly number[]} path */
const excess = ({ length }) => Math.max(LENGTH.least - length, length - LENGTH.most, 0);

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
 * Dijkstra's search with a ring of buckets, which whole costs allow. Of equally cheap ways, it takes the one whose tracks come
 * first, last track first: what is found does not depend on how steps are stored.
 *
 * @param {Graph} graph
 * @param {number} start
 * @param {number} goal  where it ends
 * @param {(track: number) => boolean} mayUse
 * @param {(rank: number) => number} costOf  whole numbers from 1
 * @returns {Generator<void, Uint32Array>}  which track each one was reached from; the start from itself, NONE for those not reached
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
 * @param {Uint32Array} ones  what was reached from one side, as `searchFrom` tells
 * @param {Uint32Array} others  what was reached from the other one
 * @param {{x: Uint16Array, y: Uint16Array}} positions
 * @returns {Generator<void, [number, number]>}  the two tracks that lie closest on the map: one of each
 */
function* closestPair(ones, others, { x, y }) {
  const grid = new Grid(x, y);
  const sizeOf = (/** @type {Uint32Array} */ side) => side.reduce((sum, track) => sum + Number(track !== NONE), 0);
  const [few, many] = sizeOf(ones) <= sizeOf(others) ? [ones, others] : [others, ones];
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
  return few === ones ? pair : [pair[1], pair[0]];
}
