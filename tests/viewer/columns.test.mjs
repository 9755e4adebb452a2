import assert from "node:assert/strict";
import { test } from "node:test";
import { unpackIds, unpackNumbers, unpackTexts } from "../../site_template/viewer/data/columns.js";

test("texts of a fixed width are concatenated, others are one per line", () => {
  assert.deepEqual(unpackTexts({ width: 3, text: "onetwo" }), ["one", "two"]);
  assert.deepEqual(unpackTexts({ width: 0, text: "one\n\nthree" }), ["one", "", "three"]);
});

test("ids get their common prefix back unless they are marked as complete", () => {
  assert.deepEqual(unpackIds({ prefix: "spotify:track:", width: 0, text: "4uLU\n=file:a" }), ["spotify:track:4uLU", "file:a"]);
  assert.deepEqual(unpackIds({ prefix: "", width: 0, text: "=a\nb" }), ["=a", "b"]);
});

for (const [what, packed, expected] of [
  ["the middle, one step up, one step down", { middle: 120, step: 0.5, codes: "#%$" }, [120, 120.5, 119.5]],
  ["a space is an unknown value", { middle: 0, step: 1, codes: " #" }, [null, 0]],
  ["sums without floating-point noise", { middle: 0.1, step: 0.1, codes: "'%" }, [0.3, 0.2]],
  ["before and after the backslash, which is left out", { middle: 0, step: 1, codes: "[]" }, [28, -29]],
  ["before and after the control characters", { middle: 0, step: 1, codes: "~\u00a1" }, [45, -46]],
  ["large steps", { middle: 2000, step: 200, codes: "%" }, [2200]],
]) {
  test(`numbers: ${what}`, () => assert.deepEqual(unpackNumbers(packed), expected));
}
