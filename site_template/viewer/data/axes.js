/** Axes for a layout by two traits: positions of values, and tick labels. Pure. */

import { formatNumber, gettext } from "./language.js";

/** @import { Trait } from "./types.js" */

/** Range of the axis in map units. If some values are unknown, their tracks are in a strip before the scale. */
const FIRST = 2600;
const LAST = 62_935;
const STRIP = Object.freeze({ middle: 2600, width: 2400, behind: 6800 });
const AIR = 1300;
/** With fewer distinct values, tracks would form lines; each track is then jittered within most of its step. */
const MAX_STEPS = 200;
const SPREAD = 0.8;
const MS_PER_DAY = 86_400_000;
const DAYS_PER_MONTH = 30.4375;
/** Steps between tick dates, in days. */
const DAYS = [1, 2, 7, 14];
const MONTHS = [1, 3, 6, 12, 24, 60, 120, 240, 600];
/** Traits that are known not to be numbers before they are loaded. */
const NAMED = new Set(["feature.key", "feature.mode", "facet.genres", "since", "styles", "heat"]);

/**
 * @typedef {object} Axis
 * @property {Trait} trait
 * @property {number} low  the value at the start of the scale
 * @property {number} first  position of `low`, map units
 * @property {number} perValue  map units per unit of the value
 * @property {number} spread  total width of the jitter around a value
 * @property {boolean} isWhole  whether the values are integers
 * @property {boolean} strip  whether tracks with unknown values are in a strip before the first value
 */

/** Returns whether a trait may be a number. @param {string} id */
export const mayBeAxis = (id) => !NAMED.has(id);

/** @param {Trait} trait */
export const isAxis = ({ membership }) => membership === null;

/** @param {Pick<Trait, "label" | "unit">} trait */
export const axisTitle = ({ label, unit }) => (unit ? `${gettext(label)} (${unit})` : gettext(label));

/**
 * @param {Trait} trait  a number or a date
 * @returns {Axis}
 */
export function axisOf(trait) {
  const { domain: [low, high], kind, values, unknownCount } = trait;
  const isWhole = kind === "number" && values.every((value) => Number.isNaN(value) || Number.isInteger(value));
  const smallest = Math.max(isWhole ? 1 : 0, trait.step ?? 0);
  const step = high - low <= MAX_STEPS * smallest ? smallest : 0;
  const room = step / 2;
  const strip = unknownCount > 0;
  const first = strip ? STRIP.behind : FIRST;
  return {
    trait,
    low: low - room,
    first,
    perValue: (LAST - first) / (high - low + 2 * room),
    spread: SPREAD * step,
    isWhole,
    strip,
  };
}

/** @param {Axis} axis  @param {number} value  @returns {number} map units */
export const unitOf = ({ low, first, perValue }, value) => first + (value - low) * perValue;

/** @param {Axis} axis  @param {number} unit  map units */
export const valueAt = ({ low, first, perValue }, unit) => low + (unit - first) / perValue;

/** Returns the extent of an axis in the first view. @param {Axis} axis  @returns {[number, number]} map units */
export const extentOf = ({ first, strip }) => [(strip ? STRIP.middle - STRIP.width / 2 : first) - AIR, LAST + AIR];

/**
 * Returns the position of each track along an axis. Values beyond the ends are placed at the ends.
 *
 * @param {Axis} axis
 * @param {number} turn  an irrational number; different for each axis, so that the jitter along both makes no pattern
 * @returns {Uint16Array} map units
 */
export function positionsAlong(axis, turn) {
  const { trait, spread } = axis;
  const [low, high] = trait.domain;
  const positions = new Uint16Array(trait.values.length);
  trait.values.forEach((value, track) => {
    const chance = ((track * turn) % 1) - 0.5;
    if (Number.isNaN(value)) positions[track] = STRIP.middle + STRIP.width * chance;
    else positions[track] = unitOf(axis, Math.max(low, Math.min(high, value)) + spread * chance);
  });
  return positions;
}

/**
 * Returns round tick values in a part of an axis, after the strip of unknown values.
 *
 * @param {Axis} axis
 * @param {number} from  map units
 * @param {number} to  map units
 * @param {number} most  the number of ticks that fit
 * @returns {{unit: number, text: string}[]}
 */
export function ticksOf(axis, from, to, most) {
  const low = valueAt(axis, Math.max(axis.first, from));
  const high = valueAt(axis, Math.min(LAST, to));
  const strip = axis.strip ? [{ unit: STRIP.middle, text: gettext("not known") }] : [];
  if (!(high > low)) return strip;
  const ticks = axis.trait.kind === "date" ? dateTicks(low, high, most) : numberTicks(low, high, most, axis.isWhole);
  return [...strip, ...ticks.map(({ value, text }) => ({ unit: unitOf(axis, value), text }))];
}

/**
 * @param {number} low
 * @param {number} high
 * @param {number} most
 * @param {boolean} isWhole  as of the axis
 */
function numberTicks(low, high, most, isWhole) {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const rounded = (/** @type {number | undefined} */ (([1, 2, 5].find((factor) => factor * power >= rough * (1 - 1e-9)))) ?? 10) * power;
  const step = isWhole ? Math.max(1, rounded) : rounded;
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const ticks = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + 1e-9 * step; n++) {
    const value = n * step;
    ticks.push({ value, text: formatNumber(value.toFixed(digits)) });
  }
  return ticks;
}

/**
 * @param {number} low  days since 1970
 * @param {number} high
 * @param {number} most
 */
function dateTicks(low, high, most) {
  const rough = (high - low) / most;
  const textOf = (/** @type {number} */ day, /** @type {number} */ length) => new Date(day * MS_PER_DAY).toISOString().slice(0, length);
  const ticks = [];
  const days = DAYS.find((step) => step >= rough);
  if (days) {
    for (let day = Math.ceil(low / days) * days; day <= high; day += days) ticks.push({ value: day, text: textOf(day, 10) });
    return ticks;
  }
  const months = MONTHS.find((step) => step * DAYS_PER_MONTH >= rough) ?? MONTHS[MONTHS.length - 1];
  const start = new Date(low * MS_PER_DAY);
  const first = Math.floor((start.getUTCFullYear() * 12 + start.getUTCMonth()) / months) * months;
  for (let month = first; ; month += months) {
    const day = Date.UTC(Math.floor(month / 12), month % 12) / MS_PER_DAY;
    if (day > high) return ticks;
    if (day >= low) ticks.push({ value: day, text: textOf(day, months < 12 ? 7 : 4) });
  }
}
