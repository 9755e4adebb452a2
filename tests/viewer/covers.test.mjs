import assert from "node:assert/strict";
import { test } from "node:test";
import { apart, coverRadius } from "../../site_template/viewer/map/covers_layer.js";

test("covers appear once there is room for them and have a maximum size", () => {
  assert.equal(coverRadius(20), 0);
  assert.ok(coverRadius(50) >= 12);
  assert.equal(coverRadius(500), coverRadius(5000));
});

test("covers do not overlap; the first of two overlapping covers is shown", () => {
  const places = [{ x: 0, y: 0 }, { x: 20, y: 0 }, { x: 60, y: 0 }, { x: 60, y: 41 }, { x: 93, y: 33 }, { x: 18, y: 43 }];
  assert.deepEqual(apart(places, 20), [places[0], places[2], places[5]]);
  assert.deepEqual(apart(places, 5), places);
});
