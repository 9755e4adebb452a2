/**
 * Whether a turn of the wheel means to zoom or to move the map. Two fingers on a trackpad move it, as they move everything else on
 * the screen, and a pinch zooms, which browsers report as a wheel with Ctrl. A mouse has nothing but its wheel, so that a wheel
 * zooms wherever it is not certain that it is no mouse: nobody with a mouse loses the zoom, and at worst a trackpad zooms as well.
 *
 * Events do not tell what sent them (w3c/uievents#337). What a plain wheel never sends: a share to the side (a wheel that tilts
 * means the same by it), and steps as fine as its pixels, which Chromium and WebKit mark by a `wheelDelta` of exactly three a
 * pixel (a mouse has 120 a notch, of 53, 100 or 120 pixels). The size of a step says nothing: mice with fine or free wheels have
 * small ones.
 */

/** Events that come sooner after each other are one gesture; fingers that were lifted leave a tail of them. */
const GESTURE_MS = 300;
const WHEEL_UNITS_A_PIXEL = -3;
const PIXELS = 0;

/** @typedef {WheelEvent & {wheelDeltaX?: number, wheelDeltaY?: number}} Wheel */

/** @param {Wheel} event */
function isFromTrackpad({ deltaMode, deltaX, deltaY, wheelDeltaY }) {
  // Asked first: Firefox then tells a mouse's steps in lines.
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
    // One gesture is one thing to its end, even where a step of it goes straight up.
    isPan = (isPan && event.timeStamp - last_ms < GESTURE_MS) || isFromTrackpad(event);
    last_ms = event.timeStamp;
    return isPan ? "pan" : "zoom";
  };
}
