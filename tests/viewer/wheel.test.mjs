import assert from "node:assert/strict";
import { test } from "node:test";
import { createWheelReader } from "../../site_template/viewer/map/wheel.js";

const PLAIN = { deltaMode: 0, deltaX: 0, deltaY: 0, wheelDeltaX: 0, wheelDeltaY: 0, ctrlKey: false, metaKey: false, shiftKey: false, timeStamp: 0 };
const read = (...events) => {
  const reader = createWheelReader();
  return events.map((event, i) => reader({ ...PLAIN, timeStamp: 20 * i, ...event })).join(" ");
};
const trackpad = (x, y) => ({ deltaX: x, deltaY: y, wheelDeltaX: -3 * x, wheelDeltaY: -3 * y });

for (const [what, expected, ...events] of [
  ["a mouse on Windows", "zoom", { deltaY: 100, wheelDeltaY: -120 }],
  ["a mouse on Linux", "zoom", { deltaY: 53, wheelDeltaY: -120 }],
  ["a mouse with a fine wheel", "zoom zoom", { deltaY: 12.5, wheelDeltaY: -15 }, { deltaY: 1, wheelDeltaY: -1 }],
  ["a mouse on macOS, turned slowly", "zoom", { deltaY: 4.000244140625, wheelDeltaY: -120 }],
  ["a mouse in Firefox, in lines", "zoom", { deltaMode: 1, deltaY: 3, wheelDeltaY: undefined }],
  ["an event without wheelDelta", "zoom", { deltaY: 7, wheelDeltaY: undefined }],
  ["two fingers up", "pan", trackpad(0, -8)],
  ["two fingers up, as far as a notch", "pan", trackpad(0, 40)],
  ["two diagonal fingers", "pan", trackpad(2, 9)],
  ["two diagonal fingers with steps like a wheel's", "pan", { deltaX: 2, deltaY: 9, wheelDeltaY: -11 }],
  ["a pinch", "zoom", { deltaY: -1.5, wheelDeltaY: 4.5, ctrlKey: true }],
  ["two fingers with the command key", "zoom", { ...trackpad(0, 8), metaKey: true }],
  ["a mouse's wheel with Shift, which turns its steps sideways", "pan", { deltaX: 100, wheelDeltaX: -120, shiftKey: true }],
  ["a gesture pans to its end once it has moved sideways", "zoom pan pan", { deltaY: 9 }, { deltaX: 1, deltaY: 9 }, { deltaY: 9 }],
  ["an event after a pause starts a new gesture", "pan zoom", { deltaX: 1 }, { deltaY: 100, wheelDeltaY: -120, timeStamp: 900 }],
  ["a pinch ends a pan", "pan zoom zoom", { deltaX: 1 }, { deltaY: 1, ctrlKey: true }, { deltaY: 100, wheelDeltaY: -120 }],
]) {
  test(what, () => assert.equal(read(...events), expected));
}
