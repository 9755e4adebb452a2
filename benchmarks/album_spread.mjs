/**
 * node benchmarks/album_spread.mjs SITE...: prints the page's categories of albums of built sites, and the figures behind them.
 *
 * For each album of three tracks or more, it prints the spread of its tracks relative to random tracks, and then the number of albums
 * in each category.
 */
import { readFile } from "node:fs/promises";
import { collectionsOf } from "../site_template/viewer/data/collection_index.js";
import { decodeMap, decodeText } from "../site_template/viewer/data/decode.js";
import { tracksNamed } from "../site_template/viewer/data/named.js";
import { FEWEST, spreadOf } from "../site_template/viewer/data/spread.js";

for (const site of process.argv.slice(2)) {
  const page = await readFile(`${site}/index.html`, "utf8");
  const folder = `${site}/data/${/data-generation="([0-9a-f]+)"/.exec(page)?.[1]}`;
  const read = async (name) => JSON.parse(await readFile(`${folder}/${name}`, "utf8"));
  const map = decodeMap(await read("map.json"));
  const text = decodeText(await read("text.json"), map.count);
  const albums = collectionsOf(text).filter(({ kind, count }) => kind === "album" && count >= FEWEST);
  const rows = albums.map((album) => ({ ...spreadOf(map, tracksNamed(text, album)), name: album.name, count: album.count }));
  rows.sort((one, other) => one.ratio - other.ratio);
  console.log(`${site}: ${map.count} tracks, ${rows.length} albums`);
  for (const { name, count, ratio, mood } of rows.length > 40 ? [] : rows) console.log(`  ${ratio.toFixed(2)} ${mood.padEnd(4)} ${count} ${name}`);
  const countOf = (wanted) => `${wanted}: ${rows.filter(({ mood }) => mood === wanted).length}`;
  const quartiles = [0, 0.25, 0.5, 0.75, 1].map((share) => rows[Math.round(share * (rows.length - 1))]?.ratio.toFixed(2));
  console.log(`  quartiles ${quartiles.join(" ")}; ${["one", "few", "wide", "all"].map(countOf).join(", ")}`);
}
