import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeMap } from "../../site_template/viewer/data/decode.js";
import { appearanceOf, countWithoutGroup, groupsHolding, RANK, soloed, toggled } from "../../site_template/viewer/state/appearance.js";

/** Track 0: cluster 0, playlist 0, layer 0. Track 1: cluster 1, playlists 0 and 1, both layers. Track 2: layer 1 only. */
const MAP = decodeMap({
  schema: "spotmap.map/1",
  title: "",
  count: 3,
  x: [0, 0, 0],
  y: [0, 0, 0],
  view: [0, 0, 1, 1],
  cluster: [0, 1, -1],
  clusters: [{ name: "a" }, { name: "b" }],
  playlists: [{ name: "p", tracks: [0, 1] }, { name: "q", tracks: [1] }],
  layers: [{ name: "me", tracks: [0, 1] }, { name: "friend", tracks: [1, 1] }],
  files: { text: "", details: [], details_chunk: 1 },
});
const NONE = new Set();
const GENRES = {
  ...{ id: "facet.genres", label: "Genres", unit: "", kind: "category", values: new Float32Array(0), domain: [0, 1], unknownCount: 1 },
  categories: [{ name: "folk", count: 2 }, { name: "jazz", count: 1 }],
  membership: { offsets: Uint32Array.of(0, 2, 3, 3), groups: Uint32Array.of(0, 1, 0) },
};
const ADDED = {
  ...{ id: "added_at", label: "Date added", unit: "", kind: "date", domain: [100, 148], unknownCount: 1, membership: null, categories: [] },
  values: Float32Array.of(100, 148, NaN),
};
const BASE = {
  ...{ colorBy: "cluster", hiddenClusters: NONE, hiddenPlaylists: NONE, hiddenLayers: NONE, matches: null, almost: [], selected: [], until: null },
  traits: new Map([[GENRES.id, GENRES], [ADDED.id, ADDED]]),
  traitFilters: new Map(),
};
const filtered = (id, filter) => ({ traitFilters: new Map([[id, { low: -Infinity, high: Infinity, hidden: NONE, ...filter }]]) });
const { HIDDEN, DIMMED, QUIET, SHOWN } = RANK;

for (const [name, state, rank, group] of [
  ["everything is shown, noise quietly", {}, [SHOWN, SHOWN, QUIET], [0, 1, -1]],
  ["a hidden cluster hides its tracks", { hiddenClusters: new Set([1]) }, [SHOWN, HIDDEN, QUIET], [0, 1, -1]],
  ["noise can be hidden", { hiddenClusters: new Set([-1]) }, [SHOWN, SHOWN, HIDDEN], [0, 1, -1]],
  ["a track shows while one of its playlists does", { hiddenPlaylists: new Set([0]) }, [HIDDEN, SHOWN, QUIET], [0, 1, -1]],
  [
    "by playlist, a track has the color of its first shown one",
    { colorBy: "playlist", hiddenPlaylists: new Set([0]) },
    [HIDDEN, SHOWN, QUIET],
    [-1, 1, -1],
  ],
  [
    "clusters and playlists filter together",
    { hiddenClusters: new Set([0]), hiddenPlaylists: new Set([-1]) },
    [HIDDEN, SHOWN, HIDDEN],
    [0, 1, -1],
  ],
  ["by library, a track has the color of its first shown one", { colorBy: "layer" }, [SHOWN, SHOWN, SHOWN], [0, 0, 1]],
  [
    "a track shows while one of its libraries does",
    { colorBy: "layer", hiddenLayers: new Set([0]) },
    [HIDDEN, SHOWN, SHOWN],
    [-1, 1, 1],
  ],
  [
    "libraries and playlists filter together",
    { hiddenLayers: new Set([0]), hiddenPlaylists: new Set([-1]) },
    [HIDDEN, SHOWN, HIDDEN],
    [0, 1, -1],
  ],
  ["a query dims other tracks", { matches: [2] }, [DIMMED, DIMMED, SHOWN], [0, 1, -1]],
  ["near matches are quiet", { matches: [2], almost: [0] }, [QUIET, DIMMED, SHOWN], [0, 1, -1]],
  ["selected tracks stand out", { selected: [0] }, [SHOWN, DIMMED, DIMMED], [0, 1, -1]],
  ["a query stands out from a selection", { selected: [0], matches: [2] }, [DIMMED, DIMMED, SHOWN], [0, 1, -1]],
  ["by a category, a track has the color of its first shown one", { colorBy: "facet.genres" }, [SHOWN, SHOWN, QUIET], [0, 0, -1]],
  [
    "a track shows while one of its categories does",
    { colorBy: "facet.genres", ...filtered("facet.genres", { hidden: new Set(["folk"]) }) },
    [SHOWN, HIDDEN, QUIET],
    [1, -1, -1],
  ],
  ["tracks with unknown values can be hidden", filtered("facet.genres", { hidden: new Set([""]) }), [SHOWN, SHOWN, HIDDEN], [0, 1, -1]],
  ["by a number, a track has its own shade, and unknown values have none", { colorBy: "added_at" }, [SHOWN, SHOWN, QUIET], [0, 47, -1]],
  ["a range hides tracks outside it", filtered("added_at", { low: 120 }), [HIDDEN, SHOWN, QUIET], [0, 1, -1]],
  ["the time slider hides later tracks", { until: 120 }, [SHOWN, HIDDEN, QUIET], [0, 1, -1]],
  [
    "a query does not show hidden tracks",
    { matches: [1, 2], hiddenClusters: new Set([1]) },
    [DIMMED, HIDDEN, SHOWN],
    [0, 1, -1],
  ],
]) {
  test(name, () => {
    const appearance = appearanceOf(MAP, { ...BASE, ...state });
    assert.deepEqual([...appearance.rank], rank);
    assert.deepEqual([...appearance.group], group);
    assert.equal(appearance.visibleCount, rank.filter((value) => value !== HIDDEN).length);
  });
}

test("toggling twice restores the state", () => {
  assert.deepEqual(toggled(toggled(new Set([1]), [3]), [3]), new Set([1]));
});

test("isolating a group hides all others including noise; isolating it again shows all", () => {
  const alone = soloed(new Set([0]), [1], 3);
  assert.deepEqual(alone, new Set([-1, 0, 2]));
  assert.deepEqual(soloed(alone, [1], 3), new Set());
  assert.deepEqual(soloed(alone, [2], 3), new Set([-1, 0, 1]));
});

test("tracks without a group are counted", () => {
  assert.equal(countWithoutGroup(MAP, "cluster"), 1);
  assert.equal(countWithoutGroup(MAP, "playlist"), 1);
  assert.equal(countWithoutGroup(MAP, "layer"), 0);
});

test("a track's groups are listed by kind", () => {
  const names = (kind) => groupsHolding(MAP, kind, 1).map(({ name }) => name);
  assert.deepEqual([names("cluster"), names("playlist"), names("layer")], [["b"], ["p", "q"], ["me", "friend"]]);
  assert.deepEqual(groupsHolding(MAP, "cluster", 2), []);
});
