/** What changes across the map, in words: read once the page has nothing else to do. */

import { messageOf } from "../data/decode.js";
import { built } from "../data/language.js";

/** @import { Store } from "../state/store.js" */
/** @import { Insights, MapData } from "../data/types.js" */

/** Safari cannot tell when it is idle. */
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
  // Along axes of somebody's choice, right and up mean something else.
  const show = () => (host.hidden = !host.textContent || store.get().axes !== null);
  store.subscribe(["axes"], show);
  if (!map.files.insights) return;
  if (typeof requestIdleCallback === "undefined") setTimeout(read, LATER_MS);
  else requestIdleCallback(read);
}
