import assert from "node:assert/strict";
import { test } from "node:test";
import { createSinceTrait, createTrait, formatTrait, histogram, OTHER, traitNames } from "../../site_template/viewer/data/traits.js";

const document = (first, columns) => ({ first, features: {}, facets: {}, ...columns });
const NAMES = traitNames({
  features: { tempo: "BPM", key: "pitch class", mode: "", beat_strength: "" },
  facets: ["genres", "plays", "my_column.2"],
  facts: ["year", "added_at", "duration_ms", "unheard_of"],
  styles: ["rock", "dub", "folk"],
});
const named = (id) => NAMES.find((name) => name.id === id);
const categoriesOf = (trait, track) => {
  const { offsets, groups } = trait.membership;
  return Array.from(groups.subarray(offsets[track], offsets[track + 1]), (index) => trait.categories[index].name);
};

test("every trait of a map has a label", () => {
  assert.deepEqual(
    NAMES.map(({ id, label }) => [id, label]),
    [
      ["styles", "Styles and moods"], ["feature.tempo", "Tempo"], ["feature.key", "Key"], ["feature.mode", "Major or minor"], ["feature.beat_strength", "Beat strength"],
      ["year", "Year"], ["added_at", "Date added"], ["duration_ms", "Length"],
      ["facet.genres", "Genres"], ["facet.plays", "Plays"], ["facet.my_column.2", "My column.2"],
      ["heat", "Where you listen"],
    ],
  );
});

test("a number is read from all chunks; unknown values are counted", () => {
  const documents = [
    document(2, { ids: ["c"], features: { tempo: [120] }, feature_steps: { tempo: 0.5 } }),
    document(0, { ids: ["a", "b"], features: { tempo: [90, null] } }),
    document(3, { ids: ["d"] }),
  ];
  const trait = createTrait(named("feature.tempo"), documents, 4);
  assert.deepEqual([...trait.values], [90, NaN, 120, NaN]);
  assert.deepEqual([trait.kind, trait.unknownCount, trait.unit, trait.step], ["number", 2, "BPM", 0.5]);
});

test("an outlier does not stretch the color range; a range around zero is symmetric", () => {
  const trait = (values) => createTrait(named("feature.tempo"), [document(0, { ids: values, features: { tempo: values } })], values.length);
  const many = Array.from({ length: 500 }, (_, i) => 100 + (i % 50));
  assert.deepEqual(trait([...many, 9999]).domain, [100, 149]);
  assert.deepEqual(trait([-3, -1, 2]).domain, [-3, 3]);
  assert.deepEqual(trait([7, 7]).domain, [6.5, 7.5]);
  assert.deepEqual(trait([null]).domain, [0, 1]);
});

test("a minor key shares its place on the circle with the major key of the same notes", () => {
  const columns = { ids: [1, 2, 3, 4, 5], features: { key: [0, 9, 7, 4, null], mode: [1, 0, 1, 0, 1] } };
  const trait = createTrait(named("feature.key"), [document(0, columns)], 5);
  assert.deepEqual([0, 1, 2, 3, 4].map((track) => categoriesOf(trait, track)), [["C · Am"], ["C · Am"], ["G · Em"], ["G · Em"], []]);
  assert.deepEqual([trait.kind, trait.categories.length, trait.unknownCount], ["cycle", 12, 1]);
});

test("a track's styles of all files are ordered by score", () => {
  const documents = [
    document(2, { ids: ["c"], styles: { codes: ["$"], strengths: "4" } }),
    document(0, { ids: ["a", "b"], styles: { codes: ["$#", ""], strengths: "91" } }),
    document(3, { ids: ["d"] }),
  ];
  const trait = createTrait(named("styles"), documents, 4);
  assert.deepEqual([0, 1, 2, 3].map((track) => categoriesOf(trait, track)), [["dub", "rock"], [], ["dub"], []]);
  assert.deepEqual([...trait.strengths], [9, 1, 4]);
  assert.deepEqual(trait.categories.map(({ count }) => count), [1, 2, 0]);
  assert.equal(trait.unknownCount, 2);
});

test("dates are days, lengths minutes", () => {
  const documents = [document(0, { ids: [1, 2], added_on: [2, null], duration_ms: [90_000, null] })];
  assert.deepEqual([...createTrait(named("added_at"), documents, 2).values], [2, NaN]);
  assert.deepEqual([...createTrait(named("duration_ms"), documents, 2).values], [1.5, NaN]);
});

test("names become categories, largest first; several names in one cell are several", () => {
  const documents = [document(0, { ids: [1, 2, 3], facets: { genres: ["folk, jazz", "jazz; jazz", null] } })];
  const trait = createTrait(named("facet.genres"), documents, 3);
  assert.deepEqual(trait.categories, [{ name: "jazz", count: 2 }, { name: "folk", count: 1 }]);
  assert.deepEqual(categoriesOf(trait, 0), ["jazz", "folk"]);
});

test("categories beyond the limit are combined", () => {
  const ids = Array.from({ length: 100 }, (_, i) => `name ${i}`);
  const trait = createTrait(named("facet.genres"), [document(0, { ids, facets: { genres: ids } })], 100);
  assert.equal(trait.categories.length, 40);
  assert.deepEqual(trait.categories[39], { name: OTHER, count: 61 });
});

test("a column is numeric only if it has no words", () => {
  const kindOf = (plays) => createTrait(named("facet.plays"), [document(0, { ids: plays, facets: { plays } })], plays.length).kind;
  assert.deepEqual([kindOf([1, null, 3]), kindOf([1, "many"])], ["number", "category"]);
});

test("a histogram counts within the domain", () => {
  const trait = { values: Float32Array.of(0, 1, 9.9, 10, 50, NaN), domain: [0, 10] };
  assert.deepEqual(histogram(trait, 5), [2, 0, 0, 0, 2]);
});

for (const [trait, value, text] of [
  [{ id: "year", kind: "number", unit: "", domain: [1960, 2020] }, 1999.4, "1999"],
  [{ id: "added_at", kind: "date", unit: "", domain: [0, 1] }, 365, "1971-01-01"],
  [{ id: "feature.tempo", kind: "number", unit: "BPM", domain: [60, 180] }, 120.44, "120\u00a0BPM"],
  [{ id: "feature.loudness", kind: "number", unit: "LUFS", domain: [-30, -5] }, -14.26, "−14.3\u00a0LUFS"],
  [{ id: "feature.power", kind: "number", unit: "", domain: [0, 0.2] }, 0.1234, "0.123"],
]) {
  test(`${trait.id} ${value} is written as ${text}`, () => assert.equal(formatTrait(trait, value), text));
}

test("new and moved tracks are a trait only if the insights list them", () => {
  const columns = { features: {}, facets: [], facts: [], styles: [] };
  assert.deepEqual(traitNames({ ...columns, since: false }), []);
  assert.deepEqual(traitNames({ ...columns, since: true }).map(({ id, source }) => [id, source]), [["since", "insights"]]);
});

test("tracks neither new nor moved have no category and are labeled “As before”", () => {
  const [name] = traitNames({ features: {}, facets: [], facts: [], since: true, styles: [] });
  const trait = createSinceTrait(name, { new: Uint32Array.of(0, 3), moved: Uint32Array.of(2) }, 5);
  assert.deepEqual([0, 1, 2, 3, 4].map((track) => categoriesOf(trait, track)), [["New"], [], ["Moved"], ["New"], []]);
  assert.deepEqual([trait.unknownCount, trait.rest], [2, "As before"]);
});
