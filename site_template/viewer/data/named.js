/** Albums and artists by their names: which tracks they have. Pure. */

/** @import { Named, TextData } from "./types.js" */

/**
 * @param {TextData} text
 * @param {Named} named
 * @returns {number[]}  its tracks, ascending; none where there is none of that name
 */
export function tracksNamed({ titles, artistsOf, albumOf, albumNumberOf }, { kind, name, by }) {
  /** Artists have one group. @type {Map<number, number[]>} */
  const groups = new Map();
  let wanted = -1;
  for (let track = 0; track < titles.length; track++) {
    if (kind === "album" ? albumOf(track) !== name : !artistsOf(track).includes(name)) continue;
    const number = kind === "album" ? albumNumberOf(track) : 0;
    const group = groups.get(number);
    if (group) group.push(track);
    else groups.set(number, [track]);
    if (by && wanted < 0 && artistsOf(track).includes(by)) wanted = number;
  }
  return groups.get(wanted) ?? [...groups.values()].sort((one, other) => other.length - one.length)[0] ?? [];
}
