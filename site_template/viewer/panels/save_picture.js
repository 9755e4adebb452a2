/** Saves what is seen of the map as a picture: as large as it is seen, large enough for paper, or as shapes. */

import { drawMap } from "../map/drawing.js";
import { shadeOf } from "../map/coloring.js";
import { formatCount, gettext } from "../data/language.js";
import { shownText } from "../ui/format.js";
import { freeArea } from "../ui/insets.js";
import { rasterized, saveFile } from "../ui/saving.js";
import { readTheme } from "../ui/theme.js";
import { formatTrait } from "../data/traits.js";
import { onEscape } from "../ui/dom.js";
import { isShown, legendRows } from "./legend_rows.js";

/** @import { Key } from "../map/drawing.js" */
/** @import { Renderer } from "../map/renderer.js" */
/** @import { Store } from "../state/store.js" */
/** @import { MapData, State, Theme } from "../data/types.js" */

/** Pixels of the longer side: A3 at 240 to the inch. */
const LARGE = 4000;
const SHADES = 24;

/**
 * @param {MapData} map
 * @param {Readonly<State>} state
 * @param {Theme} theme
 * @returns {Key}
 */
function keyOf(map, state, theme) {
  const trait = state.traits.get(state.colorBy);
  if (trait && !trait.membership) {
    const [low, high] = trait.domain.map((value) => formatTrait(trait, value));
    const colors = Array.from({ length: SHADES }, (_, place) => shadeOf(trait, place / (SHADES - 1), theme.name));
    return { rows: [], scale: { colors, low: `${gettext(trait.label)}: ${low}`, high } };
  }
  const rows = legendRows(map, state, theme).filter(({ key }) => isShown(state, key));
  return { rows: rows.map(({ name, count, color }) => ({ text: name, count: formatCount(count), color })), scale: null };
}

/**
 * @param {HTMLElement} bar  offers what there is to choose
 * @param {HTMLButtonElement} button  opens it
 * @param {{map: MapData, store: Store, renderer: Renderer, announce: (text: string) => void}} parts
 */
export function wireSavePicture(bar, button, { map, store, renderer, announce }) {
  const status = /** @type {HTMLElement} */ (bar.querySelector("p"));
  const hint = status.textContent;
  const turn = (/** @type {boolean} */ on) => {
    bar.hidden = !on;
    button.setAttribute("aria-expanded", String(on));
    if (!on) return;
    status.textContent = hint;
    bar.querySelector("button")?.focus();
  };
  const leave = () => {
    turn(false);
    button.focus();
  };
  const draw = () => {
    const state = store.get();
    const theme = readTheme(state.theme);
    const shown = renderer.visibleCount;
    const note = shownText(shown, map.count);
    const { scene } = renderer;
    return drawMap({ title: map.title || "spotmap", note, scene, key: keyOf(map, state, theme), area: freeArea(), theme });
  };
  const save = async (/** @type {string} */ kind) => {
    const { svg, width, height } = draw();
    const scale = kind === "large" ? LARGE / Math.max(width, height) : devicePixelRatio;
    const file = new Blob([svg], { type: "image/svg+xml" });
    const name = `${map.title || "spotmap"} map.${kind === "svg" ? "svg" : "png"}`;
    saveFile(name, kind === "svg" ? file : await rasterized(file, Math.round(width * scale), Math.round(height * scale)));
    announce(gettext("Saved {file}", { file: name }));
  };
  button.addEventListener("click", () => turn(bar.hidden === true));
  onEscape(bar, leave);
  bar.addEventListener("click", async (event) => {
    const { picture, action } = /** @type {HTMLElement} */ (event.target).dataset;
    try {
      if (picture) await save(picture);
      if (picture || action) leave();
    } catch (reason) {
      if (!(reason instanceof Error)) throw reason;
      status.textContent = reason.message;
    }
  });
}
