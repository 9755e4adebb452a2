import assert from "node:assert/strict";
import { test } from "node:test";
import { heatOf, playsOf } from "../../site_template/viewer/data/heat.js";
import { centersOfTaste, forgottenCoasts, UNHEARD_DAYS, wayUntil } from "../../site_template/viewer/data/listening.js";
import { createTrait, traitNames } from "../../site_template/viewer/data/traits.js";

const NONE = { features: {}, facets: [], facts: [], since: false, styles: [] };

test("forgotten tracks were played often but not in the two years before the newest play", () => {
  const newest = 20_000;
  const plays = [40, 41, 40, 2, 0, NaN, 42, 1, 1, 1, 7, 7];
  const last = [newest, newest - UNHEARD_DAYS - 1, newest - UNHEARD_DAYS, 1000, NaN, NaN, 1000, newest, newest, newest, 1000, 1000];
  const { tracks, least, before } = forgottenCoasts(plays, last);
  assert.deepEqual(tracks, [6, 1]);
  assert.equal(before, newest - UNHEARD_DAYS);
  assert.equal(least, 40);
  assert.equal(forgottenCoasts([1, 1, 2, 4], [1, 1, 1, 9000]).least, 5);
});

test("without plays, nothing is forgotten", () => {
  assert.deepEqual(forgottenCoasts([NaN, NaN], [NaN, NaN]).tracks, []);
  assert.deepEqual(forgottenCoasts([], []).tracks, []);
});

test("heat is high near often played tracks", () => {
  const [left, right] = [5000, 60000];
  const x = Uint16Array.from({ length: 40 }, (_, track) => (track < 20 ? left : right) + track);
  const map = { count: 40, x, y: Uint16Array.from(x, () => 30000) };
  const plays = Array.from({ length: 40 }, (_, track) => (track === 3 ? 50 : track >= 20 ? 1 : 0));
  const heat = heatOf(map, plays);
  assert.ok(heat[10] > heat[30]);
  assert.equal(heat[10], heat[3]);
  assert.equal(Math.min(...heat), 0);
  assert.ok(Math.max(...heat) <= 100);
  assert.ok(heatOf(map, plays.map(() => NaN)).every((value) => value === 0));
});

test("only numeric columns count as plays", () => {
  const documents = [{ first: 0, facets: { plays: [3, null, "many"] } }, { first: 3, facets: {} }];
  assert.deepEqual([...playsOf(documents, 4)], [3, NaN, NaN, NaN]);
});

/** Encoded counts: one character each, with middle 1 and step 1. */
const counts = (...values) => ({ middle: 1, step: 1, codes: values.map((value) => (value ? String.fromCharCode(35 + 2 * (value - 1)) : " ")).join("") });
const MAP = { x: Uint16Array.of(0, 100, 1000), y: Uint16Array.of(0, 0, 500), cluster: Int32Array.of(0, -1, 1), clusters: [{ name: "A" }, { name: "B" }] };
const DOCUMENTS = [
  { first: 0, plays_by_year: { 2020: counts(10, 10), 2021: counts(2, 0), 2022: counts(10, 0) } },
  { first: 2, plays_by_year: { 2020: counts(0), 2021: counts(0), 2022: counts(10) } },
];

test("the center of a year is the mean of its plays; years with few plays have none", () => {
  const centers = centersOfTaste(MAP, DOCUMENTS, [2020, 2021, 2022]);
  assert.deepEqual(centers.map(({ year, x, y, plays, cluster }) => [year, x, y, plays, cluster]), [[2020, 50, 0, 20, 0], [2022, 500, 250, 20, 0]]);
  assert.deepEqual(centersOfTaste(MAP, [{ first: 0 }], [2020]), []);
});

test("the path of taste ends at a day and interpolates between years", () => {
  const centers = centersOfTaste(MAP, DOCUMENTS, [2020, 2022]);
  const [first, last] = centers;
  assert.deepEqual(wayUntil(centers, first.day - 1), { past: [], here: first });
  assert.deepEqual(wayUntil(centers, Infinity), { past: centers, here: last });
  const { past, here } = wayUntil(centers, (first.day + last.day) / 2);
  assert.deepEqual(past, [first]);
  assert.deepEqual([here.x, here.y], [275, 125]);
});

test("dates of plays and heat are offered only if known", () => {
  assert.deepEqual(traitNames(NONE), []);
  const names = traitNames({ ...NONE, facts: ["last_played"], facets: ["plays"] });
  assert.deepEqual(names.map(({ id, source }) => [id, source]), [["last_played", "details"], ["facet.plays", "details"], ["heat", "listening"]]);
  const trait = createTrait(names[0], [{ first: 0, ids: ["a", "b"], last_played_on: [18000, null] }], 2);
  assert.equal(trait.kind, "date");
  assert.deepEqual([...trait.values], [18000, NaN]);
});
