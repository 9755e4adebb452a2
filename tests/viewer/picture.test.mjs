import assert from "node:assert/strict";
import { test } from "node:test";
import { Grid } from "../../site_template/viewer/data/grid.js";
import { packedPixel } from "../../site_template/viewer/ui/palette.js";
import { Picture } from "../../site_template/viewer/map/picture.js";
import { createBrush, solidPaint } from "../../site_template/viewer/map/splat.js";
import { densityOfCells, shadeByDensity, tiersOf } from "../../site_template/viewer/map/tiers.js";

const SIDE = 160;
const COUNT = 20_000;
const COLORS = ["#ff0000", "#00ff00", "#0000ff"].map(packedPixel);

/** Numbers in 0..65535, the same in every run; the second half is dense in the middle. */
function scattered(count, seed) {
  let state = seed;
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 16;
  return Uint16Array.from({ length: count }, (_, i) => (i < count / 2 ? next() : 30000 + next() / 16));
}

const GRID = new Grid(scattered(COUNT, 1), scattered(COUNT, 2));
const RANK = Uint8Array.from({ length: COUNT }, (_, track) => [0, 2, 3][track % 3]);
const GROUP = Int32Array.from({ length: COUNT }, (_, track) => (track % 3) - 1);
const pixelOf = (group) => COLORS[group + 1];
const TIERS = tiersOf(GRID, { rank: RANK, group: GROUP }, pixelOf, 4);

function strokes() {
  return TIERS.map((tier, i) => ({
    points: tier,
    runs: GRID.runs(2000, 1000, 60000, 50000, tier.starts),
    brush: createBrush(1.2 + i, 0.5, SIDE),
    paint: solidPaint(packedPixel("#101010")),
  }));
}

/** The pixels of a picture that is interrupted at every `lateEvery`-th check of the clock, and the number of calls. */
function painted(lateEvery) {
  const target = { pixels: new Int32Array(SIDE * SIDE), stride: SIDE, height: SIDE };
  const scale = SIDE / 65536;
  const picture = new Picture(target, { scaleX: scale, scaleY: -scale, x: 0, y: SIDE }, strokes());
  let checks = 0;
  let calls = 1;
  while (!picture.advance(() => ++checks % lateEvery === 0)) calls++;
  return { pixels: target.pixels, calls };
}

test("painting in slices gives the same picture as painting at once", () => {
  const whole = painted(Infinity);
  assert.equal(whole.calls, 1);
  for (const lateEvery of [1, 2, 3]) {
    const sliced = painted(lateEvery);
    assert.ok(sliced.calls > 2, `${sliced.calls} slices`);
    assert.deepEqual(sliced.pixels, whole.pixels);
  }
});

test("a picture without points is empty", () => {
  const target = { pixels: new Int32Array(9), stride: 3, height: 3 };
  assert.equal(new Picture(target, { scaleX: 1, scaleY: 1, x: 0, y: 0 }, []).advance(() => true), true);
  assert.ok(target.pixels.every((pixel) => pixel === 0));
});

test("every track is in the tier of its rank with its position and color", () => {
  assert.deepEqual(TIERS.map(({ rank }) => rank), [0, 2, 3], "ranks without tracks have no tier");
  const found = TIERS.flatMap(({ rank, x, y, color }) => Array.from(x, (value, i) => `${rank} ${value} ${y[i]} ${color[i]}`));
  const order = Array.from(GRID.order, (track, place) => `${RANK[track]} ${GRID.x[place]} ${GRID.y[place]} ${pixelOf(GROUP[track])}`);
  assert.deepEqual(found.sort(), order.sort());
});

test("the cells of a tier are those of the grid", () => {
  const [x0, y0, x1, y1] = [10000, 20000, 14000, 23000];
  for (const tier of TIERS) {
    const runs = GRID.runs(x0, y0, x1, y1, tier.starts);
    const seen = new Set();
    for (let r = 0; r < runs.length; r += 2) for (let i = runs[r]; i < runs[r + 1]; i++) seen.add(i);
    tier.x.forEach((x, i) => {
      const inside = x >= x0 && x <= x1 && tier.y[i] >= y0 && tier.y[i] <= y1;
      if (inside) assert.ok(seen.has(i));
    });
  }
});

test("dense areas are shaded, others keep their color", () => {
  const density = densityOfCells(GRID.starts, GRID.columns);
  const at = (x, y) => density[Math.floor(y / GRID.cellSize) * GRID.columns + Math.floor(x / GRID.cellSize)];
  assert.ok(at(32000, 32000) > at(5000, 5000));
  assert.equal(at(5000, 5000), 0);
  assert.ok(density.every((value) => value >= 0 && value <= 1));
  const [tier] = tiersOf(GRID, { rank: new Uint8Array(COUNT), group: GROUP }, pixelOf, 1);
  shadeByDensity(tier, GRID.columns, (pixel, share) => (share > 0 ? 1 : pixel));
  tier.color.forEach((pixel, i) => {
    assert.equal(tier.shadedColor[i], at(tier.x[i], tier.y[i]) > 0 ? 1 : pixel);
  });
});
