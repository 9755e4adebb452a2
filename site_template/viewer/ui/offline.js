/** Registers the service worker, which stores the map for offline use. */

import { isEmbed } from "./embed.js";

/**
 * Does nothing in pages of `preview --watch`, which change often. Errors are ignored, because the map works without a service worker
 * as long as there is a network.
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
