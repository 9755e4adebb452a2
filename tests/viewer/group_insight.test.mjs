import assert from "node:assert/strict";
import { test } from "node:test";
import { insightOf, tracksOfCluster, uncoveredClusters } from "../../site_template/viewer/panels/group_insight.js";
import { extentOfMost } from "../../site_template/viewer/map/viewport.js";

const MAP = {
  cluster: Int32Array.of(0, -1, 1, 0),
  clusters: [{ index: 0, name: "Dub", count: 2, core: [3, 0] }, { index: 1, name: "Folk", count: 9, core: [] }],
  playlists: ["Gym", "Running", "Rain"].map((name, index) => ({ index, name })),
};
const playlist = (about = {}) => ({ closeness: null, sentence: "", misfits: [], suggestions: [], ...about });
const INSIGHTS = {
  clusterAxes: ["Faster to the right.", ""],
  playlists: [
    playlist({ closeness: 1.2, sentence: "Alike.", misfits: [{ track: 2, why: "much faster" }], suggestions: [1, 3] }),
    playlist({ closeness: -0.1, sentence: "Mixed." }),
    playlist(),
  ],
  overlaps: [{ one: 0, other: 1, count: 1, share: 0.2 }, { one: 2, other: 0, count: 12, share: 0.9 }],
  uncovered: [0, 1],
};

test("a playlist's description lists misfits, suggestions and overlaps", () => {
  assert.deepEqual(insightOf(MAP, INSIGHTS, "playlist", 0), {
    sentence: "Alike.",
    closeness: 1,
    lists: [
      { heading: "Do not fit", rows: [{ track: 2, note: "much faster" }], canSelect: false },
      { heading: "Would fit here", rows: [{ track: 1, note: "" }, { track: 3, note: "" }], canSelect: true },
    ],
    notes: ["Shares 12 tracks with \u2068Rain\u2069.", "Shares 1 track with \u2068Gym\u2069."].map((note) => note.replace("Gym", "Running")),
  });
});

test("empty parts are left out", () => {
  const { sentence, closeness, lists } = insightOf(MAP, INSIGHTS, "playlist", 1);
  assert.deepEqual([sentence, closeness, lists], ["Mixed.", 0, []]);
});

test("a playlist without insights has one sentence", () => {
  const insight = insightOf(MAP, { ...INSIGHTS, overlaps: [] }, "playlist", 2);
  assert.deepEqual(insight, { sentence: "Nothing about this playlist stands out.", closeness: null, lists: [], notes: [] });
  assert.deepEqual(insightOf(MAP, { ...INSIGHTS, playlists: [], overlaps: [] }, "playlist", 0), insight);
});

test("a cluster's description has its directions and most typical tracks", () => {
  const { sentence, lists } = insightOf(MAP, INSIGHTS, "cluster", 0);
  assert.equal(sentence, "Faster to the right.");
  assert.deepEqual(lists.map(({ heading, rows }) => [heading, rows.map(({ track }) => track)]), [["Most typical", [3, 0]]]);
  assert.equal(insightOf(MAP, INSIGHTS, "cluster", 1).sentence, "Nothing about this cluster stands out.");
});

test("only the largest overlaps are listed; the others are counted", () => {
  const playlists = Array.from({ length: 9 }, (_, index) => ({ index, name: `P${index}` }));
  const overlaps = playlists.slice(1).map(({ index }) => ({ one: 0, other: index, count: index, share: 0.5 }));
  const { notes } = insightOf({ ...MAP, playlists }, { ...INSIGHTS, overlaps }, "playlist", 0);
  assert.equal(notes.length, 6);
  assert.equal(notes[0], "Shares 8 tracks with \u2068P8\u2069.");
  assert.equal(notes[5], "Shares tracks with 3 more playlists.");
});

test("clusters without a playlist are listed largest first with their tracks", () => {
  assert.deepEqual(uncoveredClusters(MAP, INSIGHTS).map(({ name }) => name), ["Folk", "Dub"]);
  assert.deepEqual(tracksOfCluster(MAP, 0), [0, 3]);
});

test("a single outlier does not enlarge a cluster's extent", () => {
  const tracks = Array.from({ length: 41 }, (_, track) => track);
  const places = { x: tracks.map((track) => (track === 7 ? 60_000 : 100 + track)), y: tracks.map((track) => 500 - track) };
  const [x0, y0, x1, y1] = extentOfMost(places, tracks);
  assert.ok(x0 >= 100 && x1 < 141 && y0 >= 460 && y1 <= 500);
  assert.deepEqual(extentOfMost(places, [3]), [103, 497, 103, 497]);
});
