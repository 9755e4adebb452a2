/**
 * Bundles the modules in site_template/viewer/ and the pinned D3 modules into site_template/viewer.bundle.js (one classic script) and the
 * on-demand scripts (ON_DEMAND). Writes the list of included D3 modules and their licenses to site_template/vendor/.
 *
 *   node scripts/build_viewer.mjs           write the files
 *   node scripts/build_viewer.mjs --check   list the files that are not current; exit with 1 if there are any
 *
 * The output is a classic script because browsers refuse ES modules in a page opened from disk. Equal sources give equal bytes: the
 * output does not depend on the machine, the folder or the time.
 */
import { build } from "esbuild";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const ROOT = new URL("../", import.meta.url);
const BANNER = `/*!
 * The viewer of spotmap-build. Made from site_template/viewer/ by scripts/build_viewer.mjs: edit there, then \`npm run build\`.
 * Contains modules of D3, copyright Mike Bostock and others; their licenses follow.
 *
%LICENSES%
 */`;

/** On-demand scripts: entry module and description. @type {Readonly<Record<string, [string, string]>>} */
const ON_DEMAND = {
  describe: ["describing.js", "Descriptions of sound"],
  collections: ["collections.js", "Albums and artists"],
  journeys: ["journeying.js", "Paths and journeys"],
  table: ["tabulating.js", "The table of tracks"],
  listening: ["listening.js", "Listening history, and sizes of points"],
  tools: ["tools.js", "Two people, and alchemy"],
  picture: ["picturing.js", "Saved pictures of the map"],
  translate: ["translating.js", "Languages other than English"],
};

/**
 * @typedef {{name: string, version: string, license: string}} Vendored
 */

/**
 * Escapes what esbuild leaves in regular expressions, so that a script is read correctly whatever charset a host claims.
 *
 * @param {string} script
 */
const inAscii = (script) => script.replace(/[^\x00-\x7f]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** Returns a bundle and the D3 packages in it. @param {string} entry */
async function bundleViewer(entry) {
  const result = await build({
    absWorkingDir: fileURLToPath(ROOT),
    entryPoints: [`site_template/viewer/${entry}`],
    bundle: true,
    format: "iife",
    // Keep private fields: transpiling them makes the script a fifteenth larger, and the style sheet requires newer browsers anyway.
    target: ["es2022"],
    // d3-zoom uses d3-transition only to stop animations; see pan_animation.js.
    alias: { "d3-transition": "./site_template/viewer/map/pan_animation.js" },
    minify: true,
    legalComments: "none",
    metafile: true,
    write: false,
  });
  const names = new Set();
  for (const { inputs } of Object.values(result.metafile.outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
      const match = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
      if (match && bytesInOutput > 0) names.add(match[1]);
    }
  }
  return { script: inAscii(result.outputFiles[0].text), vendored: await Promise.all([...names].sort().map(describePackage)) };
}

/**
 * @param {string} name
 * @returns {Promise<Vendored>}
 */
async function describePackage(name) {
  const folder = new URL(`node_modules/${name}/`, ROOT);
  const manifest = JSON.parse(await readFile(new URL("package.json", folder), "utf8"));
  const license = await readFile(new URL("LICENSE", folder), "utf8");
  return { name, version: manifest.version, license: license.replaceAll("\r\n", "\n").trim() };
}

/**
 * Returns each license text once, under the packages that use it.
 *
 * @param {Vendored[]} vendored
 */
function licenseText(vendored) {
  /** @type {Map<string, string[]>} */
  const holders = new Map();
  for (const { name, version, license } of vendored) {
    holders.set(license, [...(holders.get(license) ?? []), `${name} ${version}`]);
  }
  return [...holders].map(([license, names]) => `${names.join(", ")}\n\n${license}\n`).join(`\n${"-".repeat(78)}\n\n`);
}

/** @param {Vendored[]} vendored */
function readmeText(vendored) {
  const rows = vendored.map(({ name, version }) => `| ${name} | ${version} |`).join("\n");
  return `# Third-party code in the viewer

\`viewer.bundle.js\` contains these modules of [D3](https://d3js.org), pinned in \`package-lock.json\`, unchanged. Their licenses
are in \`d3.LICENSE.txt\` and at the top of the bundle. This file is written by \`npm run build\`.

| module | version |
|---|---|
${rows}
`;
}

/** @returns {Promise<Record<string, string>>} file name below site_template/ -> text */
async function render() {
  const { script, vendored } = await bundleViewer("main.js");
  const others = await Promise.all(
    Object.entries(ON_DEMAND).map(async ([name, [entry, what]]) => {
      const bundle = await bundleViewer(entry);
      return [`${name}.bundle.js`, `/*! ${what}; made from site_template/viewer/${entry} by scripts/build_viewer.mjs. */\n${bundle.script}`];
    }),
  );
  const licenses = licenseText(vendored);
  const comment = licenses.trimEnd().split("\n").map((line) => ` * ${line}`.trimEnd()).join("\n");
  return {
    "viewer.bundle.js": `${BANNER.replace("%LICENSES%", () => comment)}\n${script}`,
    ...Object.fromEntries(others),
    "vendor/d3.LICENSE.txt": licenses,
    "vendor/README.md": readmeText(vendored),
  };
}

const check = process.argv.includes("--check");
const stale = [];
for (const [name, text] of Object.entries(await render())) {
  const file = new URL(`site_template/${name}`, ROOT);
  const current = await readFile(file, "utf8").catch(() => "");
  if (current === text) continue;
  stale.push(name);
  if (!check) await writeFile(file, text);
}
if (check && stale.length > 0) {
  console.error(`not current: ${stale.join(", ")}. Run \`npm run build\` and commit the result.`);
  process.exitCode = 1;
} else {
  console.log(stale.length > 0 ? `written: ${stale.join(", ")}` : "the viewer's bundle is current");
}
