import assert from "node:assert/strict";
import { test } from "node:test";
import { Grid } from "../../site_template/viewer/data/grid.js";
import { isInside, neighborTowards, tracksInside, tracksWithin } from "../../site_template/viewer/map/lasso.js";
import { Selecting } from "../../site_template/viewer/map/selecting.js";
import { createStore } from "../../site_template/viewer/state/store.js";

let state = 7;
const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
const COUNT = 2000;
const X = Uint16Array.from({ length: COUNT }, () => random() * 65535);
const Y = Uint16Array.from({ length: COUNT }, () => random() * 65535);
const GRID = new Grid(X, Y);
const ALL = () => true;
const TRACKS = [...Array(COUNT).keys()];

test("a lasso contains the enclosed tracks, also with a concave shape", () => {
  const arrow = [[10000, 10000], [50000, 10000], [50000, 60000], [30000, 25000], [10000, 60000]];
  const expected = TRACKS.filter((track) => isInside(arrow, X[track], Y[track]));
  assert.deepEqual(tracksInside(GRID, arrow, ALL), expected);
  assert.ok(expected.length > 300);
  assert.equal(isInside(arrow, 30000, 50000), false);
  assert.equal(isInside(arrow, 15000, 40000), true);
});

test("hidden tracks are not selected", () => {
  const everything = [[0, 0], [65536, 0], [65536, 65536], [0, 65536]];
  assert.equal(tracksInside(GRID, everything, (track) => track % 2 === 0).length, COUNT / 2);
  assert.equal(tracksWithin(GRID, 30000, 30000, 9000, () => false).length, 0);
});

test("two points enclose no track", () => {
  assert.deepEqual(tracksInside(GRID, [[0, 0], [65535, 65535]], ALL), []);
});

test("tracks within a radius are sorted by distance, starting with the center", () => {
  const distance = (track) => Math.hypot(X[track] - X[5], Y[track] - Y[5]);
  const found = tracksWithin(GRID, X[5], Y[5], 6000, ALL);
  assert.equal(found[0], 5);
  assert.deepEqual(new Set(found), new Set(TRACKS.filter((track) => distance(track) <= 6000)));
  assert.ok(found.every((track, place) => place === 0 || distance(track) >= distance(found[place - 1])));
});

test("arrow keys prefer the track straight ahead and stop at the edge", () => {
  const grid = new Grid(Uint16Array.of(1000, 2000, 1500, 1000), Uint16Array.of(1000, 1000, 1450, 9000));
  const from = (direction) => neighborTowards(grid, 1000, 1000, direction, ALL);
  assert.deepEqual([from([1, 0]), from([0, 1]), from([-1, 0]), from([0, -1])], [1, 3, -1, -1]);
});

test("arrow keys reach almost all tracks", () => {
  const seen = new Set([0]);
  const queue = [0];
  for (const track of queue) {
    for (const direction of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      const next = neighborTowards(GRID, X[track], Y[track], direction, ALL);
      if (next >= 0 && !seen.has(next)) {
        seen.add(next);
        queue.push(next);
      }
    }
  }
  assert.ok(seen.size > 0.97 * COUNT, `${seen.size} of ${COUNT}`);
});

for (const [name, selected, track, rest, isOrder] of [
  ["removed from a path leaves a path", [4, 2, 9], 2, [4, 9], true],
  ["removed from two leaves no path", [4, 2], 2, [4], false],
  ["added to a path makes it a selection", [4, 2, 9], 3, [4, 2, 9, 3], false],
]) {
  test(`a track ${name}`, () => {
    const store = createStore({ selected, path: selected });
    new Selecting({}, store, {}).toggle(track);
    assert.deepEqual([store.get().selected, store.get().path === store.get().selected], [rest, isOrder]);
  });
}

test("a selection of some tracks of a path is not a path", () => {
  const path = [4, 2, 9];
  const store = createStore({ selected: [], path });
  const selecting = new Selecting({}, store, {});
  for (const track of [4, 9]) selecting.toggle(track);
  assert.notEqual(store.get().path, store.get().selected);
});
