import assert from "node:assert/strict";
import { test } from "node:test";
import { DataError, decodeDetails, decodeMap, decodeText, unpackDetails } from "../../site_template/viewer/data/decode.js";

const MAP = {
  schema: "spotmap.map/1",
  generation: "abc",
  title: "Mine",
  built_at: null,
  count: 3,
  x: [10, 5, -15],
  y: [65535, -65535, 7],
  view: [0, 0, 65535, 65535],
  cluster: [0, -1, 0],
  clusters: [{ id: "c0", name: "Dub", count: 2, color: 4, peak: [5, 5], core: [0], regions: [[0, 0, 9, 0, 9, 9]] }],
  playlists: [
    { id: "p0", name: "A", count: 2, color: 0, tracks: [0, 2], regions: [] },
    { id: "p1", name: "B", count: 2, color: 1, tracks: [1, 1], regions: [] },
  ],
  files: { text: "text.json", details: ["details-000.json"], details_chunk: 2048 },
  sources: ["folder"],
};

test("delta-coded coordinates are restored", () => {
  const map = decodeMap(MAP);
  assert.deepEqual([...map.x], [10, 15, 0]);
  assert.deepEqual([...map.y], [65535, 0, 7]);
});

test("each track has its playlists in ascending order", () => {
  const { offsets, groups } = decodeMap(MAP).memberships.playlist;
  const of = (track) => [...groups.subarray(offsets[track], offsets[track + 1])];
  assert.deepEqual([of(0), of(1), of(2)], [[0], [1], [0, 1]]);
});

test("libraries are optional", () => {
  const layers = [{ id: "me", name: "me", count: 2, color: 0, tracks: [1, 1] }];
  const map = decodeMap({ ...MAP, layers });
  assert.deepEqual(map.layers.map(({ name }) => name), ["me"]);
  assert.deepEqual([...map.memberships.layer.offsets], [0, 0, 1, 2]);
  assert.deepEqual(decodeMap({ ...MAP, layers: [] }).layers, []);
});

test("the reason for having no clusters is optional", () => {
  assert.equal(decodeMap(MAP).noClusters, "");
  assert.equal(decodeMap({ ...MAP, clusters: [], no_clusters: "One spot." }).noClusters, "One spot.");
});

for (const [name, document] of [
  ["another version", { ...MAP, schema: "spotmap.map/2" }],
  ["no schema", { ...MAP, schema: undefined }],
  ["null", null],
  ["a shortened column", { ...MAP, x: [1] }],
]) {
  test(`a map document with ${name} is refused with a message for people`, () => {
    assert.throws(() => decodeMap(document), (error) => error instanceof DataError && /again|Reload/.test(error.message));
  });
}

test("texts are read by track", () => {
  const text = decodeText(
    {
      schema: "spotmap.text/2",
      titles: "One\nTwo",
      artist_names: ["Ana", "Bo"],
      artists: [1, 0, 1],
      artist_counts: [1, 2],
      album_names: ["", "First"],
      albums: [0, 1],
    },
    2,
  );
  assert.deepEqual(text.titles, ["One", "Two"]);
  assert.deepEqual(text.artistsOf(1), ["Ana", "Bo"]);
  assert.equal(text.albumOf(0), "");
  assert.equal(text.albumOf(1), "First");
});

test("fewer titles than tracks are refused", () => {
  assert.throws(() => decodeText({ schema: "spotmap.text/2", titles: "One" }, 2), DataError);
});

const packedDetails = (changes) => ({
  schema: "spotmap.details/2",
  first: 2048,
  ids: { prefix: "", width: 1, text: "ab" },
  duration_s: [1, null],
  year: [null, 1999],
  added_on: [null, 16436],
  art: [-1, 0],
  art_files: ["x.webp"],
  features: { tempo_bpm: { middle: 100, step: 20, codes: " %" } },
  feature_units: { tempo_bpm: "BPM" },
  facets: { mood: ["calm", ""] },
  ...changes,
});

test("the video id is optional", () => {
  const document = unpackDetails(packedDetails({ video_ids: { width: 0, text: "\nQH3Fx41Jpl4" } }));
  assert.deepEqual([2048, 2049].map((track) => decodeDetails(document, track, []).videoId), ["", "QH3Fx41Jpl4"]);
});

test("details contain the rounding steps of features", () => {
  const packed = packedDetails({});
  assert.deepEqual(unpackDetails(packed).feature_steps, { tempo_bpm: packed.features.tempo_bpm.step });
});

test("missing details are left out", () => {
  assert.deepEqual(decodeDetails(unpackDetails(packedDetails({})), 2049, []), {
    id: "b",
    duration_ms: null,
    year: 1999,
    number: null,
    disc: null,
    artFile: "x.webp",
    videoId: "",
    path: "",
    excerpt: "",
    typicalS: null,
    features: [{ name: "tempo_bpm", value: 120, unit: "BPM" }],
    facets: [],
    lastPlayed: null,
    styles: [],
  });
});

test("styles have strengths, and the most specific comes first", () => {
  const document = unpackDetails(packedDetails({ styles: { codes: "$# #", strengths: "927" } }));
  const stylesOf = (track) => decodeDetails(document, track, ["rock", "dub"]).styles.map(({ name, strength }) => `${name} ${strength}`);
  assert.deepEqual([2048, 2049].map(stylesOf), [["dub 9", "rock 2"], ["rock 7"]]);
});
