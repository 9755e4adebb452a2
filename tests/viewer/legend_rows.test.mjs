import assert from "node:assert/strict";
import { test } from "node:test";
import { rangeFilter } from "../../site_template/viewer/panels/legend_range.js";
import { afterSolo, afterToggle, ALL_SHOWN, isFiltered, isShown, withFilter } from "../../site_template/viewer/panels/legend_rows.js";

const TRAIT = { id: "facet.mood", categories: [{ name: "calm", count: 2 }, { name: "loud", count: 1 }], domain: [0, 100] };
const MAP = { clusters: [{ index: 0 }, { index: 1 }], playlists: [], layers: [] };
const STATE = { ...ALL_SHOWN, colorBy: "facet.mood", traits: new Map([[TRAIT.id, TRAIT]]) };
const shown = (state) => ["calm", "loud", ""].filter((key) => isShown(state, key));

test("a category is switched off and on", () => {
  const off = { ...STATE, ...afterToggle(STATE, "calm") };
  assert.deepEqual(shown(off), ["loud", ""]);
  assert.equal(isFiltered(off), true);
  const on = { ...off, ...afterToggle(off, "calm") };
  assert.deepEqual(on.traitFilters, new Map());
  assert.equal(isFiltered(on), false);
});

test("one category alone, and once more all of them", () => {
  const alone = { ...STATE, ...afterSolo(MAP, STATE, "loud") };
  assert.deepEqual(shown(alone), ["loud"]);
  assert.deepEqual(shown({ ...alone, ...afterSolo(MAP, alone, "loud") }), ["calm", "loud", ""]);
});

test("the same switches work for clusters", () => {
  const state = { ...STATE, colorBy: "cluster" };
  assert.deepEqual(afterToggle(state, "1"), { hiddenClusters: new Set([1]) });
  assert.deepEqual(afterSolo(MAP, state, "1"), { hiddenClusters: new Set([-1, 0]) });
});

test("a range leaves out what is not known; at its ends it has no limit", () => {
  assert.deepEqual(rangeFilter(TRAIT, 0, 200), { low: -Infinity, high: Infinity, hidden: new Set() });
  assert.deepEqual(rangeFilter(TRAIT, 50, 200), { low: 25, high: Infinity, hidden: new Set([""]) });
  assert.deepEqual(withFilter(STATE, TRAIT.id, rangeFilter(TRAIT, 0, 200)).traitFilters, new Map());
});
