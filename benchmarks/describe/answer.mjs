/**
 * Evaluates descriptions like the page, for a built site.
 *
 *   node benchmarks/describe/answer.mjs SITE < QUESTIONS > ANSWERS
 *
 * QUESTIONS: {"phrases": [...], "without": [facets to hide]}. ANSWERS: for each phrase, its conditions, the words that were not
 * understood, and the ids of the tracks that fit, best first.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { decodeMap, decodeText, unpackDetails } from "../../site_template/viewer/data/decode.js";
import { SearchIndex } from "../../site_template/viewer/data/search.js";
import { finished } from "../../site_template/viewer/data/work.js";
import { Describer } from "../../site_template/viewer/state/describer.js";

const [site] = process.argv.slice(2);
const { phrases, without } = JSON.parse(await textOf(process.stdin));
const [, generation] = /data-generation="(\w+)"/.exec(await readFile(join(site, "index.html"), "utf8"));
const read = async (name) => JSON.parse(await readFile(join(site, "data", generation, name), "utf8"));
const map = decodeMap(await read("map.json"));
map.columns.facets = map.columns.facets.filter((name) => !without.includes(name));
const text = decodeText(await read("text.json"), map.count);
const documents = [];
for (const name of map.files.details) documents.push(unpackDetails(await read(name)));
const ids = documents.flatMap((document) => document.ids);

const index = new SearchIndex(text);
while (!index.isComplete) index.grow(map.count);
const describer = new Describer({ map, details: { readAll: async () => documents }, readWords: () => read(map.files.words) });
describer.setNames(index, text);
await describer.load(() => {});
const answers = phrases.map((phrase) => {
  const { conditions, unknown } = describer.read(phrase);
  const { tracks, almost, says } = conditions.length > 0 ? finished(describer.fitting({ conditions, unknown })) : { tracks: [], almost: [], says: [] };
  return { says, unknown, fitting: tracks.length, ids: [...tracks, ...almost].map((track) => ids[track]) };
});
process.stdout.write(JSON.stringify(answers));
