/** The meaning of directions on the map, as text; loaded when the page is idle. */

import { messageOf } from "../data/decode.js";
import { built } from "../data/language.js";

/** @import { Store } from "../state/store.js" */
/** @import { Insights, MapData } from "../data/types.js" */

/** Delay for Safari, which has no requestIdleCallback. */
const LATER_MS = 1500;

/**
 * @param {HTMLElement} host
 * @param {MapData} map
 * @param {Store} store
 * @param {() => Promise<Insights>} readInsights
 */
export function showAxesSummary(host, map, store, readInsights) {
  const read = async () => {
    try {
      host.textContent = built((await readInsights()).axes);
    } catch (reason) {
      host.textContent = messageOf(reason);
    }
    show();
  };
  // Hidden along chosen axes, where right and up have another meaning.
  const show = () => (host.hidden = !host.textContent || store.get().axes !== null);
  store.subscribe(["axes"], show);
  if (!map.files.insights) return;
  if (typeof requestIdleCallback === "undefined") setTimeout(read, LATER_MS);
  else requestIdleCallback(read);
}
