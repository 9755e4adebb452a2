/** Long work in short pieces, between which the page answers to hands. */

/** What a piece may take. */
const SLICE_MS = 10;

/**
 * @template Result
 * @overload
 * @param {Generator<void, Result>} work  yields where it can pause
 * @returns {Promise<Result>}
 */
/**
 * @template Result
 * @overload
 * @param {Generator<void, Result>} work  yields where it can pause
 * @param {() => boolean} isOver  whether nobody waits for it any more
 * @returns {Promise<Result | null>}  null if it was given up
 */
/**
 * @template Result
 * @param {Generator<void, Result>} work
 * @param {() => boolean} [isOver]
 */
export async function inSlices(work, isOver = () => false) {
  while (!isOver()) {
    const end_ms = performance.now() + SLICE_MS;
    do {
      const step = work.next();
      if (step.done) return step.value;
    } while (performance.now() < end_ms);
    await new Promise((resolve) => setTimeout(resolve));
  }
  return null;
}
