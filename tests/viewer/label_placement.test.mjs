import assert from "node:assert/strict";
import { test } from "node:test";
import { anchorsAmong, anchorsOf, areaOf, besidePoint, fitTitles, keepInside, LABEL_MARGIN, placeLabels } from "../../site_template/viewer/map/label_placement.js";

const candidate = (group, ...anchors) => ({ group, width: 100, height: 20, anchors });

function overlap(a, b, scale) {
  return (
    Math.abs((a.x - b.x) * scale + a.dx - b.dx) < (a.width + b.width) / 2 - 1e-6 &&
    Math.abs((a.y - b.y) * scale + a.dy - b.dy) < (a.height + b.height) / 2 - 1e-6
  );
}

test("the strongest label is always shown", () => {
  assert.equal(placeLabels([candidate(0, [5, 5]), candidate(1, [5, 6])], 1)[0].minScale, 0);
});

test("a weaker label is shown from the scale at which it does not overlap a stronger one", () => {
  const [, weaker] = placeLabels([candidate(0, [0, 0]), candidate(1, [10, 0])], 1);
  assert.equal(weaker.minScale, 10);
});

test("a label uses another anchor if it can be shown at a smaller scale there", () => {
  const [, weaker] = placeLabels([candidate(0, [0, 0]), candidate(1, [1, 0], [0, 50])], 1);
  assert.deepEqual([weaker.x, weaker.y], [0, 50]);
});

test("labels at the same position are never shown together", () => {
  assert.equal(placeLabels([candidate(0, [3, 3]), candidate(1, [3, 3])], 1)[1].minScale, Infinity);
});

test("shown labels never overlap, and none disappears while zooming in", () => {
  const candidates = Array.from({ length: 60 }, (_, i) => candidate(i, [(i * 397) % 1024, (i * 731) % 1024, (i % 3) - 1, i % 3 === 1 ? (i % 2) * 2 - 1 : 0]));
  const labels = placeLabels(candidates, 0.5);
  let before = 0;
  for (const scale of [0.2, 0.5, 1, 2, 4, 8, 30]) {
    const shown = labels.filter(({ minScale }) => minScale <= scale);
    assert.ok(shown.length >= before);
    before = shown.length;
    shown.forEach((a, i) => shown.slice(i + 1).forEach((b) => assert.ok(!overlap(a, b, scale))));
  }
  assert.ok(before > 50);
});

test("a label is at the first position that is in the view of the whole map", () => {
  const anchors = [[100, 0, -1], [100, 50, 1]];
  const misplacedShare = ({ y, dy }) => (y + dy < 0 ? 1 : 0);
  const place = (tracksIn) => placeLabels([{ ...candidate(0, ...anchors), count: 10 }], 1, tracksIn, 0, misplacedShare)[0].y;
  assert.equal(place(), 50);
  assert.equal(place((x0, y0) => (y0 > 0 ? 1 : 0)), 50, "it may hide one of ten tracks there");
  assert.equal(place((x0, y0) => (y0 > 0 ? 5 : 0)), 0, "it must not hide five of ten");
});

test("a label is where the least of it lies over another group", () => {
  const shares = new Map([[0, 0.6], [50, 0.2], [90, 1]]);
  const anchors = [...shares.keys()].map((y) => [100, y]);
  const place = (tracksIn) => placeLabels([{ ...candidate(0, ...anchors), count: 10 }], 1, tracksIn, 0, ({ y }) => shares.get(y))[0].y;
  assert.equal(place(), 50);
  assert.equal(place((x0, y0) => (y0 > 30 && y0 < 60 ? 3 : 0)), 0, "it must not hide three of ten tracks there");
});

test("a position of the plane is tested against rings in map units", () => {
  const square = [[100, 100], [200, 100], [200, 200], [100, 200]].flatMap(([x, y]) => [64 * x, 65_535 - 64 * y]);
  assert.ok(areaOf([square])(150, 150));
  assert.ok(!areaOf([square])(250, 150));
  assert.ok(!areaOf([])(150, 150));
});

// Ten tracks around (100, 100), which a label there hides at scale 1, and four tracks just below.
const CROWD = [...Array.from({ length: 10 }, (_, i) => [95 + i, 100]), ...Array.from({ length: 4 }, (_, i) => [90 + 5 * i, 118])];
const tracksIn = (x0, y0, x1, y1) => CROWD.filter(([x, y]) => x0 <= x && x <= x1 && y0 <= y && y <= y1).length;

for (const [what, count, scale, side] of [
  ["is above a small group that it would hide", 10, 1, -1],
  ["is below a large group, where it hides no track", 200, 1, 1],
  ["is over a group whose tracks are far apart at its scale", 10, 40, 0],
]) {
  test(`a label ${what}`, () => {
    const anchors = [[100, 100.2], [100, count === 10 ? 106 : 120, 1], [100, 94, -1]];
    const [label] = placeLabels([{ group: 0, count, width: 100, height: 20, anchors: scale === 1 ? anchors : [[100, 102], ...anchors] }], scale, tracksIn);
    assert.equal(label.dy, side * 10);
  });
}

test("a label covers little of a large group if other positions hide tracks as well", () => {
  const [label] = placeLabels([{ group: 0, count: 200, width: 100, height: 20, anchors: [[100, 100.2], [100, 106, 1]] }], 1, tracksIn);
  assert.equal(label.dy, 0);
});

test("a label is beside a group if it would hide tracks below and above it", () => {
  const square = [[90, 90], [110, 90], [110, 110], [90, 110]].flatMap(([x, y]) => [64 * x, 65_535 - 64 * y]);
  const anchors = anchorsOf({ peak: null, boundaries: [square] });
  const place = (others) => {
    const [label] = placeLabels([{ group: 0, count: 10, width: 100, height: 20, anchors }], 1, (x0, y0, x1, y1) =>
      [[100, 100], [100, 80], [100, 120], ...others].filter(([x, y]) => x0 <= x && x <= x1 && y0 <= y && y <= y1).length, 5);
    return [label.x + label.dx, label.y + label.dy].map(Math.round);
  };
  assert.deepEqual(place([]), [165, 100]);
  assert.deepEqual(place([[165, 100]]), [35, 100]);
});

test("a label keeps the distance of the point radius", () => {
  const beside = { group: 0, count: 10, width: 100, height: 20, anchors: [[100, 94, -1], [100, 80]] };
  assert.deepEqual([0, 6, 20].map((reach) => placeLabels([beside], 1, tracksIn, reach)[0].dy), [-10, -16, -30]);
  assert.equal(placeLabels([{ ...beside, anchors: [[100, 88], [100, 60]] }], 1, tracksIn, 4)[0].y, 60);
});

test("if every position hides tracks, the label hides the fewest", () => {
  const [label] = placeLabels([{ group: 0, count: 2, width: 100, height: 20, anchors: [[100, 100], [100, 108, 1]] }], 1, tracksIn);
  assert.equal(label.dy, 10);
});

test("a label that is shown only at high zoom is placed by what it hides there", () => {
  const far = { group: 0, count: 10, width: 100, height: 20, anchors: [[100, 102], [100, 94, -1]] };
  assert.deepEqual([{}, { from: 40 }].map((more) => placeLabels([{ ...far, ...more }], 1, tracksIn)[0].dy), [-10, 0]);
});

test("a region's label is between its clusters or next to all of them", () => {
  const square = (x, y) => [x, y, x + 640, y, x + 640, y - 640].map((value, i) => (i % 2 ? 65535 - value : value));
  const members = [{ count: 3, peak: [0, 65535], boundaries: [square(0, 640)] }, { count: 1, peak: [6400, 65535], boundaries: [square(6400, 640)] }];
  assert.deepEqual(anchorsAmong(members).slice(0, 3), [[25, 0], [55, 10, 1], [55, 0, -1]]);
  assert.deepEqual(anchorsAmong([{ count: 3, peak: null, boundaries: [] }]), []);
});

test("anchors begin with the peak, then the largest island", () => {
  const small = [0, 65535, 640, 65535, 640, 64895];
  const large = [6400, 65535, 12800, 65535, 12800, 59135];
  const anchors = anchorsOf({ peak: [64, 65535], boundaries: [small, large] });
  assert.deepEqual(anchors.slice(0, 4), [[1, 0], [150, 50], [150, 100, 1], [150, 0, -1]]);
  assert.deepEqual(anchorsOf({ peak: null, boundaries: [] }), []);
});

test("track titles do not overlap each other or group names; the first has priority", () => {
  const titles = [
    { track: 4, x: 0, y: 0, width: 50 },
    { track: 7, x: 20, y: 5, width: 50 },
    { track: 9, x: 0, y: 40, width: 50 },
    { track: 11, x: 300, y: 0, width: 50 },
  ];
  const taken = [{ x: 25, y: 40, width: 60, height: 20 }];
  assert.deepEqual(fitTitles(titles, 17, taken), new Set([4, 11]));
});

const label = (group, x, y) => ({ group, x, y, width: 100, height: 20, minScale: 0 });

for (const [what, x, shown] of [
  ["in the middle stays", 300, 300],
  ["that a panel would cut moves right", 70, 110],
  ["that the edge would cut moves left", 480, 450],
]) {
  test(`a label ${what}`, () => {
    assert.equal(keepInside([label(0, x, 50)], { left: 60, right: 500 })[0].x, shown);
  });
}

test("a label under a panel above or below moves by at most half its height", () => {
  const { height } = label(0, 300, 50);
  const free = { left: 60, right: 500, top: 100, bottom: 400 };
  const at = (y) => keepInside([label(0, 300, y)], free)[0]?.y;
  assert.equal(at(100 - height / 4), undefined);
  assert.equal(at(101), 100 + height / 2);
  assert.equal(at(399), 400 - height / 2);
  assert.equal(at(250), 250);
  const outside = 100 - height / 2 - LABEL_MARGIN;
  assert.equal(at(outside), outside, "completely outside of the window");
  assert.equal(at(outside + 1), undefined, "the window would cut it off");
});

test("a label far under a panel is hidden", () => {
  assert.deepEqual(keepInside([label(0, 0, 50)], { left: 60, right: 500 }), []);
});

test("a label that would move onto a stronger one is hidden", () => {
  const kept = keepInside([label(0, 130, 50), label(1, 30, 55), label(2, 30, 90)], { left: 0, right: 500 });
  assert.deepEqual(
    kept.map(({ group, x }) => [group, x]),
    [
      [0, 130],
      [2, 50],
    ],
  );
});

test("a label moves away from occupied boxes by at most its height or is hidden", () => {
  const at = (...taken) => keepInside([label(0, 300, 50)], { left: 0, right: 600 }, taken).map(({ x, y }) => [x, y]);
  const { height } = label(0, 300, 50);
  assert.deepEqual(at({ x: 300, y: 55, width: 60, height: 10 }), [[300, 55 - (height + 10) / 2]]);
  assert.deepEqual(at({ x: 300, y: 45, width: 60, height: 10 }), [[300, 45 + (height + 10) / 2]]);
  assert.deepEqual(at({ x: 300, y: 50, width: 60, height: 4 * height }), []);
  assert.deepEqual(at({ x: 500, y: 50, width: 60, height: 10 }), [[300, 50]]);
  const [above, below] = [{ x: 300, y: 50 - height, width: 60, height }, { x: 300, y: 52, width: 60, height: 10 }];
  assert.deepEqual(at(above, below), [[300, 52 + (height + 10) / 2]]);
});

test("a label moves sideways from tall boxes by at most half its width", () => {
  const { width, height } = label(0, 300, 50);
  const at = (covered) => keepInside([label(0, 300, 50)], { left: 0, right: 600 }, [{ x: 300 + width / 2 - covered + 100, y: 50, width: 200, height: 9 * height }]).map(({ x, y }) => [x, y]);
  assert.deepEqual(at(width / 4), [[300 - width / 4, 50]]);
  assert.deepEqual(at(width * 0.6), []);
});

test("a label does not move from a box to where the window would cut it off", () => {
  const { height } = label(0, 300, 50);
  const at = (bottom) => keepInside([label(0, 300, 50)], { left: 0, right: 600, top: 0, bottom }, [{ x: 300, y: 45, width: 60, height: 10 }]).map(({ y }) => y);
  const below = 45 + (height + 10) / 2;
  assert.deepEqual(at(below + height / 2), [below]);
  assert.deepEqual(at(below + height / 2 - 1), [45 - (height + 10) / 2]);
});

test("a label does not move onto a stronger one", () => {
  const { height } = label(0, 300, 50);
  const kept = keepInside([label(0, 300, 50 - height), label(1, 300, 50)], { left: 0, right: 600 }, [{ x: 300, y: 54, width: 60, height: 10 }]);
  assert.deepEqual(kept.map(({ group, y }) => [group, y]), [[0, 50 - height], [1, 54 + (height + 10) / 2]]);
});

test("a title is to the right of its point, otherwise to the left, otherwise hidden", () => {
  const free = { left: 100, right: 500 };
  const at = (x, width = 120) => besidePoint({ x, reach: 10, width }, free);
  assert.equal(at(200), 210);
  assert.equal(at(370), 380);
  assert.equal(at(371), 241);
  assert.equal(at(450), 320);
  assert.equal(at(520), null);
  assert.equal(at(60), null);
  assert.equal(at(300, 350), null);
});
