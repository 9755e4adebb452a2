import assert from "node:assert/strict";
import { test } from "node:test";
import { createSearchIndex, normalized, search } from "../../site_template/viewer/search.js";

const TRACKS = [
  ["Café del Mar", ["Energy 52"], "Trance Classics"],
  ["Halo", ["Beyoncé"], "I Am… Sasha Fierce"],
  ["Don't Stop", ["Fleetwood Mac"], "Rumours"],
  ["Marble Halo", ["Jun"], ""],
  ["Jóga", ["Björk"], "Homogenic"],
  ["Straße", ["Łona"], "Ægir"],
  ["夜に駆ける", ["YOASOBI"], ""],
  ["Thunderstruck", ["AC/DC"], "The Razors Edge"],
];
const INDEX = createSearchIndex({
  titles: TRACKS.map(([title]) => title),
  artistsOf: (track) => TRACKS[track][1],
  albumOf: (track) => TRACKS[track][2],
});

for (const [query, expected] of [
  ["cafe", [0]],
  ["BEYONCE", [1]],
  ["bjork joga", [4]],
  ["dont stop", [2]],
  ["don’t", [2]],
  ["halo", [1, 3]],
  ["mac rumours", [2]],
  ["strasse", [5]],
  ["lona aegir", [5]],
  ["夜に", [6]],
  ["ac/dc", [7]],
  ["ma", [3, 0, 2]],
  ["halo nonsense", []],
]) {
  test(`"${query}" finds ${expected.length ? expected.map((track) => TRACKS[track][0]).join(", then ") : "nothing"}`, () => {
    assert.deepEqual(search(INDEX, query), expected);
  });
}

test("a query that says nothing is no query", () => {
  assert.equal(search(INDEX, ""), null);
  assert.equal(search(INDEX, " … "), null);
});

test("normalised text has no case, accents or punctuation", () => {
  assert.equal(normalized("  Sigur Rós — (Ágætis) Byrjun! "), "sigur ros agaetis byrjun");
});
