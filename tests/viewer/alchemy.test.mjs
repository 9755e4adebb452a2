import assert from "node:assert/strict";
import { test } from "node:test";
import { mix, nearness, placeOf } from "../../site_template/viewer/data/alchemy.js";
import { neighborTable, NEIGHBORS_SCHEMA } from "../../site_template/viewer/data/decode.js";
import { linkBothWays } from "../../site_template/viewer/data/paths.js";

/** Runs work to its end and counts its breaths. */
function finish(work) {
  for (let breaths = 0; ; breaths++) {
    const { done, value } = work.next();
    if (done) return { value, breaths };
  }
}
const graphOf = (rows) => finish(linkBothWays(neighborTable([{ schema: NEIGHBORS_SCHEMA, first: 0, neighbors: rows }], rows.length))).value;
const chain = (count) => graphOf(Array.from({ length: count }, (_, track) => (track + 1 < count ? [track + 1] : [])));
const mixed = (graph, more, less, { count = 5, accepts = () => true } = {}) => finish(mix(graph, more, less, { count, accepts })).value;

/** Groups of ten tracks, each alike all others of its group; the last of each is alike the first of the next. */
function groups(count) {
  return graphOf(Array.from({ length: 10 * count }, (_, track) => {
    const group = Math.floor(track / 10);
    const own = Array.from({ length: 10 }, (_, place) => 10 * group + place).filter((other) => other !== track);
    return track % 10 === 9 && group + 1 < count ? [...own.slice(0, 8), track + 1] : own;
  }));
}

test("how near a track is falls with every step, and is nothing where no step leads", () => {
  const near = finish(nearness(chain(8), 0)).value;
  for (let track = 2; track < 8; track++) assert.ok(near[track] < near[track - 1], `${track}: ${near[track]}`);
  const apart = finish(nearness(graphOf([[1], [], [3], []]), 0)).value;
  assert.deepEqual([apart[2], apart[3]], [0, 0]);
});

for (const [name, more, less, accepted] of [
  ["more of one gives its like", [2], [], (track) => track < 10],
  ["more of two gives what is near to both", [5, 15], [], (track) => track < 20],
  ["less of one keeps its like away", [9], [12], (track) => track < 10],
]) {
  test(name, () => {
    const found = mixed(groups(4), more, less);
    assert.equal(found.length, 5);
    assert.ok(found.every(accepted), String(found));
    assert.ok(found.every((track) => ![...more, ...less].includes(track)));
  });
}

test("what is hidden is not found, and the same is found every time", () => {
  const graph = groups(4);
  const even = { accepts: (track) => track % 2 === 0 };
  const found = mixed(graph, [3], [], even);
  assert.ok(found.every((track) => track % 2 === 0));
  assert.deepEqual(mixed(graph, [3], [], even), found);
});

test("nothing is near to two tracks that nothing joins, and a track alone is near to none", () => {
  assert.deepEqual(mixed(graphOf([[], [2], []]), [0], []), []);
});

test("the page can breathe while a large map is walked", () => {
  const { breaths } = finish(mix(chain(60_000), [0], [], { count: 5, accepts: () => true }));
  assert.ok(breaths > 50, String(breaths));
});

test("the place of a list is in the middle of most of it", () => {
  const positions = { x: Uint16Array.from([10, 12, 14, 60000]), y: Uint16Array.from([0, 0, 0, 0]) };
  assert.equal(placeOf([0, 1, 2, 3], positions), 1);
});
