/** The inputs of the points' style, so that points are styled again only after a change. Pure. */

import { highlighted } from "../state/appearance.js";

/** @import { Appearance } from "../state/appearance.js" */
/** @import { State } from "../data/types.js" */

/**
 * Returns all inputs of the points' style.
 *
 * @param {Appearance} appearance
 * @param {Readonly<State>} state
 */
export function styleOf({ rank, group, size }, state) {
  const { theme, colorBy, traits } = state;
  return { rank, group, size, theme, colorBy, trait: traits.get(colorBy), isEmphasized: highlighted(state) !== null };
}

/**
 * Compares the inputs, which is much faster than styling a million points again.
 *
 * @param {ReturnType<typeof styleOf>} a
 * @param {ReturnType<typeof styleOf>} b
 */
export function sameStyle(a, b) {
  return (
    a.theme === b.theme &&
    a.colorBy === b.colorBy &&
    a.trait === b.trait &&
    a.size === b.size &&
    a.isEmphasized === b.isEmphasized &&
    sameNumbers(a.rank, b.rank) &&
    sameNumbers(a.group, b.group)
  );
}

/** @param {Uint8Array | Int32Array} a  @param {Uint8Array | Int32Array} b  as long */
function sameNumbers(a, b) {
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}
