/** Pointer events on tracks: hovering shows a track, clicking pins it. */

import { costOfSized, LARGEST } from "./hit.js";
import { NO_TRACK } from "../data/types.js";
import { toMap, unitsPerPixel } from "./viewport.js";

/** @import { Navigation } from "./navigation.js" */
/** @import { Positions } from "./positions.js" */
/** @import { Renderer } from "./renderer.js" */
/** @import { Store } from "../state/store.js" */

/** Tolerance around a point's edge, pixels; a finger is less precise than a mouse. */
const SLACK = { mouse: 6, touch: 18 };

/**
 * @param {HTMLElement} element
 * @param {Positions} positions
 * @param {Renderer} renderer
 * @param {Store} store
 * @param {Navigation} navigation
 */
export function wirePointer(element, positions, renderer, store, navigation) {
  /**
   * @param {PointerEvent | MouseEvent} event
   * @returns {number}
   */
  const trackAt = (event) => {
    const { transform } = store.get();
    const touch = "pointerType" in event && event.pointerType === "touch";
    const [perPixel, slack] = [unitsPerPixel(transform), touch ? SLACK.touch : SLACK.mouse];
    const { isSized } = renderer;
    const reach = ((isSized ? LARGEST : renderer.radius) + slack) * perPixel;
    const box = element.getBoundingClientRect();
    const [x, y] = toMap(transform, event.clientX - box.left, event.clientY - box.top);
    const { rank } = renderer.appearance;
    const costOf = isSized ? costOfSized((track) => renderer.pointRadius(track), (track) => rank[track], perPixel, slack) : undefined;
    return positions.grid.nearest(x, y, reach, (track) => renderer.isVisible(track), costOf);
  };

  /** @type {PointerEvent | null} */
  let last = null;
  // While the wheel zooms, the track under a resting mouse changes.
  store.subscribe(["transform"], ({ hovered }) => {
    if (hovered === NO_TRACK || !last || trackAt(last) === hovered) return;
    element.classList.remove("is-over-track");
    store.set({ hovered: NO_TRACK });
  });
  element.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch") return;
    last = event;
    const hovered = event.buttons === 0 ? trackAt(event) : NO_TRACK;
    element.classList.toggle("is-over-track", hovered !== NO_TRACK);
    store.set({ hovered });
  });
  element.addEventListener("pointerleave", () => store.set({ hovered: NO_TRACK }));
  element.addEventListener("click", (event) => {
    // The second click of a double click would undo the first.
    if (event.detail > 1) return;
    const track = trackAt(event);
    // Each click on several tracks on one spot pins the next one.
    const spot = track === NO_TRACK ? [] : positions.sharing(track, (candidate) => renderer.isVisible(candidate));
    const index = spot.indexOf(store.get().pinned);
    const isLast = track === NO_TRACK || (spot.length === 1 && index === 0);
    const pinned = isLast ? NO_TRACK : spot[(index + 1) % spot.length];
    store.set({ pinned, hovered: NO_TRACK });
    if (pinned !== NO_TRACK && store.get().pinned === pinned) navigation.keepInSight(pinned);
  });
}
