import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeMap } from "../../site_template/viewer/data/decode.js";
import { missingNote } from "../../site_template/viewer/panels/link_note.js";
import { filterWithin, untilWithin } from "../../site_template/viewer/state/link_bounds.js";
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
  sizeBy: "",
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
  asked: null,
  collection: null,
};

for (const [name, change] of [
  ["no change", {}],
  ["colors by playlist", { colorBy: "playlist" }],
  ["colors by a feature", { colorBy: "feature.tempo" }],
  ["sizes by plays", { sizeBy: "facet.plays" }],
  ["one cluster hidden", { hiddenClusters: new Set([1]) }],
  ["one cluster isolated", { hiddenClusters: new Set([-1, 0, 2]) }],
  ["all clusters hidden", { hiddenClusters: new Set([-1, 0, 1, 2]) }],
  ["a playlist whose id has commas and percent signs hidden", { hiddenPlaylists: new Set([0]) }],
  ["a range with one end", { traitFilters: new Map([["feature.tempo", { low: 120.5, high: Infinity, hidden: new Set([""]) }]]) }],
  ["categories hidden", { traitFilters: new Map([["facet.mood & more", { low: -Infinity, high: Infinity, hidden: new Set(["a,b", "", "c=d"]) }]]) }],
  ["only unknown ones hidden", { traitFilters: new Map([["facet.x", { low: -Infinity, high: Infinity, hidden: new Set([""]) }]]) }],
  ["a date", { until: 17000 }],
  ["axes", { axes: { x: "feature.tempo", y: "facet.a~b%" } }],
  ["a query", { query: "café & bar #1" }],
]) {
  test(`a link restores the state: ${name}`, () => {
    const state = { ...PLAIN, ...change };
    const { patch } = readLink(`#${writeLink(state, MAP, TEXT)}`, MAP);
    assert.deepEqual(patch, Object.fromEntries(Object.keys(patch).map((key) => [key, state[key]])));
  });
}

test("an unchanged page has an empty link", () => {
  assert.equal(writeLink(PLAIN, MAP, TEXT), "");
});

test("tracks are found by name in order even if their indices have changed", () => {
  const { pinned, selected } = readLink(writeLink({ ...PLAIN, pinned: 1, selected: [2, 0] }, MAP, TEXT), MAP);
  const rebuilt = { titles: ["New", ...TEXT.titles], artistsOf: (track) => (track === 0 ? ["New"] : TEXT.artistsOf(track - 1)), albumOf: () => "" };
  assert.deepEqual(tracksWith(rebuilt, [pinned]), [2]);
  assert.deepEqual(tracksWith(rebuilt, selected), [3, 1]);
  assert.deepEqual(tracksWith(TEXT, ["zzzzzzz"]), []);
});

for (const named of [
  { kind: "artist", name: "Beyoncé", by: "" },
  { kind: "artist", name: "~50% & co, #1", by: "" },
  { kind: "album", name: "Greatest Hits", by: "AC/DC" },
  { kind: "album", name: "A~B,C%", by: "D~E" },
]) {
  test(`an album or artist is linked by name: ${named.name}`, () => {
    const tracks = Array.from({ length: MAX_LINKED_TRACKS + 1 }, (_, i) => i % 3);
    const link = writeLink({ ...PLAIN, selected: tracks, collection: { ...named, tracks, notes: [] } }, MAP, TEXT);
    assert.deepEqual(readLink(`#${link}`, MAP).named, named);
    assert.equal(new URLSearchParams(link).has("list"), false);
    // With another selection, the link contains no collection.
    assert.equal(readLink(writeLink({ ...PLAIN, selected: [0], collection: { ...named, tracks, notes: [] } }, MAP, TEXT), MAP).named, null);
  });
}

test("empty names in a link are ignored", () => {
  for (const link of ["", "artist=", "album=", "album=~x", "artist=~"]) assert.equal(readLink(link, MAP).named, null);
});

test("a link to a path contains its options", () => {
  const tracks = [2, 1, 0];
  const wish = { stops: [2, 0], isOneAnArtist: true, avoided: new Set([1]), minutes: 45, passed: new Set([1]) };
  const linked = readLink(writeLink({ ...PLAIN, selected: tracks, path: tracks, asked: { wish, tracks } }, MAP, TEXT), MAP);
  assert.deepEqual({ ...linked.wish, stops: tracksWith(TEXT, linked.wish.stops) }, { stops: [2, 0], isOneAnArtist: true, avoided: new Set([1]), minutes: 45 });
  assert.equal(readLink(writeLink({ ...PLAIN, selected: [2, 0], asked: { wish, tracks } }, MAP, TEXT), MAP).wish, null);
});

test("path options in a link are limited to valid values", () => {
  const print = fingerprints(TEXT, [0])[0];
  const read = (fields) => readLink(`path=${print}${print}&stops=${print}${print}&${fields}`, MAP).wish;
  assert.deepEqual(read("around=c9,c3,,%25&minutes=-5"), { stops: [print, print], isOneAnArtist: false, avoided: new Set([2]), minutes: 0 });
  for (const [text, minutes] of [["1e9", 1440], ["NaN", 0], ["a", 0], ["12.5", 12.5]]) assert.equal(read(`minutes=${text}`).minutes, minutes);
  assert.equal(readLink(`path=${print}&stops=${print}&one=1`, MAP).wish, null);
});

test("a path is linked only while it is the selection", () => {
  const path = [2, 0];
  const linked = readLink(writeLink({ ...PLAIN, selected: path, path }, MAP, TEXT), MAP);
  assert.deepEqual([linked.isPath, tracksWith(TEXT, linked.selected)], [true, path]);
  assert.equal(readLink(writeLink({ ...PLAIN, selected: [2], path }, MAP, TEXT), MAP).isPath, false);
});

test("equal titles are distinguished by artists, albums, and then order", () => {
  const albums = ["", "", "", "Live", "Live"];
  const text = { titles: ["Halo", "Halo", "Halo", "Halo", "Halo"], artistsOf: (track) => [["A"], ["B"], ["A"], ["A"], ["A"]][track], albumOf: (track) => albums[track] };
  const prints = fingerprints(text, [4, 3, 2, 1, 0]);
  assert.equal(new Set(prints).size, 5);
  assert.ok(prints.every((print) => print.length === 7));
  assert.deepEqual(tracksWith(text, prints), [4, 3, 2, 1, 0]);
  assert.deepEqual(fingerprints(text, [3]), [prints[1]], "whatever else is asked for");
});

test("a selection too long for a URL is left out", () => {
  const few = Array.from({ length: MAX_LINKED_TRACKS }, () => 0);
  assert.match(writeLink({ ...PLAIN, selected: few }, MAP, TEXT), /list=/);
  assert.equal(writeLink({ ...PLAIN, selected: [...few, 0] }, MAP, TEXT), "");
});

test("a view is restored, and the default view is not written", () => {
  assert.deepEqual(readLink(`at=${writeView({ x: 1200.4, y: 65000, span: 800 })}`, MAP).view, { x: 1200, y: 65000, span: 800 });
  assert.equal(writeView(null), "");
});

for (const hash of ["#", "#at=1,2", "#at=a,b,c", "#at=1,2,-3", "#clusters=gone", "#playlists=!gone", "#until=soon", "#nonsense", "#range.x=~&%E0%A4"]) {
  test(`an invalid link hides nothing: ${hash}`, () => {
    const { view, patch } = readLink(hash, MAP);
    assert.equal(view, null);
    assert.deepEqual([patch.hiddenClusters, patch.hiddenPlaylists, patch.until], [new Set(), new Set(), null]);
  });
}

for (const [hash, expected] of [
  ["at=1,2,3", { x: 1, y: 2, span: 3 }],
  ["at=-9e9,1e308,1e-9", { x: 0, y: 65535, span: 1 }],
  ["at=100,100,1e300", { x: 100, y: 100, span: 524280 }],
  ["at=NaN,1,1", null],
  ["at=Infinity,1,1", null],
  ["at=1,1,0", null],
  ["at=1,1,-5", null],
  ["at=1,1", null],
  ["at=%,%E0%A4%A,%00", null],
]) {
  test(`a view lies on the map: ${hash}`, () => assert.deepEqual(readLink(hash, MAP).view, expected));
}

test("the number of tracks in a link is limited", () => {
  assert.equal([...readLink(`q=${"🎷".repeat(5000)}`, MAP).patch.query].length, 500);
  assert.equal(readLink(`list=${"abcdefg".repeat(100_000)}`, MAP).selected.length, MAX_LINKED_TRACKS);
});

test("a duplicate track in a link is selected once", () => {
  const [halo] = fingerprints(TEXT, [0]);
  assert.deepEqual(tracksWith(TEXT, [halo, halo]), [0]);
});

for (const [hash, count] of [["", 0], ["clusters=!c1,-", 0], ["clusters=", 0], ["clusters=,", 0], ["clusters=c1,gone&playlists=!x,y,q", 3], ["clusters=__proto__", 1]]) {
  test(`groups that are not on the map are counted: ${hash}`, () => assert.equal(readLink(hash, MAP).unknownGroups, count));
}

const NUMBERS = { domain: [60, 180], values: new Float32Array([60, NaN, 180]) };
for (const [filter, expected] of [
  [[100, 120], [100, 120]],
  [[120, 100], [100, 120]],
  [[500, 900], [180, 900]],
  [[-Infinity, -1e308], [-Infinity, 60]],
  [[Infinity, Infinity], [180, Infinity]],
]) {
  test(`a range is ordered and overlaps the trait's domain: ${filter}`, () => {
    const { low, high } = filterWithin({ low: filter[0], high: filter[1], hidden: new Set() }, NUMBERS);
    assert.deepEqual([low, high], expected);
  });
}

test("a date in a link is limited to the range of the library", () => {
  assert.deepEqual([null, -1e308, 100, 1e308].map((day) => untilWithin(day, NUMBERS)), [null, 60, 100, 180]);
  assert.equal(untilWithin(5, { values: new Float32Array([NaN]) }), null);
});

test("unknown names in a link are reported", () => {
  assert.equal(missingNote({ tracks: 0, names: 0, groups: 0, measures: 0 }), "");
  assert.equal(missingNote({ tracks: 1, names: 0, groups: 0, measures: 0 }), "The link also names 1 track that this map does not have.");
  assert.equal(missingNote({ tracks: 2, names: 0, groups: 1, measures: 1 }), "The link also names 2 tracks, 1 group and 1 property of tracks that this map does not have.");
  assert.match(missingNote({ tracks: 0, names: 1, groups: 0, measures: 2 }), / names an album or artist and 2 properties of tracks that /);
});
