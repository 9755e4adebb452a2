import assert from "node:assert/strict";
import { test } from "node:test";
import { neighborTable, NEIGHBORS_SCHEMA } from "../../site_template/viewer/data/decode.js";
import { findPath, linkBothWays, nearestOnMap, NEIGHBORS, NONE } from "../../site_template/viewer/data/paths.js";
import { minutesText, pathText } from "../../site_template/viewer/panels/path_tool.js";

const ALL = () => true;

/** Runs work to its end and counts its breaths. */
function finish(work) {
  for (let breaths = 0; ; breaths++) {
    const { done, value } = work.next();
    if (done) return { value, breaths };
  }
}

/** @param {number[][]} rows  neighbors of each track, best first */
const table = (rows) => neighborTable([{ schema: NEIGHBORS_SCHEMA, first: 0, neighbors: rows }], rows.length);

const graphOf = (rows) => finish(linkBothWays(table(rows))).value;
const onALine = (count) => ({ x: Uint16Array.from({ length: count }, (_, track) => 100 * track), y: new Uint16Array(count) });

function pathOver(rows, start, goal, { accepts = ALL, places = onALine(rows.length) } = {}) {
  return finish(findPath(graphOf(rows), start, goal, accepts, places)).value;
}

/** Each track knows the one after it only. */
const chain = (count) => Array.from({ length: count }, (_, track) => (track + 1 < count ? [track + 1] : []));

for (const [name, rows, start, goal, tracks] of [
  ["along a chain, with its steps", chain(5), 0, 4, [0, 1, 2, 3, 4]],
  ["and against them", chain(5), 4, 0, [4, 3, 2, 1, 0]],
  ["to where it starts", chain(3), 1, 1, [1]],
  ["of equally cheap ways over the track that comes first", [[1, 2], [], [], [1, 2]], 0, 3, [0, 1, 3]],
  ["wherever the file lists it", [[], [0, 3], [0, 3], []].map((row) => row.slice().reverse()), 0, 3, [0, 1, 3]],
  ["by several near neighbors rather than by a far one", [[1, 8, 8, 8, 8, 8, 8, 8, 8, 5], [2], [3], [4], [5], [], [], [], []], 0, 5, [0, 1, 2, 3, 4, 5]],
]) {
  test(`a path leads ${name}`, () => {
    assert.deepEqual(pathOver(rows, start, goal), { tracks, leap: -1 });
  });
}

test("a path goes around hidden tracks, but its ends may be hidden", () => {
  const rows = [[1, 2], [3], [3], []];
  assert.deepEqual(pathOver(rows, 0, 3, { accepts: (track) => track === 2 }).tracks, [0, 2, 3]);
});

test("parts that nothing joins are bridged where they lie closest on the map, once, and the path says so", () => {
  const rows = [[1], [2], [], [4], [5], []];
  const places = { x: Uint16Array.of(0, 100, 5000, 9000, 200, 9500), y: new Uint16Array(6) };
  const path = pathOver(rows, 0, 5, { places });
  assert.deepEqual(path, { tracks: [0, 1, 4, 5], leap: 1 });
  assert.deepEqual(pathOver(rows, 5, 0, { places }), { tracks: [5, 4, 1, 0], leap: 1 });
  assert.match(pathText({ tracks: path.tracks, leaps: [path.leap] }), /path of 4 tracks.*its ends: after track 2 it jumps/);
  assert.match(pathText({ tracks: [1, 2, 3, 4], leaps: [0, 2] }), /some of its stops: after tracks 1 and 3 it jumps/);
});

test("a path without a leap does not speak of one", () => {
  assert.equal(pathText({ tracks: [3, 1, 2], leaps: [] }), "A path of 3 tracks");
  assert.equal(pathText({ tracks: [3, 1, 2], leaps: [] }, minutesText([3, 1, 2], [0, 3.4, 4.4, 3.5])), "A path of 3 tracks, 11 minutes");
  assert.equal(minutesText([0, 1], [3, NaN]), "");
  assert.equal(minutesText([0, 1], null), "");
});

test("a chain of hundreds is walked whole: tracks are not left out to make it shorter", () => {
  assert.equal(pathOver(chain(300), 0, 299).tracks.length, 300);
});

test("costs follow from how long the way is: it has a playlist's length where the library allows", () => {
  // In a ring where everybody knows five on either side, the shortest way takes strides of five.
  const count = 140;
  const rows = Array.from({ length: count }, (_, track) =>
    [1, 2, 3, 4, 5].flatMap((step) => [(track + step) % count, (track + count - step) % count]),
  );
  for (const goal of [9, 20, 45, 70]) {
    const { length } = pathOver(rows, 0, goal).tracks;
    assert.ok(length >= 8 && length <= 25, `${length} tracks to ${goal}`);
  }
});

test("steps go between neighbors, in a large library too, and the work pauses often", () => {
  const count = 20_000;
  let state = 11;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const rows = Array.from({ length: count }, (_, track) =>
    Array.from({ length: NEIGHBORS }, () => (track + 1 + Math.floor(200 * random())) % count),
  );
  const { value: graph, breaths } = finish(linkBothWays(table(rows)));
  assert.ok(breaths > 20);
  const places = onALine(count);
  const work = finish(findPath(graph, 0, count / 2, ALL, places));
  const { tracks, leap } = work.value;
  assert.ok(work.breaths > 10);
  assert.equal(leap, -1);
  assert.equal(new Set(tracks).size, tracks.length);
  for (let i = 1; i < tracks.length; i++) {
    const [one, other] = [tracks[i - 1], tracks[i]];
    assert.ok(rows[one].includes(other) || rows[other].includes(one), `${one} and ${other} are strangers`);
  }
});

test("where only places are known, neighbors are the tracks beside each other", () => {
  let seed = 5;
  const random = () => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) >>> 16;
  const places = { x: Uint16Array.from({ length: 400 }, random), y: Uint16Array.from({ length: 400 }, random) };
  const { value: neighbors, breaths } = finish(nearestOnMap(places));
  assert.ok(breaths >= 8);
  const square = (one, other) => (places.x[one] - places.x[other]) ** 2 + (places.y[one] - places.y[other]) ** 2;
  for (let track = 0; track < 400; track += 7) {
    const others = Array.from({ length: 400 }, (_, other) => other).filter((other) => other !== track);
    const right = others.sort((one, other) => square(track, one) - square(track, other)).slice(0, NEIGHBORS);
    const found = [...neighbors.subarray(track * NEIGHBORS, (track + 1) * NEIGHBORS)];
    assert.deepEqual(found.map((other) => square(track, other)), right.map((other) => square(track, other)));
    assert.ok(!found.includes(track));
  }
});

for (const [name, places, most] of [
  ["fewer than are wanted", onALine(3), 2],
  ["thousands on one spot", { x: new Uint16Array(5000).fill(7), y: new Uint16Array(5000) }, NEIGHBORS],
  ["one alone", onALine(1), 0],
]) {
  test(`the neighbors by place of ${name}`, () => {
    const rows = finish(nearestOnMap(places)).value.subarray(0, NEIGHBORS);
    const found = [...rows].filter((other) => other !== NONE);
    assert.equal(found.length, most);
    assert.equal(new Set(found).size, most);
    assert.ok(!found.includes(0));
  });
}

test("a path over places says that it is one", () => {
  assert.equal(pathText({ tracks: [1, 2, 3], leaps: [] }, "9 minutes", false), "A path of 3 tracks across the map, 9 minutes");
  assert.match(pathText({ tracks: [1, 2, 3], leaps: [1] }, "", false), /No chain of neighbors connects its ends/);
});
