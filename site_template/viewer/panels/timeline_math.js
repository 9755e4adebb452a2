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
