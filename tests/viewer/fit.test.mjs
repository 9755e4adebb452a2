import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { describe } from "../../site_template/viewer/data/describe.js";
import { Fitter } from "../../site_template/viewer/data/fit.js";
import { createTrait, traitNames } from "../../site_template/viewer/data/traits.js";
import { Words } from "../../site_template/viewer/data/words.js";

const DOCUMENT = JSON.parse(await readFile(new URL("../../site_template/words.json", import.meta.url), "utf8"));
const STYLES = ["techno", "dub techno", "chill"];
/** Twelve tracks on a line, ordered by tempo. Tracks 0 to 3 are techno, most of all track 0; tracks 4 and 5 are dub techno. */
const COUNT = 12;
const tempo = Array.from({ length: COUNT }, (_, track) => (track === 11 ? null : 60 + 10 * track));
const columns = { features: { tempo: "BPM", loudness: "LUFS", key: "pitch class", mode: "" }, facets: ["genres"], facts: ["year"], since: false, styles: STYLES };
const documents = [{
  first: 0,
  ids: tempo,
  features: {
    tempo,
    loudness: tempo.map((_, track) => -30 + track),
    key: tempo.map((_, track) => (track % 2 ? 9 : 0)),
    mode: tempo.map((_, track) => (track % 2 ? 0 : 1)),
  },
  facets: { genres: tempo.map((_, track) => (track > 9 ? "Zeuhl" : null)) },
  year: tempo.map((_, track) => (track === 0 ? null : 1988 + track)),
  styles: { codes: tempo.map((_, track) => (track < 4 ? "#" : track < 6 ? "$" : "")), strengths: "963155" },
}];
const NAMES = traitNames(columns);
const traits = new Map(NAMES.map((name) => [name.id, createTrait(name, documents, COUNT)]));
const words = new Words(DOCUMENT, { styles: STYLES, playlists: [{ name: "Odd Ones" }], facets: [traits.get("facet.genres")] });
const library = { count: COUNT, x: tempo.map((_, track) => 100 * track), y: new Array(COUNT).fill(0), trait: (id) => traits.get(id) ?? null, tracksOfPlaylist: () => [1, 3, 5] };
const REFERENCES = { burial: [2], roygbiv: [5, 6] };
const findNames = (tokens, at) => (REFERENCES[tokens[at]] ? { found: { name: tokens[at], tracks: REFERENCES[tokens[at]], isArtist: true }, length: 1 } : null);
const fit = (text) => new Fitter(library, words).fit(describe(text, words, findNames).conditions);

for (const [text, tracks, says] of [
  ["slow", [0, 1, 2, 3], "slow: below 90\u00a0BPM, your slow third"],
  ["fast", [10, 9, 8, 7], "fast: above 130\u00a0BPM, your fast third"],
  ["very slow", [0, 1], "very slow: below 70\u00a0BPM, your slow seventh"],
  ["not slow", [5, 6, 7, 8, 9, 10, 4], "not slow: all but below 90\u00a0BPM, your slow third"],
  ["techno", [0, 1, 4, 5, 2, 3], "techno: 6 tracks, as techno, dub techno"],
  ["dub techno", [4, 5], "dub techno: 2 tracks"],
  ["not techno", [6, 7, 8, 9, 10, 11], null],
  ["techno, slow", [0, 1, 2, 3], null],
  ["dub techno or fast", null, null],
  ["zeuhl", [10, 11], "zeuhl: 2 tracks"],
  ["odd ones", [1, 3, 5], "odd ones: the playlist, 3 tracks"],
  ["odd ones, not slow", [5], null],
  ["100 bpm", [4], "100 BPM: 1 track"],
  ["over 140 bpm", [8, 9, 10], null],
  ["90s", [2, 3, 4, 5, 6, 7, 8, 9, 10, 11], "1990s: 10 tracks"],
  ["before 1991", [1, 2], null],
  ["not 90s", [1], null],
  ["minor", [1, 3, 5, 7, 9, 11], null],
  ["in A minor", [1, 3, 5, 7, 9, 11], null],
  ["C major", [0, 2, 4, 6, 8, 10], null],
  ["G major", [], null],
  ["like burial", [1, 3], "like burial: the nearest 12 % of the map, without burial"],
  ["like roygbiv but faster", [7], null],
  ["slower than burial", [0, 1], "slower than burial: below 80\u00a0BPM, the middle of burial"],
  ["by burial", [2], null],
  ["long", [], "long: not known on this map"],
]) {
  test(`matches of “${text}”`, () => {
    const found = fit(text);
    if (tracks) assert.deepEqual(found.tracks, tracks);
    if (says) assert.equal(found.says[0], says);
  });
}

const voice = [2, 10, 30, 49, 51, 60, 70, 80, 90, 95, 99, null];
const sung = createTrait({ id: "feature.voice", label: "Voice", unit: "%", family: "Sound", source: "details" }, [{ ...documents[0], features: { voice } }], COUNT);
const withVoice = Object.assign({}, library, { trait: (id) => (id === "feature.voice" ? sung : library.trait(id)) });
for (const [text, tracks, says] of [
  ["instrumental", [0, 1, 2, 3], "instrumental: below 50\u00a0%"],
  ["vocal", [10, 9, 8, 7, 6, 5, 4], "vocal: above 50\u00a0%"],
  ["not vocal", [0, 1, 2, 3], null],
]) {
  test(`“${text}” is a half of what a head tells, not a third of the library`, () => {
    const found = new Fitter(withVoice, words).fit(describe(text, words, findNames).conditions);
    assert.deepEqual(found.tracks, tracks);
    if (says) assert.equal(found.says[0], says);
  });
}

test("words for features that a map lacks fall back to their definition", () => {
  assert.match(fit("for dancing").says[0], /interpreted as steady$/);
  assert.match(fit("instrumental").says[0], /interpreted as not vocal$/);
});

test("the worse of two conditions decides", () => {
  const { fits } = fit("slow, techno");
  const [slow, techno] = [fit("slow").fits, fit("techno").fits];
  for (let track = 0; track < COUNT; track++) assert.equal(fits[track], Math.min(slow[track], techno[track]));
});

test("the better of two alternatives decides", () => {
  const { fits } = fit("dub techno or fast");
  const [dub, fast] = [fit("dub techno").fits, fit("fast").fits];
  for (let track = 0; track < COUNT; track++) assert.equal(fits[track], Math.max(dub[track], fast[track]));
});

test("unknown values match neither a condition nor its negation", () => {
  assert.equal(fit("slow").fits[11], 0);
  assert.ok(!fit("not slow").tracks.includes(11));
});

test("near matches come after matches; without any match, the best ones are listed", () => {
  assert.deepEqual(fit("slow").almost, [4]);
  const { tracks, almost } = fit("very slow, fast");
  assert.deepEqual(tracks, []);
  assert.ok(almost.length > 0);
});

test("an unknown style falls back to its definition, but its negation excludes nothing", () => {
  assert.match(fit("drum and bass").says[0], /^drum and bass: not a tag on this map; interpreted as electronic, driving, 160-180 bpm$/);
  assert.equal(fit("not drum and bass").tracks.length, COUNT);
});

test("cached results are not used for other conditions or operators", () => {
  const fitter = new Fitter(library, words);
  const texts = ["slow", "slow, major", "dub techno, fast", "dub techno or fast", "slow", "not slow", "slow"];
  for (const text of texts) assert.deepEqual(fitter.fit(describe(text, words, findNames).conditions), fit(text), text);
});

test("earlier searches do not affect results", () => {
  const fitter = new Fitter(library, words);
  const ranked = (text) => fitter.fit(describe(text, words, findNames).conditions).tracks;
  for (const texts of [["after 1990", "since 1990"], ["3-5 min", "3.5 min"], ["since 1990", "after 1990"]]) {
    for (const text of texts) assert.deepEqual(ranked(text), fit(text).tracks, text);
  }
});

test("since a decade includes the decade", () => {
  for (const text of ["since the 90s", "since the 1990s", "since 90s"]) assert.deepEqual(fit(text).tracks, fit("since 1990").tracks, text);
  assert.notDeepEqual(fit("after 1990").tracks, fit("since 1990").tracks);
});

test("without known values, there are no near matches", () => {
  const knowsNothing = Object.assign({}, library, { trait: () => null });
  const nothing = new Fitter(knowsNothing, words).fit(describe("slow, not zeuhl", words, findNames).conditions);
  assert.deepEqual([nothing.tracks, nothing.almost], [[], []]);
});
