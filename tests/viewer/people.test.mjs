import assert from "node:assert/strict";
import { test } from "node:test";
import { DataError, invertMembership } from "../../site_template/viewer/data/decode.js";
import { decodePeople, sharesOf } from "../../site_template/viewer/data/people.js";

const PAIR = { people: ["me", "Bo"], sentence: "Said.", mixing: 0.2, chance: 0.4, would_like: [[1], [0]], centers: [0, 1] };

test("people.json contains pairs, and a document with another schema is refused", () => {
  const [pair] = decodePeople({ schema: "spotmap.people/1", pairs: [PAIR] });
  assert.deepEqual([pair.likes, pair.mixing, pair.people], [[[1], [0]], 0.2, ["me", "Bo"]]);
  assert.throws(() => decodePeople({ schema: "spotmap.people/2", pairs: [] }), DataError);
});

test("clusters have counts per person and for both, largest first", () => {
  const map = {
    cluster: Int32Array.from([0, 1, 1, 1, -1, 0]),
    clusters: [{}, {}, {}],
    // Person 0 has tracks 0, 1, 3, 4; person 1 has 1, 2; track 5 belongs to a third person.
    memberships: { layer: invertMembership([{ tracks: [0, 1, 2, 1] }, { tracks: [1, 1] }, { tracks: [5] }], 6) },
  };
  assert.deepEqual(sharesOf(map, 0, 1), [
    { cluster: 1, tracks: [1, 2, 3], one: 1, other: 1, both: 1 },
    { cluster: 0, tracks: [0], one: 1, other: 0, both: 0 },
  ]);
});
