import assert from "node:assert/strict";
import { test } from "node:test";
import { toCsv } from "../../site_template/viewer/data/exports.js";
import { namedColumns, orderBy, rowsOf, traitColumn } from "../../site_template/viewer/panels/table_columns.js";

const ordered = (column, count) => {
  const work = orderBy(column, count);
  for (;;) {
    const { done, value } = work.next();
    if (done) return { known: [...value.known], unknown: [...value.unknown] };
  }
};
const TITLES = ["Étude 10", "zulu", "etude 2", "Alpha", "", "alpha"];
const text = { titles: TITLES, artistsOf: (track) => (track === 0 ? ["Mara", "Jun"] : []), albumOf: () => "" };
const map = { cluster: [0, -1, 1, 0, 0, 1], clusters: [{ name: "Jazz" }, { name: "Ambient" }] };
const [title, artist, album, cluster] = namedColumns(map, text);

test("names are sorted in natural order, stably, with missing names last", () => {
  assert.deepEqual(ordered(title, 6), { known: [3, 5, 2, 0, 1], unknown: [4] });
  assert.deepEqual(ordered(cluster, 6), { known: [2, 5, 0, 3, 4], unknown: [1] });
  assert.deepEqual(ordered(album, 6), { known: [], unknown: [0, 1, 2, 3, 4, 5] });
  assert.equal(artist.textOf(0), "Mara, Jun");
});

const number = (values, id = "feature.tempo", unit = "BPM") =>
  traitColumn({ id, label: "Tempo", unit, kind: "number", values: Float32Array.from(values), domain: [60, 180], membership: null, categories: [] });

test("numbers are sorted by value and written with their unit", () => {
  const tempo = number([120, NaN, 90.4, 150]);
  assert.deepEqual(ordered(tempo, 4), { known: [2, 0, 3], unknown: [1] });
  assert.equal(tempo.textOf(0), "120\u00a0BPM");
  assert.equal(tempo.textOf(1), "");
  assert.equal(number([3.55], "duration_ms", "min").textOf(0), "3:33");
});

test("categories are sorted as in the legend", () => {
  const membership = { offsets: Uint32Array.from([0, 1, 1, 3]), groups: Uint32Array.from([1, 0, 1]) };
  const genre = traitColumn({ id: "facet.genres", label: "Genres", unit: "", kind: "category", values: new Float32Array(0), domain: [0, 1], membership, categories: [{ name: "house" }, { name: "dub" }] });
  assert.deepEqual(ordered(genre, 3), { known: [2, 0], unknown: [1] });
  assert.equal(genre.textOf(2), "house, dub");
});

for (const count of [0, 1, 2, 3, 1000, 4097]) {
  test(`merging gives the same order as sorting and can be interrupted: ${count} tracks`, () => {
    const values = Array.from({ length: count }, (_, i) => (i * 7919) % 1009);
    const { known } = ordered(number(values), count);
    const expected = values.map((_, i) => i).sort((a, b) => values[a] - values[b] || a - b);
    assert.deepEqual(known, expected);
    assert.ok(count < 4000 || [...orderBy(number(values), count)].length > 40);
  });
}

test("rows contain visible tracks; unknown values are last in both directions", () => {
  const order = { known: Uint32Array.from([3, 0, 2]), unknown: Uint32Array.from([1, 4]) };
  assert.deepEqual([...rowsOf(order, false, () => true)], [3, 0, 2, 1, 4]);
  assert.deepEqual([...rowsOf(order, true, (track) => track !== 0)], [2, 3, 1, 4]);
});

test("the table's columns follow the standard ones and are escaped like them", () => {
  const track = (title) => ({ title, artists: [], album: "", path: "", details: { id: "t", duration_ms: null, year: null, artFile: "", videoId: "", features: [], facets: [] } });
  const lines = toCsv([track("A"), track("B")], [{ label: "tempo", values: ["120 BPM", ""] }, { label: "cluster", values: ["=1+1", "Jazz"] }]).split("\r\n");
  assert.match(lines[0], /youtube_music,tempo,cluster$/);
  assert.match(lines[1], /,120 BPM,'=1\+1$/);
  assert.match(lines[2], /,,Jazz$/);
});
