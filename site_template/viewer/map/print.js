/** Printing: browsers leave out canvases that show finished bitmaps, so a plain copy takes their place on paper. */

import { freeArea } from "../ui/insets.js";

/** @import { Renderer } from "./renderer.js" */

/**
 * @param {HTMLElement} surface  holds the map's canvases
 * @param {Renderer} renderer
 */
export function wirePrint(surface, renderer) {
  const copy = document.createElement("canvas");
  copy.className = "print-copy";
  addEventListener("beforeprint", () => {
    // Points, places of names, and names: on a screen each has a frame of its own.
    for (let frame = 0; frame < 3; frame++) renderer.drawNow();
    renderer.copyTo(copy, freeArea());
    surface.append(copy);
  });
  addEventListener("afterprint", () => copy.remove());
}
