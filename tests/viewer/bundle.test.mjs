import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { test } from "node:test";

const ROOT = new URL("../../", import.meta.url);

test("the committed bundle, licenses and versions are what the sources give", () => {
  const script = fileURLToPath(new URL("scripts/build_viewer.mjs", ROOT));
  // From another folder: the result must not depend on where it is started.
  const { status, stderr } = spawnSync(process.execPath, [script, "--check"], { cwd: "/", encoding: "utf8" });
  assert.equal(status, 0, stderr);
});

test("the bundle is one classic script without source map, eval or markup from strings", async () => {
  const bundle = await readFile(new URL("site_template/viewer.bundle.js", ROOT), "utf8");
  assert.doesNotMatch(bundle, /sourceMappingURL|\beval\(|new Function\(|^\s*(import|export)\s/m);
  for (const name of ["main", "panels/card", "panels/legend", "panels/search_panel", "ui/dom"]) {
    const source = await readFile(new URL(`site_template/viewer/${name}.js`, ROOT), "utf8");
    assert.doesNotMatch(source, /innerHTML|outerHTML|insertAdjacentHTML|document\.write/);
  }
});

test("every script and the style sheet are ASCII, which reads the same in every charset that a host may claim", async () => {
  const names = (await readdir(new URL("site_template/", ROOT))).filter((name) => /\.bundle\.js$|\.css$/.test(name));
  assert.ok(names.includes("viewer.bundle.js") && names.includes("style.css"));
  for (const name of names) assert.doesNotMatch(await readFile(new URL(`site_template/${name}`, ROOT), "utf8"), /[^\x00-\x7f]/);
});

test("the lock file names no registry", async () => {
  assert.doesNotMatch(await readFile(new URL("package-lock.json", ROOT), "utf8"), /"resolved"|https?:\/\/(?!opencollective|github|paulmillr)/);
});
