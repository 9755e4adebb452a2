/** Audio of a track that needs no other host: the user's own file, or else an excerpt of the site. */

/** @import { LocalAudio } from "./local_audio.js" */
/** @import { TrackDetails } from "./types.js" */

/** Minimum remaining duration when playback starts at the typical moment, seconds: that moment may be at the end of the track. */
const MIN_REMAINING_S = 12;

/**
 * @typedef {object} Sound
 * @property {string} address
 * @property {boolean} isExcerpt  whether it is an excerpt of a few seconds from the typical moment on
 */

/**
 * @param {Pick<TrackDetails, "typicalS" | "duration_ms">} details
 * @returns {number}  start of the typical moment, seconds; 0 if unknown
 */
export function momentOf({ typicalS, duration_ms }) {
  const latest = duration_ms === null ? Infinity : Math.max(0, duration_ms / 1000 - MIN_REMAINING_S);
  return Math.min(typicalS ?? 0, latest);
}

export class Sounds {
  #localAudio;
  #hasExcerpts;

  /**
   * @param {LocalAudio} localAudio
   * @param {boolean} hasExcerpts  whether the site has excerpts
   */
  constructor(localAudio, hasExcerpts) {
    this.#localAudio = localAudio;
    this.#hasExcerpts = hasExcerpts;
  }

  /** Whether there is any audio. The user's own files count only once their list is loaded. */
  get isAvailable() {
    return this.#hasExcerpts || this.#localAudio.isAvailable;
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
