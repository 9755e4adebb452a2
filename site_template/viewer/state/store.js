/** The single place of the state. Code that changes it calls `set`; code that displays it subscribes. */

/**
 * @template {object} State
 * @param {State} initial
 */
export function createStore(initial) {
  let state = Object.freeze({ ...initial });
  /** @type {Set<(state: Readonly<State>, changed: ReadonlySet<keyof State>) => void>} */
  const listeners = new Set();
  return {
    /** @returns {Readonly<State>} */
    get: () => state,

    /**
     * Changes the state, and notifies listeners once if anything differs.
     *
     * @param {Partial<State>} patch
     */
    set(patch) {
      /** @type {Set<keyof State>} */
      const changed = new Set();
      for (const key of /** @type {(keyof State)[]} */ (Object.keys(patch))) {
        if (!Object.is(state[key], patch[key])) changed.add(key);
      }
      if (changed.size === 0) return;
      state = Object.freeze({ ...state, ...patch });
      for (const listener of listeners) listener(state, changed);
    },

    /**
     * @param {readonly (keyof State)[]} keys  the fields that the listener depends on
     * @param {(state: Readonly<State>, changed: ReadonlySet<keyof State>) => void} listener
     */
    subscribe(keys, listener) {
      listeners.add((current, changed) => {
        if (keys.some((key) => changed.has(key))) listener(current, changed);
      });
    },
  };
}

/** @import { State } from "../data/types.js" */
/** @typedef {ReturnType<typeof createStore<State>>} Store */
