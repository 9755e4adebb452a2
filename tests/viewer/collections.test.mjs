import assert from "node:assert/strict";
import { test } from "node:test";
import { CollectionIndex, collectionsOf, countBefore } from "../../site_template/viewer/data/collection_index.js";
import { Grid } from "../../site_template/viewer/data/grid.js";
import { tracksNamed } from "../../site_template/viewer/data/named.js";
import { entryPoint, spreadOf } from "../../site_template/viewer/data/spread.js";
import { outlineOf } from "../../site_template/viewer/map/contour.js";
import { albumLine, artistContour, yearPlaces } from "../../site_template/viewer/map/collection_drawing.js";
import { Collections, inOrder, notesOf } from "../../site_template/viewer/panels/collections.js";

/** Title, artists, album, number of the album. */
const TRACKS = [
  ["One", ["Queen"], "Greatest Hits", 0],
  ["Two", ["Queen"], "Greatest Hits", 0],
  ["Three", ["ABBA"], "Greatest Hits", 1],
  ["Four", ["ABBA", "Guest"], "Greatest Hits", 1],
  ["Five", ["ABBA"], "Greatest Hits", 1],
  ["Queen", ["Perfume Genius"], "Too Bright", 2],
  ["Six", ["Beyoncé"], "", 3],
  ["Seven", ["Beyoncé"], "Ænima", 4],
  ["Eight", ["Tool"], "Mix", 5],
  ["Nine", ["Sia"], "Mix", 5],
  ["Ten", ["Moby"], "Mix", 5],
];
const TEXT = {
  titles: TRACKS.map(([title]) => title),
  artistsOf: (track) => TRACKS[track][1],
  albumOf: (track) => TRACKS[track][2],
  albumNumberOf: (track) => TRACKS[track][3],
};

for (const [named, expected] of [
  [["artist", "ABBA", ""], [2, 3, 4]],
  [["artist", "Guest", ""], [3]],
  [["artist", "abba", ""], []],
  [["album", "Greatest Hits", "Queen"], [0, 1]],
  [["album", "Greatest Hits", "Guest"], [2, 3, 4]],
  // For an unknown artist, the largest album with that name.
  [["album", "Greatest Hits", ""], [2, 3, 4]],
  [["album", "Greatest Hits", "Sia"], [2, 3, 4]],
  [["album", "Mix", "Moby"], [8, 9, 10]],
  [["album", "Nowhere", ""], []],
]) {
  test(`the tracks of ${named.join(" ")}`, () => {
    const [kind, name, by] = named;
    assert.deepEqual(tracksNamed(TEXT, { kind, name, by }), expected);
  });
}

test("of two albums with the same name, the one with most tracks by the artist is chosen", () => {
  const tracks = [["Hits", ["ABBA"]], ["Hits", ["ABBA"]], ["Hits", ["ABBA", "Queen"]], ["Hits", ["Queen"]], ["Hits", ["Queen"]]];
  const text = {
    titles: tracks.map((_, track) => `Title ${track}`),
    artistsOf: (track) => tracks[track][1],
    albumOf: (track) => tracks[track][0],
    albumNumberOf: (track) => (track < 3 ? 0 : 1),
  };
  assert.deepEqual(tracksNamed(text, { kind: "album", name: "Hits", by: "Queen" }), [3, 4]);
});

test("a second request for the index waits until it is complete", async () => {
  const collections = new Collections(null, { store: { subscribe() {} }, text: TEXT });
  let isComplete = false;
  void collections.index().then(() => (isComplete = true));
  await collections.index();
  assert.ok(isComplete);
});

test("albums with the same name are separate, and a track without an album is on none", () => {
  const albums = collectionsOf(TEXT).filter(({ kind }) => kind === "album");
  assert.deepEqual(
    albums.map(({ name, by, count, isVarious }) => [name, by, count, isVarious]),
    [["Greatest Hits", "ABBA", 3, false], ["Mix", "Tool", 3, true], ["Greatest Hits", "Queen", 2, false], ["Too Bright", "Perfume Genius", 1, false], ["Ænima", "Beyoncé", 1, false]],
  );
});

function indexOfAll() {
  const index = new CollectionIndex(TEXT);
  while (!index.grow());
  return index;
}

for (const [query, expected] of [
  ["abba", ["artist ABBA", "album Greatest Hits"]],
  ["greatest", ["album Greatest Hits", "album Greatest Hits"]],
  ["queen greatest hits", ["album Greatest Hits"]],
  // Normalized like tracks.
  ["beyonce", ["artist Beyoncé"]],
  // An album of one track is found only by its complete name.
  ["too brig", []],
  ["too bright", ["album Too Bright"]],
  ["AENIMA", ["album Ænima"]],
  ["", []],
  ["???", []],
]) {
  test(`albums and artists called ${query}`, () => {
    assert.deepEqual(indexOfAll().find(query).map(({ kind, name }) => `${kind} ${name}`), expected);
  });
}

for (const [query, names, titles, expected] of [
  ["one", ["One Mood"], ["One", "One", "One Two"], 2],
  ["one", ["One Mood"], ["One", "One", "One", "One"], 3],
  ["one", ["ONE", "One Mood"], ["One", "One"], 0],
  ["mood", ["One Mood"], ["One Mood Again"], 0],
  ["one", ["One Mood"], [], 3],
]) {
  test(`number of tracks before collections for ${query}: ${titles.join(", ") || "none"}`, () => {
    assert.equal(countBefore(names.map((name) => ({ name })), titles, query), expected);
  });
}

test("only whole words match if words may have another meaning", () => {
  assert.deepEqual(indexOfAll().find("hit", true), []);
  assert.equal(indexOfAll().find("hits", true).length, 2);
});

/** A map of tracks on a grid of 20 by 20 and of additional tracks at the given positions. */
function mapOf(...places) {
  const all = Array.from({ length: 400 }, (_, i) => [3000 * (i % 20), 3000 * Math.floor(i / 20)]);
  all.push(...places);
  return { x: Uint16Array.from(all, ([x]) => x), y: Uint16Array.from(all, ([, y]) => y), view: [0, 0, 57000, 57000] };
}
const own = (places) => places.map((_, i) => 400 + i);

const around = (x, y, step, count) => Array.from({ length: count }, (_, i) => [x + step * (i % 3), y + step * Math.floor(i / 3)]);
for (const [name, places, mood] of [
  ["on one spot", around(20000, 20000, 0, 9), "one"],
  ["in one place", around(20000, 20000, 2500, 9), "one"],
  ["in a region", around(10000, 10000, 9000, 9), "few"],
  ["in half of the map", around(5000, 5000, 14000, 9), "wide"],
  ["in its corners", around(0, 0, 28000, 9), "all"],
  // Four random tracks may have these positions.
  ["of four tracks in half of the map", [[5000, 5000], [5000, 24000], [24000, 5000], [24000, 24000]], "wide"],
]) {
  test(`an album ${name}`, () => {
    const spread = spreadOf(mapOf(...places), own(places));
    assert.equal(spread.mood, mood, String(spread.ratio));
    assert.deepEqual(spreadOf(mapOf(...places), own(places)), spread);
  });
}

test("tracks drawn at random have a spread ratio of one", () => {
  const { ratio } = spreadOf(mapOf(), Array.from({ length: 60 }, (_, i) => (i * 149) % 400));
  assert.ok(Math.abs(ratio - 1) < 0.1, String(ratio));
});

test("an album with all tracks of the map spreads over all of it", () => {
  const map = { x: Uint16Array.of(0, 100, 200), y: Uint16Array.of(0, 0, 0), view: [0, 0, 200, 1] };
  assert.equal(spreadOf(map, [0, 1, 2]).mood, "all");
});

test("the entry point is near tracks of others, not among the artist's own", () => {
  // Tracks 400 and 401 are far from all others, 402 is among others.
  const places = [[63000, 63000], [63000, 63000], [30000, 30000], [1000, 1000]];
  const map = mapOf(...places);
  const grid = new Grid(map.x, map.y);
  const entry = entryPoint(map, grid, own(places), () => 1);
  assert.equal(entry.track, 402);
  // If plays are known, the most played track decides.
  assert.equal(entryPoint(map, grid, own(places), (track) => (track === 0 ? 99 : 1)).track, 403);
  assert.equal(entryPoint(map, grid, [400, 401], () => 1), null);
});

test("outlines enclose every track, and distant tracks have separate outlines", () => {
  const places = [[10000, 10000], [10500, 10200], [10000, 11000], [50000, 50000]];
  const map = mapOf(...places);
  const rings = outlineOf(map, own(places));
  assert.equal(rings.length, 2);
  for (const [x, y] of places) assert.equal(rings.filter((ring) => contains(ring, x, y)).length, 1, `${x}, ${y}`);
  assert.ok(!rings.some((ring) => contains(ring, 30000, 30000)));
});

test("an outline of tracks in a circle has a hole", () => {
  const places = Array.from({ length: 40 }, (_, i) => [30000 + 9000 * Math.cos((i / 20) * Math.PI), 30000 + 9000 * Math.sin((i / 20) * Math.PI)]);
  const map = mapOf(...places);
  const rings = outlineOf(map, own(places));
  assert.equal(rings.length, 2);
  assert.equal(rings.filter((ring) => contains(ring, 30000, 30000)).length, 2);
});

test("a single track has an outline, no track has none", () => {
  assert.equal(outlineOf(mapOf(), [5]).length, 1);
  assert.deepEqual(outlineOf(mapOf(), []), []);
});

/** @param {number[]} ring */
function contains(ring, x, y) {
  let inside = false;
  for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
    if (ring[i + 1] > y !== ring[j + 1] > y && x < ((ring[j] - ring[i]) * (y - ring[i + 1])) / (ring[j + 1] - ring[i + 1]) + ring[i]) inside = !inside;
  }
  return inside;
}

const placed = (title, disc, number, year = null, album = 0) => ({ track: 0, title, disc, number, year, album });
for (const [name, kind, tracks, titles, notes] of [
  ["by number", "album", [placed("b", 1, 10), placed("a", 1, 2)], ["a", "b"], ["2", "10"]],
  ["by disc", "album", [placed("c", 2, 1), placed("a", 1, 9)], ["a", "c"], ["1.9", "2.1"]],
  ["unknown ones last, whatever the disc", "album", [placed("x", 1, null), placed("b", 2, 1)], ["b", "x"], ["2.1", ""]],
  ["unknown ones last", "album", [placed("x", 1, null), placed("b", 1, 3)], ["b", "x"], ["3", ""]],
  ["by title where nothing is known", "album", [placed("Part 10", 1, null), placed("Part 2", 1, null)], ["Part 2", "Part 10"], ["", ""]],
  ["by year, then as on their albums", "artist", [placed("d", 1, 1, null), placed("c", 1, 2, 1999, 1), placed("b", 1, 1, 1999, 1), placed("a", 1, 9, 1990)], ["a", "b", "c", "d"], ["1990", "1999", "1999", ""]],
]) {
  test(`the order of an ${kind}: ${name}`, () => {
    const ordered = inOrder(kind, [...tracks]);
    assert.deepEqual(ordered.map(({ title }) => title), titles);
    assert.deepEqual(notesOf(kind, ordered), notes);
  });
}

test("years are labeled starting at both ends", () => {
  assert.deepEqual(yearPlaces([1990, 1990, 1995, 2000, null]), [0, 3, 2]);
  assert.deepEqual(yearPlaces([null, null]), []);
  assert.deepEqual(yearPlaces([2001]), [0]);
});

test("an artist's year labels report their boxes, and overlapping labels are left out", () => {
  const places = artistContour([4, 5, 6], [1990, 1991, 2001], { x: [], y: [] }).placesOf((track) => [track < 6 ? 100 + track : 300, 200]);
  assert.deepEqual(places.map(({ text, x }) => [text, x]), [["1990", 104], ["2001", 300]]);
  assert.ok(places.every(({ y, height }) => y < 200 && height > 0));
});

test("an album's number labels report their boxes; tracks without a number have none", () => {
  const places = albumLine([4, 5, 6, 7], ["1", "2", "", "3"]).placesOf((track) => [track === 5 ? 104 : 100 * track, 200]);
  assert.deepEqual(places.map(({ x, y }) => [x, y]), [[400, 200], [104, 200], [700, 200]]);
  assert.ok(places.every(({ width, height }) => width > 10 && height > 10));
  assert.equal(albumLine([4, 5], ["1", "2"]).placesOf(() => [100, 100]).length, 1);
});
