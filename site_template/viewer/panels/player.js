/**
 * Plays tracks: the user's own files if the page can access them, or else excerpts of the site, or else with YouTube's player, which is
 * added to the page only when the user presses play. Before that, no request is sent.
 */

import { element, show, tellToggled } from "../ui/dom.js";
import { messageOf } from "../data/decode.js";
import { gettext, gettext_noop } from "../data/language.js";
import { playerAddress } from "../data/listen_links.js";
import { momentOf } from "../data/sounds.js";
import { NO_TRACK } from "../data/types.js";
import { readStored, writeStored } from "../ui/storage.js";
import { AudioDeck } from "./audio_deck.js";
import { failureText, NO_REFERRER, VideoFrame } from "./video_frame.js";

/** @import { DetailsReader } from "../data/load.js" */
/** @import { Sounds } from "../data/sounds.js" */
/** @import { Store } from "../state/store.js" */
/** @import { TextData, TrackDetails } from "../data/types.js" */

const ON_DISK = gettext_noop("YouTube plays only for pages from a server, not for pages from disk.");
const CANNOT_PLAY = gettext_noop("This file cannot be played: it is missing, or this browser does not support its format.");
const START_KEY = "spotmap.start";
const MOMENT = "moment";
const BEGINNING = "beginning";

export class Player {
  #host;
  #store;
  #details;
  #sounds;
  #frame;
  #title;
  #note;
  #fromMoment;
  /** @type {Record<"previous" | "next", HTMLButtonElement>} */
  #steps;
  #track = NO_TRACK;
  /** Counter of play and stop requests, which invalidates earlier ones. */
  #turn = 0;
  /** Steps to make, forward (1) or back (-1), while the details of tracks beside this one are loading. @type {number[]} */
  #due = [];
  /** @type {TextData | null} */
  #text = null;
  /** @type {AudioDeck | null} */
  #deck = null;
  /** @type {VideoFrame | null} */
  #video = null;
  #startsAtMoment = readStored(START_KEY) !== BEGINNING;
  /** YouTube's error code for the previous track; 0 if it played. */
  #lastFailure = 0;

  /**
   * @param {HTMLElement} host
   * @param {{store: Store, details: DetailsReader, sounds: Sounds}} parts
   */
  constructor(host, { store, details, sounds }) {
    const find = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (host.querySelector(selector));
    this.#host = host;
    this.#store = store;
    this.#details = details;
    this.#sounds = sounds;
    this.#frame = find(".player-frame");
    this.#title = find(".player-title");
    this.#note = find(".player-note");
    this.#fromMoment = find("[data-action='start']");
    this.#fromMoment.addEventListener("click", () => this.#chooseStart());
    this.#showStart();
    this.#steps = {
      previous: /** @type {HTMLButtonElement} */ (find("[data-action='previous']")),
      next: /** @type {HTMLButtonElement} */ (find("[data-action='next']")),
    };
    this.#steps.previous.addEventListener("click", () => void this.#step(-1));
    this.#steps.next.addEventListener("click", () => void this.#step(1));
    find("[data-action='stop']").addEventListener("click", () => this.stop());
    store.subscribe(["selected"], () => this.#showSteps());
  }

  /** @param {TextData} text */
  setText(text) {
    this.#text = text;
  }

  /** @param {TrackDetails} details */
  canPlay(details) {
    return Boolean(this.#sounds.of(details) || playerAddress(details.videoId));
  }

  get isOpen() {
    return !this.#host.hidden;
  }

  /**
   * @param {number} track
   * @param {string} [note]  additional message
   * @returns {Promise<boolean>}  false if no recording is known, or another track was requested in the meantime
   */
  async play(track, note = "") {
    const turn = this.#begin();
    const details = await this.#details.read(track);
    if (turn !== this.#turn || !this.canPlay(details) || !this.#text) return false;
    const sound = this.#sounds.of(details);
    const moment = sound?.isExcerpt ? 0 : momentOf(details);
    this.#fromMoment.hidden = moment === 0;
    const start = this.#startsAtMoment ? moment : 0;
    const title = this.#text.titles[track];
    const artists = this.#text.artistsOf(track).join(", ");
    this.#track = track;
    const attributes = { dir: "auto", translate: "no" };
    this.#title.replaceChildren(element("b", attributes, title), element("span", attributes, artists));
    this.#say(!sound && location.protocol === "file:" ? gettext(ON_DISK) : note);
    if (sound) this.#playFile(sound.address, start, { title, artist: artists, album: this.#text.albumOf(track) });
    else this.#playVideo(details.videoId, start, title);
    this.#show();
    return true;
  }

  /** Begins a request, which invalidates earlier ones. */
  #begin() {
    this.#due = [];
    return ++this.#turn;
  }

  stop() {
    this.#begin();
    this.#track = NO_TRACK;
    this.#leaveDeck();
    this.#leaveVideo();
    show(this.#host, false);
    tellToggled(this.#host);
  }

  /**
   * @param {string} address
   * @param {number} start  seconds
   * @param {{title: string, artist: string, album: string}} names  for the lock screen
   */
  #playFile(address, start, names) {
    this.#leaveVideo();
    this.#lastFailure = 0;
    if (!this.#deck) {
      this.#deck = new AudioDeck({ ended: () => void this.#goOn(), failed: () => this.#say(gettext(CANNOT_PLAY)) });
      this.#frame.replaceChildren(this.#deck.element);
      this.#listenToKeys(this.#deck);
    }
    this.#host.classList.add("plays-file");
    if ("mediaSession" in navigator) navigator.mediaSession.metadata = new MediaMetadata(names);
    void this.#deck.play(address, start);
  }

  /**
   * @param {string} videoId
   * @param {number} start  seconds
   * @param {string} title
   */
  #playVideo(videoId, start, title) {
    this.#leaveDeck();
    this.#leaveVideo();
    const page = location.protocol === "file:" ? "" : location.origin;
    this.#video = new VideoFrame(playerAddress(videoId, start, page), title, {
      ended: () => {
        this.#lastFailure = 0;
        void this.#goOn();
      },
      failed: (code) => void this.#onFailure(code, title),
    });
    this.#frame.replaceChildren(this.#video.element);
  }

  /**
   * Reports why YouTube did not play a track, and continues with the next one, unless YouTube refuses this page altogether.
   *
   * @param {number} code
   * @param {string} title
   */
  async #onFailure(code, title) {
    const isRefused = code === NO_REFERRER && this.#lastFailure === NO_REFERRER;
    this.#lastFailure = code;
    const note = failureText(code, title);
    if (isRefused || !(await this.#goOn(`${note} ${gettext("Now the next one.")}`))) this.#say(note);
  }

  #leaveVideo() {
    this.#video?.close();
    this.#video = null;
  }

  /** Stores where tracks start, and restarts the current one there. */
  #chooseStart() {
    this.#startsAtMoment = !this.#startsAtMoment;
    writeStored(START_KEY, this.#startsAtMoment ? MOMENT : BEGINNING);
    this.#showStart();
    void this.play(this.#track);
  }

  #showStart() {
    this.#fromMoment.textContent = this.#startsAtMoment ? gettext("Starts at its typical moment") : gettext("Starts at the beginning");
  }

  #leaveDeck() {
    this.#deck?.stop();
    this.#deck?.element.remove();
    this.#deck = null;
    this.#host.classList.remove("plays-file");
  }

  /** Handles media keys and the lock screen. @param {AudioDeck} deck */
  #listenToKeys(deck) {
    if (!("mediaSession" in navigator)) return;
    /** @type {[MediaSessionAction, MediaSessionActionHandler][]} */
    const actions = [
      ["play", () => void deck.resume()],
      ["pause", () => deck.pause()],
      ["previoustrack", () => void this.#step(-1)],
      ["nexttrack", () => void this.#step(1)],
      ["seekto", ({ seekTime }) => deck.seekTo(seekTime ?? 0)],
    ];
    for (const [action, handler] of actions) {
      try {
        navigator.mediaSession.setActionHandler(action, handler);
      } catch {
        // The browser does not support this action.
      }
    }
  }

  /** @param {string} text */
  #say(text) {
    this.#note.textContent = text;
    this.#note.hidden = !text;
  }

  #show() {
    const wasHidden = this.#host.hidden;
    this.#host.hidden = false;
    this.#showSteps();
    if (!wasHidden) return;
    tellToggled(this.#host);
    this.#host.focus();
  }

  #showSteps() {
    const { selected } = this.#store.get();
    const index = selected.indexOf(this.#track);
    this.#steps.previous.disabled = index <= 0;
    this.#steps.next.disabled = index < 0 || index === selected.length - 1;
  }

  /** Continues after a track that has ended, unless another one is already being looked for. @param {string} [note] */
  async #goOn(note) {
    return this.#due.length > 0 || this.#step(1, note);
  }

  /**
   * Moves along the selection, skipping tracks that cannot be played. Steps that are requested while details are loading are made together.
   *
   * @param {number} direction
   * @param {string} [note]
   * @returns {Promise<boolean>}  false if there is none; true also if its details could not be read, which is reported
   */
  async #step(direction, note) {
    if (this.#due.length > 0) {
      this.#due.push(direction);
      return true;
    }
    const turn = this.#begin();
    const due = (this.#due = [direction]);
    const isCanceled = () => turn !== this.#turn;
    const { pinned } = this.#store.get();
    let track = this.#track;
    try {
      for (; due.length > 0 && !isCanceled(); due.shift()) track = await this.#beside(track, due[0], isCanceled);
    } catch (reason) {
      const message = messageOf(reason);
      due.length = 0;
      if (!isCanceled()) this.#say(message);
      return true;
    }
    if (isCanceled()) return true;
    if (track === this.#track) return false;
    const plays = await this.play(track, note);
    // Unless another track was pinned while the details were loading.
    if (plays && this.#store.get().pinned === pinned) this.#store.set({ pinned: track, hovered: NO_TRACK });
    return true;
  }

  /**
   * Returns the next track of the selection that can be played, or the same track if there is none.
   *
   * @param {number} track
   * @param {number} direction
   * @param {() => boolean} isCanceled
   */
  async #beside(track, direction, isCanceled) {
    const { selected } = this.#store.get();
    const from = selected.indexOf(track);
    for (let index = from + direction; from >= 0 && index >= 0 && index < selected.length && !isCanceled(); index += direction) {
      if (this.canPlay(await this.#details.read(selected[index]))) return selected[index];
    }
    if (!isCanceled()) this.#steps[direction < 0 ? "previous" : "next"].disabled = true;
    return track;
  }
}
