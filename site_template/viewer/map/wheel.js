/**
 * Distinguishes wheel events that zoom from those that move the map. Two fingers on a trackpad move the map, as they scroll everything
 * else, and a pinch zooms, which browsers report as a wheel event with Ctrl. A mouse has only its wheel, so a wheel event zooms unless it
 * is certainly from a trackpad: a mouse always zooms, and at worst a trackpad zooms as well.
 *
 * Events do not tell their device (w3c/uievents#337). A plain wheel never sends a horizontal component (a tilting wheel means the same
 * by it), and never single-pixel steps, which Chromium and WebKit mark with a `wheelDelta` of exactly three per pixel (a mouse has 120
 * per notch, of 53, 100 or 120 pixels). The size of a step is no criterion: mice with fine or free wheels have
 * small ones.
 */

/** Events within this time belong to one gesture; lifted fingers leave a tail of events. */
const GESTURE_MS = 300;
const WHEEL_UNITS_A_PIXEL = -3;
const PIXELS = 0;

/** @typedef {WheelEvent & {wheelDeltaX?: number, wheelDeltaY?: number}} Wheel */

/** @param {Wheel} event */
function isFromTrackpad({ deltaMode, deltaX, deltaY, wheelDeltaY }) {
  // Read deltaMode first: Firefox then reports a mouse's steps in lines.
  if (deltaMode !== PIXELS) return false;
  if (deltaX !== 0) return true;
  return deltaY !== 0 && wheelDeltaY === WHEEL_UNITS_A_PIXEL * deltaY;
}

/** @returns {(event: Wheel) => "zoom" | "pan"} */
export function createWheelReader() {
  let isPan = false;
  let last_ms = -Infinity;
  return (event) => {
    if (event.ctrlKey || event.metaKey) {
      isPan = false;
      return "zoom";
    }
    // A gesture keeps its meaning to its end, even if one of its steps is purely vertical.
    isPan = (isPan && event.timeStamp - last_ms < GESTURE_MS) || isFromTrackpad(event);
    last_ms = event.timeStamp;
    return isPan ? "pan" : "zoom";
  };
}
