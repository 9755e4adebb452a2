import assert from "node:assert/strict";
import { test } from "node:test";
import { rangeFilter } from "../../site_template/viewer/panels/legend_range.js";
import { afterSolo, afterToggle, ALL_SHOWN, isFiltered, isShown, legendSections, pressed, withFilter } from "../../site_template/viewer/panels/legend_rows.js";

const TRAIT = { id: "facet.mood", categories: [{ name: "calm", count: 2 }, { name: "loud", count: 1 }], domain: [0, 100] };
const MAP = { clusters: [{ index: 0 }, { index: 1 }], playlists: [], layers: [] };
const STATE = { ...ALL_SHOWN, colorBy: "facet.mood", traits: new Map([[TRAIT.id, TRAIT]]) };
const shown = (state) => ["calm", "loud", ""].filter((key) => isShown(state, key));

test("a category can be hidden and shown", () => {
  const off = { ...STATE, ...afterToggle(STATE, "calm") };
  assert.deepEqual(shown(off), ["loud", ""]);
  assert.equal(isFiltered(off), true);
  const on = { ...off, ...afterToggle(off, "calm") };
  assert.deepEqual(on.traitFilters, new Map());
  assert.equal(isFiltered(on), false);
});

test("a category can be isolated, and isolating it again shows all", () => {
  const alone = { ...STATE, ...afterSolo(MAP, STATE, "loud") };
  assert.deepEqual(shown(alone), ["loud"]);
  assert.deepEqual(shown({ ...alone, ...afterSolo(MAP, alone, "loud") }), ["calm", "loud", ""]);
});

test("clusters can be hidden and isolated in the same way", () => {
  const state = { ...STATE, colorBy: "cluster" };
  assert.deepEqual(afterToggle(state, "1"), { hiddenClusters: new Set([1]) });
  assert.deepEqual(afterSolo(MAP, state, "1"), { hiddenClusters: new Set([-1, 0]) });
});

test("a range excludes unknown values and has no limit at its ends", () => {
  assert.deepEqual(rangeFilter(TRAIT, 0, 200), { low: -Infinity, high: Infinity, hidden: new Set() });
  assert.deepEqual(rangeFilter(TRAIT, 50, 200), { low: 25, high: Infinity, hidden: new Set([""]) });
  assert.deepEqual(withFilter(STATE, TRAIT.id, rangeFilter(TRAIT, 0, 200)).traitFilters, new Map());
});

const REGIONS = {
  regions: [{ name: "Quiet" }, { name: "Loud" }, { name: "Odd" }],
  clusters: [0, 1, 0, 1, 2, -1].map((region, index) => ({ index, region })),
  playlists: [],
  layers: [],
};
const ROWS = ["3", "1", "0", "2", "4", "5", "-1"].map((key, place) => ({ key, name: key, count: 20 - place, color: "#000000" }));
const outline = (sections) => sections.map(({ name, rows }) => `${name}: ${rows.map(({ key }) => key).join(" ")}`);

test("clusters are grouped by region, largest first; one alone has no heading; the rest is last", () => {
  assert.deepEqual(outline(legendSections(REGIONS, { colorBy: "cluster" }, ROWS)), ["Loud: 3 1", "Quiet: 0 2", ": 4", ": 5 -1"]);
});

test("playlists, and clusters without common regions, are one list", () => {
  assert.deepEqual(outline(legendSections(REGIONS, { colorBy: "playlist" }, ROWS)), [": 3 1 0 2 4 5 -1"]);
  const alone = { ...REGIONS, clusters: REGIONS.clusters.map(({ index }) => ({ index, region: index })) };
  assert.equal(legendSections(alone, { colorBy: "cluster" }, ROWS).length, 1);
});

test("a region switches all of its clusters", () => {
  const state = { ...STATE, colorBy: "cluster", hiddenClusters: new Set([3]) };
  assert.deepEqual([pressed(state, "3,1"), pressed(state, "0,2"), pressed(state, "3")], ["mixed", "true", "false"]);
  const off = { ...state, ...afterToggle(state, "3,1") };
  assert.equal(pressed(off, "3,1"), "false");
  assert.equal(pressed({ ...off, ...afterToggle(off, "3,1") }, "3,1"), "true");
  assert.deepEqual(afterSolo(REGIONS, state, "3,1"), { hiddenClusters: new Set([-1, 0, 2, 4, 5]) });
});
