/**
 * "Glide" plays tracks under the pointer: a track fades in when the pointer rests on it, and out when it leaves. It must be switched on,
 * so that nothing plays unasked, and stays on for this visit only.
 *
 * The track is the one under the pointer, or the last one that was pinned by a tap or by the arrow keys.
 */

import { PANEL_TOGGLED } from "../ui/dom.js";
import { messageOf } from "../data/decode.js";
import { gettext } from "../data/language.js";
import { momentOf } from "../data/sounds.js";
import { createAudio, loadAt, storedVolume } from "./audio_deck.js";
import { NO_TRACK } from "../data/types.js";

/** @import { DetailsReader } from "../data/load.js" */
/** @import { Player } from "./player.js" */
/** @import { Sounds } from "../data/sounds.js" */
/** @import { Store } from "../state/store.js" */

const REST_MS = 600;
const FADE_IN_MS = 500;
const FADE_OUT_MS = 350;
const STEP_MS = 25;

/** A sound that fades in and out. */
class Voice {
  #audio = createAudio();
  #timer = 0;
  /** Whether it should play; the pointer may leave before the sound is loaded. */
  #isWanted = false;

  constructor() {
    // Not when `play` resolves: a sound that stalls is paused and played again.
    this.#audio.addEventListener("playing", () => this.#isWanted && this.#fade(storedVolume(), FADE_IN_MS, () => {}));
  }

  /** Call it in a press event: some browsers allow later playback only then. */
  unlock() {
    this.#audio.load();
  }

  /**
   * @param {string} address
   * @param {number} startS
   */
  swell(address, startS) {
    clearInterval(this.#timer);
    this.#isWanted = true;
    this.#audio.volume = 0;
    loadAt(this.#audio, address, startS);
    this.#audio.play().catch(() => {}); // the pointer has left, or it cannot be played; the player would say why
  }

  dieAway() {
    this.#isWanted = false;
    if (!this.#audio.hasAttribute("src")) return;
    this.#fade(0, FADE_OUT_MS, () => {
      this.#audio.pause();
      this.#audio.removeAttribute("src");
      this.#audio.load();
    });
  }

  /**
   * @param {number} target  volume
   * @param {number} duration  milliseconds
   * @param {() => void} after
   */
  #fade(target, duration, after) {
    clearInterval(this.#timer);
    const from = this.#audio.volume;
    const began = performance.now();
    this.#timer = setInterval(() => {
      const share = Math.min(1, (performance.now() - began) / duration);
      this.#audio.volume = from + (target - from) * share;
      if (share < 1) return;
      clearInterval(this.#timer);
      after();
    }, STEP_MS);
  }

  /** Current sound and volume, for tests. */
  get state() {
    const { currentTime, volume, paused } = this.#audio;
    return { address: this.#audio.getAttribute("src") ?? "", currentTime, volume, paused };
  }
}

export class Glide {
  #button;
  #store;
  #details;
  #sounds;
  #player;
  #announce;
  #isOn = false;
  /** The current track, and whether the pointer is on it, which ends when it moves away. */
  #rested = NO_TRACK;
  #isPointed = false;
  /** Counter that invalidates sounds that were loaded for an earlier track. */
  #rests = 0;
  #pinned = NO_TRACK;
  #timer = 0;
  /** Two voices, for cross-fading. */
  #voices = [new Voice(), new Voice()];

  /**
   * @param {HTMLElement} button
   * @param {{store: Store, details: DetailsReader, sounds: Sounds, player: Player, announce: (text: string) => void}} parts
   */
  constructor(button, { store, details, sounds, player, announce }) {
    this.#button = button;
    this.#store = store;
    this.#details = details;
    this.#sounds = sounds;
    this.#player = player;
    this.#announce = announce;
    button.addEventListener("click", () => this.#turn(!this.#isOn));
    store.subscribe(["hovered", "pinned"], () => this.#follow());
    document.addEventListener("visibilitychange", () => document.hidden && this.#rest(NO_TRACK));
    document.addEventListener(PANEL_TOGGLED, () => player.isOpen && this.#rest(NO_TRACK));
    this.offerListening();
  }

  /** Shows the button if there is any audio. */
  offerListening() {
    this.#button.hidden = !this.#sounds.isAvailable;
  }

  /** For tests. */
  get voices() {
    return this.#voices.map((voice) => voice.state);
  }

  /** @param {boolean} isOn */
  #turn(isOn) {
    this.#isOn = isOn;
    this.#button.setAttribute("aria-pressed", String(isOn));
    if (isOn) {
      this.#player.stop();
      for (const voice of this.#voices) voice.unlock();
      this.#announce(gettext("Point at a track, or tap it, to hear it"));
    } else this.#announce(gettext("Listening by pointing is off"));
    this.#pinned = NO_TRACK;
    this.#rested = NO_TRACK;
    this.#isPointed = false;
    if (isOn) this.#follow();
    else this.#rest(NO_TRACK);
  }

  #follow() {
    if (!this.#isOn) return;
    const { hovered, pinned } = this.#store.get();
    const isPinnedNow = pinned !== this.#pinned;
    this.#pinned = pinned;
    if (hovered !== NO_TRACK) {
      this.#isPointed = true;
      this.#rest(hovered);
    } else if (isPinnedNow || this.#isPointed) {
      this.#isPointed = false;
      this.#rest(isPinnedNow ? pinned : NO_TRACK);
    }
  }

  /** @param {number} track */
  #rest(track) {
    if (track === this.#rested && track !== NO_TRACK) return;
    clearTimeout(this.#timer);
    this.#rested = track;
    const rest = ++this.#rests;
    for (const voice of this.#voices) voice.dieAway();
    if (track !== NO_TRACK && this.#isOn) this.#timer = setTimeout(() => void this.#sound(track, rest).catch(messageOf), REST_MS);
  }

  /** @param {number} track  @param {number} rest  value of the counter for this track */
  async #sound(track, rest) {
    if (this.#player.isOpen || document.hidden) return;
    const details = await this.#details.read(track);
    const sound = this.#sounds.of(details);
    if (!sound || rest !== this.#rests) return;
    const [next, last] = this.#voices;
    this.#voices = [last, next];
    const middle = (details.duration_ms ?? 0) / 2000;
    next.swell(sound.address, sound.isExcerpt ? 0 : momentOf(details) || middle);
  }
}
