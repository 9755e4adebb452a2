/**
 * Encodes the visible state as the part of an address after "#", and decodes it. Groups are identified by ids and tracks by names,
 * so that a link survives a rebuild. Pure.
 */

import { hashText } from "../data/hash.js";
import { groupsOf, HIDDEN_KEY } from "./appearance.js";
import { clamped } from "./link_bounds.js";
import { NO_GROUP, NO_TRACK } from "../data/types.js";

/** @import { Wish } from "../data/route.js" */
/** @import { GroupKind, MapData, Named, State, TextData, TraitFilter, View } from "../data/types.js" */

/** Maximum number of selected tracks; with more, mail programs would break the address. */
export const MAX_LINKED_TRACKS = 300;
/** Maximum length of a query. */
const MAX_QUERY_LENGTH = 500;
/** Maximum length of the names of an album or artist. */
const MAX_NAMES_LENGTH = 4000;
const MAX_UNIT = 65535;
const NO_GROUP_ID = "-";
const FINGERPRINT_DIGITS = 7;
/** @type {Readonly<Record<GroupKind, string>>} */
const GROUP_KEYS = { cluster: "clusters", playlist: "playlists", layer: "libraries" };
const RANGE = "range.";
const WITHOUT = "without.";
const STOPS = "stops";
const ONE = "one";
const AVOIDED = "around";
const MINUTES = "minutes";
/** The maximum of the input field. */
const MAX_MINUTES = 1440;

/**
 * @typedef {object} LinkedState
 * @property {View | null} view
 * @property {Pick<State, "colorBy" | "sizeBy" | "hiddenClusters" | "hiddenPlaylists" | "hiddenLayers" | "traitFilters" | "axes" | "until" | "query">} patch
 * @property {string} pinned  fingerprint, empty for none
 * @property {Named | null} named  the open album or artist
 * @property {string[]} selected  fingerprints
 * @property {boolean} isPath  whether the tracks are a path, in order
 * @property {{stops: string[], isOneAnArtist: boolean, avoided: Set<number>, minutes: number} | null} wish  the wishes for the path
 * @property {number} unknownGroups  groups that are named in the link and not on this map
 */

/** Escapes of the separators of lists. @type {Readonly<Record<string, string>>} */
const ESCAPES = { ",": "%2C", "~": "%7E" };
/** Joins a list with commas. @param {Iterable<string>} parts  @param {string} [sign] */
const joined = (parts, sign = ",") => Array.from(parts, (part) => part.replaceAll("%", "%25").replaceAll(sign, ESCAPES[sign])).join(sign);
/** @param {string} text  @param {string} [sign] */
const parted = (text, sign = ",") => (text === "" ? [] : text.split(sign).map((part) => part.replaceAll(ESCAPES[sign], sign).replaceAll("%25", "%")));

/**
 * Returns fingerprints that identify tracks in an address: title, artists and album, and an index among tracks that share all three.
 *
 * @param {TextData} text
 * @param {readonly number[]} tracks
 * @returns {string[]}  in the same order
 */
export function fingerprints(text, tracks) {
  if (tracks.length === 0) return [];
  const titles = new Set(tracks.map((track) => text.titles[track]));
  const printOf = counting(text);
  /** @type {Map<number, string>} */
  const prints = new Map();
  const last = Math.max(...tracks);
  for (let track = 0; track <= last; track++) if (titles.has(text.titles[track])) prints.set(track, printOf(track));
  return tracks.map((track) => /** @type {string} */ (prints.get(track)));
}

/**
 * Yields the fingerprints of the tracks, ascending; tracks with other titles than the wanted ones may be skipped.
 *
 * @param {TextData} text
 * @returns {(track: number) => string}
 */
function counting(text) {
  /** @type {Map<string, number>} */
  const equals = new Map();
  return (track) => {
    const name = [text.titles[track], text.albumOf(track), ...text.artistsOf(track)].join("\n");
    const index = equals.get(name) ?? 0;
    equals.set(name, index + 1);
    return hashText(`${name}\n${index}`).toString(36).padStart(FINGERPRINT_DIGITS, "0");
  };
}

/**
 * @param {TextData} text
 * @param {readonly string[]} prints
 * @returns {number[]}  their tracks, in this order and without duplicates; tracks that are not on the map are left out
 */
export function tracksWith(text, prints) {
  if (prints.length === 0) return [];
  const wanted = new Set(prints);
  const printOf = counting(text);
  /** @type {Map<string, number>} */
  const found = new Map();
  for (let track = 0; track < text.titles.length && found.size < wanted.size; track++) {
    const print = printOf(track);
    if (wanted.has(print) && !found.has(print)) found.set(print, track);
  }
  return [...wanted].flatMap((print) => found.get(print) ?? []);
}

/**
 * @param {Readonly<State>} state
 * @param {MapData} map
 * @param {TextData | null} text  without it, tracks are left out
 * @returns {string}  everything but the view, and without "#"
 */
export function writeLink(state, map, text) {
  const fields = new URLSearchParams();
  if (state.colorBy !== "cluster") fields.set("by", state.colorBy);
  if (state.sizeBy) fields.set("size", state.sizeBy);
  for (const [kind, key] of Object.entries(GROUP_KEYS)) {
    const value = writeHidden(map, /** @type {GroupKind} */ (kind), state);
    if (value) fields.set(key, value);
  }
  for (const [id, { low, high, hidden }] of state.traitFilters) {
    if (low !== -Infinity || high !== Infinity) fields.set(RANGE + id, `${writeEnd(low)}~${writeEnd(high)}`);
    if (hidden.size > 0) fields.set(WITHOUT + id, joined(hidden) || ",");
  }
  if (state.axes) fields.set("axes", joined([state.axes.x, state.axes.y], "~"));
  if (state.until !== null) fields.set("until", String(state.until));
  if (state.query) fields.set("q", state.query);
  if (text && state.pinned !== NO_TRACK) fields.set("track", fingerprints(text, [state.pinned])[0]);
  const { collection } = state;
  if (collection && collection.tracks === state.selected) fields.set(collection.kind, joined([collection.name, collection.by], "~"));
  else if (text && state.selected.length > 0 && state.selected.length <= MAX_LINKED_TRACKS) {
    const prints = fingerprints(text, state.selected);
    fields.set(state.path === state.selected ? "path" : "list", prints.join(""));
    if (state.asked?.tracks === state.selected) writeWish(state.asked.wish, (track) => prints[state.selected.indexOf(track)], map, fields);
  }
  return fields.toString();
}

/**
 * Previously shown paths are left out: they would make the link long, and its recipient has not seen them.
 *
 * @param {Wish} wish
 * @param {(track: number) => string} printOf
 * @param {MapData} map
 * @param {URLSearchParams} fields
 */
function writeWish({ stops, isOneAnArtist, avoided, minutes }, printOf, map, fields) {
  fields.set(STOPS, stops.map(printOf).join(""));
  if (isOneAnArtist) fields.set(ONE, "1");
  if (avoided.size > 0) fields.set(AVOIDED, joined(Array.from(avoided, (index) => map.clusters[index].id)));
  if (minutes > 0) fields.set(MINUTES, String(minutes));
}

/** @param {URLSearchParams} fields  @param {MapData} map  @returns {LinkedState["wish"]} */
function readWish(fields, map) {
  const stops = readPrints(fields.get(STOPS));
  if (stops.length < 2) return null;
  const ids = new Set(parted(fields.get(AVOIDED) ?? ""));
  return {
    stops,
    isOneAnArtist: fields.has(ONE),
    avoided: new Set(map.clusters.filter(({ id }) => ids.has(id)).map(({ index }) => index)),
    minutes: clamped(Number(fields.get(MINUTES)) || 0, [0, MAX_MINUTES]),
  };
}

/** @param {URLSearchParams} fields  @returns {Named | null} */
function readNamed(fields) {
  const kind = fields.get("album") ? "album" : "artist";
  const [name, by = ""] = parted((fields.get(kind) ?? "").slice(0, MAX_NAMES_LENGTH), "~");
  return name ? { kind, name, by } : null;
}

/** @param {string | null} text */
const readPrints = (text) => ((text ?? "").match(new RegExp(`.{${FINGERPRINT_DIGITS}}`, "g")) ?? []).slice(0, MAX_LINKED_TRACKS);

/** @param {number} value */
const writeEnd = (value) => (Number.isFinite(value) ? String(Number(value.toPrecision(6))) : "");

/**
 * Writes the hidden groups after "!", or the visible groups, whichever is shorter.
 *
 * @param {MapData} map
 * @param {GroupKind} kind
 * @param {Readonly<State>} state
 */
function writeHidden(map, kind, state) {
  const hidden = state[HIDDEN_KEY[kind]];
  if (hidden.size === 0) return "";
  const all = [NO_GROUP, ...groupsOf(map, kind).map(({ index }) => index)];
  const shown = all.filter((index) => !hidden.has(index));
  const ids = (/** @type {Iterable<number>} */ indices) =>
    joined(Array.from(indices, (index) => (index === NO_GROUP ? NO_GROUP_ID : groupsOf(map, kind)[index].id)));
  return shown.length < hidden.size ? ids(shown) || "," : `!${ids(hidden)}`;
}

/**
 * Ignores unknown parts, so that links of other versions or older builds still work as far as possible.
 *
 * @param {string} hash  with or without "#"
 * @param {MapData} map
 * @returns {LinkedState}
 */
export function readLink(hash, map) {
  const fields = new URLSearchParams(hash.replace(/^#/, ""));
  /** @type {Map<string, TraitFilter>} */
  const traitFilters = new Map();
  const filterOf = (/** @type {string} */ id) => traitFilters.get(id) ?? { low: -Infinity, high: Infinity, hidden: new Set() };
  for (const [key, value] of fields) {
    if (key.startsWith(RANGE)) {
      const id = key.slice(RANGE.length);
      const [low, high] = value.split("~");
      traitFilters.set(id, { ...filterOf(id), low: readEnd(low, -Infinity), high: readEnd(high, Infinity) });
    } else if (key.startsWith(WITHOUT)) {
      const id = key.slice(WITHOUT.length);
      traitFilters.set(id, { ...filterOf(id), hidden: new Set(value === "," ? [""] : parted(value)) });
    }
  }
  const until = Number(fields.get("until") ?? NaN);
  const kinds = /** @type {GroupKind[]} */ (Object.keys(GROUP_KEYS));
  return {
    view: readView(fields.get("at")),
    patch: {
      colorBy: fields.get("by") ?? "cluster",
      sizeBy: fields.get("size") ?? "",
      hiddenClusters: readHidden(map, "cluster", fields),
      hiddenPlaylists: readHidden(map, "playlist", fields),
      hiddenLayers: readHidden(map, "layer", fields),
      traitFilters,
      axes: readAxes(fields.get("axes")),
      until: Number.isFinite(until) ? until : null,
      query: Array.from(fields.get("q") ?? "").slice(0, MAX_QUERY_LENGTH).join(""),
    },
    pinned: fields.get("track") ?? "",
    named: readNamed(fields),
    isPath: fields.has("path"),
    wish: readWish(fields, map),
    selected: readPrints(fields.get("path") ?? fields.get("list")),
    unknownGroups: kinds.reduce((sum, kind) => sum + unknownIn(map, kind, fields), 0),
  };
}

/** @param {string | undefined} text  @param {number} otherwise */
function readEnd(text, otherwise) {
  const value = Number(text || NaN);
  return Number.isNaN(value) ? otherwise : value;
}

/** @param {string | null} text  @returns {State["axes"]} */
function readAxes(text) {
  const [x, y] = parted(text ?? "", "~");
  return x && y ? { x, y } : null;
}

/**
 * Reads the groups that a link names, and whether they are to be hidden or shown.
 *
 * @param {GroupKind} kind
 * @param {URLSearchParams} fields
 */
function namedGroups(kind, fields) {
  const value = fields.get(GROUP_KEYS[kind]) ?? "";
  const isExclusion = value.startsWith("!");
  return { isNone: value === ",", isExclusion, ids: new Set(value === "," ? [] : parted(isExclusion ? value.slice(1) : value)) };
}

/** @param {MapData} map  @param {GroupKind} kind */
const allGroups = (map, kind) => [{ index: NO_GROUP, id: NO_GROUP_ID }, ...groupsOf(map, kind)];

/**
 * @param {MapData} map
 * @param {GroupKind} kind
 * @param {URLSearchParams} fields
 * @returns {Set<number>}
 */
function readHidden(map, kind, fields) {
  const { isNone, isExclusion, ids } = namedGroups(kind, fields);
  if (!isNone && ids.size === 0) return new Set();
  const all = allGroups(map, kind);
  const hidden = all.filter(({ id }) => ids.has(id) === isExclusion);
  // A link that names only unknown groups must not leave an empty map.
  return new Set(hidden.length === all.length && !isNone ? [] : hidden.map(({ index }) => index));
}

/**
 * @param {MapData} map
 * @param {GroupKind} kind
 * @param {URLSearchParams} fields
 */
function unknownIn(map, kind, fields) {
  const { ids } = namedGroups(kind, fields);
  for (const { id } of ids.size > 0 ? allGroups(map, kind) : []) ids.delete(id);
  return ids.size;
}

/** @param {View | null} view  @returns {string}  empty for the whole map */
export const writeView = (view) => (view ? [view.x, view.y, view.span].map((value) => Math.round(value)).join(",") : "");

/** Reads a view, with its center clamped to the map; the zoom is limited later, depending on the window. @param {string | null} text  @returns {View | null} */
function readView(text) {
  const [x, y, span] = (text ?? "").split(",").map(Number);
  if (![x, y, span].every(Number.isFinite) || span <= 0) return null;
  return { x: clamped(x, [0, MAX_UNIT]), y: clamped(y, [0, MAX_UNIT]), span: clamped(span, [1, 8 * MAX_UNIT]) };
}
