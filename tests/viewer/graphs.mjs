import { neighborTable, NEIGHBORS_SCHEMA } from "../../site_template/viewer/data/decode.js";
import { linkBothWays } from "../../site_template/viewer/data/paths.js";

/** Runs a generator to its end and counts how often it yields. */
export function finish(work) {
  for (let yields = 0; ; yields++) {
    const { done, value } = work.next();
    if (done) return { value, yields };
  }
}

/** @param {number[][]} rows  neighbors of each track, best first */
export const tableOf = (rows) => neighborTable([{ schema: NEIGHBORS_SCHEMA, first: 0, neighbors: rows }], rows.length);

/** @param {number[][]} rows  neighbors of each track, best first */
export const graphOf = (rows) => finish(linkBothWays(tableOf(rows))).value;

/** Neighbors of a chain, in which each track has only the next one as its neighbor. */
export const chain = (count) => Array.from({ length: count }, (_, track) => (track + 1 < count ? [track + 1] : []));

/** Positions of tracks on a line. */
export const onALine = (count) => ({ x: Uint16Array.from({ length: count }, (_, track) => 100 * track), y: new Uint16Array(count) });
