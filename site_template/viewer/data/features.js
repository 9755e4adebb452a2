/** The features that the card shows, and their format. Pure. The card is a summary, so it shows only a few. */

import { formatNumber, gettext, gettext_noop } from "./language.js";

/** @import { TrackDetails } from "./types.js" */

const KEYS = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];

/**
 * The range of most music: a bar is empty at the first value and full at the second.
 *
 * @type {readonly {name: string, label: string, range: readonly [number, number], unit: string}[]}
 */
const BARS = [
  { name: "tempo", label: gettext_noop("Tempo"), range: [60, 180], unit: "\u00a0BPM" },
  { name: "loudness", label: gettext_noop("Loudness"), range: [-32, -8], unit: "\u00a0LUFS" },
  { name: "brightness", label: gettext_noop("Brightness"), range: [200, 2400], unit: "\u00a0Hz" },
  { name: "danceability", label: gettext_noop("Danceability"), range: [0, 100], unit: "\u00a0%" },
];

/**
 * @typedef {object} Bar
 * @property {string} label
 * @property {string} text  the value with its unit
 * @property {number | null} share  0..1; null for values without a scale
 */

/**
 * @param {TrackDetails["features"]} features
 * @returns {Bar[]}
 */
export function featureBars(features) {
  const values = new Map(features.map(({ name, value }) => [name, value]));
  /** @type {Bar[]} */
  const bars = [];
  for (const { name, label, range, unit } of BARS) {
    const value = values.get(name);
    if (value !== undefined) bars.push({ label, text: `${rounded(value)}${unit}`, share: shareOf(value, range) });
  }
  const key = values.get("key");
  const mode = values.get("mode");
  if (key !== undefined && mode !== undefined) bars.push({ label: gettext_noop("Key"), text: keyName(key, mode), share: null });
  return bars;
}

/**
 * @param {number} key  0 is C, 11 is B
 * @param {number} mode  1 is major, 0 is minor
 */
function keyName(key, mode) {
  return keyText(KEYS[Math.round(key) % KEYS.length], mode > 0.5);
}

/** @param {string} note  @param {boolean} isMajor */
export const keyText = (note, isMajor) => (isMajor ? gettext("{note} major", { note }) : gettext("{note} minor", { note }));

/** @param {number} value */
function rounded(value) {
  return formatNumber(Number(value.toFixed(Math.abs(value) >= 10 ? 0 : 1)));
}

/**
 * @param {number} value
 * @param {readonly [number, number]} range
 */
function shareOf(value, [least, most]) {
  return Math.min(1, Math.max(0, (value - least) / (most - least)));
}
