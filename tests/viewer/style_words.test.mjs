import assert from "node:assert/strict";
import { test } from "node:test";
import { wordsOf } from "../../site_template/viewer/panels/style_words.js";

const STYLES = ["dub techno", "IDM", "instrumental", "folk"];

for (const [name, expected] of [
  ["Dub techno, IDM – deep, instrumental", ["dub techno", "IDM", "instrumental"]],
  ["Folk – slow (The Folk Band)", ["folk"]],
  ["Folksy – slow", []],
  ["Instrumental (folk)", ["instrumental", "folk"]],
  ["", []],
]) {
  test(`the styles in “${name}”`, () => assert.deepEqual(wordsOf(name, STYLES), expected));
}
