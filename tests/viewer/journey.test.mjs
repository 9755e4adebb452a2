import assert from "node:assert/strict";
import { test } from "node:test";
import { curvePoints, placeAt } from "../../site_template/viewer/data/curve.js";
import { orderJourney } from "../../site_template/viewer/data/journey.js";
import { findRoute, wished, withStop } from "../../site_template/viewer/data/route.js";
import { Transitions } from "../../site_template/viewer/data/transitions.js";
import { chain, finish, graphOf, onALine } from "./graphs.mjs";

const known = (rows, more = {}) => ({
  graph: rows && graphOf(rows), ...onALine(rows?.length ?? 10), span: 1000, tempo: null, fifth: null, ...more,
});
const randomFrom = (seed) => () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;
for (const [name, tempos, expected] of [
  ["the same tempo costs nothing", [120, 120], 0],
  ["slightly faster costs little", [120, 124], 0.095],
  ["in either direction", [124, 120], 0.095],
  ["half the tempo costs little", [70, 140], 0.15],
  ["halfway between costs the most", [100, 141.421], 1],
  ["an unknown tempo is neutral", [NaN, 120], 0.3],
]) {
  test(`of tempo, ${name}`, () => {
    const transitions = new Transitions(known(chain(2), { tempo: tempos }));
    assert.ok(Math.abs(transitions.tempo(0, 1) - expected) < 0.001, String(transitions.tempo(0, 1)));
  });
}

test("the distance of keys is that on the circle of fifths", () => {
  const transitions = new Transitions(known(chain(5), { fifth: [0, 1, 11, 6, -1] }));
  assert.deepEqual([[0, 0], [0, 1], [0, 2], [1, 2], [0, 3], [0, 4]].map(([a, b]) => Math.round(6 * transitions.key(a, b) * 10) / 10), [0, 1, 1, 2, 6, 1.8]);
});

test("neighbors are nearer than neighbors of neighbors, those nearer than unrelated tracks", () => {
  const transitions = new Transitions(known([[1], [2], [], []]));
  const [direct, common, stranger] = [transitions.sound(0, 1), transitions.sound(0, 2), transitions.sound(2, 3)];
  assert.ok(direct < common && common < stranger, `${direct} ${common} ${stranger}`);
  assert.equal(transitions.sound(1, 0), direct);
  assert.ok(!transitions.isHard(0, 1));
  assert.ok(transitions.cost(0, 3) > 0.6);
});

test("without neighbors, the map is used, and isBySound is false", () => {
  const transitions = new Transitions(known(null));
  assert.equal(transitions.isBySound, false);
  assert.deepEqual([transitions.sound(0, 1), transitions.sound(0, 9)], [0.2, 1]);
});

test("a bridge exists only if it makes both transitions easier", () => {
  const rows = [[2], [3], [4], [], [1], [0, 1]];
  const transitions = new Transitions(known(rows));
  assert.equal(transitions.bridge(0, 1, () => true), 5);
  assert.equal(transitions.bridge(0, 1, (track) => track !== 5), -1);
  assert.equal(transitions.bridge(0, 2, () => true), -1);
  assert.equal(transitions.bridge(0, 1, () => false), -1);
});

const costOf = (order, { cost }) => order.slice(1).reduce((sum, track, place) => sum + cost(order[place], track), 0);
const plain = (points) => ({ cost: (a, b) => Math.hypot(points[a][0] - points[b][0], points[a][1] - points[b][1]) });

test("tracks on a line are ordered along it from the start", () => {
  const points = Array.from({ length: 60 }, (_, place) => [place, 0]);
  const shuffled = [...points.keys()].sort((a, b) => ((a * 37) % 60) - ((b * 37) % 60));
  assert.deepEqual(finish(orderJourney(shuffled, 0, plain(points))).value, [...points.keys()]);
});

test("a small journey is at most 6% worse than the optimum", () => {
  const random = randomFrom(7);
  for (let round = 0; round < 20; round++) {
    const points = Array.from({ length: 7 }, () => [random(), random()]);
    const found = finish(orderJourney([0, 1, 2, 3, 4, 5, 6], 0, plain(points))).value;
    const best = Math.min(...permutations([1, 2, 3, 4, 5, 6]).map((rest) => costOf([0, ...rest], plain(points))));
    assert.ok(costOf(found, plain(points)) <= best * 1.06, `${costOf(found, plain(points))} for ${best}`);
  }
});

function permutations(items) {
  return items.length < 2 ? [items] : items.flatMap((item) => permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]));
}

for (const tracks of [[], [4], [4, 2]]) {
  test(`a journey of ${tracks.length} tracks keeps their order`, () => {
    assert.deepEqual(finish(orderJourney(tracks, 4, { cost: () => 1 })).value, tracks);
  });
}

test("a journey of 1,000 tracks is complete, repeatable, interruptible and beats nearest-first", () => {
  const random = randomFrom(3);
  const points = Array.from({ length: 1000 }, () => [random(), random()]);
  const tracks = [...points.keys()];
  const { value: order, yields } = finish(orderJourney(tracks, 5, plain(points)));
  assert.deepEqual([...order].sort((a, b) => a - b), tracks);
  assert.equal(order[0], 5);
  assert.ok(yields > 3000);
  // The optimum for such points is about 0.7124 * sqrt(1000) = 22.5; nearest-first is a quarter longer.
  assert.ok(costOf(order, plain(points)) < 25.5, String(costOf(order, plain(points))));
  assert.deepEqual(finish(orderJourney(tracks, 5, plain(points))).value, order);
});

/** Neighbors on a grid with ten tracks per row; each row is a cluster. */
const SIDE = 10;
const grid = Array.from({ length: SIDE * SIDE }, (_, track) => {
  const [x, y] = [track % SIDE, Math.floor(track / SIDE)];
  return [[1, 0], [0, 1], [-1, 0], [0, -1]].flatMap(([dx, dy]) => (x + dx in [...Array(SIDE)] && y + dy in [...Array(SIDE)] ? [track + dx + SIDE * dy] : []));
});
const places = {
  x: Uint16Array.from(grid, (_, track) => 100 * (track % SIDE)), y: Uint16Array.from(grid, (_, track) => 100 * Math.floor(track / SIDE)),
};

function route(wish, given = {}) {
  const graph = graphOf(grid);
  return finish(
    findRoute(graph, wished(wish), {
      accepts: () => true, positions: places, artistOf: (track) => `artist ${track}`, cluster: grid.map((_, track) => Math.floor(track / SIDE)),
      minutesOf: () => 4, transitions: new Transitions(known(grid, places)), ...given,
    }),
  ).value;
}

const isChain = (tracks) => tracks.slice(1).every((track, place) => grid[track].includes(tracks[place]));

test("a path visits its stops in order and no track twice", () => {
  const { tracks, leaps } = route({ stops: [0, 90, 99, 9] });
  assert.deepEqual([tracks[0], tracks.at(-1), leaps], [0, 9, []]);
  assert.ok(isChain(tracks));
  assert.ok(tracks.indexOf(90) < tracks.indexOf(99) && tracks.indexOf(90) > 0);
  assert.equal(new Set(tracks).size, tracks.length);
});

test("an alternative path shares only the stops and reports a jump if it needs one", () => {
  const first = route({ stops: [0, 9] });
  const second = route({ stops: [0, 9], passed: new Set(first.tracks) });
  assert.deepEqual(second.tracks.filter((track) => first.tracks.includes(track)), [0, 9]);
  assert.ok(isChain(second.tracks));
  const third = route({ stops: [0, 9], passed: new Set([...first.tracks, ...second.tracks]) });
  assert.equal(third.leaps.length, 1);
});

test("a path avoids the given clusters except for its stops", () => {
  const around = route({ stops: [20, 29], avoided: new Set([2]) });
  assert.deepEqual(around.tracks.filter((track) => Math.floor(track / SIDE) === 2), [20, 29]);
  assert.ok(isChain(around.tracks));
});

test("a path can be limited to one track per artist", () => {
  const artistOf = (track) => ["one", "two", ""][track % 3] && `${["one", "two"][track % 3]} ${track % 7}`;
  const { tracks } = route({ stops: [0, 99], isOneAnArtist: true }, { artistOf });
  const artists = tracks.map(artistOf).filter(Boolean);
  assert.equal(new Set(artists).size, artists.length);
  assert.deepEqual([tracks[0], tracks.at(-1)], [0, 99]);
});

test("if all tracks are by one artist, only the stops remain", () => {
  assert.deepEqual(route({ stops: [0, 99], isOneAnArtist: true }, { artistOf: () => "one" }).tracks, [0, 99]);
});

for (const minutes of [20, 60, 120, 180]) {
  test(`a path of ${minutes} minutes`, () => {
    const { tracks } = route({ stops: [0, 55, 9], minutes });
    assert.ok(Math.abs(4 * tracks.length - minutes) <= 4, `${tracks.length} tracks`);
    assert.equal(new Set(tracks).size, tracks.length);
    assert.deepEqual([tracks[0], tracks.at(-1), tracks.includes(55)], [0, 9, true]);
  });
}

test("the length of a path is limited by its stops and by the library", () => {
  assert.deepEqual(route({ stops: [0, 55, 9], minutes: 5 }).tracks, [0, 55, 9]);
  assert.ok(route({ stops: [0, 9], minutes: 4000 }).tracks.length <= SIDE * SIDE);
  assert.ok(route({ stops: [0, 9], minutes: 30 }, { minutesOf: () => NaN }).tracks.length >= 8);
});

for (const minutes of [48, 32, 16, 12]) {
  test(`a path of ${minutes} minutes between two unconnected chains reports its jump`, () => {
    const apart = Array.from({ length: 12 }, (_, track) => (track % 6 < 5 ? [track + 1] : []));
    const library = {
      accepts: () => true, positions: onALine(12), artistOf: String, cluster: new Uint8Array(12), minutesOf: () => 4, transitions: new Transitions(known(apart)),
    };
    const { tracks, leaps } = finish(findRoute(graphOf(apart), wished({ stops: [0, 11], minutes }), library)).value;
    assert.equal(tracks.length, minutes / 4);
    assert.deepEqual(leaps, [tracks.findLastIndex((track) => track < 6)]);
  });
}

test("an additional stop is inserted where the detour is smallest", () => {
  assert.deepEqual(withStop([0, 9], 5, places), [0, 5, 9]);
  assert.deepEqual(withStop([0, 9, 99], 49, places), [0, 9, 49, 99]);
  assert.deepEqual(withStop([0, 9, 99], 9, places), [0, 9, 99]);
});

for (const [name, values, points, low, high] of [
  ["from left to right with the maximum at the top", [1, 3, 2], [[0, 40], [50, 0], [100, 20]], 0, 1],
  ["over unknown values", [NaN, 1, NaN, 3], [[33.3, 40], [100, 0]], 1, 3],
  ["horizontally for equal values", [2, 2], [[0, 20], [100, 20]], 0, 0],
  ["without values", [NaN], [], -1, -1],
]) {
  test(`a curve is drawn ${name}`, () => {
    const curve = curvePoints(values, 100, 40);
    assert.deepEqual(curve.points.map((point) => point.map((value) => Math.round(value * 10) / 10)), points);
    assert.deepEqual([curve.low, curve.high], [low, high]);
  });
}

test("a click on the curve selects the nearest track", () => {
  assert.deepEqual([-0.2, 0, 0.49, 0.51, 1, 1.4].map((share) => placeAt(share, 3)), [0, 0, 1, 1, 2, 2]);
});
