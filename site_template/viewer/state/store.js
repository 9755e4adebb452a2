/** The one place where state lives. Whoever changes it calls `set`; whoever shows it subscribes. */

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
     * Tells the listeners once, and only if something differs.
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
     * @param {readonly (keyof State)[]} keys  what the listener depends on
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
