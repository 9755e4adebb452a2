import assert from "node:assert/strict";
import { test } from "node:test";
import { placeLabels } from "../../site_template/viewer/map/label_placement.js";
import { hasTwoLevels, levelSwitch, linesOf, namesOnMap } from "../../site_template/viewer/map/map_names.js";

const NOBODY = { hiddenClusters: new Set(), hiddenPlaylists: new Set(), hiddenLayers: new Set() };
const cluster = (index, name, count, region, peak) => ({ index, name, count, region, peak, boundaries: [] });
const MAP = {
  clusters: [
    cluster(0, "Dub (slower)", 30, 0, [0, 65535]),
    cluster(1, "House", 10, 0, [6400, 65535]),
    cluster(2, "Folk", 20, 1, [64000, 65535]),
  ],
  regions: [{ name: "Club (loud)", count: 40 }, { name: "Strings", count: 20 }],
  playlists: [{ index: 0, name: "Summer (2019)", count: 3, region: -1, peak: [64, 65535], boundaries: [] }],
  layers: [],
};
const names = (state = {}, map = MAP) => namesOnMap(map, { colorBy: "cluster", ...NOBODY, ...state }, 2, 740);

for (const [name, ...lines] of [
  ["Ambient", "Ambient"],
  ["Rock (70s) and pop", "Rock (70s) and pop"],
  ["Electronic – gritty, chill", "Electronic –", "gritty, chill"],
  ["Indie, electronica – quiet", "Indie,", "electronica – quiet"],
  ["A name that goes on and on and on", "A name that goes", "on and on and on"],
  ["Ambient – drifting (The Battle for Wesnoth)", "Ambient – drifting", "(The Battle for Wesnoth)"],
  ["Jazz – instrumental (Cool (live), Bop (late))", "Jazz – instrumental", "(Cool (live), Bop (late))"],
  ["A name that goes on and on and on and on and on, and then some", "A name that goes on and on", "and on and on and on, and t…"],
  ["Onlyoneword, Rindfleischetikettierungsüberwachung", "Onlyoneword,", "Rindfleischetikettierungsüb…"],
  ["Rindfleischetikettierungsüberwachung", "Rindfleischetikettierun…"],
  ["🎷".repeat(31), `${"🎷".repeat(23)}…`],
]) {
  test(`the lines of ${name} on the map are ${lines.join(" / ")}`, () => {
    assert.deepEqual(linesOf(name), lines);
  });
}

test("a remark in brackets is left out if the name is unique without it", () => {
  const called = (...all) => {
    const clusters = all.map((name, index) => cluster(index, name, 9 - index, 0, [index, 0]));
    return names({}, { ...MAP, clusters, regions: [] }).map(({ lines }) => lines.join(" / "));
  };
  assert.deepEqual(called("Ambient (slower, darker)", "Jazz (Cool (live), Bop (late))"), ["Ambient", "Jazz"]);
  assert.deepEqual(called("(What's the Story)", "Rock (70s) and pop"), ["(What's the Story)", "Rock (70s) and pop"]);
  assert.deepEqual(called("Dub (slower)", "Dub (louder)", "Folk (calm)"), ["Dub (slower)", "Dub (louder)", "Folk"]);
});

test("exactly one level of names is shown at every zoom", () => {
  const found = names();
  assert.deepEqual(found.map(({ lines }) => lines.join(" / ")), ["Club", "Strings", "Dub", "Folk", "House"]);
  for (const ratio of [0.5, 0.84, 0.86, 1, 1.3, 50]) {
    const levels = new Set(found.filter(({ from, to }) => from <= 2 * ratio && 2 * ratio < to).map(({ isLarger }) => isLarger));
    assert.deepEqual([...levels], [ratio < 0.85], String(ratio));
  }
});

for (const [clusters, side, atHome] of [[18, 740, "clusters"], [42, 740, "regions"], [42, 1700, "clusters"], [9, 340, "regions"]]) {
  test(`the default view names ${atHome} for ${clusters} clusters on a map of ${side} pixels`, () => {
    assert.equal(levelSwitch(clusters, side) > 1, atHome === "regions");
  });
}

test("a region's name is at the weighted center of its clusters", () => {
  assert.deepEqual(names()[0].anchors, [[25, 0], [0, 0], [100, 0]]);
});

test("a region without visible clusters has no name on the map", () => {
  assert.deepEqual(names({ hiddenClusters: new Set([2]) }).map(({ lines }) => lines.join(" / ")), ["Club", "Dub", "House"]);
});

test("there is only one level if regions add nothing to the clusters", () => {
  const [one, two] = MAP.regions;
  assert.ok(hasTwoLevels(MAP));
  assert.ok(!hasTwoLevels({ ...MAP, regions: [one] }));
  assert.ok(!hasTwoLevels({ ...MAP, regions: [one, two, one] }));
  assert.ok(!hasTwoLevels({ ...MAP, regions: [{ name: "Folk" }, { name: "House" }] }));
  assert.deepEqual(names({}, { ...MAP, regions: [] }).map(({ from, to }) => [from, to]), [[0, Infinity], [0, Infinity], [0, Infinity]]);
});

test("names of playlists keep brackets and have one level", () => {
  assert.deepEqual(names({ colorBy: "playlist" }).map(({ lines, from }) => [lines.join(" / "), from]), [["Summer (2019)", 0]]);
});

test("names of the shown level never overlap, whatever the other level contains", () => {
  const candidates = names().map(({ from, to }, group) => ({ group, from, to, width: 90, height: 20, anchors: [[5, 5]] }));
  const labels = placeLabels(candidates, 2);
  for (const scale of [0.5, 1.6, 1.8, 4]) assert.equal(labels.filter(({ minScale, maxScale }) => minScale <= scale && scale < maxScale).length, 1);
});
