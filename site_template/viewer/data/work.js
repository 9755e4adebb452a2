/** Work that can pause, as generators: whoever runs it decides when. Pure. */

/**
 * Runs it to its end, without a pause.
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
