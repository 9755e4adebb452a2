import assert from "node:assert/strict";
import { test } from "node:test";
import { packedPixel } from "../../site_template/viewer/ui/palette.js";
import { blended, createBrush, solidPaint, splat, translucentPaint } from "../../site_template/viewer/map/splat.js";

const RED = packedPixel("#ff0000");
const BLUE = packedPixel("#0000ff");
const IDENTITY = { scaleX: 1, scaleY: 1, x: 0, y: 0 };

function draw(points, radius, paint, { size = 40, outline = 0 } = {}) {
  const target = { pixels: new Int32Array(size * size), stride: size, height: size };
  const columns = {
    x: Uint16Array.from(points.map(({ x }) => x)),
    y: Uint16Array.from(points.map(({ y }) => y)),
    color: Int32Array.from(points.map(({ color }) => color)),
  };
  splat(target, columns, 0, points.length, createBrush(radius, outline, size), IDENTITY, paint);
  return (x, y) => target.pixels[y * size + x];
}
const alpha = (pixel) => pixel >>> 24;

test("a disc covers about the area of a circle", () => {
  for (const radius of [1, 2, 4, 6.5]) {
    const at = draw([{ x: 20, y: 20, color: RED }], radius, solidPaint(0));
    let area = 0;
    for (let y = 0; y < 40; y++) for (let x = 0; x < 40; x++) area += alpha(at(x, y)) / 255;
    assert.ok(Math.abs(area / (Math.PI * radius ** 2) - 1) < 0.12, `radius ${radius}: area ${area}`);
  }
});

test("the center is opaque, the rim is soft, the outside is empty", () => {
  const at = draw([{ x: 20, y: 20, color: RED }], 4, solidPaint(0));
  assert.equal(at(20, 20), RED);
  assert.ok(alpha(at(24, 20)) > 0 && alpha(at(24, 20)) < 255);
  assert.equal(at(28, 20), 0);
});

test("an outline separates discs that overlap", () => {
  const points = [{ x: 17, y: 20, color: RED }, { x: 22, y: 20, color: BLUE }];
  const at = draw(points, 4, solidPaint(packedPixel("#000000")), { outline: 1 });
  assert.equal(at(22, 20), BLUE);
  assert.equal(at(15, 20), RED, "the first disc is still visible");
  const [red, blue] = [at(17, 20) & 0xff, (at(17, 20) >> 16) & 0xff];
  assert.ok(red < 128 && blue < 128, `the outline is between them, not ${red}, ${blue}`);
});

test("only the requested points are drawn", () => {
  const target = { pixels: new Int32Array(1600), stride: 40, height: 40 };
  const columns = { x: Uint16Array.of(8, 20, 32), y: Uint16Array.of(20, 20, 20), color: Int32Array.of(RED, BLUE, RED) };
  splat(target, columns, 1, 2, createBrush(3, 0, 40), IDENTITY, solidPaint(0));
  assert.deepEqual([8, 20, 32].map((x) => target.pixels[20 * 40 + x]), [0, BLUE, 0]);
});

test("a disc beyond the target is left out, not wrapped around", () => {
  const at = draw([{ x: 1, y: 20, color: RED }, { x: 39, y: 20, color: RED }, { x: 200, y: 20, color: RED }], 4, solidPaint(0));
  for (let y = 0; y < 40; y++) for (let x = 0; x < 40; x++) assert.equal(at(x, y), 0);
});

test("translucent paint does not accumulate", () => {
  const heap = Array.from({ length: 50 }, () => ({ x: 20, y: 20, color: RED }));
  assert.equal(alpha(draw(heap, 3, translucentPaint(20))(20, 20)), 20);
});

for (const [name, below, above, cover, expected] of [
  ["over nothing keeps its color", 0, RED, 128, [255, 0, 0, 128]],
  ["over opaque mixes", BLUE, RED, 128, [128, 0, 127, 255]],
  ["fully covering replaces", BLUE, RED, 255, [255, 0, 0, 255]],
  ["over its own color only gains opacity", (RED & 0xffffff) | (128 << 24), RED, 128, [255, 0, 0, 192]],
]) {
  test(`a blended pixel ${name}`, () => {
    const pixel = blended(below, above, cover);
    const channels = [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255, pixel >>> 24];
    channels.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) <= 2, `${channels} is not ${expected}`));
  });
}
