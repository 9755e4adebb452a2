/**
 * Albums and artists: finds them by name, and sorts, draws and describes the open one. Loaded at the first search, or to open an album or
 * artist.
 */

import { CollectionIndex, countBefore } from "../data/collection_index.js";
import { formatNumber, gettext, gettext_noop, ngettext } from "../data/language.js";
import { entryPoint, FEWEST, spreadOf } from "../data/spread.js";
import { NO_GROUP } from "../data/types.js";
import { albumLine, artistContour } from "../map/collection_drawing.js";
import { sequential } from "../map/ramps.js";
import { element, icon, withNames } from "../ui/dom.js";
import { isolated, tracksText } from "../ui/format.js";
import { trackRow } from "./track_row.js";

/** @import { Collection } from "../data/collection_index.js" */
/** @import { DetailsReader } from "../data/load.js" */
/** @import { Positions } from "../map/positions.js" */
/** @import { Renderer } from "../map/renderer.js" */
/** @import { Store } from "../state/store.js" */
/** @import { TraitLoader } from "../state/trait_loader.js" */
/** @import { MapData, Named, Shown, TextData, TrackDetails } from "../data/types.js" */
/**
 * @typedef {object} CollectionParts
 * @property {MapData} map
 * @property {Store} store
 * @property {TextData} text
 * @property {DetailsReader} details
 * @property {TraitLoader} traitLoader
 * @property {Renderer} renderer
 * @property {Positions} positions
 * @property {(named: Named) => void} show
 * @property {(reason: unknown) => void} fail  reports why nothing can be shown
 * @property {(track: number) => void} goTo  pins the track and brings it into view
 * @property {(text: string) => void} announce
 * @property {(act: () => void) => void} whenReleased  of the part of the page that they fill
 */
/** @typedef {Collection & {row: HTMLElement}} FoundRow  for the list of results */
/** @typedef {{track: number, title: string, year: number | null, disc: number, number: number | null, album: number}} Placed */

const PLAYS = "facet.plays";
const MAX_ALBUMS = 8;
/** Minimum number of tracks for early and late ones. */
const FEWEST_FOR_TIMES = 6;
const SHADES = 8;
const ICONS = {
  album: "M10 3a7 7 0 1 0 .01 0M10 8.25a1.75 1.75 0 1 0 .01 0",
  artist: "M10 3.5a3.25 3.25 0 1 0 .01 0M4 16.5c.5-3 2.9-4.75 6-4.75s5.5 1.75 6 4.75",
};
const MOODS = {
  one: gettext_noop("A one-mood album"),
  few: gettext_noop("A few moods, close together"),
  wide: gettext_noop("Wide-ranging"),
  all: gettext_noop("Crosses the map"),
};

export class Collections {
  #host;
  #parts;
  /** Name index, created at the first search. @type {CollectionIndex | null} */
  #index = null;
  /** @type {Promise<void> | null} */
  #indexing = null;
  /** The last sorted album or artist, and whether it was announced. @type {{tracks: readonly number[], placed: readonly Placed[], isAnnounced: boolean} | null} */
  #arranged = null;

  /** @param {HTMLElement} host  @param {CollectionParts} parts */
  constructor(host, parts) {
    this.#host = host;
    this.#parts = parts;
    parts.store.subscribe(["theme"], () => this.present());
  }

  /** Indexes all names in slices. Concurrent callers share one run. */
  index() {
    return (this.#indexing ??= this.#takeIn());
  }

  async #takeIn() {
    const index = new CollectionIndex(this.#parts.text);
    this.#index = index;
    while (!index.grow()) await new Promise((resolve) => setTimeout(resolve));
  }

  /**
   * @param {string} query
   * @param {boolean} ofWholeWords
   * @param {readonly number[]} tracks  found tracks, best first
   * @returns {{rows: FoundRow[], before: number}}  number of tracks that come before them
   */
  find(query, ofWholeWords, tracks) {
    const found = this.#index?.find(query, ofWholeWords) ?? [];
    const { titles } = this.#parts.text;
    return { rows: found.map((item) => ({ ...item, row: rowOf(item) })), before: countBefore(found, tracks.map((track) => titles[track]), query) };
  }

  /** Shows the requested album or artist. @returns {boolean}  whether it is already shown; otherwise it will be, once its order is known */
  present() {
    const { renderer, positions, store } = this.#parts;
    const { collection: shown, selected } = store.get();
    if (!shown || shown.tracks !== selected) return false;
    if (this.#arranged?.tracks !== shown.tracks) {
      void this.#arrange(shown);
      return false;
    }
    const { tracks, placed } = this.#arranged;
    renderer.setOverlay(shown.kind === "album" ? albumLine(tracks, shown.notes) : artistContour(tracks, placed.map(({ year }) => year), positions));
    const nodes = shown.kind === "album" ? this.#albumNodes(shown, placed) : this.#artistNodes(shown, placed);
    this.#parts.whenReleased(() => this.#host.replaceChildren(...nodes));
    this.#host.hidden = false;
    if (this.#arranged.isAnnounced) return true;
    this.#arranged.isAnnounced = true;
    const mood = nodes.find((node) => node.matches(".collection-mood"))?.textContent ?? "";
    const said = { name: isolated(shown.name), tracks: tracksText(tracks.length) };
    this.#parts.announce(`${shown.kind === "album" ? gettext("Album {name}, {tracks}.", said) : gettext("Artist {name}, {tracks}.", said)} ${mood}`);
    return true;
  }

  /** Sorts the tracks, once their details are loaded. @param {Shown} shown */
  async #arrange(shown) {
    const { store, details, text, fail } = this.#parts;
    const isCanceled = () => store.get().collection !== shown || store.get().selected !== shown.tracks;
    /** @type {TrackDetails[]} */
    let read;
    try {
      read = await Promise.all(shown.tracks.map((track) => details.read(track)));
    } catch (reason) {
      if (!isCanceled()) fail(reason);
      return;
    }
    if (isCanceled()) return;
    const placed = inOrder(shown.kind, shown.tracks.map((track, index) => {
      const { year, number, disc } = read[index];
      return { track, title: text.titles[track], year, number, disc: disc ?? 1, album: text.albumNumberOf(track) };
    }));
    const tracks = placed.map(({ track }) => track);
    this.#arranged = { tracks, placed, isAnnounced: false };
    store.set({ collection: { ...shown, tracks, notes: notesOf(shown.kind, placed) }, selected: tracks });
  }

  /** @param {Shown} shown  @param {readonly Placed[]} placed */
  #albumNodes({ name, tracks }, placed) {
    const { map, text } = this.#parts;
    const counts = new Map();
    for (const artist of tracks.flatMap((track) => text.artistsOf(track))) counts.set(artist, (counts.get(artist) ?? 0) + 1);
    const artists = [...counts.keys()].filter((artist) => 2 * counts.get(artist) >= tracks.length);
    const by = artists.length > 0 ? artists.flatMap((artist, index) => [index > 0 ? ", " : "", this.#name({ kind: "artist", name: artist, by: "" })]) : [gettext("various artists")];
    const years = yearsText(placed);
    const spread = tracks.length < FEWEST ? null : spreadOf(map, tracks);
    const unknown = placed.filter(({ number }) => number === null).length;
    return [
      title(name),
      element("p", { class: "collection-by" }, ...(counts.size > 0 ? [gettext("Album by"), " ", ...by] : [gettext("Album")]), years && ` · ${years}`),
      element("p", { class: "collection-mood" }, ...(spread ? [element("b", {}, `${gettext(MOODS[spread.mood])}.`), ` ${spreadText(spread)}`] : [gettext("Too few tracks to tell how far it spreads.")])),
      ...(unknown > 0 ? [element("p", { class: "collection-note" }, unknownText(unknown, tracks.length))] : []),
    ];
  }

  /** @param {Shown} shown  @param {readonly Placed[]} placed */
  #artistNodes({ name, tracks }, placed) {
    const { text, traitLoader } = this.#parts;
    const albums = new Map(placed.filter(({ track }) => text.albumOf(track)).map(({ album, track }) => [album, text.albumOf(track)]));
    const byline = [gettext("Artist"), yearsText(placed), albums.size > 0 && ngettext("{count} album", "{count} albums", albums.size)].filter(Boolean).join(" · ");
    /** @type {HTMLElement[]} */
    const nodes = [title(name), element("p", { class: "collection-by" }, byline), ...this.#times(placed)];
    const entry = element("div", { class: "collection-entry" });
    if (tracks.length > 1) {
      nodes.push(entry);
      if (traitLoader.offers(PLAYS)) void traitLoader.load([PLAYS], () => {}).then(() => this.#showEntry(entry, tracks));
      else this.#showEntry(entry, tracks);
    }
    if (albums.size > 1) {
      const chips = [...albums.values()].slice(0, MAX_ALBUMS).map((album) => element("li", { class: "chip" }, this.#name({ kind: "album", name: album, by: name })));
      nodes.push(element("ul", { class: "chips", "aria-label": gettext("Albums") }, ...chips));
    }
    return nodes;
  }

  /** Describes the development over time: the colors of years, and the clusters of the first and last tracks. @param {readonly Placed[]} placed */
  #times(placed) {
    const { map, store } = this.#parts;
    const known = placed.filter(({ year }) => year !== null);
    const [first, last] = [known[0]?.year, known[known.length - 1]?.year];
    if (first === undefined || first === last) return [];
    const bar = element("span", { class: "collection-ramp", "aria-hidden": "true" });
    const { theme } = store.get();
    bar.style.backgroundImage = `linear-gradient(to right, ${Array.from({ length: SHADES }, (_, i) => sequential(i / (SHADES - 1), theme)).join()})`;
    const nodes = [element("p", { class: "collection-years" }, String(first), bar, String(last))];
    if (known.length < FEWEST_FOR_TIMES) return nodes;
    const third = Math.floor(known.length / 3);
    const [early, late] = [known.slice(0, third), known.slice(-third)].map((part) => commonest(part.map(({ track }) => map.cluster[track])));
    const nameOf = (/** @type {number} */ group) => isolated(map.clusters[group].name);
    if (early === NO_GROUP || late === NO_GROUP) return nodes;
    const moved = early === late
      ? gettext("Mostly in {cluster}, early and late.", { cluster: nameOf(early) })
      : gettext("Early on mostly in {early}, later in {late}.", { early: nameOf(early), late: nameOf(late) });
    return [...nodes, element("p", { class: "collection-mood" }, ...withNames(moved))];
  }

  /** @param {HTMLElement} host  @param {readonly number[]} tracks */
  #showEntry(host, tracks) {
    const { map, positions, store, text, goTo } = this.#parts;
    const plays = store.get().traits.get(PLAYS)?.values;
    const found = entryPoint(map, positions.mapGrid, tracks, (track) => (plays ? plays[track] || 0 : 1));
    host.hidden = !found;
    if (!found) return;
    const why = plays
      ? ngettext(
          "The tracks around it were played {count} time, more than around any other of these: it is the closest to what you know.",
          "The tracks around it were played {count} times, more than around any other of these: it is the closest to what you know.",
          found.weight,
        )
      : ngettext(
          "{count} track by others is around it, more than around any other of these: it is the closest to what you know.",
          "{count} tracks by others are around it, more than around any other of these: it is the closest to what you know.",
          found.weight,
        );
    const row = trackRow(text, found.track, why, () => goTo(found.track));
    host.replaceChildren(element("h3", {}, gettext("Where to begin")), row);
  }

  /** @param {Named} named */
  #name(named) {
    const button = element("button", { class: "name-button", type: "button", dir: "auto", translate: "no" }, named.name);
    button.addEventListener("click", () => this.#parts.show(named));
    return button;
  }
}

/** @param {Collection} found */
function rowOf({ kind, name, by, count, isVarious }) {
  const about = [kind === "album" ? gettext("Album") : gettext("Artist"), tracksText(count), isVarious ? gettext("various artists") : by && isolated(by)].filter(Boolean).join(" · ");
  return element(
    "li",
    { class: "found-collection", role: "option", "aria-selected": "false" },
    icon(ICONS[kind]),
    element("span", { class: "found-title", dir: "auto", translate: "no" }, name),
    element("span", { class: "found-artists", dir: "auto" }, ...withNames(about)),
  );
}

/** @param {string} name */
const title = (name) => element("h3", { class: "collection-name", tabindex: "-1", dir: "auto", translate: "no" }, name);

/**
 * Sorts an album by track number, and an artist by year.
 *
 * @param {Named["kind"]} kind
 * @param {Placed[]} placed
 */
export function inOrder(kind, placed) {
  const known = (/** @type {number | null} */ value) => value ?? Infinity;
  const onAlbum = (/** @type {Placed} */ a, /** @type {Placed} */ b) =>
    Number(a.number === null) - Number(b.number === null) || a.disc - b.disc || known(a.number) - known(b.number) || a.title.localeCompare(b.title, undefined, { numeric: true });
  const byYear = (/** @type {Placed} */ a, /** @type {Placed} */ b) => known(a.year) - known(b.year) || a.album - b.album || onAlbum(a, b);
  return placed.sort(kind === "album" ? onAlbum : byYear);
}

/** Returns the note before each track. @param {Named["kind"]} kind  @param {readonly Placed[]} placed */
export function notesOf(kind, placed) {
  const hasDiscs = placed.some(({ disc }) => disc > 1);
  return placed.map(({ year, disc, number }) => {
    if (kind === "artist") return year === null ? "" : String(year);
    return number === null ? "" : hasDiscs ? `${disc}.${number}` : String(number);
  });
}

/** @param {readonly Placed[]} placed */
function yearsText(placed) {
  const years = placed.flatMap(({ year }) => year ?? []);
  const [first, last] = [Math.min(...years), Math.max(...years)];
  return years.length === 0 ? "" : first === last ? String(first) : `${first}–${last}`;
}

/** @param {import("../data/spread.js").Spread} spread */
function spreadText({ mood, ratio }) {
  const times = { times: formatNumber(ratio.toFixed(2)) };
  if (mood === "all") return gettext("Its tracks are about as far apart on the map as random tracks ({times} times).", times);
  return gettext("Its tracks are {times} times as far apart on the map as random tracks.", times);
}

/** @param {number} unknown  @param {number} all */
function unknownText(unknown, all) {
  if (unknown === all) return gettext("The track numbers are not known: the tracks are sorted by title.");
  return ngettext(
    "The track number of {count} of these tracks is not known: it comes last.",
    "The track numbers of {count} of these tracks are not known: they come last.",
    unknown,
  );
}

/** @param {readonly number[]} groups  @returns {number}  the most frequent one, NO_GROUP if none occurs twice */
function commonest(groups) {
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (const group of groups) if (group !== NO_GROUP) counts.set(group, (counts.get(group) ?? 0) + 1);
  const [group, count] = [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best), [NO_GROUP, 1]);
  return count > 1 ? group : NO_GROUP;
}
