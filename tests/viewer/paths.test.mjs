import assert from "node:assert/strict";
import { test } from "node:test";
import { findPath, linkBothWays, nearestOnMap, NEIGHBORS, NONE } from "../../site_template/viewer/data/paths.js";
import { minutesText, pathText } from "../../site_template/viewer/panels/path_tool.js";
import { chain, finish, graphOf, onALine, tableOf } from "./graphs.mjs";

const ALL = () => true;

function pathOver(rows, start, goal, { accepts = ALL, places = onALine(rows.length) } = {}) {
  return finish(findPath(graphOf(rows), start, goal, accepts, places)).value;
}

for (const [name, rows, start, goal, tracks] of [
  ["along a chain in its direction", chain(5), 0, 4, [0, 1, 2, 3, 4]],
  ["along a chain in the opposite direction", chain(5), 4, 0, [4, 3, 2, 1, 0]],
  ["to where it starts", chain(3), 1, 1, [1]],
  ["over the first of equally good tracks", [[1, 2], [], [], [1, 2]], 0, 3, [0, 1, 3]],
  ["regardless of the order of neighbors in the file", [[], [0, 3], [0, 3], []].map((row) => row.slice().reverse()), 0, 3, [0, 1, 3]],
  ["over several near neighbors rather than a far one", [[1, 8, 8, 8, 8, 8, 8, 8, 8, 5], [2], [3], [4], [5], [], [], [], []], 0, 5, [0, 1, 2, 3, 4, 5]],
]) {
  test(`a path leads ${name}`, () => {
    assert.deepEqual(pathOver(rows, start, goal), { tracks, leap: -1 });
  });
}

test("a path goes around hidden tracks, but its ends may be hidden", () => {
  const rows = [[1, 2], [3], [3], []];
  assert.deepEqual(pathOver(rows, 0, 3, { accepts: (track) => track === 2 }).tracks, [0, 2, 3]);
});

test("unconnected parts are bridged once, where they are closest, and the text reports it", () => {
  const rows = [[1], [2], [], [4], [5], []];
  const places = { x: Uint16Array.of(0, 100, 5000, 9000, 200, 9500), y: new Uint16Array(6) };
  const path = pathOver(rows, 0, 5, { places });
  assert.deepEqual(path, { tracks: [0, 1, 4, 5], leap: 1 });
  assert.deepEqual(pathOver(rows, 5, 0, { places }), { tracks: [5, 4, 1, 0], leap: 1 });
  assert.match(pathText({ tracks: path.tracks, leaps: [path.leap] }), /path of 4 tracks.*its ends: after track 2 it jumps/);
  assert.match(pathText({ tracks: [1, 2, 3, 4], leaps: [0, 2] }), /some of its stops: after tracks 1 and 3 it jumps/);
});

test("the text of a path without jumps mentions none", () => {
  assert.equal(pathText({ tracks: [3, 1, 2], leaps: [] }), "A path of 3 tracks");
  assert.equal(pathText({ tracks: [3, 1, 2], leaps: [] }, minutesText([3, 1, 2], [0, 3.4, 4.4, 3.5])), "A path of 3 tracks, 11 minutes");
  assert.equal(minutesText([0, 1], [3, NaN]), "");
  assert.equal(minutesText([0, 1], null), "");
});

test("a path along a chain skips no track", () => {
  assert.equal(pathOver(chain(300), 0, 299).tracks.length, 300);
});

test("a path has the length of a playlist if the library allows it", () => {
  // In a ring where each track has five neighbors on either side, the shortest path takes steps of five.
  const count = 140;
  const rows = Array.from({ length: count }, (_, track) =>
    [1, 2, 3, 4, 5].flatMap((step) => [(track + step) % count, (track + count - step) % count]),
  );
  for (const goal of [9, 20, 45, 70]) {
    const { length } = pathOver(rows, 0, goal).tracks;
    assert.ok(length >= 8 && length <= 25, `${length} tracks to ${goal}`);
  }
});

test("steps connect neighbors in a large library, and the work yields often", () => {
  const count = 20_000;
  let state = 11;
  const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
  const rows = Array.from({ length: count }, (_, track) =>
    Array.from({ length: NEIGHBORS }, () => (track + 1 + Math.floor(200 * random())) % count),
  );
  const { value: graph, yields } = finish(linkBothWays(tableOf(rows)));
  assert.ok(yields > 20);
  const places = onALine(count);
  const work = finish(findPath(graph, 0, count / 2, ALL, places));
  const { tracks, leap } = work.value;
  assert.ok(work.yields > 10);
  assert.equal(leap, -1);
  assert.equal(new Set(tracks).size, tracks.length);
  for (let i = 1; i < tracks.length; i++) {
    const [from, to] = [tracks[i - 1], tracks[i]];
    assert.ok(rows[from].includes(to) || rows[to].includes(from), `${from} and ${to} are not neighbors`);
  }
});

test("without neighbors in sound, the nearest on the map are used", () => {
  let seed = 5;
  const random = () => (seed = (Math.imul(seed, 1103515245) + 12345) >>> 0) >>> 16;
  const places = { x: Uint16Array.from({ length: 400 }, random), y: Uint16Array.from({ length: 400 }, random) };
  const { value: neighbors, yields } = finish(nearestOnMap(places));
  assert.ok(yields >= 8);
  const squaredDistance = (a, b) => (places.x[a] - places.x[b]) ** 2 + (places.y[a] - places.y[b]) ** 2;
  for (let track = 0; track < 400; track += 7) {
    const others = Array.from({ length: 400 }, (_, other) => other).filter((other) => other !== track);
    const expected = others.sort((a, b) => squaredDistance(track, a) - squaredDistance(track, b)).slice(0, NEIGHBORS);
    const found = [...neighbors.subarray(track * NEIGHBORS, (track + 1) * NEIGHBORS)];
    assert.deepEqual(found.map((other) => squaredDistance(track, other)), expected.map((other) => squaredDistance(track, other)));
    assert.ok(!found.includes(track));
  }
});

for (const [name, places, count] of [
  ["fewer tracks than needed", onALine(3), 2],
  ["thousands at one position", { x: new Uint16Array(5000).fill(7), y: new Uint16Array(5000) }, NEIGHBORS],
  ["a single track", onALine(1), 0],
]) {
  test(`the neighbors by position of ${name}`, () => {
    const rows = finish(nearestOnMap(places)).value.subarray(0, NEIGHBORS);
    const found = [...rows].filter((other) => other !== NONE);
    assert.equal(found.length, count);
    assert.equal(new Set(found).size, count);
    assert.ok(!found.includes(0));
  });
}

test("the text of a path by map position says so", () => {
  assert.equal(pathText({ tracks: [1, 2, 3], leaps: [] }, "9 minutes", false), "A path of 3 tracks across the map, 9 minutes");
  assert.match(pathText({ tracks: [1, 2, 3], leaps: [1] }, "", false), /No chain of neighbors connects its ends/);
});
