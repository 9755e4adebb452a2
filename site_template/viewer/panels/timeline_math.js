/** What the time slider computes: how many tracks were there by a day, and the day that the replay shows. Pure. */

/**
 * @param {Float32Array} days  ascending
 * @param {number} day
 * @returns {number}  how many of them are not after the day
 */
export function addedBy(days, day) {
  let [low, high] = [0, days.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (days[middle] <= day) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Days that lie further out than so many times what the others span are wrong dates (1970, 2099), not a library's beginning. */
const FAR = 3;
const YEAR_DAYS = 365;

/**
 * The days that a slider spans: without the few that lie so far out that the others would have no room on it.
 *
 * @param {Float32Array} days  ascending, at least one
 * @returns {[number, number]}
 */
export function sliderRange(days) {
  const few = Math.max(1, Math.floor(days.length / 100));
  const [low, high] = [few, days.length - 1 - few];
  if (high - low < 2) return [days[0], days[days.length - 1]];
  const reach = FAR * Math.max(YEAR_DAYS, days[high] - days[low]);
  const first = days.find((day) => day >= days[low] - reach);
  return [first ?? days[0], days[addedBy(days, days[high] + reach) - 1]];
}

/**
 * @param {number} share  of the replay's time, may exceed 1
 * @param {number} first  day
 * @param {number} last  day
 * @param {number} stills  how many pictures the replay has; Infinity for a film
 * @returns {number}  whole day that is shown
 */
export function replayDay(share, first, last, stills) {
  const reached = Math.min(1, Math.max(0, share));
  const shown = Number.isFinite(stills) ? Math.floor(reached * stills) / stills : reached;
  return Math.round(first + (last - first) * shown);
}
