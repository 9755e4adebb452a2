import assert from "node:assert/strict";
import { test } from "node:test";
import { normalized, SearchIndex } from "../../site_template/viewer/data/search.js";

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
const TEXT = {
  titles: TRACKS.map(([title]) => title),
  artistsOf: (track) => TRACKS[track][1],
  albumOf: (track) => TRACKS[track][2],
};

function indexOfAll() {
  const index = new SearchIndex(TEXT);
  while (!index.isComplete) index.grow(3);
  return index;
}

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
  ["m", [3, 0, 2]],
  ["駆", [6]],
]) {
  test(`"${query}" finds ${expected.length ? expected.map((track) => TRACKS[track][0]).join(", then ") : "nothing"}`, () => {
    assert.deepEqual(indexOfAll().search(query), expected);
  });
}

for (const query of ["marble halo", "energy trance", "i am sasha", "ac dc razors"]) {
  test(`"${query}" finds the same typed letter by letter as at once`, () => {
    const typed = indexOfAll();
    for (let end = 1; end <= query.length; end++) {
      assert.deepEqual(typed.search(query.slice(0, end)), indexOfAll().search(query.slice(0, end)), query.slice(0, end));
    }
    for (let end = query.length; end > 0; end--) {
      assert.deepEqual(typed.search(query.slice(0, end)), indexOfAll().search(query.slice(0, end)), query.slice(0, end));
    }
  });
}

test("tracks that the index takes in later are found by the same query", () => {
  const index = new SearchIndex(TEXT);
  index.grow(2);
  assert.deepEqual(index.search("halo"), [1]);
  index.grow(100);
  assert.deepEqual(index.search("halo"), [1, 3]);
});

test("a query that says nothing is no query", () => {
  assert.equal(indexOfAll().search(""), null);
  assert.equal(indexOfAll().search(" … "), null);
});

test("normalized text has no case, accents or punctuation", () => {
  assert.equal(normalized("  Sigur Rós — (Ágætis) Byrjun! "), "sigur ros agaetis byrjun");
});

test("names are found as people type them", () => {
  const names = ["!!!", "P!nk", "AC/DC", "Đorđe", "Cœur", "Þorri", "Işık", "Sigurðsson", "A$AP Rocky", "Ke$ha"];
  const albums = new Uint32Array(names.length);
  const text = { titles: names, artistsOf: () => [], albumOf: () => "", albums };
  const index = new SearchIndex(text);
  index.grow(100);
  const queries = ["!!!", "pink", "acdc", "dorde", "coeur", "thorri", "isik", "sigurdsson", "asap", "kesha"];
  queries.forEach((query, place) => assert.deepEqual(index.search(query), [place], query));
  assert.deepEqual(index.search("ac dc"), [2]);
  assert.deepEqual(index.search("AC/DC"), [2]);
});
