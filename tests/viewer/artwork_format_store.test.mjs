import assert from "node:assert/strict";
import { test } from "node:test";
import { hashText } from "../../site_template/viewer/data/hash.js";
import { placeholderArt } from "../../site_template/viewer/ui/artwork.js";
import { formatDuration, shortened, tracksText } from "../../site_template/viewer/ui/format.js";
import { createStore } from "../../site_template/viewer/state/store.js";

test("placeholder art is the same for the same text and differs for near-equal ones", () => {
  assert.equal(placeholderArt("Halo"), placeholderArt("Halo"));
  const arts = new Set(Array.from({ length: 200 }, (_, i) => placeholderArt(`Track ${i}`)));
  assert.equal(arts.size, 200);
});

test("placeholder art never contains its text", () => {
  assert.doesNotMatch(decodeURIComponent(placeholderArt('"><script>alert(1)</script>')), /script|alert/);
});

test("hashes use 32 bits", () => {
  const hashes = Array.from({ length: 64 }, (_, i) => hashText(String(i)));
  assert.ok(hashes.some((hash) => hash > 2 ** 31) && hashes.some((hash) => hash < 2 ** 31));
  assert.equal(new Set(hashes).size, 64);
});

for (const [duration_ms, text] of [[0, "0:00"], [65_400, "1:05"], [599_600, "10:00"], [3_729_000, "1:02:09"]]) {
  test(`${duration_ms} ms reads ${text}`, () => assert.equal(formatDuration(duration_ms), text));
}

test("one track is singular", () => {
  assert.deepEqual([1, 0, 12345].map(tracksText), ["1 track", "0 tracks", "12,345 tracks"]);
});

test("a store notifies listeners once per change and only of their keys", () => {
  const store = createStore({ a: 1, b: 1 });
  const calls = [];
  store.subscribe(["a"], (state, changed) => calls.push([state.a, [...changed]]));
  store.set({ b: 2 });
  store.set({ a: 1 });
  store.set({ a: 3, b: 4 });
  assert.deepEqual(calls, [[3, ["a", "b"]]]);
  assert.throws(() => {
    store.get().a = 9;
  }, TypeError);
});

test("shortening never splits a grapheme", () => {
  const family = "👩‍👩‍👧‍👦";
  assert.equal(shortened(`${family}${family} live`, 2), `${family}…`);
  assert.equal(shortened(`e\u0301te\u0301 en pente`, 3), "e\u0301t…");
});
