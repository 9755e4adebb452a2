import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { changed, describe } from "../../site_template/viewer/data/describe.js";
import { createNameFinder } from "../../site_template/viewer/data/name_finder.js";
import { SearchIndex } from "../../site_template/viewer/data/search.js";
import { withWordsOf } from "../../site_template/viewer/data/words_in.js";
import { Words } from "../../site_template/viewer/data/words.js";

const DOCUMENT = JSON.parse(await readFile(new URL("../../site_template/words.json", import.meta.url), "utf8"));
const GENRES = { id: "facet.genres", categories: [{ name: "Zeuhl", count: 3 }, { name: "Witch House", count: 2 }] };
const WORDS = new Words(DOCUMENT, { styles: ["dub techno", "rock", "80s"], playlists: [{ name: "Kitchen Dancing ☕" }], facets: [GENRES] });
const TRACKS = [["Slow Burn", ["Roygbiv"]], ["Air", ["Low"]], ["One", ["The Long Road", "Burial"]], ["Where the Map Ends", ["Air"]]];
const TEXT = { titles: TRACKS.map(([title]) => title), artistsOf: (track) => TRACKS[track][1], albumOf: () => "" };
const index = new SearchIndex(TEXT);
index.grow(TRACKS.length);
const NAMES = createNameFinder(index, TEXT, [{ name: "Night Drive", tracks: () => [0, 2] }]);

/** The vocabulary with German or Spanish words. */
async function wordsIn(language) {
  const others = JSON.parse(await readFile(new URL(`../../site_template/words.${language}.json`, import.meta.url), "utf8"));
  return new Words(withWordsOf(DOCUMENT, others), { styles: ["rock"], playlists: [{ name: "Ruhige Abende" }], facets: [] });
}

const read = (text) => describe(text, WORDS, NAMES);
const labelOf = ({ meaning, label, negated, isOr }) => {
  const than = meaning.type === "word" && meaning.than && !label.includes(" than ") ? ` (than ${meaning.than.name})` : "";
  return `${isOr ? "or " : ""}${negated ? "not " : ""}${label}${than}`;
};

for (const [text, expected, unknown = []] of [
  ["slow dark techno 90s, not vocal", ["slow", "dark", "techno", "1990s", "not vocal"]],
  ["like Roygbiv but faster", ["like Roygbiv", "faster (than Roygbiv)"]],
  ["Darker than Burial", ["Darker than Burial"]],
  ["no vocals", ["not vocals"]],
  ["without drums or voices", ["not drums", "not voices"]],
  ["-vocal loud", ["not vocal", "loud"]],
  ["not too loud", ["not loud"]],
  ["isn't fast", ["not fast"]],
  ["drum & bass", ["drum & bass"]],
  ["R&B", ["R&B"]],
  ["hip-hop", ["hip-hop"]],
  ["techno or house", ["techno", "or house"]],
  ["very slow", ["very slow"]],
  ["8 bit", ["8 bit"]],
  ["dub techno", ["dub techno"]],
  ["witch house", ["witch house"]],
  ["zeuhl", ["zeuhl"]],
  ["kitchen dancing but slow", ["kitchen dancing", "slow"]],
  ["something like Night Drive", ["like Night Drive"]],
  ["120 bpm", ["120 BPM"]],
  ["120bpm", ["120 BPM"]],
  ["between 128 and 132 bpm", ["128 to 132 BPM"]],
  ["over 140 bpm", ["over 140 BPM"]],
  ["faster than 140 bpm", ["over 140 BPM"]],
  ["slower than 90", ["under 90 BPM"]],
  ["1994", ["1994"]],
  ["1990-1995", ["1990 to 1995"]],
  ["from 1990 to 1995", ["1990 to 1995"]],
  ["before 1980", ["before 1980"]],
  ["since the 90s", ["since 1990s"]],
  ["around 2003", ["around 2003"]],
  ["late 80s", ["late 1980s"]],
  ["early 2000s", ["early 2000s"]],
  ["the nineties", ["1990s"]],
  ["under 3 minutes", ["under 3 minutes long"]],
  ["in A minor", ["A minor"]],
  ["in a minor key", ["in a minor key"]],
  ["f#m", ["F♯ minor"]],
  ["E flat major", ["E♭ major"]],
  ["major", ["major"]],
  ["by Air", ["by Air"]],
  ["slow Burial", ["slow", "by Burial"]],
  ["by long road", ["by The Long Road"]],
  ["slow tekkno", ["slow"], ["tekkno"]],
  ["slow tech", ["slow"]],
  ["where the map ends", [], ["where", "map", "ends"]],
  ["anything but metal", ["not metal"]],
  ["jazz instead of rock", ["jazz", "not rock"]],
  ["not so happy", ["not happy"]],
  ["not very slow", ["not slow"]],
  ["slow-ish jazz", ["slow", "jazz"]],
  ["loudest songs", ["loudest"]],
  ["most energetic", ["most energetic"]],
  ["like Roygbiv but less dark", ["like Roygbiv", "not dark (than Roygbiv)"]],
  ["like Roygbiv but more dark", ["like Roygbiv", "dark (than Roygbiv)"]],
  ["like Roygbiv and Burial", ["like Roygbiv", "or like Burial"]],
  ["not like Roygbiv or Burial", ["not like Roygbiv", "not like Burial"]],
  ["like daft punk but faster", ["faster"], ["daft punk"]],
  ["something like jazz", ["jazz"]],
  ["70s and 80s rock", ["1970s", "or 1980s", "rock"]],
  ["70s to 90s", ["1970s to 1990s"]],
  ["70s-90s", ["1970s to 1990s"]],
  ["between the seventies and the nineties", ["1970s to 1990s"]],
  ["after 1990 before 2000", ["after 1990", "before 2000"]],
  ["140+ bpm", ["over 140 BPM"]],
  ["> 140 bpm", ["over 140 BPM"]],
  ["<100bpm", ["under 100 BPM"]],
  ["~125bpm", ["around 125 BPM"]],
  ["more than 120 bpm", ["over 120 BPM"]],
  ["120 beats per minute", ["120 BPM"]],
  ["tempo of 120", ["120 BPM"]],
  ["2010+", ["since 2010"]],
  ["10+ minutes", ["over 10 minutes long"]],
  ["Dm or Am", ["D minor", "or A minor"]],
  ["Bb minor", ["B♭ minor"]],
  ["Ebm", ["E♭ minor"]],
  ["C major and A minor", ["C major", "or A minor"]],
  ["", []],
  ["the, and – !", []],
]) {
  test(`conditions of “${text}”`, () => {
    const { conditions, unknown: strange } = read(text);
    assert.deepEqual(conditions.map(labelOf), expected);
    assert.deepEqual(strange, unknown);
  });
}

for (const [text, place, change, expected] of [
  ["slow dark techno", 1, "remove", "slow techno"],
  ["slow, dark, techno", 0, "remove", "dark, techno"],
  ["slow, not vocal", 1, "remove", "slow"],
  ["slow and dark", 1, "remove", "slow"],
  ["not slow dark or jazz", 1, "remove", "not slow jazz"],
  ["dark or jazz, slow", 1, "remove", "dark, slow"],
  ["slow dark", 1, "negate", "slow not dark"],
  ["slow, without vocals", 1, "negate", "slow, vocals"],
  ["-vocal loud", 0, "negate", "vocal loud"],
  ["like Roygbiv but faster", 0, "remove", "faster"],
  ["like Roygbiv but faster", 0, "negate", "not like Roygbiv but faster"],
  ["not like Roygbiv", 0, "negate", "like Roygbiv"],
  ["techno before 1980", 1, "remove", "techno"],
  ["very slow", 0, "negate", "not very slow"],
]) {
  test(`“${text}” with one condition changed`, () => {
    const { conditions } = read(text);
    assert.equal(changed(text, conditions[place], change), expected);
    if (change === "negate") assert.notEqual(read(expected).conditions[place].negated, conditions[place].negated);
  });
}

for (const [name, { is }] of Object.entries(DOCUMENT.words)) {
  if (!is) continue;
  test(`the definition of “${name}” is understood`, () => {
    const { conditions, unknown } = describe(is, WORDS, () => null);
    assert.ok(conditions.length > 0);
    assert.deepEqual(unknown, []);
    assert.ok(conditions.every(({ meaning }) => meaning.word?.name !== name), "the definition is not circular");
  });
}

test("definitions of words are not circular", () => {
  const parts = (name) => (DOCUMENT.words[name]?.is ? describe(DOCUMENT.words[name].is, WORDS, () => null).conditions.flatMap(({ meaning }) => meaning.word?.name ?? []) : []);
  const leadsTo = (name, seen) => parts(name).every((part) => !seen.includes(part) && leadsTo(part, [...seen, part]));
  for (const name of Object.keys(DOCUMENT.words)) assert.ok(leadsTo(name, [name]), name);
});

const meant = ({ meaning, label, negated, isOr }) => {
  const { word, than, trait, low, high } = meaning;
  const what = meaning.type === "word" ? word.name + (word.compares ? "+" : "") : meaning.type === "range" ? `${trait} ${low}..${high}` : label;
  return `${isOr ? "or " : ""}${negated ? "not " : ""}${what}${than ? ` than ${than.name}` : ""}`;
};

for (const [language, text, expected, unknown = []] of [
  ["de", "langsame dunkle Musik ohne Gesang", ["slow", "dark", "not vocal"]],
  ["de", "wie Roygbiv, aber schneller", ["like Roygbiv", "fast+ than Roygbiv"]],
  ["de", "lauter als Burial", ["loud+ than Burial"]],
  ["de", "schneller als 120 bpm", ["feature.tempo 120..Infinity"]],
  ["de", "ruhige Klaviermusik aus den 80er Jahren", ["calm", "piano", "year 1980..1989"]],
  ["de", "Ende der 70er oder Anfang der 90er", ["year 1976..1979", "or year 1990..1993"]],
  ["de", "1990 bis 1995", ["year 1990..1995"]],
  ["de", "bis 1980", ["year -Infinity..1979"]],
  ["de", "unter 3 Minuten, in c-Moll", ["duration_ms -Infinity..3", "C minor"]],
  ["de", "nicht zu laut und weniger traurig", ["not loud", "not sad+"]],
  ["de", "Ruhige Abende", ["Ruhige Abende"]],
  ["de", "slow dark jazz", ["slow", "dark", "jazz"]],
  ["de", "langsam und frabjös", ["slow"], ["frabjös"]],
  ["es", "música lenta y oscura sin voz", ["slow", "dark", "not vocal"]],
  ["es", "como Roygbiv pero más rápido", ["like Roygbiv", "fast+ than Roygbiv"]],
  ["es", "más oscura que Burial", ["dark+ than Burial"]],
  ["es", "piano tranquilo de finales de los años 80", ["piano", "calm", "year 1986..1989"]],
  ["es", "entre 120 y 130 bpm", ["feature.tempo 120..130"]],
  ["es", "canciones tristes con voz femenina", ["sad", "female voice"]],
  ["es", "menos de 3 minutos, algo que no sea triste", ["duration_ms -Infinity..3", "not sad"]],
]) {
  test(`${language}: “${text}”`, async () => {
    const description = describe(text, await wordsIn(language), NAMES);
    assert.deepEqual(description.conditions.map(meant), expected);
    assert.deepEqual(description.unknown, unknown);
  });
}
