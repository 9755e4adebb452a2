/** Paths with wishes: over several stops, one track per artist, avoiding clusters, with a duration. Pure. */

import { findPath } from "./paths.js";

/** @import { Graph } from "./paths.js" */
/** @import { Transitions } from "./transitions.js" */
/**
 * @typedef {object} Wish
 * @property {readonly number[]} stops  start, intermediate stops and end
 * @property {boolean} isOneAnArtist
 * @property {ReadonlySet<number>} avoided  clusters
 * @property {number} minutes  desired duration; 0 for any
 * @property {ReadonlySet<number>} passed  tracks of paths that were already shown, to get a different one
 *
 * @typedef {object} Library  access to the tracks' data
 * @property {(track: number) => boolean} accepts
 * @property {{x: Uint16Array, y: Uint16Array}} positions
 * @property {(track: number) => string} artistOf  empty if unknown
 * @property {ArrayLike<number>} cluster
 * @property {(track: number) => number} minutesOf  NaN if unknown
 * @property {Transitions | null} transitions  required if a duration is given
 *
 * @typedef {{tracks: number[], leaps: number[]}} Route  leaps: indices after which the path leaps across the map
 */

/** Maximum number of new searches because an artist occurs twice. */
const ROUNDS = 25;
const MAX_ADDED = 300;
/** Duration of a track whose duration is unknown. */
const USUAL_MINUTES = 3.5;

/** @param {Partial<Wish> & Pick<Wish, "stops">} wish  @returns {Wish} */
export const wished = (wish) => ({ isOneAnArtist: false, avoided: new Set(), minutes: 0, passed: new Set(), ...wish });

/**
 * @param {Graph} graph
 * @param {Wish} wish
 * @param {Library} library
 * @returns {Generator<void, Route>}
 */
export function* findRoute(graph, wish, library) {
  const stops = new Set(wish.stops);
  const artists = new Set(wish.stops.map(library.artistOf).filter(Boolean));
  /** @type {Set<number>} */
  const refused = new Set();
  const accepts = (/** @type {number} */ track) =>
    library.accepts(track) &&
    !stops.has(track) && !refused.has(track) && !wish.passed.has(track) && !wish.avoided.has(library.cluster[track]) &&
    !(wish.isOneAnArtist && artists.has(library.artistOf(track)));
  let route = yield* throughStops(graph, wish.stops, accepts, library);
  if (wish.isOneAnArtist) {
    for (let round = 0; round < ROUNDS; round++) {
      const repeated = repeats(route.tracks, stops, library);
      if (repeated.length === 0) break;
      for (const track of repeated) refused.add(track);
      route = yield* throughStops(graph, wish.stops, accepts, library);
    }
    route = without(route, new Set(repeats(route.tracks, stops, library)));
  }
  const { transitions } = library;
  return wish.minutes > 0 && transitions ? yield* ofLength(route, wish, stops, accepts, library, transitions) : route;
}

/**
 * @param {Graph} graph
 * @param {readonly number[]} stops
 * @param {(track: number) => boolean} accepts
 * @param {Library} library
 * @returns {Generator<void, Route>}
 */
function* throughStops(graph, stops, accepts, { positions }) {
  const tracks = [stops[0]];
  const leaps = [];
  const used = new Set(stops);
  for (let index = 1; index < stops.length; index++) {
    const mayUse = (/** @type {number} */ track) => !used.has(track) && accepts(track);
    const leg = yield* findPath(graph, stops[index - 1], stops[index], mayUse, positions);
    if (leg.leap >= 0) leaps.push(tracks.length - 1 + leg.leap);
    for (const track of leg.tracks.slice(1)) {
      tracks.push(track);
      used.add(track);
    }
  }
  return { tracks, leaps };
}

/**
 * Returns tracks by an artist who occurred before, except stops.
 *
 * @param {readonly number[]} tracks
 * @param {ReadonlySet<number>} stops
 * @param {Pick<Library, "artistOf">} library
 */
function repeats(tracks, stops, { artistOf }) {
  const seen = new Set();
  return tracks.filter((track) => {
    const artist = artistOf(track);
    if (!artist || stops.has(track)) return false;
    const isSeen = seen.has(artist);
    seen.add(artist);
    return isSeen;
  });
}

/** @param {Route} route  @param {ReadonlySet<number>} removed  @returns {Route} */
function without({ tracks, leaps }, removed) {
  const kept = tracks.filter((track) => !removed.has(track));
  return { tracks: kept, leaps: leapsIn(kept, tracks, leaps) };
}

/**
 * Lengthens a path by the tracks that fit best between two of its tracks, or shortens it by the least important tracks.
 *
 * @param {Route} route
 * @param {Wish} wish
 * @param {ReadonlySet<number>} stops
 * @param {(track: number) => boolean} accepts
 * @param {Library} library
 * @param {Transitions} transitions
 * @returns {Generator<void, Route>}
 */
function* ofLength({ tracks, leaps }, wish, stops, accepts, { artistOf, minutesOf }, transitions) {
  const path = [...tracks];
  const lengthOf = (/** @type {number} */ track) => minutesOf(track) || USUAL_MINUTES;
  let minutes = path.reduce((sum, track) => sum + lengthOf(track), 0);
  const used = new Set(path);
  const artists = new Set(path.map(artistOf));
  const fits = (/** @type {number} */ track) =>
    !used.has(track) && accepts(track) && !(wish.isOneAnArtist && artistOf(track) && artists.has(artistOf(track)));
  while (minutes > wish.minutes) {
    const [index, cost] = least(path, (at) => (at === 0 || at === path.length - 1 || stops.has(path[at]) ? Infinity : transitions.cost(path[at - 1], path[at + 1])));
    if (cost === Infinity || minutes - wish.minutes < lengthOf(path[index]) / 2) break;
    minutes -= lengthOf(path[index]);
    used.delete(path[index]);
    path.splice(index, 1);
    yield;
  }
  const between = (/** @type {number} */ at) => (at + 1 < path.length ? transitions.between(path[at], path[at + 1], fits) : null);
  /** The best track to insert after each track. @type {ReturnType<typeof between>[]} */
  const found = [];
  for (const at of minutes < wish.minutes ? path.keys() : []) {
    found.push(between(at));
    yield;
  }
  for (let added = 0; added < MAX_ADDED && minutes < wish.minutes; added++) {
    const [index, cost] = least(path, (at) => found[at]?.cost ?? Infinity);
    const best = found[index];
    if (cost === Infinity || !best || wish.minutes - minutes < lengthOf(best.track) / 2) break;
    path.splice(index + 1, 0, best.track);
    used.add(best.track);
    artists.add(artistOf(best.track));
    minutes += lengthOf(best.track);
    found.splice(index + 1, 0, null);
    for (const at of found.keys()) {
      const other = found[at];
      if (at === index || at === index + 1 || (other && !fits(other.track))) found[at] = between(at);
    }
    yield;
  }
  return { tracks: path, leaps: leapsIn(path, tracks, leaps) };
}

/**
 * Returns the leaps of a path after tracks were removed or added. A leap stays after the last remaining track before it, unless an
 * added track that fits follows there.
 *
 * @param {readonly number[]} path  has the same ends as `before`
 * @param {readonly number[]} before
 * @param {readonly number[]} leaps  of `before`
 */
function leapsIn(path, before, leaps) {
  const known = new Set(before);
  const places = leaps.map((leap) => Math.max(...before.slice(0, leap + 1).map((track) => path.indexOf(track))));
  return [...new Set(places)].filter((index) => known.has(path[index + 1]));
}

/** @param {readonly number[]} tracks  @param {(place: number) => number} costOf  @returns {[number, number]}  place and cost */
function least(tracks, costOf) {
  /** @type {[number, number]} */
  let best = [0, Infinity];
  for (let index = 0; index < tracks.length; index++) {
    const cost = costOf(index);
    if (cost < best[1]) best = [index, cost];
  }
  return best;
}

/**
 * Returns the index at which another stop makes the smallest detour on the map.
 *
 * @param {readonly number[]} stops
 * @param {number} track
 * @param {{x: ArrayLike<number>, y: ArrayLike<number>}} positions
 * @returns {number[]}
 */
export function withStop(stops, track, { x, y }) {
  if (stops.includes(track)) return [...stops];
  const apart = (/** @type {number} */ left, /** @type {number} */ right) => Math.hypot(x[left] - x[right], y[left] - y[right]);
  const [index] = least(stops.slice(1), (at) => apart(stops[at], track) + apart(track, stops[at + 1]) - apart(stops[at], stops[at + 1]));
  return [...stops.slice(0, index + 1), track, ...stops.slice(index + 1)];
}
