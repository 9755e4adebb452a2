/** Runs long work in slices, between which the page responds to input. */

/** Duration of a slice. */
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
 * @param {() => boolean} isCanceled  whether the work is to be canceled
 * @returns {Promise<Result | null>}  null if it was canceled
 */
/**
 * @template Result
 * @param {Generator<void, Result>} work
 * @param {() => boolean} [isCanceled]
 */
export async function inSlices(work, isCanceled = () => false) {
  while (!isCanceled()) {
    const end_ms = performance.now() + SLICE_MS;
    do {
      const step = work.next();
      if (step.done) return step.value;
    } while (performance.now() < end_ms);
    await new Promise((resolve) => setTimeout(resolve));
  }
  return null;
}
