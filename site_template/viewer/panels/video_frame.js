/**
 * YouTube's player in a frame. It reports the state of a video with messages, which YouTube's own script would handle. That script would
 * come from another host, so the few messages are handled here.
 */

import { gettext, gettext_noop } from "../data/language.js";
import { element } from "../ui/dom.js";
import { PLAYER_ORIGIN } from "../data/listen_links.js";

/** Interval and duration of requests for messages: the player does not listen before its own script runs. */
const ASKING_MS = 250;
const MAX_REQUESTS = 60;
const ENDED = 0;
/** YouTube's error code for a missing referrer, with which every video fails. */
export const NO_REFERRER = 153;

const OTHER = gettext_noop("“{title}” cannot be played by YouTube (error {code}).");
const OWNER = gettext_noop("The owner of “{title}” does not allow it to be played outside of YouTube.");
/** @type {Readonly<Record<number, string>>} */
const REASONS = {
  100: gettext_noop("“{title}” was removed from YouTube, or is private."),
  101: OWNER,
  150: OWNER,
  [NO_REFERRER]: gettext_noop("YouTube refused “{title}”, because it did not receive the address of this page (error 153): an extension or app may hide it."),
};

/** @param {number} code  of the player's error  @param {string} title */
export const failureText = (code, title) => gettext(REASONS[code] ?? OTHER, { title, code });

export class VideoFrame {
  /** @type {HTMLIFrameElement} */
  element;
  #hooks;
  #asking = 0;
  #isClosed = false;

  /**
   * @param {string} address
   * @param {string} title
   * @param {{ended: () => void, failed: (code: number) => void}} hooks
   */
  constructor(address, title, hooks) {
    this.#hooks = hooks;
    this.element = element("iframe", {
      src: address,
      title: `YouTube: ${title}`,
      allow: "autoplay; encrypted-media; picture-in-picture",
      allowfullscreen: true,
      // YouTube requires a referrer; the page's own policy sends none.
      referrerpolicy: "strict-origin-when-cross-origin",
    });
    this.element.addEventListener("load", () => this.#ask(), { once: true });
    addEventListener("message", this.#onMessage);
  }

  /** Stops handling its messages. */
  close() {
    this.#isClosed = true;
    clearInterval(this.#asking);
    removeEventListener("message", this.#onMessage);
    this.element.remove();
  }

  #ask() {
    let asked = 0;
    const ask = () => {
      this.element.contentWindow?.postMessage(JSON.stringify({ event: "listening", id: "spotmap", channel: "widget" }), PLAYER_ORIGIN);
      if (++asked === MAX_REQUESTS) clearInterval(this.#asking);
    };
    if (this.#isClosed) return;
    this.#asking = setInterval(ask, ASKING_MS);
    ask();
  }

  /** @param {MessageEvent} message */
  #onMessage = ({ source, origin, data }) => {
    if (source !== this.element.contentWindow || origin !== PLAYER_ORIGIN || typeof data !== "string") return;
    clearInterval(this.#asking);
    const said = readMessage(data);
    if (said.failure !== null) this.#end(() => this.#hooks.failed(/** @type {number} */ (said.failure)));
    else if (said.state === ENDED) this.#end(this.#hooks.ended);
  };

  /** Reports the end once; later messages are about the same video. @param {() => void} tell */
  #end(tell) {
    if (this.#isClosed) return;
    this.#isClosed = true;
    tell();
  }
}

/**
 * @param {string} text
 * @returns {{failure: number | null, state: number | null}}  the error code, and the player state
 */
export function readMessage(text) {
  let message;
  try {
    message = JSON.parse(text);
  } catch {
    return { failure: null, state: null };
  }
  const { event, info } = message ?? {};
  const state = event === "onStateChange" ? info : event === "infoDelivery" ? info?.playerState : null;
  return { failure: event === "onError" ? Number(info) : null, state: typeof state === "number" ? state : null };
}
