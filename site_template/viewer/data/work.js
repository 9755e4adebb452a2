/** Pausable work as generators; the caller decides when to pause. Pure. */

/**
 * Runs a generator to its end without pausing.
 *
 * @template Result
 * @param {Generator<void, Result>} work
 * @returns {Result}
 */
export function finished(work) {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}
