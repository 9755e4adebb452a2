import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

const ROOT = new URL("../../", import.meta.url);

test("the committed bundle, licenses and versions match the sources", () => {
  const script = fileURLToPath(new URL("scripts/build_viewer.mjs", ROOT));
  // The result must not depend on the working folder.
  const { status, stderr } = spawnSync(process.execPath, [script, "--check"], { cwd: "/", encoding: "utf8" });
  assert.equal(status, 0, stderr);
});

test("the bundle is a classic script without source map, eval or markup from strings", async () => {
  const bundle = await readFile(new URL("site_template/viewer.bundle.js", ROOT), "utf8");
  assert.doesNotMatch(bundle, /sourceMappingURL|\beval\(|new Function\(|^\s*(import|export)\s/m);
  for (const name of ["main", "panels/card", "panels/legend", "panels/search_panel", "ui/dom"]) {
    const source = await readFile(new URL(`site_template/viewer/${name}.js`, ROOT), "utf8");
    assert.doesNotMatch(source, /innerHTML|outerHTML|insertAdjacentHTML|document\.write/);
  }
});

test("scripts and style sheet are ASCII, so that any charset of the host works", async () => {
  const names = (await readdir(new URL("site_template/", ROOT))).filter((name) => /\.bundle\.js$|\.css$/.test(name));
  assert.ok(names.includes("viewer.bundle.js") && names.includes("style.css"));
  for (const name of names) assert.doesNotMatch(await readFile(new URL(`site_template/${name}`, ROOT), "utf8"), /[^\x00-\x7f]/);
});

test("the lock file contains no registry", async () => {
  assert.doesNotMatch(await readFile(new URL("package-lock.json", ROOT), "utf8"), /"resolved"|https?:\/\/(?!opencollective|github|paulmillr)/);
});
