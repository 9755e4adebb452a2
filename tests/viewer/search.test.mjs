import assert from "node:assert/strict";
import { test } from "node:test";
import { normalized, SearchIndex } from "../../site_template/viewer/data/search.js";
import { finished } from "../../site_template/viewer/data/work.js";

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
  test(`"${query}" finds the same if typed letter by letter`, () => {
    const typed = indexOfAll();
    for (let end = 1; end <= query.length; end++) {
      assert.deepEqual(typed.search(query.slice(0, end)), indexOfAll().search(query.slice(0, end)), query.slice(0, end));
    }
    for (let end = query.length; end > 0; end--) {
      assert.deepEqual(typed.search(query.slice(0, end)), indexOfAll().search(query.slice(0, end)), query.slice(0, end));
    }
  });
}

for (const [query, ...names] of [
  ["don't stop", "Don't Stop Me Now", "Don't Stop"],
  ["halo", "Halo & Sons", "Halo"],
  ["rock & roll", "Rock & Roll Star", "Rock & Roll"],
  ["song feat. mara", "Song feat. Mara Lind", "Song (feat. Mara)"],
]) {
  test(`"${query}" finds exact names before names with that prefix, for titles and artists`, () => {
    for (const fields of [{ titles: names, artistsOf: () => ["Someone"] }, { titles: ["One", "Other"], artistsOf: (track) => [names[track]] }]) {
      const index = new SearchIndex({ ...fields, albumOf: () => "An album" });
      index.grow(2);
      assert.deepEqual(index.search(query), [1, 0]);
    }
  });
}

test("one letter finds words that start with it, in the order exact, titles, artists, albums", () => {
  const tracks = [["One", ["Two"], "The Moon"], ["Song", ["Two"], "Moon"], ["One", ["Bob Moor"], "Map"], ["The Moor", ["Bob"], ""], ["Song", ["Moor"], "Map"], ["Mara", ["M"], ""], ["Mara", ["Bob"], ""], ["M", ["Bob"], ""], ["Gem", ["Tim"], "Sum"], ["M$ney", ["Bob"], ""]];
  const index = new SearchIndex({ titles: tracks.map(([title]) => title), artistsOf: (track) => tracks[track][1], albumOf: (track) => tracks[track][2] });
  while (!index.isComplete) index.grow(4);
  assert.deepEqual(index.search("m"), [7, 5, 6, 9, 4, 3, 2, 1, 0]);
});

test("tracks indexed later are found by the same query", () => {
  const index = new SearchIndex(TEXT);
  index.grow(2);
  assert.deepEqual(index.search("halo"), [1]);
  index.grow(100);
  assert.deepEqual(index.search("halo"), [1, 3]);
});

test("tracks indexed during a search are found by the next one", () => {
  for (const first of ["ha", "m"]) {
    const index = new SearchIndex(TEXT);
    index.grow(3);
    const work = index.searching(first);
    work.next();
    index.grow(TRACKS.length);
    finished(work);
    for (const next of ["hal", "mar"]) assert.deepEqual(index.search(next), indexOfAll().search(next), `${first}, ${next}`);
    assert.deepEqual(index.tracksWith(first), indexOfAll().tracksWith(first), first);
  }
});

test("an abandoned search does not affect the next one", () => {
  const index = indexOfAll();
  index.searching("ha").next();
  assert.deepEqual(index.search("halo"), [1, 3]);
  assert.deepEqual(index.search("ha"), indexOfAll().search("ha"));
});

test("a search that matches all tracks yields every few hundred tracks", () => {
  const count = 10_000;
  const many = { titles: Array(count).fill("Halo"), artistsOf: () => ["Jun"], albumOf: () => "" };
  const index = new SearchIndex(many);
  index.grow(count);
  for (const query of ["h", "ha"]) {
    let pauses = 0;
    const work = index.searching(query);
    while (!work.next().done) pauses++;
    assert.ok(pauses >= count / 1_000, `${query}: ${pauses}`);
  }
});

test("a query without letters is empty", () => {
  assert.equal(indexOfAll().search(""), null);
  assert.equal(indexOfAll().search(" … "), null);
});

test("normalized text has no case, accents or punctuation", () => {
  assert.equal(normalized("  Sigur Rós — (Ágætis) Byrjun! "), "sigur ros agaetis byrjun");
});

for (const [name, ...queries] of [
  ["!!!", "!!!"],
  ["†††", "†††"],
  ["+/-", "+/-"],
  ["P!nk", "pink", "p!nk", "p nk"],
  ["AC/DC", "acdc", "ac dc", "AC/DC"],
  ["A$AP Rocky", "asap"],
  ["Ke$ha", "kesha", "ke$ha"],
  ["$uicideboy$", "suicideboys"],
  ["deadmau5", "deadmaus", "deadmau5"],
  ["Blink-182", "blink 182", "blink182"],
  ["JayZ", "jay-z"],
  ["Jay-Z", "jayz", "jay z"],
  ["R&B", "rnb", "rb", "r&b"],
  ["Simon & Garfunkel", "simon and garfunkel", "simon & garfunkel", "simon garfunkel"],
  ["Simon and Garfunkel", "simon & garfunkel"],
  ["Song (feat. Mara)", "song ft mara", "song featuring mara"],
  ["Song ft Mara", "song feat. mara"],
  ["Don't Stop", "dont", "don t", "don’t"],
  ["Rock'n'Roll", "rock n roll", "rocknroll"],
  ["Hawaiʻi", "hawaii"],
  ["Đorđe", "dorde"],
  ["Cœur", "coeur"],
  ["Þorri", "thorri"],
  ["Işık", "isik"],
  ["İstanbul", "istanbul"],
  ["Sigurðsson", "sigurdsson"],
  ["MØ", "mo"],
  ["Ħal", "hal"],
  ["Straße", "STRASSE"],
  ["ＦＵＬＬ　ｗｉｄｔｈ", "full width"],
  ["한글", "\u1112\u1161\u11ab\u1100\u1173\u11af"],
  ["\u1112\u1161\u11ab\u1100\u1173\u11af", "한글"],
  ["ﾊﾝｶｸ", "ハンカク", "はんかく"],
  ["がんばれ", "ガンバレ"],
  ["Ёлка", "елка"],
  ["елка", "ёлка"],
  ["Οδυσσεύς", "ΟΔΥΣΣΕΥΣ", "οδυσσευσ"],
  ["e\u0301te\u0301", "été"],
  ["مُحَمَّد", "محمد"],
]) {
  test(`${name} is found by its usual spellings`, () => {
    const index = new SearchIndex({ titles: [name, "Quiet Hill"], artistsOf: () => [], albumOf: () => "" });
    index.grow(2);
    for (const query of queries) assert.deepEqual(index.search(query), [0], query);
  });
}

test("matches do not depend on earlier searches or on signs before words", () => {
  const index = indexOfAll();
  const sought = ["m", "ma", " ma", " mac ", "a", "ar", "marble", "r", " razors ", "o", "lo", "halo", " halo ", " del mar ", "edge", "nothing"];
  for (const term of [...sought, ...[...sought].reverse()]) assert.deepEqual(index.tracksWith(term), indexOfAll().tracksWith(term), term);
  assert.deepEqual(indexOfAll().tracksWith(" mac "), [2]);
  assert.deepEqual(indexOfAll().tracksWith("m"), [0, 2, 3]);
});

test("titles are normalized without their alternative spellings", () => {
  const index = indexOfAll();
  assert.deepEqual([0, 2, 7].map((track) => index.titleOf(track)), ["cafe del mar", "dont stop", "thunderstruck"]);
});
