import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { test } from "node:test";

const VIEWER = new URL("../../site_template/viewer/", import.meta.url);
/** Each folder imports from itself and from those before it; types come from anywhere. */
const FOLDERS = ["data", "state", "ui", "map", "panels"];

for (const [rank, folder] of FOLDERS.entries()) {
  test(`modules of ${folder}/ import only from ${FOLDERS.slice(0, rank + 1).join(", ")}`, async () => {
    const names = await readdir(new URL(`${folder}/`, VIEWER));
    assert.ok(names.length > 3);
    for (const name of names) {
      const source = await readFile(new URL(`${folder}/${name}`, VIEWER), "utf8");
      for (const [, from] of source.matchAll(/^import [^"]* from "\.\.\/([^/"]+)/gm)) {
        assert.ok(FOLDERS.slice(0, rank).includes(from), `${folder}/${name} imports from ${from}`);
      }
    }
  });
}
