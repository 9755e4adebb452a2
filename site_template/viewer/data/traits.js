/** Traits of tracks as columns, by which the map can be colored and filtered. Pure. */

import { eachWord } from "./columns.js";
import { invertMembership } from "./decode.js";
import { formatDay, formatNumber, gettext, gettext_noop } from "./language.js";

/** @import { MapData, Since, Trait } from "./types.js" */

/** Maximum number of categories; the rest are merged, because more colors cannot be distinguished. */
const MAX_CATEGORIES = 40;
export const OTHER = gettext_noop("Other");
export const STYLES = "styles";
/** Maximum strength of a style; the minimum is 1. */
export const MAX_STRENGTH = 9;
const SOUND = gettext_noop("Sound");
const LIBRARY = gettext_noop("From the library");

/** Keys in the order of fifths. Adjacent keys share all notes but one, and a major key shares a category with its relative minor. */
const FIFTHS = [
  "C · Am", "G · Em", "D · Bm", "A · F♯m", "E · C♯m", "B · G♯m", "F♯ · E♭m", "D♭ · B♭m", "A♭ · Fm", "E♭ · Cm", "B♭ · Gm", "F · Dm",
];
const MODES = [gettext_noop("Minor"), gettext_noop("Major")];
const SINCE = [gettext_noop("New"), gettext_noop("Moved")];

/** Traits whose categories are named by the page, not by the library. */
const OWN = new Set(["feature.mode", "since"]);

/** Labels of features whose name is not suitable as a label. @type {Readonly<Record<string, string>>} */
const LABELS = { key: gettext_noop("Key"), mode: gettext_noop("Major or minor"), noise_to_tone: gettext_noop("Tonal or noisy") };
/** @type {Readonly<Record<string, {label: string, unit: string}>>} */
const FACTS = {
  year: { label: gettext_noop("Year"), unit: "" },
  added_at: { label: gettext_noop("Date added"), unit: "" },
  duration_ms: { label: gettext_noop("Length"), unit: "min" },
  first_played: { label: gettext_noop("First played"), unit: "" },
  last_played: { label: gettext_noop("Last played"), unit: "" },
};
/** Facts that are dates, with their names in the files. @type {Readonly<Record<string, string>>} */
const DAYS = { added_at: "added_on", first_played: "first_played_on", last_played: "last_played_on" };

/**
 * @typedef {object} TraitName  a trait that can be loaded
 * @property {string} id
 * @property {string} label
 * @property {string} unit
 * @property {string} family  "Sound", "Facts" or "From the library"
 * @property {"details" | "insights" | "listening"} source  which of the site's files contains it, or which script computes it
 * @property {readonly string[]} [values]  for styles: their names, in the order of the files
 */

/**
 * @param {MapData["columns"]} columns
 * @returns {TraitName[]}
 */
export function traitNames({ features, facets, facts, since, styles }) {
  /** @type {Omit<TraitName, "source">[]} */
  const names = [];
  if (styles.length > 0) names.push({ id: STYLES, label: gettext_noop("Styles and moods"), unit: "", family: SOUND, values: styles });
  for (const [name, unit] of Object.entries(features)) {
    names.push({ id: `feature.${name}`, label: LABELS[name] ?? summarizeShared(name), unit: unit === "pitch class" ? "" : unit, family: SOUND });
  }
  for (const name of facts) {
    if (Object.hasOwn(FACTS, name)) names.push({ id: name, ...FACTS[name], family: gettext_noop("Facts") });
  }
  for (const name of facets) names.push({ id: `facet.${name}`, label: summarizeShared(name), unit: "", family: LIBRARY });
  /** @type {TraitName[]} */
  const all = names.map((name) => ({ ...name, source: "details" }));
  if (facets.includes("plays")) all.push({ id: "heat", label: gettext_noop("Where you listen"), unit: "%", family: LIBRARY, source: "listening" });
  if (since) all.push({ id: "since", label: gettext_noop("Since the last build"), unit: "", family: LIBRARY, source: "insights" });
  return all;
}

/**
 * Returns the label of a category. The page's own categories are translated, those of the library are not.
 *
 * @param {Pick<Trait, "id">} trait
 * @param {string} name
 */
export const categoryText = ({ id }, name) => (name === OTHER || OWN.has(id) ? gettext(name) : name);

/** @param {string} name */
function summarizeShared(name) {
  const words = name.replaceAll("_", " ").trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/**
 * @param {TraitName} name
 * @param {readonly any[]} documents  all details
 * @param {number} count  of tracks
 * @param {number} [most]  categories
 * @returns {Trait}
 */
export function createTrait(name, documents, count, most = MAX_CATEGORIES) {
  const { id } = name;
  if (name.values) return stylesTrait(name, name.values, documents, count);
  if (id === "feature.key") return categoryTrait(name, "cycle", column(documents, count, fifthOf), FIFTHS);
  if (id === "feature.mode") {
    return categoryTrait(name, "category", column(documents, count, ({ features }, row) => indexIn(MODES, features?.mode?.[row])), MODES);
  }
  if (Object.hasOwn(DAYS, id)) return numberTrait(name, "date", column(documents, count, (document, row) => document[DAYS[id]]?.[row]));
  if (id === "duration_ms") {
    return numberTrait(name, "number", column(documents, count, ({ duration_ms }, row) => (duration_ms?.[row] ?? NaN) / 60_000));
  }
  const [family, key] = splitOnce(id);
  const raw = column(documents, count, (document, row) => {
    if (family === "feature") return document.features?.[key]?.[row];
    return family === "facet" ? document.facets?.[key]?.[row] : document[id]?.[row];
  });
  if (raw.every((value) => value === null || value === undefined || typeof value === "number")) {
    return { ...numberTrait(name, "number", raw), step: family === "feature" ? documents[0]?.feature_steps?.[key] : undefined };
  }
  return namedTrait(name, raw, most);
}

/**
 * Unchanged tracks, which are most of them, have no category, so that they stay in the background.
 *
 * @param {TraitName} name
 * @param {Since | null} since
 * @param {number} count  of tracks
 * @returns {Trait}
 */
export function createSinceTrait(name, since, count) {
  /** @type {(number | undefined)[]} */
  const places = new Array(count).fill(undefined);
  [since?.new ?? [], since?.moved ?? []].forEach((tracks, index) => {
    for (const track of tracks) places[track] = index;
  });
  return { ...categoryTrait(name, "category", places, SINCE), rest: gettext_noop("As before") };
}

/** @param {string} id */
function splitOnce(id) {
  const dot = id.indexOf(".");
  return dot < 0 ? [id, ""] : [id.slice(0, dot), id.slice(dot + 1)];
}

/**
 * @template Value
 * @param {readonly any[]} documents
 * @param {number} count
 * @param {(document: any, row: number) => Value} read
 * @returns {Value[]}
 */
function column(documents, count, read) {
  /** @type {Value[]} */
  const values = new Array(count);
  for (const document of documents) {
    for (let row = 0; row < document.ids.length; row++) values[document.first + row] = read(document, row);
  }
  return values;
}

/**
 * @param {any} document
 * @param {number} row
 * @returns {number | undefined}  index on the circle of fifths
 */
function fifthOf({ features }, row) {
  const key = features?.key?.[row];
  if (typeof key !== "number") return undefined;
  // A minor key has the index of its relative major, three semitones above.
  const major = features.mode?.[row] === 0 ? key + 3 : key;
  return (Math.round(major) * 7) % 12;
}

/** @param {readonly unknown[]} names  @param {unknown} index @returns {number | undefined} */
const indexIn = (names, index) => (typeof index === "number" && index in names ? index : undefined);

/**
 * @param {TraitName} name
 * @param {"number" | "date"} kind
 * @param {readonly (number | null | undefined)[]} raw
 * @returns {Trait}
 */
function numberTrait({ id, label, unit }, kind, raw) {
  const values = new Float32Array(raw.length);
  for (let track = 0; track < values.length; track++) values[track] = raw[track] ?? NaN;
  const known = values.filter((value) => !Number.isNaN(value)).sort();
  return {
    id, label, unit, kind, values,
    domain: domainOf(known),
    membership: null,
    categories: [],
    unknownCount: values.length - known.length,
  };
}

/**
 * Returns a domain that contains nearly all values, so that outliers do not compress the color scale. It is symmetric around zero if
 * the values are on both sides of zero.
 *
 * @param {Float32Array} sorted
 * @returns {[number, number]}
 */
function domainOf(sorted) {
  if (sorted.length === 0) return [0, 1];
  const at = (/** @type {number} */ share) => sorted[Math.round(share * (sorted.length - 1))];
  let [low, high] = [at(0.01), at(0.99)];
  if (low === high) [low, high] = [at(0), at(1)];
  if (low === high) return [low - 0.5, high + 0.5];
  if (low < 0 && high > 0 && Math.min(-low, high) > 0.25 * Math.max(-low, high)) {
    const reach = Math.max(-low, high);
    return [-reach, reach];
  }
  return [low, high];
}

/**
 * A text with several names, separated by commas or semicolons, belongs to all of these categories.
 *
 * @param {TraitName} name
 * @param {readonly unknown[]} raw
 * @param {number} most  categories
 * @returns {Trait}
 */
function namedTrait(name, raw, most) {
  /** Number of tracks for each text; most texts repeat. @type {Map<unknown, number>} */
  const texts = new Map();
  for (const value of raw) texts.set(value, (texts.get(value) ?? 0) + 1);
  const named = new Map([...texts.keys()].map((value) => [value, namesIn(value)]));
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const [value, names] of named) for (const name of names) counts.set(name, (counts.get(name) ?? 0) + (texts.get(value) ?? 0));
  const ranked = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([name]) => name);
  const kept = ranked.length > most ? [...ranked.slice(0, most - 1), OTHER] : ranked;
  const indexOf = new Map(kept.map((name, index) => [name, index]));
  const last = kept.length - 1;
  const indices = new Map(Array.from(named, ([value, names]) => [value, [...new Set(names.map((name) => indexOf.get(name) ?? last))]]));
  return categoryTrait(name, "category", raw.map((value) => indices.get(value)), kept);
}

/** @param {unknown} value  @returns {string[]} */
const namesIn = (value) =>
  value === null || value === undefined ? [] : [...new Set(String(value).split(/[,;]/).map((part) => part.trim()).filter(Boolean))];

/**
 * @param {TraitName} name
 * @param {"category" | "cycle"} kind
 * @param {readonly (number | readonly number[] | undefined)[]} raw  indices in `names`, each once
 * @param {readonly string[]} names
 * @returns {Trait}
 */
function categoryTrait({ id, label, unit }, kind, raw, names) {
  /** @type {number[][]} */
  const tracks = names.map(() => []);
  let unknownCount = 0;
  for (let track = 0; track < raw.length; track++) {
    const value = raw[track];
    if (typeof value === "number") tracks[value].push(track);
    else if (!value?.length) unknownCount++;
    else for (const index of value) tracks[index].push(track);
  }
  return {
    id, label, unit, kind,
    values: new Float32Array(0),
    domain: [0, 1],
    membership: invertMembership(tracks.map((members) => ({ tracks: differences(members) })), raw.length),
    categories: names.map((name, index) => ({ name, count: tracks[index].length })),
    unknownCount,
  };
}

/**
 * A track has several styles, and takes the color of the most characteristic visible one.
 *
 * @param {TraitName} name
 * @param {readonly string[]} names
 * @param {readonly any[]} documents
 * @param {number} count
 * @returns {Trait}
 */
function stylesTrait({ id, label, unit }, names, documents, count) {
  const offsets = new Uint32Array(count + 1);
  for (const { first, styles } of documents) {
    styles?.codes.forEach((/** @type {string} */ codes, /** @type {number} */ row) => (offsets[first + row + 1] = codes.length));
  }
  for (let track = 0; track < count; track++) offsets[track + 1] += offsets[track];
  const groups = new Uint32Array(offsets[count]);
  const strengths = new Uint8Array(offsets[count]);
  const next = offsets.slice();
  const counts = new Uint32Array(names.length);
  for (const { first, styles } of documents) {
    if (!styles) continue;
    eachWord(styles, (row, index, strength) => {
      const at = next[first + row]++;
      groups[at] = index;
      strengths[at] = strength;
      counts[index]++;
    });
  }
  let unknownCount = 0;
  for (let track = 0; track < count; track++) if (offsets[track] === offsets[track + 1]) unknownCount++;
  return {
    id, label, unit, kind: "category",
    values: new Float32Array(0),
    domain: [0, 1],
    membership: { offsets, groups },
    categories: names.map((name, index) => ({ name, count: counts[index] })),
    strengths,
    rest: gettext_noop("None stands out"),
    unknownCount,
  };
}

/** @param {readonly number[]} ascending */
const differences = (ascending) => ascending.map((value, index) => value - (ascending[index - 1] ?? 0));

/**
 * Returns a histogram of the values over the domain.
 *
 * @param {Trait} trait
 * @param {number} bins
 * @returns {number[]}
 */
export function histogram({ values, domain: [low, high] }, bins) {
  const counts = new Array(bins).fill(0);
  for (const value of values) {
    // Leave out values beyond the domain, which would inflate the first and last bins.
    if (value >= low && value <= high) counts[Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins))]++;
  }
  return counts;
}

/**
 * @param {Pick<Trait, "kind" | "unit" | "domain" | "id">} trait
 * @param {number} value
 * @returns {string}
 */
export function formatTrait({ id, kind, unit, domain }, value) {
  if (kind === "date") return formatDay(value);
  if (id === "year") return String(Math.round(value));
  const spread = domain[1] - domain[0];
  const digits = Math.max(0, Math.min(4, 2 - Math.floor(Math.log10(spread))));
  const text = formatNumber(Number(value.toFixed(digits)));
  return unit ? `${text}\u00a0${unit}` : text;
}
