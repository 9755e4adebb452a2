import assert from "node:assert/strict";
import { test } from "node:test";
import { isolated, shortened } from "../../site_template/viewer/ui/format.js";
import { addedBy, replayDay, sliderRange } from "../../site_template/viewer/panels/timeline_math.js";
import { playerAddress } from "../../site_template/viewer/data/listen_links.js";
import { cyclic, diverging, sequential } from "../../site_template/viewer/map/ramps.js";
import { visibleRows } from "../../site_template/viewer/ui/row_window.js";

const BACKGROUND = { light: "#f7f6f2", dark: "#10131a" };
const SHARES = Array.from({ length: 21 }, (_, i) => i / 20);

/** @param {string} hex */
function luminance(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const channel = parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
const contrast = (a, b) => (Math.max(luminance(a), luminance(b)) + 0.05) / (Math.min(luminance(a), luminance(b)) + 0.05);

for (const theme of ["light", "dark"]) {
  test(`in the ${theme} theme the contrast of a sequential scale increases with every step`, () => {
    const contrasts = SHARES.map((share) => contrast(sequential(share, theme), BACKGROUND[theme]));
    assert.ok(contrasts.every((value, i) => i === 0 || value > contrasts[i - 1]), contrasts.join(" "));
    assert.ok(contrasts[0] > 1.6);
    assert.ok(contrasts[20] > 8);
  });

  test(`in the ${theme} theme both ends of a diverging scale have more contrast than its middle`, () => {
    const at = (share) => contrast(diverging(share, theme), BACKGROUND[theme]);
    assert.ok(at(0) > 1.4 * at(0.5));
    assert.ok(at(1) > 1.4 * at(0.5));
    assert.notEqual(diverging(0, theme), diverging(1, theme));
  });

  test(`in the ${theme} theme a cyclic scale is closed, and all of its colors are visible`, () => {
    assert.equal(cyclic(0, theme), cyclic(1, theme));
    for (const share of SHARES) assert.ok(contrast(cyclic(share, theme), BACKGROUND[theme]) > 2, cyclic(share, theme));
  });
}

test("tracks added by a day are counted", () => {
  const days = Float32Array.of(1, 2, 2, 5);
  assert.deepEqual([0, 1, 2, 4, 9].map((day) => addedBy(days, day)), [0, 1, 3, 3, 4]);
});

test("a replay runs from the first to the last day, continuously or in steps", () => {
  assert.deepEqual([-1, 0, 0.5, 1, 2].map((share) => replayDay(share, 100, 200, Infinity)), [100, 100, 150, 200, 200]);
  assert.deepEqual([0, 0.2, 0.3, 0.9, 1].map((share) => replayDay(share, 100, 200, 4)), [100, 100, 125, 175, 200]);
});

test("only visible rows of a long list and a few more are rendered", () => {
  assert.deepEqual(visibleRows(0, 480, 48, 100_000), [0, 14]);
  assert.deepEqual(visibleRows(4800, 480, 48, 100_000), [96, 114]);
  assert.deepEqual(visibleRows(4800, 480, 48, 3), [3, 3]);
});

test("names are shortened between characters", () => {
  assert.equal(shortened("🎷🎷🎷🎷", 3), "🎷🎷…");
  assert.equal(shortened("🎷🎷", 3), "🎷🎷");
  assert.equal(shortened("short", 5), "short");
});

test("the writing direction of a name is isolated", () => {
  assert.equal(isolated("\u202eabc"), "\u2068\u202eabc\u2069");
});

test("the player uses YouTube's no-cookie domain and only valid ids", () => {
  assert.match(playerAddress("v0000000000"), /^https:\/\/www\.youtube-nocookie\.com\/embed\/v0000000000\?/);
  assert.equal(playerAddress('"><script>'), "");
});

test("a single wrong date does not stretch the time slider", () => {
  const days = Array.from({ length: 20 }, (_, i) => 18_000 + 30 * i);
  const range = (...more) => sliderRange(Float32Array.from([...days, ...more]).sort());
  assert.deepEqual(range(), [18_000, 18_570]);
  assert.deepEqual(range(0), [18_000, 18_570]);
  assert.deepEqual(range(47_000), [18_000, 18_570]);
  assert.deepEqual(range(0, 47_000), [18_000, 18_570]);
  assert.deepEqual(range(17_500), [17_500, 18_570]);
  assert.deepEqual(sliderRange(Float32Array.of(5)), [5, 5]);
  assert.deepEqual(sliderRange(Float32Array.of(5, 9_000)), [5, 9_000]);
});
