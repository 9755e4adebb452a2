/** Printing: browsers do not print canvases with transferred bitmaps, so a plain copy replaces them on paper. */

import { freeArea } from "../ui/insets.js";

/** @import { Renderer } from "./renderer.js" */

/**
 * @param {HTMLElement} surface  contains the map's canvases
 * @param {Renderer} renderer
 */
export function wirePrint(surface, renderer) {
  const copy = document.createElement("canvas");
  copy.className = "print-copy";
  addEventListener("beforeprint", () => {
    // Points, positions of names, and names each need a frame.
    for (let frame = 0; frame < 3; frame++) renderer.drawNow();
    renderer.copyTo(copy, freeArea());
    surface.append(copy);
  });
  addEventListener("afterprint", () => copy.remove());
}
