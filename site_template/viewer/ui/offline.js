/** Asks the browser to keep the map for times without network. */

import { isEmbed } from "./embed.js";

/**
 * Not in a page that `preview --watch` builds again and again. Without it the map works as well, as long as there is a
 * network: what a browser refuses here is no news.
 */
export async function keepForOffline() {
  if (isEmbed() || isBeingEdited() || !("serviceWorker" in navigator) || !isSecureContext || location.protocol === "file:") return;
  try {
    await navigator.serviceWorker.register("sw.js");
    const { active } = await navigator.serviceWorker.ready;
    active?.postMessage("keep details");
  } catch (reason) {
    if (!(reason instanceof Error)) throw reason;
  }
}

function isBeingEdited() {
  return "preview" in document.documentElement.dataset;
}
