/** Calculations of the time slider: the number of tracks by a day, and the day of the replay. Pure. */

/**
 * @param {Float32Array} days  ascending
 * @param {number} day
 * @returns {number}  number of days up to and including the given day
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

/** Days beyond this multiple of the others' span are wrong dates (1970, 2099), not the beginning of a library. */
const FAR = 3;
const YEAR_DAYS = 365;

/**
 * Returns the range of the slider, without a few outliers that would leave no room for the others.
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
 * @param {number} share  elapsed share of the replay, may exceed 1
 * @param {number} first  day
 * @param {number} last  day
 * @param {number} stills  number of stills; Infinity for continuous motion
 * @returns {number}  the day to show, an integer
 */
export function replayDay(share, first, last, stills) {
  const reached = Math.min(1, Math.max(0, share));
  const shown = Number.isFinite(stills) ? Math.floor(reached * stills) / stills : reached;
  return Math.round(first + (last - first) * shown);
}
