/** Saves the visible map as a picture: in screen size, in print size, or as SVG. Loads the drawing script on demand. */

import { gettext } from "../data/language.js";
import { onEscape } from "../ui/dom.js";
import { saveFile } from "../ui/saving.js";

/** @import { Renderer } from "../map/renderer.js" */
/** @import { MapData } from "../data/types.js" */

/**
 * @param {HTMLElement} bar  with the choices
 * @param {HTMLButtonElement} button  opens it
 * @param {{map: MapData, renderer: Renderer, surface: HTMLElement, readScript: () => Promise<typeof import("./picture_file.js").pictureFile>, announce: (text: string) => void}} parts
 */
export function wireSavePicture(bar, button, { readScript, announce, ...parts }) {
  const status = /** @type {HTMLElement} */ (bar.querySelector("p"));
  const hint = status.textContent;
  const turn = (/** @type {boolean} */ on) => {
    bar.hidden = !on;
    button.setAttribute("aria-expanded", String(on));
    if (!on) return;
    openings++;
    status.textContent = isSaving ? saving() : hint;
    bar.querySelector("button")?.focus();
  };
  const leave = () => {
    turn(false);
    button.focus();
  };
  let isSaving = false;
  /** Counter of openings, so that a picture that is saved late does not close the bar after it was opened again. */
  let openings = 0;
  const saving = () => gettext("Saving the picture");
  const save = async (/** @type {any} */ kind) => {
    const { name, file } = await (await readScript())(kind, parts);
    saveFile(name, file);
    announce(gettext("Saved {file}", { file: name }));
  };
  button.addEventListener("click", () => turn(bar.hidden === true));
  onEscape(bar, leave);
  bar.addEventListener("click", async (event) => {
    const { picture, action } = /** @type {HTMLElement} */ (event.target).dataset;
    if (action) leave();
    if (!picture || isSaving) return;
    isSaving = true;
    status.textContent = saving();
    const opening = openings;
    try {
      await save(picture);
      if (bar.hidden) return;
      if (opening === openings) leave();
      else status.textContent = hint;
    } catch (reason) {
      if (!(reason instanceof Error)) throw reason;
      if (bar.hidden) announce(reason.message);
      else status.textContent = reason.message;
    } finally {
      isSaving = false;
    }
  });
}
