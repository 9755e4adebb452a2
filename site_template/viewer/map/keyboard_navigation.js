/** Keyboard navigation from track to track on the map with the arrow keys. */

import { neighborTowards } from "./lasso.js";
import { NO_TRACK } from "../data/types.js";
import { toMap } from "./viewport.js";

/** @import { Navigation } from "./navigation.js" */
/** @import { Positions } from "./positions.js" */
/** @import { Renderer } from "./renderer.js" */
/** @import { Selecting } from "./selecting.js" */
/** @import { Store } from "../state/store.js" */
/** @import { Box } from "../data/types.js" */

/** @type {Readonly<Record<string, readonly [number, number]>>} */
const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/**
 * While a track is pinned, arrow keys lead to the next track in their direction. Enter pins the track nearest to the center of the
 * view, or moves to its card. S adds the track to the selection, R selects around it. Wire this before the keys that move the map,
 * which handle the arrow keys while nothing is pinned, and with Shift.
 *
 * @param {{surface: HTMLElement, positions: Positions, store: Store, renderer: Renderer, navigation: Navigation, selecting: Selecting,
 *   freeArea: () => Box, enterCard: () => void}} parts
 */
export function wireKeyboardNavigation({ surface, positions, store, renderer, navigation, selecting, freeArea, enterCard }) {
  const isVisible = (/** @type {number} */ track) => renderer.isVisible(track);
  const pin = (/** @type {number} */ track) => {
    if (track === NO_TRACK) return;
    store.set({ pinned: track, hovered: NO_TRACK });
    const [x, y] = renderer.positionOf(track);
    const { left, top, right, bottom } = freeArea();
    if (x < left || x > right || y < top || y > bottom) navigation.bringIntoView(track);
  };
  const middle = () => {
    const { left, top, right, bottom } = freeArea();
    const [x, y] = toMap(store.get().transform, (left + right) / 2, (top + bottom) / 2);
    return positions.grid.nearest(x, y, 2 ** 17, isVisible);
  };

  /** Visits tracks on the same spot first. @param {number} from  @param {readonly [number, number]} direction */
  const towards = (from, direction) => {
    const spot = positions.sharing(from, isVisible);
    const next = spot[spot.indexOf(from) + (direction[0] - direction[1] > 0 ? 1 : -1)];
    return next ?? neighborTowards(positions.grid, positions.x[from], positions.y[from], direction, isVisible);
  };

  surface.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.target !== surface) return;
    const { pinned } = store.get();
    const direction = DIRECTIONS[event.key];
    if (pinned === NO_TRACK) {
      if (event.key !== "Enter") return;
      pin(middle());
    } else if (direction) pin(towards(pinned, direction));
    else if (event.key === "Enter") enterCard();
    else if (event.key === "s") selecting.toggle(pinned);
    else if (event.key === "r") selecting.around(pinned);
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  });
}
