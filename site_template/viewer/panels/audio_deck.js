/** Controls for an audio file: play, pause, seek, volume. The player decides what is played. */

import { gettext } from "../data/language.js";
import { element, icon } from "../ui/dom.js";
import { formatDuration } from "../ui/format.js";
import { readStored, writeStored } from "../ui/storage.js";

const PLAY = "M6.5 4v12l9.5-6z";
const PAUSE = "M6.5 4v12M13.5 4v12";
const SPEAKER = "M3.5 8v4h3l4 3.5v-11l-4 3.5zM13.5 7.5c1.5 1.3 1.5 3.7 0 5";
const VOLUME_KEY = "spotmap.volume";
const STEPS = 1000;

/** @returns {number}  0..1, the stored volume */
export function storedVolume() {
  const volume = Number.parseFloat(readStored(VOLUME_KEY) ?? "1");
  return volume >= 0 && volume <= 1 ? volume : 1;
}

/**
 * Creates a player without controls. On a busy machine, WebKitGTK may stop at the first moment of a sound, although all of it has arrived,
 * and wait for more until it is paused and played again.
 */
export function createAudio() {
  const audio = new Audio();
  audio.addEventListener("stalled", () => {
    if (audio.paused || audio.readyState > audio.HAVE_CURRENT_DATA) return;
    audio.pause();
    audio.play().catch(() => {}); // it was stopped in the meantime
  });
  return audio;
}

/**
 * Loads a sound with a start position, which can be set only after the browser has loaded the file's metadata.
 *
 * @param {HTMLAudioElement} audio
 * @param {string} address
 * @param {number} startS  seconds
 */
export function loadAt(audio, address, startS) {
  audio.src = address;
  if (startS <= 0) return;
  const jump = () => {
    if (audio.getAttribute("src") === address) audio.currentTime = Math.min(startS, audio.duration);
  };
  audio.addEventListener("loadedmetadata", jump, { once: true });
}

export class AudioDeck {
  #audio = createAudio();
  #toggle = element("button", { class: "icon-button", type: "button", "data-action": "toggle" });
  #seek = element("input", { class: "deck-seek", type: "range", min: "0", max: String(STEPS), value: "0", "aria-label": gettext("Position") });
  #time = element("span", { class: "deck-time" });
  #volume = element("input", { class: "deck-volume", type: "range", min: "0", max: "1", step: "0.01", "aria-label": gettext("Volume"), title: gettext("Volume") });
  element = element(
    "div",
    { class: "deck" },
    this.#audio,
    element("div", { class: "deck-row" }, this.#toggle, this.#seek, this.#time),
    element("label", { class: "deck-loudness" }, icon(SPEAKER), this.#volume),
  );

  /** @param {{ended: () => void, failed: () => void}} hooks  called at a track's end, and for a file that cannot be played */
  constructor({ ended, failed }) {
    this.#audio.preload = "auto";
    this.#audio.volume = storedVolume();
    this.#volume.value = String(this.#audio.volume);
    this.#toggle.addEventListener("click", () => this.toggle());
    this.#seek.addEventListener("input", () => this.seekTo((Number(this.#seek.value) / STEPS) * this.duration));
    this.#volume.addEventListener("input", () => {
      this.#audio.volume = Number(this.#volume.value);
      writeStored(VOLUME_KEY, String(this.#audio.volume));
    });
    for (const event of ["play", "pause", "timeupdate", "durationchange"]) this.#audio.addEventListener(event, () => this.#show());
    this.#audio.addEventListener("ended", ended);
    this.#audio.addEventListener("error", () => this.#audio.hasAttribute("src") && failed());
    this.#show();
  }

  /** @returns {number}  seconds; 0 if not known yet */
  get duration() {
    return Number.isFinite(this.#audio.duration) ? this.#audio.duration : 0;
  }

  /**
   * @param {string} address
   * @param {number} startS  start position, seconds
   */
  async play(address, startS) {
    loadAt(this.#audio, address, startS);
    await this.resume();
  }

  async resume() {
    try {
      await this.#audio.play();
    } catch {
      this.#show(); // the browser requires a press first, or the file's error event follows
    }
  }

  pause() {
    this.#audio.pause();
  }

  toggle() {
    if (this.#audio.paused) void this.resume();
    else this.pause();
  }

  /** @param {number} seconds */
  seekTo(seconds) {
    this.#audio.currentTime = Math.max(0, Math.min(seconds, this.duration));
  }

  stop() {
    this.#audio.pause();
    this.#audio.removeAttribute("src");
    this.#audio.load();
  }

  #show() {
    const { paused, currentTime } = this.#audio;
    const label = paused ? gettext("Play") : gettext("Pause");
    if (this.#toggle.title !== label) {
      this.#toggle.replaceChildren(icon(paused ? PLAY : PAUSE));
      this.#toggle.title = label;
      this.#toggle.setAttribute("aria-label", label);
    }
    this.#seek.value = String(this.duration > 0 ? Math.round((currentTime / this.duration) * STEPS) : 0);
    const shown = `${formatDuration(currentTime * 1000)} / ${formatDuration(this.duration * 1000)}`;
    this.#time.textContent = shown;
    this.#seek.setAttribute("aria-valuetext", shown);
  }
}
