import assert from "node:assert/strict";
import { test } from "node:test";
import { Grid } from "../../site_template/viewer/data/grid.js";

/** Numbers in 0..65535, the same in every run. */
function scattered(count, seed) {
  let state = seed;
  return Uint16Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 16;
  });
}

const X = scattered(3000, 1);
const Y = scattered(3000, 2);
const GRID = new Grid(X, Y);

function nearestBySearchingAll(x, y, reach, accepts) {
  let best = -1;
  let bestSquare = reach * reach;
  for (let track = 0; track < X.length; track++) {
    const square = (X[track] - x) ** 2 + (Y[track] - y) ** 2;
    if (square < bestSquare && accepts(track)) [best, bestSquare] = [track, square];
  }
  return best;
}

test("the sorted order contains every track once with its coordinates", () => {
  assert.deepEqual(Uint32Array.from(GRID.order).sort(), Uint32Array.from(X.keys()));
  GRID.order.forEach((track, place) => assert.deepEqual([GRID.x[place], GRID.y[place]], [X[track], Y[track]]));
});

for (const [name, accepts] of [["all tracks", () => true], ["even tracks", (track) => track % 2 === 0]]) {
  test(`the nearest of ${name} equals that of an exhaustive search`, () => {
    for (let i = 0; i < 300; i++) {
      const [x, y] = [X[i] + 37, Y[i] - 91];
      assert.equal(GRID.nearest(x, y, 2500, accepts), nearestBySearchingAll(x, y, 2500, accepts));
    }
  });
}

test("no track is found out of reach", () => {
  assert.equal(GRID.nearest(-50000, 0, 100, () => true), -1);
  assert.equal(new Grid(new Uint16Array(0), new Uint16Array(0)).nearest(0, 0, 1e6, () => true), -1);
});

test("the runs of a rectangle contain all of its tracks and few others", () => {
  const [x0, y0, x1, y1] = [20000, 30000, 30000, 38000];
  const runs = GRID.runs(x0, y0, x1, y1);
  const found = new Set();
  for (let r = 0; r < runs.length; r += 2) for (let p = runs[r]; p < runs[r + 1]; p++) found.add(GRID.order[p]);
  X.forEach((x, track) => {
    if (x >= x0 && x <= x1 && Y[track] >= y0 && Y[track] <= y1) assert.ok(found.has(track));
  });
  assert.ok(found.size < 200);
});

test("the whole map is one run, and a rectangle outside it has none", () => {
  assert.deepEqual([...GRID.runs(-1e6, -1e6, 1e6, 1e6)], [0, 3000]);
  assert.equal(GRID.runs(70000, 0, 80000, 100).length, 0);
});

test("typical spacing follows density", () => {
  const dense = new Grid(X.map((x) => x >> 3), Y.map((y) => y >> 3));
  assert.ok(dense.typicalSpacing() < GRID.typicalSpacing() / 3);
});

test("tracks in a rectangle are counted, including those on its edge", () => {
  const places = Array.from({ length: 500 }, (_, i) => [(i * 7919) % 65536, (i * 104729) % 65536]);
  const grid = new Grid(Uint16Array.from(places, ([x]) => x), Uint16Array.from(places, ([, y]) => y));
  for (const [x0, y0, x1, y1] of [[0, 0, 65535, 65535], [9000, 20000, 30000, 21000], [7919, 39193, 7919, 39193], [-50, -50, -1, -1]]) {
    const inside = places.filter(([x, y]) => x0 <= x && x <= x1 && y0 <= y && y <= y1);
    assert.equal(grid.countIn(x0, y0, x1, y1), inside.length);
  }
});
