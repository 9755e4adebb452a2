import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { colorOf, oklchToHex, packedPixel } from "../../site_template/viewer/ui/palette.js";

/** Machado, Oliveira and Fernandes 2009, severity 1, on linear sRGB. */
const VISION = {
  normal: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protan: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deutan: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritan: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
};

function linear(hex) {
  return [1, 3, 5].map((i) => {
    const value = parseInt(hex.slice(i, i + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
}
function seen([r, g, b], m) {
  return [0, 3, 6].map((i) => Math.min(1, Math.max(0, m[i] * r + m[i + 1] * g + m[i + 2] * b)));
}
function oklab([r, g, b]) {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}
const luminance = (hex) => linear(hex).reduce((sum, value, i) => sum + value * [0.2126, 0.7152, 0.0722][i], 0);
function contrast(a, b) {
  const [high, low] = [luminance(a), luminance(b)].sort((p, q) => q - p);
  return (high + 0.05) / (low + 0.05);
}

const THEMES_PY = await readFile(new URL("../../spotmap_build/registry/themes.py", import.meta.url), "utf8");
const CSS = await readFile(new URL("../../site_template/style.css", import.meta.url), "utf8");
function property(theme, name) {
  const block = theme === "dark" ? CSS.slice(CSS.indexOf(':root[data-theme="dark"]')) : CSS;
  return new RegExp(`${name}: (#[0-9a-f]{6})`).exec(block)[1];
}

for (const theme of ["light", "dark"]) {
  const base = Array.from({ length: 12 }, (_, i) => colorOf(i, theme));
  for (const [vision, matrix] of Object.entries(VISION)) {
    test(`the twelve ${theme} colors are distinguishable with ${vision} vision`, () => {
      const colors = base.map((hex) => oklab(seen(linear(hex), matrix)));
      for (let i = 0; i < 12; i++) {
        for (let j = 0; j < i; j++) {
          const distance = Math.hypot(...colors[i].map((value, k) => value - colors[j][k]));
          assert.ok(distance > 0.06, `${base[i]} and ${base[j]}: ${distance.toFixed(3)}`);
        }
      }
    });
  }

  test(`the first sixty ${theme} colors differ and have enough contrast with the map's background`, () => {
    const background = property(theme, "--map-background");
    const colors = Array.from({ length: 60 }, (_, i) => colorOf(i, theme));
    assert.equal(new Set(colors).size, 60);
    for (const color of colors) {
      assert.match(color, /^#[0-9a-f]{6}$/);
      assert.ok(contrast(color, background) >= 3, `${color}: ${contrast(color, background).toFixed(2)}`);
    }
  });

  test(`the ${theme} colors have enough contrast with every background that a theme may have`, () => {
    const [name, sign] = theme === "dark" ? ["DARK_TO", 1] : ["LIGHT_FROM", -1];
    const bound = Number(new RegExp(`^${name}: Final = ([0-9.]+)$`, "m").exec(THEMES_PY)[1]);
    const ratios = Array.from({ length: 120 }, (_, i) => ((luminance(colorOf(i, theme)) + 0.05) / (bound + 0.05)) ** sign);
    assert.ok(Math.min(...ratios) >= 3, String(Math.min(...ratios)));
  });

  test(`${theme} text is readable (WCAG AA)`, () => {
    for (const name of ["--text", "--text-muted", "--accent"]) {
      for (const surface of ["--map-background", "--panel-solid"]) {
        const ratio = contrast(property(theme, name), property(theme, surface));
        assert.ok(ratio >= 4.5, `${name} on ${surface}: ${ratio.toFixed(2)}`);
      }
    }
  });
}

test("a color outside sRGB gets a lower chroma", () => {
  assert.match(oklchToHex(0.8, 0.37, 150), /^#[0-9a-f]{6}$/);
  assert.equal(oklchToHex(1, 0, 0), "#ffffff");
});

test("packed pixels have the byte order of ImageData", () => {
  const bytes = new Uint8Array(Int32Array.of(packedPixel("#123456")).buffer);
  assert.deepEqual([...bytes], [0x12, 0x34, 0x56, 0xff]);
});
