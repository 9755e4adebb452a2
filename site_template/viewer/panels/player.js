/**
 * Plays tracks: the listener's own files where the page is shown beside them, else YouTube's player, which is in the page
 * only once somebody presses play. Before that nothing is asked of anybody.
 */

import { element, tellToggled } from "../ui/dom.js";
import { playerAddress } from "../data/listen_links.js";
import { NO_TRACK } from "../data/types.js";
import { AudioDeck } from "./audio_deck.js";

/** @import { DetailsReader } from "../data/load.js" */
/** @import { LocalAudio } from "../data/local_audio.js" */
/** @import { Store } from "../state/store.js" */
/** @import { TextData, TrackDetails } from "../data/types.js" */

const ON_DISK = "YouTube plays only for pages from a server, not for pages from disk.";
const CANNOT_PLAY = "This file cannot be played: it is gone, or of a kind that this browser does not know.";

export class Player {
  #host;
  #store;
  #details;
  #localAudio;
  #frame;
  #title;
  #note;
  /** @type {Record<"previous" | "next", HTMLButtonElement>} */
  #steps;
  #track = NO_TRACK;
  /** @type {TextData | null} */
  #text = null;
  /** @type {AudioDeck | null} */
  #deck = null;

  /**
   * @param {HTMLElement} host
   * @param {{store: Store, details: DetailsReader, localAudio: LocalAudio}} parts
   */
  constructor(host, { store, details, localAudio }) {
    const find = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (host.querySelector(selector));
    this.#host = host;
    this.#store = store;
    this.#details = details;
    this.#localAudio = localAudio;
    this.#frame = find(".player-frame");
    this.#title = find(".player-title");
    this.#note = find(".player-note");
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
  canPlay({ id, videoId }) {
    return Boolean(this.#localAudio.addressOf(id) || playerAddress(videoId));
  }

  /**
   * @param {number} track
   * @returns {Promise<boolean>}  false where no recording is known
   */
  async play(track) {
    const details = await this.#details.read(track);
    if (!this.canPlay(details) || !this.#text) return false;
    const file = this.#localAudio.addressOf(details.id);
    const title = this.#text.titles[track];
    const artists = this.#text.artistsOf(track).join(", ");
    this.#track = track;
    const attributes = { dir: "auto", translate: "no" };
    this.#title.replaceChildren(element("b", attributes, title), element("span", attributes, artists));
    this.#say(!file && location.protocol === "file:" ? ON_DISK : "");
    if (file) this.#playFile(file, { title, artist: artists, album: this.#text.albumOf(track) });
    else this.#playVideo(playerAddress(details.videoId), title);
    this.#show();
    return true;
  }

  stop() {
    this.#track = NO_TRACK;
    this.#leaveDeck();
    this.#frame.replaceChildren();
    this.#host.hidden = true;
    tellToggled(this.#host);
  }

  /**
   * @param {string} address
   * @param {{title: string, artist: string, album: string}} names  for the lock screen
   */
  #playFile(address, names) {
    if (!this.#deck) {
      this.#deck = new AudioDeck({ ended: () => void this.#step(1), failed: () => this.#say(CANNOT_PLAY) });
      this.#frame.replaceChildren(this.#deck.element);
      this.#listenToKeys(this.#deck);
    }
    this.#host.classList.add("plays-file");
    if ("mediaSession" in navigator) navigator.mediaSession.metadata = new MediaMetadata(names);
    void this.#deck.play(address);
  }

  /**
   * @param {string} address
   * @param {string} title
   */
  #playVideo(address, title) {
    this.#leaveDeck();
    const frame = element("iframe", {
      src: address,
      title: `YouTube: ${title}`,
      allow: "autoplay; encrypted-media; picture-in-picture",
      allowfullscreen: true,
      // YouTube plays nothing for a page that does not say which one it is; the page's own policy says nothing to anybody.
      referrerpolicy: "strict-origin-when-cross-origin",
    });
    this.#frame.replaceChildren(frame);
  }

  #leaveDeck() {
    this.#deck?.stop();
    this.#deck = null;
    this.#host.classList.remove("plays-file");
  }

  /** The keys of keyboards and headphones, and the lock screen. @param {AudioDeck} deck */
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
        // One that this browser does not know.
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
    const place = selected.indexOf(this.#track);
    this.#steps.previous.disabled = place <= 0;
    this.#steps.next.disabled = place < 0 || place === selected.length - 1;
  }

  /** Along the selection, past what cannot be played. @param {number} direction */
  async #step(direction) {
    const { selected } = this.#store.get();
    const from = selected.indexOf(this.#track);
    for (let place = from + direction; from >= 0 && place >= 0 && place < selected.length; place += direction) {
      if (!(await this.play(selected[place]))) continue;
      this.#store.set({ pinned: selected[place], hovered: NO_TRACK });
      return;
    }
    this.#steps[direction < 0 ? "previous" : "next"].disabled = true;
  }
}
