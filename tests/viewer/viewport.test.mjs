import assert from "node:assert/strict";
import { test } from "node:test";
import { dockCard, placeCard } from "../../site_template/viewer/panels/placement.js";
import { pointRadius } from "../../site_template/viewer/map/points_layer.js";
import { closeUp, centeredTransform, fitTransform, toMap, toScreen, transformOfView, viewOf, visibleExtent } from "../../site_template/viewer/map/viewport.js";

const SIZE = { width: 1280, height: 800 };
const SCREEN = { left: 0, top: 0, right: 1280, bottom: 800 };
const INSETS = { top: 20, right: 60, bottom: 30, left: 320 };
const near = (actual, expected) => actual.forEach((value, i) => assert.ok(Math.abs(value - expected[i]) < 0.01, `${actual}`));

test("the fitted extent lies within what panels leave free, and touches two of its edges", () => {
  const extent = [1000, 2000, 60000, 50000];
  const transform = fitTransform(extent, SIZE, INSETS);
  const [left, bottom] = toScreen(transform, extent[0], extent[1]);
  const [right, top] = toScreen(transform, extent[2], extent[3]);
  assert.ok(left >= 319.9 && right <= 1220.1 && top >= 19.9 && bottom <= 770.1);
  assert.ok(Math.abs(right - left - 900) < 0.1 || Math.abs(bottom - top - 750) < 0.1);
});

test("one track is shown in the middle, not infinitely close", () => {
  const transform = fitTransform([500, 500, 500, 500], SIZE, INSETS);
  near(toScreen(transform, 500, 500), [770, 395]);
  assert.ok(transform.k < 20);
});

test("screen and map are each other's inverse, and y grows upwards on the map", () => {
  const transform = { k: 3.7, x: -120, y: 44 };
  near(toMap(transform, ...toScreen(transform, 12345, 54321)), [12345, 54321]);
  assert.ok(toScreen(transform, 0, 60000)[1] < toScreen(transform, 0, 10)[1]);
});

test("a centered place is in the middle of the free part", () => {
  near(toScreen(centeredTransform(700, 900, 5, SIZE, INSETS), 700, 900), [770, 395]);
});

test("the visible extent grows by the margin", () => {
  const transform = { k: 64, x: 0, y: 0 };
  assert.deepEqual(visibleExtent(transform, { width: 100, height: 50 }, 10), [-10, 65475, 110, 65545]);
});

for (const [name, point, expected] of [
  ["right of the point", [400, 400], [416, 300]],
  ["left where the right has no room", [1200, 400], [884, 300]],
  ["never above the screen", [400, 5], [416, 10]],
  ["never below the screen", [400, 795], [416, 590]],
]) {
  test(`the card is ${name}`, () => {
    assert.deepEqual(placeCard(point, { width: 300, height: 200 }, SCREEN), expected);
  });
}

test("the card stays on the screen wherever the point is", () => {
  const screen = { left: 0, top: 0, right: 340, bottom: 500 };
  const card = { width: 300, height: 200 };
  for (let x = -50; x < 400; x += 23) {
    for (let y = -50; y < 560; y += 31) {
      const [left, top] = placeCard([x, y], card, screen);
      assert.ok(left >= 10 && top >= 10 && left + 300 <= 330 && top + 200 <= 490, `${x},${y} -> ${left},${top}`);
    }
  }
});

test("the card stays beside panels", () => {
  const area = { left: 320, top: 0, right: 900, bottom: 800 };
  const card = { width: 300, height: 200 };
  assert.deepEqual(placeCard([700, 400], card, area), [384, 300]);
  assert.deepEqual(placeCard([100, 400], card, area), [330, 300]);
});

test("a docked card is at the right edge, or at the left one if it would cover its track", () => {
  const area = { left: 320, top: 0, right: 1200, bottom: 800 };
  const card = { width: 300, height: 700 };
  assert.deepEqual(dockCard([400, 400], card, area), [890, 10]);
  assert.deepEqual(dockCard([874, 400], card, area), [890, 10]);
  assert.deepEqual(dockCard([875, 400], card, area), [330, 10]);
  // Between two panels, where it covers its point at either side: at the side where the point is nearer its edge.
  const narrow = { left: 320, top: 0, right: 760, bottom: 800 };
  assert.deepEqual(dockCard([470, 400], card, narrow), [450, 10]);
  assert.deepEqual(dockCard([610, 400], card, narrow), [330, 10]);
  assert.deepEqual(dockCard([5000, 400], { width: 900, height: 10 }, area), [330, 10]);
});

test("a view has the same center and span in a window of another size", () => {
  const transform = centeredTransform(20000, 40000, 3, SIZE, INSETS);
  const view = viewOf(transform, SIZE, INSETS);
  near([view.x, view.y], [20000, 40000]);
  const phone = { width: 390, height: 844 };
  const none = { top: 100, right: 0, bottom: 60, left: 0 };
  const there = transformOfView(view, phone, none);
  near(toScreen(there, 20000, 40000), [195, 442]);
  near([viewOf(there, phone, none).span], [view.span]);
});

test("points grow with the zoom, within limits", () => {
  const radii = [0.01, 1, 3, 10, 30, 1000].map(pointRadius);
  radii.slice(1).forEach((radius, i) => assert.ok(radius >= radii[i]));
  assert.ok(radii[0] >= 0.7 && radii.at(-1) <= 8);
});

for (const [count, factor] of [[1, 2.5], [105, 2.5], [320, 4], [100_000, 6]]) {
  test(`the close-up of one track among ${count} is ${factor} times the whole map`, () => {
    assert.equal(closeUp(count), factor);
  });
}
