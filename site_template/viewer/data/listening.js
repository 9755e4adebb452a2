/** Evaluates a listening history: forgotten favorites, and the center of the plays in each year. Pure. */

import { unpackNumbers } from "./columns.js";

/** @import { MapData } from "./types.js" */

/** Two years, which count from the newest play in the history, not from today. */
export const UNHEARD_DAYS = 730;
/** A former favorite is in the most played third of all played tracks, and has a minimum number of plays. */
const LOVED_SHARE = 1 / 3;
const MIN_LOVED_PLAYS = 5;
/** A year with fewer plays has no meaningful center. */
const MIN_PLAYS_PER_YEAR = 10;
const MS_PER_DAY = 86_400_000;

/**
 * @param {ArrayLike<number>} plays  of each track, NaN where it is not known
 * @param {ArrayLike<number>} lastPlayed  days since 1970, NaN if unknown
 * @returns {{tracks: number[], least: number, before: number}}  most played first; `least`: their minimum number of plays; `before`: the day before which they were last played
 */
export function forgottenCoasts(plays, lastPlayed) {
  const played = Float64Array.from(plays).filter((count) => count > 0).sort();
  const least = Math.max(MIN_LOVED_PLAYS, played[Math.floor((1 - LOVED_SHARE) * played.length)] ?? 0);
  let newest = -Infinity;
  for (let track = 0; track < lastPlayed.length; track++) if (lastPlayed[track] > newest) newest = lastPlayed[track];
  const before = newest - UNHEARD_DAYS;
  const tracks = [];
  for (let track = 0; track < plays.length; track++) if (plays[track] >= least && lastPlayed[track] < before) tracks.push(track);
  tracks.sort((a, b) => plays[b] - plays[a] || lastPlayed[a] - lastPlayed[b] || a - b);
  return { tracks, least, before };
}

/**
 * @typedef {object} Center  the center of all plays of a year
 * @property {number} year
 * @property {number} day  middle of the year, in days since 1970
 * @property {number} x  map units
 * @property {number} y
 * @property {number} plays
 * @property {number} cluster  the cluster with the most plays, -1 for none
 */

/**
 * @param {Pick<MapData, "x" | "y" | "cluster" | "clusters">} map
 * @param {readonly any[]} documents  all details
 * @param {readonly number[]} years  ascending
 * @returns {Center[]}
 */
export function centersOfTaste({ x, y, cluster, clusters }, documents, years) {
  return years.flatMap((year) => {
    let [plays, across, up] = [0, 0, 0];
    const played = new Float64Array(clusters.length);
    for (const { first, plays_by_year: byYear } of documents) {
      if (!byYear?.[year]) continue;
      unpackNumbers(byYear[year]).forEach((count, row) => {
        if (!count) return;
        const track = first + row;
        plays += count;
        across += count * x[track];
        up += count * y[track];
        if (cluster[track] >= 0) played[cluster[track]] += count;
      });
    }
    if (plays < MIN_PLAYS_PER_YEAR) return [];
    const most = Math.max(0, ...played);
    return [{ year, day: Date.UTC(year, 6, 1) / MS_PER_DAY, x: across / plays, y: up / plays, plays, cluster: most > 0 ? played.indexOf(most) : -1 }];
  });
}

/**
 * Returns the path of the center up to a day: the centers of past years, and the interpolated center on that day.
 *
 * @param {readonly Center[]} centers  ascending
 * @param {number} day  since 1970
 * @returns {{past: Center[], here: Center}}  before the first center, `here` is the first center
 */
export function wayUntil(centers, day) {
  const past = centers.filter((center) => center.day <= day);
  const [last, next] = [past[past.length - 1], centers[past.length]];
  if (!last || !next) return { past, here: last ?? next };
  const share = (day - last.day) / (next.day - last.day);
  const nearer = share < 0.5 ? last : next;
  return { past, here: { ...nearer, day, x: last.x + share * (next.x - last.x), y: last.y + share * (next.y - last.y) } };
}
