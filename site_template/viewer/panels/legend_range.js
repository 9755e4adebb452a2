/** The legend of a number: a colored histogram, and two handles that set the visible range. */

import { shadeOf } from "../map/coloring.js";
import { gettext } from "../data/language.js";
import { element, svgElement } from "../ui/dom.js";
import { OPEN_FILTER, withFilter } from "./legend_rows.js";
import { formatTrait, histogram } from "../data/traits.js";
import { UNKNOWN } from "../data/types.js";

/** @import { Store } from "../state/store.js" */
/** @import { ThemeName, Trait, TraitFilter } from "../data/types.js" */

const BINS = 36;
/** Steps of a handle from end to end: fine enough for dragging, and Page Up and Page Down move by a tenth. */
const STEPS = 200;

/**
 * @param {Trait} trait
 * @param {Store} store
 * @returns {{node: HTMLElement, update: () => void}}
 */
export function createRangeLegend(trait, store) {
  const { theme } = store.get();
  const bars = histogramBars(trait, theme);
  const label = gettext(trait.label);
  const low = handle(gettext("Lowest {label} shown", { label }));
  const high = handle(gettext("Highest {label} shown", { label }));
  const lowText = element("output", {});
  const highText = element("output", {});
  const node = element(
    "div",
    { class: "range", role: "group", "aria-label": label },
    svgElement("svg", { class: "range-bars", viewBox: `0 0 ${BINS} 20`, preserveAspectRatio: "none", "aria-hidden": "true" }, ...bars),
    element("div", { class: "range-handles" }, low, high),
    element("div", { class: "range-ends", "aria-hidden": "true" }, lowText, highText),
  );

  const update = () => {
    const filter = store.get().traitFilters.get(trait.id) ?? OPEN_FILTER;
    const [first, last] = [stepOf(trait, filter.low), stepOf(trait, filter.high)];
    low.value = String(first);
    high.value = String(last);
    lowText.value = endText(trait, first);
    highText.value = endText(trait, last);
    low.setAttribute("aria-valuetext", lowText.value);
    high.setAttribute("aria-valuetext", highText.value);
    bars.forEach((bar, bin) => {
      const within = (bin + 1) / BINS > first / STEPS && bin / BINS < last / STEPS;
      bar.classList.toggle("is-out", !within);
    });
  };
  const change = (/** @type {"low" | "high"} */ side) => () => {
    // Handles push each other and do not cross.
    if (side === "low") high.value = String(Math.max(Number(high.value), Number(low.value)));
    else low.value = String(Math.min(Number(low.value), Number(high.value)));
    store.set(withFilter(store.get(), trait.id, rangeFilter(trait, Number(low.value), Number(high.value))));
  };
  low.addEventListener("input", change("low"));
  high.addEventListener("input", change("high"));
  update();
  return { node, update };
}

/** @param {string} label */
const handle = (label) =>
  element("input", { type: "range", min: "0", max: String(STEPS), step: "1", "aria-label": label });

/**
 * @param {Trait} trait
 * @param {ThemeName} theme
 */
function histogramBars(trait, theme) {
  const counts = histogram(trait, BINS);
  const most = Math.max(1, ...counts);
  return counts.map((count, bin) => {
    const height = count === 0 ? 0.6 : 1.5 + 18.5 * Math.sqrt(count / most);
    const fill = shadeOf(trait, bin / (BINS - 1), theme);
    return svgElement("rect", { x: String(bin + 0.08), y: String(20 - height), width: "0.84", height: String(height), fill });
  });
}

/** Returns the step of a value. A handle at its end means no limit, so outliers beyond the domain stay visible. @param {Trait} trait @param {number} value */
function stepOf({ domain: [low, high] }, value) {
  return Math.round(Math.max(0, Math.min(1, (value - low) / (high - low))) * STEPS);
}

/**
 * @param {Trait} trait
 * @param {number} first  step
 * @param {number} last  step
 * @returns {TraitFilter}
 */
export function rangeFilter({ domain: [low, high] }, first, last) {
  const valueAt = (/** @type {number} */ step) => low + ((high - low) * step) / STEPS;
  const everything = first === 0 && last === STEPS;
  return {
    low: first === 0 ? -Infinity : valueAt(first),
    high: last === STEPS ? Infinity : valueAt(last),
    // A range excludes tracks with unknown values.
    hidden: new Set(everything ? [] : [UNKNOWN]),
  };
}

/** @param {Trait} trait  @param {number} step */
function endText(trait, step) {
  const [low, high] = trait.domain;
  return formatTrait(trait, low + ((high - low) * step) / STEPS);
}
