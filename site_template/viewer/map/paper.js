/** What is printed: browsers leave out canvases that show finished bitmaps, so that on paper a plain copy takes their place. */

import { freeArea } from "../ui/insets.js";

/** @import { Renderer } from "./renderer.js" */

/**
 * @param {HTMLElement} surface  holds the map's canvases
 * @param {Renderer} renderer
 */
export function wirePaper(surface, renderer) {
  const paper = document.createElement("canvas");
  paper.className = "paper";
  addEventListener("beforeprint", () => {
    // Points, places of names, and names: on a screen each has a frame of its own.
    for (let frame = 0; frame < 3; frame++) renderer.drawNow();
    renderer.copyTo(paper, freeArea());
    surface.append(paper);
  });
  addEventListener("afterprint", () => paper.remove());
}
