/** The lasso: Shift and drag, or drag while the button is on, which works with a finger as well. */

import { svgElement } from "../ui/dom.js";

/** @import { Selecting } from "../map/selecting.js" */

/** Minimum length; shorter lines are unsteady clicks. */
const SHORTEST = 24;
/** Minimum distance between the line's corners, pixels; pointer events are denser than visible. */
const GRAIN = 4;

/**
 * @param {HTMLElement} surface  the map
 * @param {HTMLButtonElement} button
 * @param {HTMLElement} hint  instructions, and the alternative without drawing
 * @param {Selecting} selecting
 * @param {() => {left: number, top: number, right: number, bottom: number}} freeArea  pixels
 */
export function wireLasso(surface, button, hint, selecting, freeArea) {
  const shape = svgElement("path", { class: "lasso-line" });
  const drawing = svgElement("svg", { class: "lasso", "aria-hidden": "true" }, shape);
  surface.append(drawing);
  let isOn = false;
  /** @type {[number, number][]} */
  let line = [];
  let pointer = -1;

  const turn = (/** @type {boolean} */ on) => {
    isOn = on;
    button.setAttribute("aria-pressed", String(on));
    hint.hidden = !on;
    surface.classList.toggle("is-lassoing", on);
  };
  const stop = () => {
    line = [];
    pointer = -1;
    shape.removeAttribute("d");
  };
  const begins = (/** @type {MouseEvent | TouchEvent} */ event) =>
    isOn || (event.shiftKey && "button" in event && event.button === 0);

  surface.addEventListener(
    "pointerdown",
    (event) => {
      if (!begins(event) || !event.isPrimary) return stop();
      pointer = event.pointerId;
      line = [[event.clientX, event.clientY]];
      surface.setPointerCapture(pointer);
    },
    { capture: true },
  );
  surface.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const [x, y] = line[line.length - 1];
    if (Math.hypot(event.clientX - x, event.clientY - y) < GRAIN) return;
    line.push([event.clientX, event.clientY]);
    shape.setAttribute("d", `M${line.map((corner) => corner.join(" ")).join("L")}Z`);
  });
  surface.addEventListener("pointerup", (event) => {
    if (event.pointerId !== pointer) return;
    const length = line.reduce((sum, [x, y], i) => sum + (i ? Math.hypot(x - line[i - 1][0], y - line[i - 1][1]) : 0), 0);
    if (length >= SHORTEST) {
      selecting.outline(line);
      turn(false);
      // The click after a drag must not pin the track at its end.
      surface.addEventListener("click", (click) => click.stopImmediatePropagation(), { capture: true, once: true });
      setTimeout(stop, 0);
    } else stop();
  });
  surface.addEventListener("pointercancel", stop);
  // The map's own dragging starts with these events; hide them from it while the lasso is active.
  for (const type of /** @type {const} */ (["mousedown", "touchstart"])) {
    surface.addEventListener(type, (event) => begins(event) && event.stopImmediatePropagation(), { capture: true });
  }

  button.addEventListener("click", () => turn(!isOn));
  hint.addEventListener("click", (event) => {
    const action = /** @type {HTMLElement} */ (event.target).dataset.action;
    if (action === "select-view") selecting.inView(freeArea());
    if (action) turn(false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isOn) {
      event.stopImmediatePropagation();
      stop();
      turn(false);
      button.focus();
    }
  });
}
