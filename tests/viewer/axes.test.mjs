import assert from "node:assert/strict";
import { test } from "node:test";
import { axisOf, extentOf, isAxis, mayBeAxis, positionsAlong, ticksOf, unitOf, valueAt } from "../../site_template/viewer/data/axes.js";

const TURN = 0.7548776662466927;
const trait = (values, change = {}) => {
  const known = values.filter((value) => !Number.isNaN(value));
  return {
    id: "feature.x", label: "X", unit: "", kind: "number", values: Float32Array.from(values),
    domain: [Math.min(...known), Math.max(...known)], membership: null, categories: [],
    unknownCount: values.length - known.length, ...change,
  };
};
const day = (text) => Date.parse(text) / 86_400_000;
const texts = (axis, most = 6) => ticksOf(axis, 0, 65535, most).map(({ text }) => text);

test("larger values are farther along, and all positions are on the map", () => {
  const axis = axisOf(trait([60.5, 90.25, 180]));
  const [a, b, c] = positionsAlong(axis, TURN);
  assert.ok(0 < a && a < b && b < c && c < 65535);
  assert.ok(Math.abs(b - unitOf(axis, 90.25)) <= 1);
  assert.ok(Math.abs(valueAt(axis, unitOf(axis, 100)) - 100) < 1e-9);
});

test("an outlier is at the end and does not compress the others", () => {
  const axis = axisOf(trait([0.5, 1, 1.5, 900], { domain: [0.5, 1.5] }));
  const [low, , high, outlier] = positionsAlong(axis, TURN);
  assert.equal(outlier, high);
  assert.ok(high - low > 50_000);
});

test("tracks with unknown values are in a marked strip", () => {
  const axis = axisOf(trait([NaN, NaN, 1.5, 2.5]));
  const [first, second, lowest] = positionsAlong(axis, TURN);
  assert.ok(Math.max(first, second) < lowest);
  assert.ok(extentOf(axis)[0] < Math.min(first, second));
  assert.equal(texts(axis)[0], "not known");
  assert.ok(!texts(axisOf(trait([1.5, 2.5]))).includes("not known"));
});

test("integers with few values are spread within their step", () => {
  const axis = axisOf(trait(Array.from({ length: 300 }, (_, track) => track % 3)));
  const places = positionsAlong(axis, TURN);
  assert.ok(new Set(places).size > 200);
  places.forEach((place, track) => assert.ok(Math.abs(valueAt(axis, place) - (track % 3)) <= 0.5));
});

test("rounded numbers are spread within their rounding step", () => {
  const axis = axisOf(trait(Array.from({ length: 300 }, (_, track) => (track % 3) / 5), { step: 0.2 }));
  const places = positionsAlong(axis, TURN);
  assert.ok(new Set(places).size > 200);
  places.forEach((place, track) => assert.ok(Math.abs(valueAt(axis, place) - (track % 3) / 5) <= 0.1));
  assert.ok(texts(axis).some((text) => text.includes(".")), "there are ticks between whole numbers");
});

test("positions are deterministic", () => {
  const axis = axisOf(trait([1, 2, 3, NaN]));
  assert.deepEqual(positionsAlong(axis, TURN), positionsAlong(axis, TURN));
});

for (const [name, low, high, expected] of [
  ["tens", 60.5, 110.5, ["70", "80", "90", "100", "110"]],
  ["below zero", -20.5, -4.5, ["−20", "−15", "−10", "−5"]],
  ["fractions", 0.41, 0.99, ["0.4", "0.5", "0.6", "0.7", "0.8", "0.9"].slice(1)],
]) {
  test(`ticks are round numbers: ${name}`, () => assert.deepEqual(texts(axisOf(trait([low, high]))), expected));
}

test("years have no fractional ticks", () => {
  const axis = axisOf(trait([2001, 2003], { id: "year" }));
  assert.deepEqual(texts(axis, 20), ["2001", "2002", "2003"]);
});

for (const [name, from, to, expected] of [
  ["years", "2012-03-01", "2024-02-01", ["2014", "2016", "2018", "2020", "2022", "2024"]],
  ["months", "2023-01-15", "2023-06-15", ["2023-02", "2023-03", "2023-04", "2023-05", "2023-06"]],
  ["days", "2023-01-01", "2023-01-03", ["2023-01-01", "2023-01-02", "2023-01-03"]],
]) {
  test(`ticks of dates: ${name}`, () => {
    const values = [day(from), day(to)];
    assert.deepEqual(texts(axisOf(trait(values, { kind: "date" }))), expected);
  });
}

test("ticks depend on the visible range", () => {
  const axis = axisOf(trait([0.5, 100.5]));
  assert.deepEqual(
    ticksOf(axis, unitOf(axis, 40), unitOf(axis, 44.01), 5).map(({ text }) => text),
    ["40", "41", "42", "43", "44"],
  );
});

test("text columns and circular values cannot be axes", () => {
  assert.deepEqual(["feature.tempo", "year", "facet.plays", "feature.key", "facet.genres", "since"].map(mayBeAxis), [true, true, true, false, false, false]);
  assert.equal(isAxis(trait([1], { membership: { offsets: new Uint32Array(2), groups: new Uint32Array(0) } })), false);
});
