/** What a listening history tells of a map: what was loved once and is unheard since, and where the center of taste was in each year. Pure. */

import { unpackNumbers } from "./columns.js";

/** @import { MapData } from "./types.js" */

/** "Unheard for two years" is before the newest play that there is, never before today. */
export const UNHEARD_DAYS = 730;
/** "Loved once": of what was played at all, the third that was played most; and so often at least. */
const LOVED_SHARE = 1 / 3;
const LEAST_LOVED = 5;
/** A year with fewer plays has no center worth telling. */
const LEAST_A_YEAR = 10;
const MS_PER_DAY = 86_400_000;

/**
 * @param {ArrayLike<number>} plays  of each track, NaN where it is not known
 * @param {ArrayLike<number>} lastPlayed  day since 1970, NaN where it is not known
 * @returns {{tracks: number[], least: number, before: number}}  most played first; how often they were played at least, and the day before which
 */
export function forgottenCoasts(plays, lastPlayed) {
  const played = Float64Array.from(plays).filter((count) => count > 0).sort();
  const least = Math.max(LEAST_LOVED, played[Math.floor((1 - LOVED_SHARE) * played.length)] ?? 0);
  let newest = -Infinity;
  for (let track = 0; track < lastPlayed.length; track++) if (lastPlayed[track] > newest) newest = lastPlayed[track];
  const before = newest - UNHEARD_DAYS;
  const tracks = [];
  for (let track = 0; track < plays.length; track++) if (plays[track] >= least && lastPlayed[track] < before) tracks.push(track);
  tracks.sort((a, b) => plays[b] - plays[a] || lastPlayed[a] - lastPlayed[b] || a - b);
  return { tracks, least, before };
}

/**
 * @typedef {object} Center  of all plays of a year
 * @property {number} year
 * @property {number} day  its middle, since 1970
 * @property {number} x  map units
 * @property {number} y
 * @property {number} plays
 * @property {number} cluster  in which most was played, -1 where that is none
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
    if (plays < LEAST_A_YEAR) return [];
    const most = Math.max(0, ...played);
    return [{ year, day: Date.UTC(year, 6, 1) / MS_PER_DAY, x: across / plays, y: up / plays, plays, cluster: most > 0 ? played.indexOf(most) : -1 }];
  });
}

/**
 * The way of the center up to a day: the years that are past, then where it was on that day, between two years.
 *
 * @param {readonly Center[]} centers  ascending
 * @param {number} day  since 1970
 * @returns {{past: Center[], here: Center}}  `here` is the first center before there is any
 */
export function wayUntil(centers, day) {
  const past = centers.filter((center) => center.day <= day);
  const [last, next] = [past[past.length - 1], centers[past.length]];
  if (!last || !next) return { past, here: last ?? next };
  const share = (day - last.day) / (next.day - last.day);
  const nearer = share < 0.5 ? last : next;
  return { past, here: { ...nearer, day, x: last.x + share * (next.x - last.x), y: last.y + share * (next.y - last.y) } };
}
