/** Decodes the site's JSON documents into typed columns; rejects unknown formats. Pure. */

import { eachWord, unpackIds, unpackNumbers, unpackTexts, unpackWords } from "./columns.js";
import { gettext } from "./language.js";
import { NEIGHBORS, NONE } from "./paths.js";

/** @import { Group, Insights, MapData, Membership, Neighbors, TextData, TrackDetails } from "./types.js" */

const MAP_SCHEMA = "spotmap.map/1";
const TEXT_SCHEMA = "spotmap.text/2";
const DETAILS_SCHEMA = "spotmap.details/2";
const INSIGHTS_SCHEMA = "spotmap.insights/1";
export const NEIGHBORS_SCHEMA = "spotmap.neighbors/1";

/** A document that this viewer cannot read. The message is shown on the page. */
export class DataError extends Error {
  name = "DataError";
}

/** Returns the message for data that could not be read; rethrows other errors. @param {unknown} reason */
export function messageOf(reason) {
  if (!(reason instanceof DataError)) throw reason;
  return reason.message;
}

/**
 * @param {any} document
 * @param {string} expected
 */
export function requireSchema(document, expected) {
  const found = document?.schema;
  if (found === expected) return;
  throw new DataError(
    gettext(
      'The map\'s data is in another format ({found}) than this page reads ("{expected}"). Reload the page; if that does not help, build the site again, so that page and data have the same version.',
      { found: JSON.stringify(found ?? null), expected },
    ),
  );
}

/**
 * Decodes a delta-coded column: the first value, then differences.
 *
 * @template {Uint16Array | Uint32Array} Column
 * @param {readonly number[]} deltas
 * @param {Column} column  filled in place
 */
function undelta(deltas, column) {
  let value = 0;
  for (let i = 0; i < deltas.length; i++) {
    value += deltas[i];
    column[i] = value;
  }
  return column;
}

/**
 * @param {any} raw
 * @param {number} index
 * @returns {Group}
 */
function decodeGroup(raw, index) {
  return {
    index,
    id: raw.id,
    name: raw.name,
    count: raw.count,
    color: raw.color,
    boundaries: raw.regions ?? [],
    peak: raw.peak ?? null,
    core: raw.core ?? [],
    region: raw.region ?? -1,
  };
}

/**
 * @param {readonly {tracks: readonly number[]}[]} groups  with delta-coded, ascending tracks
 * @param {number} count
 * @returns {Membership}
 */
export function invertMembership(groups, count) {
  const offsets = new Uint32Array(count + 1);
  for (const { tracks } of groups) {
    for (let i = 0, track = 0; i < tracks.length; i++) {
      track += tracks[i];
      offsets[track + 1]++;
    }
  }
  for (let i = 0; i < count; i++) offsets[i + 1] += offsets[i];
  const next = offsets.slice();
  const indices = new Uint32Array(offsets[count]);
  for (let index = 0; index < groups.length; index++) {
    const { tracks } = groups[index];
    for (let i = 0, track = 0; i < tracks.length; i++) {
      track += tracks[i];
      indices[next[track]++] = index;
    }
  }
  return { offsets, groups: indices };
}

/**
 * @param {any} document  map.json, parsed
 * @returns {MapData}
 */
export function decodeMap(document) {
  requireSchema(document, MAP_SCHEMA);
  const { count } = document;
  if (document.x.length !== count || document.y.length !== count || document.cluster.length !== count) {
    throw new DataError(gettext("The map's data is incomplete: its columns are of different lengths. Build the site again."));
  }
  const layers = document.layers ?? [];
  return {
    title: document.title,
    count,
    waiting: document.waiting ?? 0,
    builtAt: document.built_at ?? "",
    x: undelta(document.x, new Uint16Array(count)),
    y: undelta(document.y, new Uint16Array(count)),
    view: document.view,
    cluster: Int32Array.from(document.cluster),
    clusters: document.clusters.map(decodeGroup),
    noClusters: document.no_clusters ?? "",
    playlists: document.playlists.map(decodeGroup),
    layers: layers.map(decodeGroup),
    memberships: {
      playlist: invertMembership(document.playlists, count),
      layer: invertMembership(layers, count),
    },
    columns: {
      features: document.columns?.features ?? {},
      facets: document.columns?.facets ?? [],
      facts: document.columns?.facts ?? [],
      since: document.columns?.since ?? false,
      excerpts: document.columns?.excerpts ?? false,
      styles: document.columns?.styles ?? [],
      yearsPlayed: document.columns?.years_played ?? [],
    },
    regions: document.larger_regions ?? [],
    files: {
      text: document.files.text,
      words: document.files.words ?? "",
      insights: document.files.insights ?? "",
      people: document.files.people ?? "",
      details: document.files.details,
      neighbors: document.files.neighbors ?? [],
      detailsChunk: document.files.details_chunk,
    },
  };
}

/**
 * @param {any} document  text.json, parsed
 * @param {number} count
 * @returns {TextData}
 */
export function decodeText(document, count) {
  requireSchema(document, TEXT_SCHEMA);
  const titles = count === 0 ? [] : document.titles.split("\n");
  if (titles.length !== count) {
    throw new DataError(gettext("The map has {count} tracks but {titles} titles. Build the site again.", { count, titles: titles.length }));
  }
  /** @type {{artists: number[], artist_counts: number[], artist_names: string[], albums: number[], album_names: string[]}} */
  const { artists, artist_counts: artistCounts, artist_names: artistNames, albums, album_names: albumNames } = document;
  const firstArtist = new Uint32Array(count + 1);
  for (let track = 0; track < count; track++) firstArtist[track + 1] = firstArtist[track] + artistCounts[track];
  return {
    titles,
    artistsOf: (track) => artists.slice(firstArtist[track], firstArtist[track + 1]).map((index) => artistNames[index]),
    albumOf: (track) => albumNames[albums[track]] ?? "",
    albumNumberOf: (track) => albums[track],
  };
}

/**
 * @param {any} document  details-NNN.json, parsed
 * @returns {any}  with a list a column
 */
export function unpackDetails(document) {
  requireSchema(document, DETAILS_SCHEMA);
  return {
    ...document,
    ids: unpackIds(document.ids),
    duration_ms: document.duration_s.map((/** @type {number | null} */ value) => (value === null ? null : 1000 * value)),
    video_ids: document.video_ids ? unpackTexts(document.video_ids) : [],
    paths: document.paths ? unpackTexts(document.paths) : [],
    excerpts: document.excerpts ? unpackTexts(document.excerpts) : [],
    features: mapped(document.features, unpackNumbers),
    feature_steps: mapped(document.features, ({ step }) => step),
    styles: document.styles && unpackWords(document.styles),
  };
}

/**
 * @param {Record<string, any> | undefined} columns
 * @param {(column: any) => any} change
 */
const mapped = (columns, change) => Object.fromEntries(Object.entries(columns ?? {}).map(([name, column]) => [name, change(column)]));

/**
 * Returns one track of unpacked details.
 *
 * @param {any} document
 * @param {number} track
 * @param {readonly string[]} styleNames  in the order of the map
 * @returns {TrackDetails}
 */
export function decodeDetails(document, track, styleNames) {
  const row = track - document.first;
  /** @param {Record<string, any[]> | undefined} columns */
  const present = (columns) =>
    Object.entries(columns ?? {})
      .map(([name, values]) => ({ name, value: values[row] }))
      .filter(({ value }) => value !== null && value !== undefined && value !== "");
  return {
    id: document.ids[row],
    duration_ms: document.duration_ms[row],
    year: document.year[row],
    number: document.numbers?.[row] ?? null,
    disc: document.discs?.[row] ?? null,
    artFile: document.art_files[document.art[row]] ?? "",
    videoId: document.video_ids[row] ?? "",
    path: document.paths[row] ?? "",
    excerpt: document.excerpts[row] ?? "",
    typicalS: document.typical_s?.[row] ?? null,
    features: present(document.features).map(({ name, value }) => ({
      name,
      value,
      unit: document.feature_units?.[name] ?? "",
    })),
    facets: present(document.facets),
    lastPlayed: document.last_played_on?.[row] ?? null,
    styles: stylesOf(document.styles, row, styleNames),
  };
}

/**
 * @param {import("./columns.js").PackedWords | undefined} packed
 * @param {number} row
 * @param {readonly string[]} names
 */
function stylesOf(packed, row, names) {
  /** @type {TrackDetails["styles"]} */
  const styles = [];
  if (packed) {
    eachWord(packed, (own, index, strength) => {
      if (own === row) styles.push({ name: names[index], strength });
    });
  }
  return styles;
}

/**
 * @param {any} document  insights.json, parsed
 * @returns {Insights}
 */
export function decodeInsights(document) {
  requireSchema(document, INSIGHTS_SCHEMA);
  const { events, axes, playlists, uncovered, overlaps, songs } = document;
  const tracks = (/** @type {number[]} */ deltas) => undelta(deltas, new Uint32Array(deltas.length));
  const since = document.since ? { new: tracks(document.since.new), moved: tracks(document.since.moved) } : null;
  return { events, axes, clusterAxes: document.cluster_axes, playlists, uncovered, overlaps, songs, since };
}

/**
 * Returns one track of a neighbors document.
 *
 * @param {any} document  neighbors-NNN.json, parsed
 * @param {number} track
 * @returns {Neighbors}
 */
export function decodeNeighbors(document, track) {
  requireSchema(document, NEIGHBORS_SCHEMA);
  const row = track - document.first;
  return {
    tracks: document.neighbors[row],
    shared: document.shared[row].map((/** @type {number} */ index) => document.reasons[index]),
    kept: document.kept[row],
  };
}

/**
 * Returns the neighbors of all tracks, for the path search.
 *
 * @param {readonly any[]} documents  neighbors-NNN.json, parsed
 * @param {number} count  of tracks
 * @returns {Uint32Array}  NEIGHBORS per track, best first, padded with NONE
 */
export function neighborTable(documents, count) {
  const table = new Uint32Array(count * NEIGHBORS).fill(NONE);
  for (const document of documents) {
    requireSchema(document, NEIGHBORS_SCHEMA);
    document.neighbors.forEach((/** @type {number[]} */ row, /** @type {number} */ index) =>
      table.set(row.slice(0, NEIGHBORS), (document.first + index) * NEIGHBORS),
    );
  }
  return table;
}
