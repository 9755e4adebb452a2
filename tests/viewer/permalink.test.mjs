import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeMap } from "../../site_template/viewer/data/decode.js";
import { fingerprints, MAX_LINKED_TRACKS, readLink, tracksWith, writeLink, writeView } from "../../site_template/viewer/state/permalink.js";

const MAP = decodeMap({
  schema: "spotmap.map/1",
  title: "",
  count: 3,
  x: [0, 0, 0],
  y: [0, 0, 0],
  view: [0, 0, 1, 1],
  cluster: [0, 1, -1],
  clusters: [{ id: "c1", name: "a" }, { id: "c2", name: "b" }, { id: "c3", name: "c" }],
  playlists: [{ id: "50% off, maybe", name: "p", tracks: [0, 1] }, { id: "q", name: "q", tracks: [1] }],
  layers: [],
  files: { text: "", details: [], details_chunk: 1 },
});
const TEXT = {
  titles: ["Halo", "Halo", "夜に駆ける"],
  artistsOf: (track) => [["Beyoncé"], ["Jun", "Mara"], []][track],
  albumOf: () => "",
};
const PLAIN = {
  colorBy: "cluster",
  hiddenClusters: new Set(),
  hiddenPlaylists: new Set(),
  hiddenLayers: new Set(),
  traitFilters: new Map(),
  axes: null,
  until: null,
  query: "",
  pinned: -1,
  selected: [],
  path: [],
};

for (const [name, change] of [
  ["nothing changed", {}],
  ["colors by playlist", { colorBy: "playlist" }],
  ["colors by a feature", { colorBy: "feature.tempo" }],
  ["one cluster hidden", { hiddenClusters: new Set([1]) }],
  ["one cluster alone", { hiddenClusters: new Set([-1, 0, 2]) }],
  ["no cluster at all", { hiddenClusters: new Set([-1, 0, 1, 2]) }],
  ["a playlist whose id has commas and percent signs hidden", { hiddenPlaylists: new Set([0]) }],
  ["a range with one end", { traitFilters: new Map([["feature.tempo", { low: 120.5, high: Infinity, hidden: new Set([""]) }]]) }],
  ["categories hidden", { traitFilters: new Map([["facet.mood & more", { low: -Infinity, high: Infinity, hidden: new Set(["a,b", "", "c=d"]) }]]) }],
  ["only unknown ones hidden", { traitFilters: new Map([["facet.x", { low: -Infinity, high: Infinity, hidden: new Set([""]) }]]) }],
  ["a day", { until: 17000 }],
  ["axes", { axes: { x: "feature.tempo", y: "facet.a~b%" } }],
  ["a query", { query: "café & bar #1" }],
]) {
  test(`a link tells it again: ${name}`, () => {
    const state = { ...PLAIN, ...change };
    const { patch } = readLink(`#${writeLink(state, MAP, TEXT)}`, MAP);
    assert.deepEqual(patch, Object.fromEntries(Object.keys(patch).map((key) => [key, state[key]])));
  });
}

test("a page on which nothing was changed has no link", () => {
  assert.equal(writeLink(PLAIN, MAP, TEXT), "");
});

test("tracks are found again by what they are called, in their order, even if others came before them", () => {
  const { pinned, selected } = readLink(writeLink({ ...PLAIN, pinned: 1, selected: [2, 0] }, MAP, TEXT), MAP);
  const rebuilt = { titles: ["New", ...TEXT.titles], artistsOf: (track) => (track === 0 ? ["New"] : TEXT.artistsOf(track - 1)), albumOf: () => "" };
  assert.deepEqual(tracksWith(rebuilt, [pinned]), [2]);
  assert.deepEqual(tracksWith(rebuilt, selected), [3, 1]);
  assert.deepEqual(tracksWith(TEXT, ["zzzzzzz"]), []);
});

test("a path is linked as one for as long as it is what is selected", () => {
  const path = [2, 0];
  const linked = readLink(writeLink({ ...PLAIN, selected: path, path }, MAP, TEXT), MAP);
  assert.deepEqual([linked.isPath, tracksWith(TEXT, linked.selected)], [true, path]);
  assert.equal(readLink(writeLink({ ...PLAIN, selected: [2], path }, MAP, TEXT), MAP).isPath, false);
});

test("equal titles are told apart by artists, by albums, and else by their order", () => {
  const albums = ["", "", "", "Live", "Live"];
  const text = { titles: ["Halo", "Halo", "Halo", "Halo", "Halo"], artistsOf: (track) => [["A"], ["B"], ["A"], ["A"], ["A"]][track], albumOf: (track) => albums[track] };
  const prints = fingerprints(text, [4, 3, 2, 1, 0]);
  assert.equal(new Set(prints).size, 5);
  assert.ok(prints.every((print) => print.length === 7));
  assert.deepEqual(tracksWith(text, prints), [4, 3, 2, 1, 0]);
  assert.deepEqual(fingerprints(text, [3]), [prints[1]], "whatever else is asked for");
});

test("a selection that would make an endless address is left out", () => {
  const few = Array.from({ length: MAX_LINKED_TRACKS }, () => 0);
  assert.match(writeLink({ ...PLAIN, selected: few }, MAP, TEXT), /list=/);
  assert.equal(writeLink({ ...PLAIN, selected: [...few, 0] }, MAP, TEXT), "");
});

test("a view survives, the whole map needs no words", () => {
  assert.deepEqual(readLink(`at=${writeView({ x: 1200.4, y: 65000, span: 800 })}`, MAP).view, { x: 1200, y: 65000, span: 800 });
  assert.equal(writeView(null), "");
});

for (const hash of ["#", "#at=1,2", "#at=a,b,c", "#at=1,2,-3", "#clusters=gone", "#playlists=!gone", "#until=soon", "#nonsense", "#range.x=~&%E0%A4"]) {
  test(`a link that makes no sense hides nothing: ${hash}`, () => {
    const { view, patch } = readLink(hash, MAP);
    assert.equal(view, null);
    assert.deepEqual([patch.hiddenClusters, patch.hiddenPlaylists, patch.until], [new Set(), new Set(), null]);
  });
}
