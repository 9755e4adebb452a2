import assert from "node:assert/strict";
import { test } from "node:test";
import { finished } from "../../site_template/viewer/data/work.js";
import { drawMap } from "../../site_template/viewer/map/drawing.js";

const theme = { name: "light", background: "#ffffff", noise: "#999999", text: "#111111", muted: "#666666", accent: "#0000ff" };
const area = { left: 300, top: 0, right: 1200, bottom: 800 };
const name = (text, x = 500, y = 400) => ({ text, x, y, width: 40, weight: "600", size: 14, tracking: 0, color: "#111111", haloWidth: 4 });
const dots = (places, more = {}) => ({ color: "#0361af", opacity: 1, radius: 5, outline: 0.9, places, ...more });
const draw = (changes = {}) =>
  finished(drawMap({ title: "Music", note: "3 tracks", scene: scene({}), key: { ...KEY }, area, theme, ...changes }));
const scene = (more) => ({ boundaries: [], dots: [], covers: "", names: [], marks: "", ...more });
const KEY = { rows: [], scale: null, sizes: null };

test("few points are circles at their positions, grouped by style", () => {
  const { svg, width } = draw({ scene: scene({ dots: [dots([400, 100.04, 700, 200]), dots([298, 50, 100, 100], { color: "#773a00", opacity: 0.2, outline: 0 })] }) });
  assert.equal(width, 900);
  assert.match(svg, /<g fill="#0361af" stroke="#ffffff" stroke-width="0.9"><circle cx="400" cy="100" r="5"\/><circle cx="700" cy="200" r="5"\/><\/g>/);
  // The point at the left edge is half visible, the other one is under a panel.
  assert.match(svg, /<g fill="#773a00" opacity="0.20"><circle cx="298" cy="50" r="5"\/><\/g>/);
});

test("100,000 points are one compact path per color without accumulated rounding errors", () => {
  const places = Array.from({ length: 200_000 }, (_, i) => (i % 2 ? 10 : 310) + ((i * 7919) % 7800) / 10);
  const { svg } = draw({ scene: scene({ dots: [dots(places)] }) });
  assert.ok(svg.length < 1_600_000, `${svg.length}`);
  assert.equal(svg.match(/<path/g)?.length, 1);
  const path = /<path d="(.*?)"/.exec(svg)?.[1] ?? "";
  let [x, y] = [0, 0];
  for (const [, dx, dy] of path.matchAll(/m(\S+) (\S+?)h0/g)) [x, y] = [x + Number(dx), y + Number(dy)];
  assert.ok(Math.abs(x - places.at(-2)) < 0.06 && Math.abs(y - places.at(-1)) < 0.06, "rounding errors do not accumulate");
});

test("text is escaped", () => {
  const hostile = `<script>"&'\u0007\u001b\u202e\ufffe\ud800</script>`;
  const { svg } = draw({ title: hostile, scene: scene({ names: [name(hostile)] }), key: { ...KEY, rows: [{ color: "#0361af", text: hostile, count: "3" }] } });
  assert.doesNotMatch(svg, /<script|[\u0000-\u0009\u000b-\u001f\u202e\ufffe\ud800]/u);
  assert.equal(svg.match(/&#60;script&#62;&#34;&#38;' {5}&#60;/g)?.length, 5);
});

test("names have a halo, and only visible names are drawn", () => {
  const { svg } = draw({ scene: scene({ names: [name("Jazz"), name("Behind a panel", 200)] }) });
  const texts = [...svg.matchAll(/<text [^>]*>Jazz</g)].map(([text]) => text);
  assert.equal(texts.length, 2);
  assert.match(texts[0], /stroke-width="4"/);
  assert.match(texts[1], /fill="#111111"/);
  assert.doesNotMatch(svg, /Behind/);
});

for (const [width, name, most, lines] of [
  [390, "A style with a very long name, number", 16, 16],
  [390, "Jazz", 16, 8],
  [900, "A style with a very long name, number", 16, 8],
  [900, "Jazz", 40, 8],
]) {
  test(`a legend with too many rows states how many are left out: ${width} pixels, ${name}`, () => {
    const rows = Array.from({ length: 60 }, (_, i) => ({ color: "#0361af", text: `${name} ${i}`, count: "1,234" }));
    const of = (/** @type {typeof rows} */ shown) => draw({ key: { ...KEY, rows: shown }, area: { ...area, right: 300 + width } });
    const { svg, height } = of(rows);
    assert.match(svg, new RegExp(`and ${60 - (most - 1)} more`));
    assert.equal(height - of([]).height, lines * 24);
  });
}

test("the legend of a number has a color scale with both ends", () => {
  const { svg } = draw({ key: { ...KEY, scale: { colors: ["#000000", "#888888"], low: "Year: 1960", high: "2020" } } });
  assert.match(svg, /<rect x="0" width="120.5" height="10" fill="#000000"\/><rect x="120" .*?#888888/);
  assert.match(svg, />Year: 1960<.*>2020</);
});

test("point sizes are below the colors as discs with values that do not overlap", () => {
  const samples = [["1", 2], ["5", 4], ["1,234,567", 16]].map(([text, radius]) => ({ text, radius }));
  const of = (/** @type {any} */ sizes) => draw({ key: { ...KEY, rows: [{ color: "#0361af", text: "Jazz", count: "3" }], sizes } });
  const { svg, height } = of({ label: "Plays", samples });
  assert.equal(height - of(null).height, 12 + 36);
  const key = svg.slice(svg.indexOf(">Plays<"));
  const discs = [...key.matchAll(/<circle cx="([\d.]+)" cy="18" r="(\d+)" fill="#666666"\/><text x="([\d.]+)" [^>]*>([\d,]+)</g)].map(([, x, r, left, text]) => ({ x: Number(x), r: Number(r), left: Number(left), text }));
  assert.deepEqual(discs.map(({ r, text }) => [text, r]), samples.map(({ text, radius }) => [text, radius]));
  discs.forEach(({ x, r, left, text }, place) => {
    assert.ok(left > x + r);
    if (place + 1 < discs.length) assert.ok(left + 6 * text.length < discs[place + 1].x - discs[place + 1].r);
  });
});

test("covers are below names, and marks are on top", () => {
  const { svg } = draw({ scene: scene({ names: [name("Jazz")], covers: "<image/>", marks: "<path/>" }) });
  assert.ok(svg.indexOf("<image/>") < svg.indexOf("Jazz") && svg.lastIndexOf(">Jazz") < svg.indexOf("<path/>"));
});

for (const [label, width] of [["Date added", 390], ["Hinzugefügt am", 390], ["最後に聴いた日", 320]]) {
  test(`the size legend fits the picture: ${label}`, () => {
    const samples = [4, 7, 10].map((radius) => ({ radius, text: "12 Mar 2026" }));
    const { svg, height } = draw({ key: { ...KEY, sizes: { label, samples } }, area: { ...area, right: 300 + width } });
    const discs = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)" r="([\d.]+)"/g)].map(([, ...numbers]) => numbers.map(Number));
    const texts = [...svg.matchAll(/<text x="([\d.]+)" y="([\d.]+)"[^>]*>12 Mar 2026/g)].map(([, ...numbers]) => numbers.map(Number));
    assert.equal(discs.length, 3);
    for (const [x] of texts) assert.ok(x + 7 * "12 Mar 2026".length <= width - 64, `${x}`);
    const letters = /[ぁ-龯]/.test(label) ? 13 : 6;
    const [x, y] = discs[0];
    assert.ok(y > 24 || x - 4 > letters * label.length, "the first disc is beside the label or below it");
    assert.equal(height - draw({ area: { ...area, right: 300 + width } }).height, 24 * new Set(discs.map(([, line]) => line)).size);
  });
}

test("a long note is shortened to fit the picture", () => {
  const { svg } = draw({ note: `3 tracks · ${"A Long Name of an Album ".repeat(9)}`, area: { ...area, right: 690 } });
  const [, note] = /font-size="13">(3 tracks[^<]*)/.exec(svg) ?? [];
  assert.ok(note.length <= 326 / 7, note);
});
