import assert from "node:assert/strict";
import { test } from "node:test";
import { albumLine, artistContour } from "../../site_template/viewer/map/collection_drawing.js";
import { drawLinks } from "../../site_template/viewer/map/links.js";
import { drawMarks } from "../../site_template/viewer/map/marks_layer.js";
import { Pen } from "../../site_template/viewer/map/pen.js";

const theme = { name: "light", background: "#ffffff", noise: "#999999", text: "#111111", muted: "#666666", accent: "#0000ff" };
const positionOf = (/** @type {number} */ track) => [10 * track, 5 * track];
const written = (/** @type {(pen: any) => void} */ draw) => {
  const pen = new Pen();
  draw(pen);
  return pen.svg;
};

test("a path is written with the current transform and line width", () => {
  const svg = written((pen) => {
    pen.save();
    pen.transform(2, 0, 0, 2, 10, 20);
    Object.assign(pen, { strokeStyle: "#123456", lineWidth: 0.5, globalAlpha: 0.5 });
    pen.beginPath();
    pen.moveTo(1, 2);
    pen.quadraticCurveTo(3, 4, 5, 6);
    pen.closePath();
    pen.stroke();
    pen.restore();
    pen.beginPath();
    pen.lineTo(1, 2);
    pen.lineTo(3, 4);
    pen.fill("evenodd");
  });
  assert.equal(
    svg,
    '<path d="M12 24Q16 28 20 32Z" fill="none" stroke="#123456" stroke-width="1" stroke-linejoin="miter" stroke-linecap="butt" opacity="0.5"/>' +
      '<path d="M1 2L3 4" fill="#000000" fill-rule="evenodd"/>',
  );
});

test("transforms are combined, and restoring includes dashes", () => {
  const svg = written((pen) => {
    pen.transform(2, 0, 0, 2, 10, 0);
    pen.save();
    pen.transform(3, 0, 0, 3, 1, 1);
    pen.setLineDash([2, 5]);
    pen.beginPath();
    pen.moveTo(1, 1);
    pen.lineTo(2, 2);
    pen.stroke();
    pen.restore();
    pen.stroke();
  });
  assert.match(svg, /^<path d="M18 8L24 14" .*stroke-dasharray="12 30"\/><path d="M18 8L24 14" [^>]*stroke-linecap="butt"\/>$/);
});

test("a path without points writes nothing", () => {
  assert.equal(written((pen) => (pen.beginPath(), pen.stroke())), "");
});

test("an album is drawn as a line with stops and numbers as text", () => {
  const svg = written((pen) => albumLine([1, 4, 7], ["1", "2", "<3"])({ context: pen, positionOf, theme, transform: { k: 1, x: 0, y: 0 } }));
  assert.equal(svg.match(/d="M10 5L40 20L70 35"/g)?.length, 2);
  assert.match(svg, /stroke="#0000ff"/);
  assert.deepEqual([...svg.matchAll(/<text [^>]*text-anchor="middle"[^>]*>([^<]*)</g)].map(([, text]) => text), ["1", "2", "&#60;3"]);
});

test("an artist is drawn as an outline with years", () => {
  const positions = { x: [30000, 31000, 32000], y: [30000, 30500, 31000], view: [0, 0, 65535, 65535] };
  const svg = written((pen) => artistContour([0, 1, 2], [1991, null, 2003], positions)({ context: pen, positionOf: (track) => [100 * track, 50], theme, transform: { k: 0.001, x: 0, y: 0 } }));
  const [fill, line] = [...svg.matchAll(/<path [^>]*Q[^>]*>/g)].map(([path]) => path);
  assert.match(fill, /fill="#0000ff" fill-rule="evenodd" opacity="0.1"/);
  assert.match(line, /stroke-width="1.75"/);
  assert.deepEqual([...new Set([...svg.matchAll(/>(\d{4})</g)].map(([, year]) => year))], ["1991", "2003"]);
});

test("hard steps of a path are dashed, and the pinned track has rings", () => {
  const links = { track: 0, neighbors: [{ track: 9, isElsewhere: true }], path: [1, 2, 3], hard: new Set([1]) };
  assert.match(written((pen) => drawLinks(pen, links, positionOf, theme)), /<path d="M20 10L30 15" [^>]*stroke-dasharray="2 5"/);
  const state = { hovered: -1, pinned: 2, pathStart: -1, matches: null, transform: { k: 1, x: 0, y: 0 } };
  const outlineOf = (/** @type {number} */ track) => ({ x: 10 * track, y: 5 * track, radius: 4, corner: 4 });
  const svg = written((pen) => drawMarks(pen, { state, overlay: null, links: null, positionOf, outlineOf, theme }));
  assert.equal(svg.match(/<path d="M20 -?[\d.]+L/g)?.length, 2);
});

test("a cover is embedded as an image; one that cannot be read is left out", () => {
  const place = /** @type {const} */ ([10, 20, 30, 30]);
  assert.equal(written((pen) => pen.drawImage({ toDataURL: () => "data:image/png;base64,AA" }, ...place)), '<image x="10" y="20" width="30" height="30" href="data:image/png;base64,AA"/>');
  const forbidden = { toDataURL: () => { throw new DOMException("tainted", "SecurityError"); } };
  assert.equal(written((pen) => pen.drawImage(forbidden, ...place)), "");
});
