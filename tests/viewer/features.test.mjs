import assert from "node:assert/strict";
import { test } from "node:test";
import { featureBars } from "../../site_template/viewer/data/features.js";

for (const [feature, bar] of [
  [{ name: "tempo", unit: "BPM", value: 120.4 }, { label: "Tempo", text: "120\u00a0BPM", share: 0.503 }],
  [{ name: "tempo", unit: "BPM", value: 300 }, { label: "Tempo", text: "300\u00a0BPM", share: 1 }],
  [{ name: "loudness", unit: "LUFS", value: -20.04 }, { label: "Loudness", text: "−20\u00a0LUFS", share: 0.498 }],
  [{ name: "danceability", unit: "%", value: 51.3 }, { label: "Danceability", text: "51\u00a0%", share: 0.513 }],
]) {
  test(`${feature.name} of ${feature.value} reads "${bar.label} ${bar.text}"`, () => {
    const [found] = featureBars([feature]);
    assert.deepEqual({ ...found, share: Number(found.share.toFixed(3)) }, bar);
  });
}

for (const [key, mode, text] of [
  [0, 1, "C major"],
  [9, 0, "A minor"],
  [11, 1, "B major"],
]) {
  test(`key ${key} with mode ${mode} is ${text}`, () => {
    const features = [
      { name: "key", unit: "pitch class", value: key },
      { name: "mode", unit: "", value: mode },
    ];
    assert.deepEqual(featureBars(features), [{ label: "Key", text, share: null }]);
  });
}

test("internal features are not shown", () => {
  assert.deepEqual(featureBars([{ name: "noisiness", unit: "", value: 0.1 }]), []);
});

test("a track without features has no bars", () => {
  assert.deepEqual(featureBars([]), []);
});
