/** Finds the tracks of an album or artist by name. Pure. */

/** @import { Named, TextData } from "./types.js" */

/**
 * @param {TextData} text
 * @param {Named} named
 * @returns {number[]}  its tracks, ascending; empty if the name is unknown
 */
export function tracksNamed({ titles, artistsOf, albumOf, albumNumberOf }, { kind, name, by }) {
  /** Tracks by album number; an artist has one group. @type {Map<number, number[]>} */
  const groups = new Map();
  for (let track = 0; track < titles.length; track++) {
    if (kind === "album" ? albumOf(track) !== name : !artistsOf(track).includes(name)) continue;
    const number = kind === "album" ? albumNumberOf(track) : 0;
    const group = groups.get(number);
    if (group) group.push(track);
    else groups.set(number, [track]);
  }
  // The artist may be a guest on another album of the same name.
  const own = (/** @type {number[]} */ tracks) => tracks.filter((track) => artistsOf(track).includes(by)).length;
  return [...groups.values()].sort((left, right) => own(right) - own(left) || right.length - left.length)[0] ?? [];
}
