/** Axes that tracks are laid out along: where each value lies, and which numbers are written beside it. Pure. */

import { formatNumber, gettext } from "./language.js";

/** @import { Trait } from "./types.js" */

/** Map units: values lie up to LAST, from FIRST on or, where some are not known, from behind the strip that those lie in. */
const FIRST = 2600;
const LAST = 62_935;
const STRIP = Object.freeze({ middle: 2600, width: 2400, behind: 6800 });
const AIR = 1300;
/** Numbers of so few steps would make lines of tracks: each track is moved within most of its step. */
const MOST_STEPS = 200;
const SPREAD = 0.8;
const MS_PER_DAY = 86_400_000;
const DAYS_PER_MONTH = 30.4375;
/** Steps from date to date. */
const DAYS = [1, 2, 7, 14];
const MONTHS = [1, 3, 6, 12, 24, 60, 120, 240, 600];
/** What is known to be no number before it has arrived. */
const NAMED = new Set(["feature.key", "feature.mode", "facet.genres", "since", "styles", "heat"]);

/**
 * @typedef {object} Axis
 * @property {Trait} trait
 * @property {number} low  the value at which the scale begins
 * @property {number} first  where that lies, map units
 * @property {number} perValue  map units for each one of the value
 * @property {number} spread  how far tracks are moved at most from their value, to both sides together
 * @property {boolean} isWhole  whether there is nothing between whole numbers
 * @property {boolean} strip  whether tracks of which it is not known lie in a strip before the first value
 */

/** Whether a trait may turn out to be a number. @param {string} id */
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
  const step = high - low <= MOST_STEPS * smallest ? smallest : 0;
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

/** What the first view shows of an axis. @param {Axis} axis  @returns {[number, number]} map units */
export const extentOf = ({ first, strip }) => [(strip ? STRIP.middle - STRIP.width / 2 : first) - AIR, LAST + AIR];

/**
 * Where each track lies along an axis. Values beyond the ends lie at the ends.
 *
 * @param {Axis} axis
 * @param {number} turn  irrational; another one for the other axis, so that what is spread along both makes no pattern
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
 * Round values in a part of an axis, after the strip of what is not known.
 *
 * @param {Axis} axis
 * @param {number} from  map units
 * @param {number} to  map units
 * @param {number} most  how many there is room for
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
