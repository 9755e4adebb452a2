import assert from "node:assert/strict";
import { test } from "node:test";
import { summarizeShared, keptText, findDistant } from "../../site_template/viewer/panels/neighbor_distance.js";
import { inSlices } from "../../site_template/viewer/ui/slices.js";

for (const [name, distances, expected] of [
  ["a stray among near ones is", [10, 12, 400], [false, false, true]],
  ["a track near by the scale of the map is not, however close the others are", [1, 1, 1, 45], [false, false, false, false]],
  ["if all are scattered, all are", [300, 500, 700], [true, true, true]],
  ["if all are equally far, none is", [60, 80, 100], [false, false, false]],
  ["of no tracks, none is", [], []],
]) {
  test(`distant on the map: ${name}`, () => {
    assert.deepEqual(findDistant(distances, 1000), expected);
  });
}

test("the share of neighbors nearby is given in tenths", () => {
  assert.deepEqual(
    [0, 4, 72, 100].map(keptText),
    ["None", "None", "About 7 in 10", "All"].map((share) => `${share} are near it on the map.`),
  );
});

for (const [shared, words] of [
  ["both quiet (−22 LUFS and −22 LUFS); both drifting (0.2 and 0.0); both ambient (42% and 33%)", "both quiet, drifting and ambient"],
  ["both jazz (19% and 37%)", "both jazz"],
  ["both even (0 LU and 0 LU); tempo 76 and 77 BPM; both in E major", "both even; tempo 76 and 77 BPM; both in E major"],
  ["relative keys, A minor and C major", "relative keys, A minor and C major"],
  ["", ""],
]) {
  test(`shared properties are summarized: ${words}`, () => assert.equal(summarizeShared(shared), words));
}

test("long work yields to timers and can be cancelled", async () => {
  function* slow() {
    for (let step = 0; step < 12; step++, yield) {
      for (const end_ms = performance.now() + 5; performance.now() < end_ms; );
    }
    return "done";
  }
  let gaps = 0;
  const timer = setInterval(() => gaps++, 1);
  assert.equal(await inSlices(slow()), "done");
  clearInterval(timer);
  assert.ok(gaps >= 2, `${gaps} gaps`);
  let asked = 0;
  assert.equal(await inSlices(slow(), () => ++asked > 1), null);
});
