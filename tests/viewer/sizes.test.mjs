import assert from "node:assert/strict";
import { test } from "node:test";
import { Grid } from "../../site_template/viewer/data/grid.js";
import { RANK } from "../../site_template/viewer/state/appearance.js";
import { createStore } from "../../site_template/viewer/state/store.js";
import { TraitLoader } from "../../site_template/viewer/state/trait_loader.js";
import { growthOf, scaleOf, SIZES, sizeOf, withSizes } from "../../site_template/viewer/state/sizes.js";
import { costOfSized } from "../../site_template/viewer/map/hit.js";
import { tiersOf } from "../../site_template/viewer/map/tiers.js";

const trait = (values, domain = [Math.min(...values.filter((value) => !Number.isNaN(value))), Math.max(...values.filter((value) => !Number.isNaN(value)))]) => ({
  id: "facet.plays", label: "Plays", unit: "", kind: "number", values: Float32Array.from(values), domain, membership: null, categories: [], unknownCount: 0,
});
const growthsOf = (values) => Array.from(withSizes(trait(values)).sizes, growthOf);

test("areas are proportional to counts within one step, and unknown values are smallest", () => {
  const growths = growthsOf([4, 8, 16, 32, NaN, 0]);
  for (let i = 1; i < 4; i++) {
    const area = (growths[i] / growths[i - 1]) ** 2;
    assert.ok(area > 2 / 1.5 && area < 2 * 1.5, `${area}`);
  }
  assert.ok(growths[3] / growths[0] > 2.5 && growths[3] / growths[0] < 3.2);
  assert.equal(growths[4], growthOf(0));
  assert.equal(growths[5], growthOf(0));
});

test("the total area is about that of default points, whatever the numbers are", () => {
  for (const scale of [1, 1000]) {
    const growths = growthsOf(Array.from({ length: 1000 }, (_, i) => scale * (1 + (i % 50))));
    const area = growths.reduce((sum, growth) => sum + growth ** 2, 0) / growths.length;
    assert.ok(area > 0.8 && area < 1.3, `${area}`);
  }
});

test("numbers far from zero are measured from their lowest value", () => {
  assert.equal(scaleOf(trait([1990, 2010, 2020])).origin, 1990);
  assert.equal(scaleOf(trait([-20, -5])).origin, -20);
  assert.equal(scaleOf(trait([1, 50])).origin, 0);
});

test("equal numbers have equal sizes, and an outlier does not shrink all others", () => {
  assert.equal(new Set(growthsOf([7, 7, 7])).size, 1);
  assert.equal(sizeOf({ origin: 0, mean: 1 }, 1e9), SIZES - 1);
  const many = trait([...Array(99).fill(5), 1e6], [1, 5]);
  assert.ok(growthOf(withSizes(many).sizes[0]) > 0.9);
});

test("categories give no sizes, with a note", () => {
  const notes = [];
  assert.equal(withSizes({ ...trait([1]), label: "Mood", membership: {} }, (note) => notes.push(note)), null);
  assert.deepEqual(notes, ["Mood has no numbers to size points by."]);
});

test("sizes stay when the same property is loaded for colors at the same time", async () => {
  const columns = { features: {}, facets: ["plays"], facts: [], since: false, styles: [] };
  const store = createStore({ traits: new Map() });
  /** @type {((documents: any[]) => void)[]} */
  const waiting = [];
  const details = { readAll: () => new Promise((resolve) => waiting.push(resolve)) };
  const loader = new TraitLoader({ count: 2, columns }, store, details, null, async () => ({ withSizes }));
  const documents = [{ first: 0, ids: ["a", "b"], facets: { plays: [1, 9] } }];
  const color = loader.load(["facet.plays"], () => {});
  const size = loader.loadSizes("facet.plays", () => {});
  waiting[1](documents);
  assert.ok(await size);
  waiting[0](documents);
  assert.ok(await color);
  assert.ok(store.get().traits.get("facet.plays").sizes);
});

test("points of one size are one tier, largest first; dimmed points have one size", () => {
  const grid = new Grid(Uint16Array.of(10, 20, 30, 40), Uint16Array.of(10, 20, 30, 40));
  const size = Uint8Array.of(0, 11, 5, 11);
  const tiers = tiersOf(grid, { rank: Uint8Array.of(RANK.SHOWN, RANK.SHOWN, RANK.SHOWN, RANK.DIMMED), group: new Int32Array(4), size }, () => 1, 4);
  assert.deepEqual(
    tiers.map(({ rank, growth, x }) => [rank, growth.toFixed(2), ...x]),
    [[RANK.DIMMED, "4.00", 40], [RANK.SHOWN, "4.00", 20], [RANK.SHOWN, growthOf(5).toFixed(2), 30], [RANK.SHOWN, "0.45", 10]],
  );
});

test("the topmost point under the pointer is hit, otherwise the one with the nearest edge", () => {
  // A large point at 0 with a small one on it at 8, and one at 40.
  const grid = new Grid(Uint16Array.of(1000, 1008, 1040), Uint16Array.of(1000, 1000, 1000));
  const radii = [12, 3, 3];
  const rank = [RANK.SHOWN, RANK.SHOWN, RANK.SHOWN];
  const at = (x, slack = 6, ranks = rank) => grid.nearest(x, 1000, 30, () => true, costOfSized((track) => radii[track], (track) => ranks[track], 1, slack));
  assert.equal(at(1004), 0);
  assert.equal(at(1008), 1);
  assert.equal(at(1010), 1);
  assert.equal(at(1011.5), 0);
  assert.equal(at(1008, 6, [RANK.SHOWN, RANK.DIMMED, RANK.SHOWN]), 0);
  assert.equal(at(1015), 0);
  assert.equal(at(1033), 2);
  assert.equal(at(1025), -1);
  assert.equal(at(1025, 14), 2);
  assert.equal(at(1022, 14), 0);
});
