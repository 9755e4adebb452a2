import assert from "node:assert/strict";
import { test } from "node:test";
import { wordsOf } from "../../site_template/viewer/panels/style_words.js";

const STYLES = ["dub techno", "IDM", "instrumental", "folk"];

for (const [name, expected] of [
  ["Dub techno, IDM – deep, instrumental", ["DUB TECHNO", "IDM", "deep", "INSTRUMENTAL"]],
  ["Folk – slow (The Folk Band)", ["FOLK", "slow"]],
  ["Bright, instrumental 2", ["bright", "INSTRUMENTAL"]],
  ["", []],
]) {
  test(`the words of “${name}”`, () => assert.deepEqual(wordsOf(name, STYLES).map(({ word, isStyle }) => (isStyle ? word.toUpperCase() : word)), expected));
}
