/**
 * A map in a frame leaves the wheel and one-finger drags to the surrounding page, which could not be scrolled otherwise. Ctrl with the
 * wheel and two fingers move the map. Other attempts show a hint, as on other embedded maps.
 */

import { gettext } from "../data/language.js";
import { element } from "../ui/dom.js";

export const isEmbedded = window.parent !== window;

const SHOWN_MS = 1400;
const ZOOM_KEY = /Mac|iP/.test(navigator.platform) ? "⌘" : "Ctrl";

/** @param {Pick<WheelEvent, "ctrlKey" | "metaKey">} event */
export const isLeftToPage = ({ ctrlKey, metaKey }) => isEmbedded && !ctrlKey && !metaKey;

/** @param {HTMLElement} surface */
export function wireEmbedding(surface) {
  if (!isEmbedded) return;
  surface.classList.add("is-embedded");
  const hint = element("p", { class: "map-hint", "aria-hidden": "true" });
  surface.append(hint);
  let timer = 0;
  const show = (/** @type {string} */ text) => {
    hint.textContent = text;
    hint.classList.add("is-shown");
    clearTimeout(timer);
    timer = setTimeout(() => hint.classList.remove("is-shown"), SHOWN_MS);
  };
  const listen = { passive: true };
  surface.addEventListener("wheel", (event) => isLeftToPage(event) && show(gettext("{key} + wheel to zoom", { key: ZOOM_KEY })), listen);
  surface.addEventListener("touchmove", ({ touches }) => touches.length === 1 && show(gettext("Two fingers to move the map")), listen);
}
