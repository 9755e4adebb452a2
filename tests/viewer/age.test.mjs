import assert from "node:assert/strict";
import { test } from "node:test";

import { ageNote } from "../../site_template/viewer/ui/age.js";

const NOW_MS = Date.UTC(2026, 10, 29, 12);
const AN_HOUR_AGO = "2026-11-29T11:00:00Z";

for (const [builtAt, lastModified, waiting, note] of /** @type {[string, string, number, string][]} */ ([
  ["", "2026-11-26T11:00:00Z", 12, "Built 3 days ago; 12 tracks are waiting to be analyzed."],
  ["", "2026-11-28T11:00:00Z", 1, "Built 1 day ago; 1 track is waiting to be analyzed."],
  ["", "11/25/2026 12:00:00", 0, "Built 4 days ago."], // the format of document.lastModified, in local time
  ["", AN_HOUR_AGO, 1234, "1,234 tracks are waiting to be analyzed."],
  ["", AN_HOUR_AGO, 0, ""], // also if the host sends no date
  ["", "no date", 0, ""],
  ["2026-11-19T12:00:00+00:00", AN_HOUR_AGO, 0, "Built 10 days ago."],
  ["", "2027-01-01T00:00:00Z", 0, ""], // a host whose clock is ahead
])) {
  test(`${builtAt || lastModified}, ${waiting} waiting: ${note || "no note"}`, () => {
    const shown = ageNote({ builtAt, waiting }, lastModified, NOW_MS);
    assert.match(shown, lastModified.includes("/") ? /^Built [34] days ago\.$/ : new RegExp(`^${note}$`));
  });
}
