/**
 * Measures how often "more of this" gives the same style, and how much "less of that" removes, on a built site of the demo, whose
 * styles are known.
 *
 *   node benchmarks/alchemy.mjs SITE
 */

import { readFile } from "node:fs/promises";
import { mix } from "../site_template/viewer/data/alchemy.js";
import { neighborTable } from "../site_template/viewer/data/decode.js";
import { linkBothWays } from "../site_template/viewer/data/paths.js";

const [site] = process.argv.slice(2);
const page = await readFile(`${site}/index.html`, "utf8");
const folder = `${site}/data/${/data-generation="(\w+)"/.exec(page)?.[1]}`;
const read = async (name) => JSON.parse(await readFile(`${folder}/${name}`, "utf8"));
const finish = (work) => {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
};

const neighbors = await read("neighbors-000.json");
const { style } = (await read("details-000.json")).facets;
const graph = finish(linkBothWays(neighborTable([neighbors], style.length)));
const mixed = (more, less, count) => finish(mix(graph, more, less, { count, accepts: () => true }));
const share = (tracks, ...styles) => tracks.filter((track) => styles.includes(style[track])).length / tracks.length;
const mean = (values) => (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(3);

const tracks = style.map((_, track) => track);
const pairs = tracks.filter((track) => track % 3 === 0).flatMap((one) => tracks.filter((other) => other % 5 === 1 && style[other] !== style[one]).map((other) => [one, other]));
console.log(`of the same style among ten: by more of one ${mean(tracks.map((track) => share(mixed([track], [], 10), style[track])))}`);
console.log(`  among its ten nearest ${mean(tracks.map((track) => share(neighbors.neighbors[track], style[track])))}`);
console.log(`of either style among ten, by more of two: ${mean(pairs.map(([one, other]) => share(mixed([one, other], [], 10), style[one], style[other])))}`);
console.log(`of the style of one among twenty, by more of another: ${mean(pairs.map(([one, other]) => share(mixed([one], [], 20), style[other])))}`);
console.log(`  and less of the one: ${mean(pairs.map(([one, other]) => share(mixed([one], [other], 20), style[other])))}`);
