/** The legend of sizes: some values, each with a point of its size. */

import { gettext } from "../data/language.js";
import { formatTrait } from "../data/traits.js";
import { growthOf, scaleOf, sizeOf } from "../state/sizes.js";
import { element, svgElement } from "../ui/dom.js";

/** @import { Trait } from "../data/types.js" */

/** Shares of the last value. Each shown value has a quarter of the next one's area, so half its radius; the last is about the largest value. */
const PARTS = [1 / 16, 1 / 4, 1];
/** Upper limit of the last value, as a multiple of a plain point's value. */
const LARGEST = 16;
/** Shares of the range, for scales that start at the lowest value. */
const SHARES = [0, 0.5, 1];
/** Radius of a plain point in the legend, pixels. */
const PLAIN = 4;

/**
 * @param {Trait} trait  a number or a date
 * @returns {{label: string, samples: {radius: number, text: string}[]}}
 */
export function sizeSamples(trait) {
  const { domain: [low, high], label } = trait;
  const scale = scaleOf(trait);
  const most = trait.values.reduce((highest, value) => (value > highest ? value : highest), -Infinity);
  const isWhole = trait.values.every((value) => Number.isNaN(value) || Number.isInteger(value));
  const round = PARTS.map((part) => rounded(part * Math.min(most, LARGEST * scale.mean))).filter((value) => value >= (isWhole ? 1 : 0));
  const values = scale.origin === 0 ? round : SHARES.map((share) => low + share * (high - low));
  return { label: gettext(label), samples: values.map((value) => ({ radius: PLAIN * growthOf(sizeOf(scale, value)), text: formatTrait(trait, value) })) };
}

/** Returns the legend as elements. @param {Trait} trait */
export function sizeKey(trait) {
  const { label, samples } = sizeSamples(trait);
  return [element("span", {}, label), ...samples.map(sampleNode)];
}

/** Rounds to one significant digit. @param {number} value */
const rounded = (value) => {
  const unit = 10 ** Math.floor(Math.log10(value));
  return Math.floor(value / unit + 1e-9) * unit;
};

/** @param {{radius: number, text: string}} sample */
function sampleNode({ radius, text }) {
  const side = String(Math.ceil(2 * radius));
  const disc = svgElement("circle", { cx: "50%", cy: "50%", r: radius.toFixed(1) });
  return element("span", { class: "size-sample" }, svgElement("svg", { width: side, height: side, "aria-hidden": "true" }, disc), text);
}
