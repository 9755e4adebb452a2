/** YouTube's player, in the page only once somebody presses play: before that nothing is asked of anybody. */

import { element, tellToggled } from "../ui/dom.js";
import { playerAddress } from "../data/listen_links.js";
import { NO_TRACK } from "../data/types.js";

/** @import { DetailsReader } from "../data/load.js" */
/** @import { Store } from "../state/store.js" */
/** @import { TextData } from "../data/types.js" */

export class Player {
  #host;
  #store;
  #details;
  #frame;
  #title;
  #note;
  /** @type {Record<"previous" | "next", HTMLButtonElement>} */
  #steps;
  #track = NO_TRACK;
  /** @type {TextData | null} */
  #text = null;

  /**
   * @param {HTMLElement} host
   * @param {Store} store
   * @param {DetailsReader} details
   */
  constructor(host, store, details) {
    const find = (/** @type {string} */ selector) => /** @type {HTMLElement} */ (host.querySelector(selector));
    this.#host = host;
    this.#store = store;
    this.#details = details;
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

  /**
   * @param {number} track
   * @returns {Promise<boolean>}  false where no recording is known
   */
  async play(track) {
    const { videoId } = await this.#details.read(track);
    const address = playerAddress(videoId);
    if (!address || !this.#text) return false;
    const title = this.#text.titles[track];
    const artists = this.#text.artistsOf(track).join(", ");
    const frame = element("iframe", {
      src: address,
      title: `YouTube: ${title}`,
      allow: "autoplay; encrypted-media; picture-in-picture",
      allowfullscreen: true,
      // YouTube plays nothing for a page that does not say which one it is; the page's own policy says nothing to anybody.
      referrerpolicy: "strict-origin-when-cross-origin",
    });
    this.#track = track;
    this.#frame.replaceChildren(frame);
    this.#title.replaceChildren(element("b", { dir: "auto" }, title), element("span", { dir: "auto" }, artists));
    this.#note.hidden = location.protocol !== "file:";
    const wasHidden = this.#host.hidden;
    this.#host.hidden = false;
    this.#showSteps();
    if (wasHidden) {
      tellToggled(this.#host);
      this.#host.focus();
    }
    return true;
  }

  stop() {
    this.#track = NO_TRACK;
    this.#frame.replaceChildren();
    this.#host.hidden = true;
    tellToggled(this.#host);
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
    for (let place = selected.indexOf(this.#track) + direction; place >= 0 && place < selected.length; place += direction) {
      if (!(await this.play(selected[place]))) continue;
      this.#store.set({ pinned: selected[place], hovered: NO_TRACK });
      return;
    }
    this.#steps[direction < 0 ? "previous" : "next"].disabled = true;
  }
}
