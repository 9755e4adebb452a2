/** Saves the visible map as a picture file. Loaded when a picture is saved. */

import { drawMap } from "../map/drawing.js";
import { sceneOf } from "../map/scene.js";
import { shadeOf } from "../map/coloring.js";
import { formatCount, gettext } from "../data/language.js";
import { formatTrait } from "../data/traits.js";
import { shownText } from "../ui/format.js";
import { freeArea } from "../ui/insets.js";
import { rasterized } from "../ui/saving.js";
import { inSlices } from "../ui/slices.js";
import { shownCollection } from "../state/appearance.js";
import { isShown, legendRows } from "./legend_rows.js";
import { sizeSamples } from "./size_key.js";

/** @import { Key } from "../map/drawing.js" */
/** @import { Renderer } from "../map/renderer.js" */
/** @import { MapData, State, Theme } from "../data/types.js" */

/** Pixels of the longer side: A3 at 240 dpi. */
const LARGE = 4000;
const SHADES = 24;

/**
 * @param {MapData} map
 * @param {Readonly<State>} state
 * @param {Theme} theme
 * @returns {Key}
 */
function keyOf(map, state, theme) {
  const sized = state.traits.get(state.sizeBy);
  const sizes = sized ? sizeSamples(sized) : null;
  const trait = state.traits.get(state.colorBy);
  if (trait && !trait.membership) {
    const [low, high] = trait.domain.map((value) => formatTrait(trait, value));
    const colors = Array.from({ length: SHADES }, (_, index) => shadeOf(trait, index / (SHADES - 1), theme.name));
    return { rows: [], scale: { colors, low: `${gettext(trait.label)}: ${low}`, high }, sizes };
  }
  const rows = legendRows(map, state, theme).filter(({ key }) => isShown(state, key));
  return { rows: rows.map(({ name, count, color }) => ({ text: name, count: formatCount(count), color })), scale: null, sizes };
}

/**
 * Returns a one-line caption: the number of tracks, and the highlighted ones.
 *
 * @param {Readonly<State>} state
 * @param {number} shown
 * @param {number} count  number of all tracks
 */
function noteOf(state, shown, count) {
  const collection = shownCollection(state);
  const about = collection ? [collection.name, collection.by] : state.query ? [`“${state.query}”`] : [];
  return [shownText(shown, count), ...about.filter(Boolean)].join(" · ");
}

/** @param {{map: MapData, renderer: Renderer, surface: HTMLElement}} parts  @returns {Generator<void, {svg: string, width: number, height: number}>} */
function* drawn({ map, renderer, surface }) {
  const { shown } = renderer;
  const { state, theme } = shown;
  const [note, key, area] = [noteOf(state, renderer.visibleCount, map.count), keyOf(map, state, theme), freeArea()];
  const scene = yield* sceneOf(map, shown, surface);
  return yield* drawMap({ title: titleOf(map), note, scene, key, area, theme });
}

/** @param {MapData} map */
const titleOf = ({ title }) => title || "spotmap";

/**
 * @param {"seen" | "large" | "svg"} kind
 * @param {{map: MapData, renderer: Renderer, surface: HTMLElement}} parts
 * @returns {Promise<{name: string, file: Blob}>}
 */
export async function pictureFile(kind, parts) {
  const { svg, width, height } = await inSlices(drawn(parts));
  const title = titleOf(parts.map);
  const drawing = new Blob([svg], { type: "image/svg+xml" });
  if (kind === "svg") return { name: `${title} map.svg`, file: drawing };
  const scale = kind === "large" ? LARGE / Math.max(width, height) : devicePixelRatio;
  return { name: `${title} map.png`, file: await rasterized(drawing, Math.round(width * scale), Math.round(height * scale)) };
}
