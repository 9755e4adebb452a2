import assert from "node:assert/strict";
import { test } from "node:test";
import { mix, nearness, placeOf } from "../../site_template/viewer/data/alchemy.js";
import { chain as chainRows, finish, graphOf } from "./graphs.mjs";

const chain = (count) => graphOf(chainRows(count));
const mixed = (graph, more, less, { count = 5, accepts = () => true } = {}) => finish(mix(graph, more, less, { count, accepts })).value;

/** Groups of ten similar tracks; the last track of each group is also similar to the first of the next. */
function groups(count) {
  return graphOf(Array.from({ length: 10 * count }, (_, track) => {
    const group = Math.floor(track / 10);
    const own = Array.from({ length: 10 }, (_, place) => 10 * group + place).filter((other) => other !== track);
    return track % 10 === 9 && group + 1 < count ? [...own.slice(0, 8), track + 1] : own;
  }));
}

test("nearness decreases with every step and is zero for unconnected tracks", () => {
  const near = finish(nearness(chain(8), 0)).value;
  for (let track = 2; track < 8; track++) assert.ok(near[track] < near[track - 1], `${track}: ${near[track]}`);
  const apart = finish(nearness(graphOf([[1], [], [3], []]), 0)).value;
  assert.deepEqual([apart[2], apart[3]], [0, 0]);
});

for (const [name, more, less, accepted] of [
  ["more of one track gives similar tracks", [2], [], (track) => track < 10],
  ["more of two tracks gives tracks near both", [5, 15], [], (track) => track < 20],
  ["less of a track excludes similar tracks", [9], [12], (track) => track < 10],
]) {
  test(name, () => {
    const found = mixed(groups(4), more, less);
    assert.equal(found.length, 5);
    assert.ok(found.every(accepted), String(found));
    assert.ok(found.every((track) => ![...more, ...less].includes(track)));
  });
}

test("hidden tracks are not found, and the result is deterministic", () => {
  const graph = groups(4);
  const even = { accepts: (track) => track % 2 === 0 };
  const found = mixed(graph, [3], [], even);
  assert.ok(found.every((track) => track % 2 === 0));
  assert.deepEqual(mixed(graph, [3], [], even), found);
});

test("a track without neighbors is near to none", () => {
  assert.deepEqual(mixed(graphOf([[], [2], []]), [0], []), []);
});

test("work on a large map yields often", () => {
  const { yields } = finish(mix(chain(60_000), [0], [], { count: 5, accepts: () => true }));
  assert.ok(yields > 50, String(yields));
});

test("the place of a list is the center of most of its tracks", () => {
  const positions = { x: Uint16Array.from([10, 12, 14, 60000]), y: Uint16Array.from([0, 0, 0, 0]) };
  assert.equal(placeOf([0, 1, 2, 3], positions), 1);
});
