/** What can be heard of a track on this page without asking another host: the listener's own file, else an excerpt of the site. */

/** @import { LocalAudio } from "./local_audio.js" */
/** @import { TrackDetails } from "./types.js" */

/** So much of a track is left at least where it does not start at its beginning, seconds: its last moment may be its typical one. */
const LEAST_LEFT_S = 12;

/**
 * @typedef {object} Sound
 * @property {string} address
 * @property {boolean} isExcerpt  of a few seconds, from the typical moment on
 */

/**
 * @param {Pick<TrackDetails, "typicalS" | "duration_ms">} details
 * @returns {number}  where the moment begins that sounds most like the whole, seconds; 0 where it is not known
 */
export function momentOf({ typicalS, duration_ms }) {
  const latest = duration_ms === null ? Infinity : Math.max(0, duration_ms / 1000 - LEAST_LEFT_S);
  return Math.min(typicalS ?? 0, latest);
}

export class Sounds {
  #localAudio;
  #hasExcerpts;

  /**
   * @param {LocalAudio} localAudio
   * @param {boolean} hasExcerpts  whether the site has any
   */
  constructor(localAudio, hasExcerpts) {
    this.#localAudio = localAudio;
    this.#hasExcerpts = hasExcerpts;
  }

  /** Whether there is anything to hear; of the listener's own files only once they are known. */
  get areThere() {
    return this.#hasExcerpts || this.#localAudio.isThere;
  }

  /**
   * @param {Pick<TrackDetails, "id" | "excerpt">} details
   * @returns {Sound | null}
   */
  of({ id, excerpt }) {
    const file = this.#localAudio.addressOf(id);
    if (file) return { address: file, isExcerpt: false };
    return excerpt ? { address: `audio/${encodeURIComponent(excerpt)}`, isExcerpt: true } : null;
  }
}
