/** Opens and closes the table of tracks, and loads the script for it on demand. */

import { messageOf } from "../data/decode.js";
import { gettext } from "../data/language.js";
import { onEscape, tellToggled } from "../ui/dom.js";
import { createPressGuard } from "../ui/presses.js";

/** @import { TablePanel, TableParts } from "./table_panel.js" */
/** @import { TextData } from "../data/types.js" */
/** @typedef {Omit<TableParts, "text" | "leave" | "whenReleased"> & {readScript: () => Promise<typeof TablePanel>}} LoaderParts */

export class TableLoader {
  #host;
  #button;
  #close;
  #whenReleased;
  #status;
  #parts;
  /** @type {TextData | null} */
  #text = null;
  /** @type {TablePanel | null} */
  #table = null;
  /** Counter of openings and closings, which invalidates earlier ones. */
  #turn = 0;

  /**
   * @param {HTMLElement} host
   * @param {HTMLButtonElement} button  opens it
   * @param {LoaderParts} parts
   */
  constructor(host, button, parts) {
    this.#host = host;
    this.#button = button;
    this.#parts = parts;
    this.#close = /** @type {HTMLElement} */ (host.querySelector("[data-action='close']"));
    this.#status = /** @type {HTMLElement} */ (host.querySelector(".table-status"));
    this.#whenReleased = createPressGuard(/** @type {HTMLElement} */ (host.querySelector(".table-scroll")));
    button.addEventListener("click", () => (host.hidden ? void this.#open() : this.#show(false)));
    this.#close.addEventListener("click", () => this.#leave());
    onEscape(host, () => this.#leave());
  }

  /** @param {TextData} text */
  setText(text) {
    this.#text = text;
    this.#button.hidden = false;
  }

  async #open() {
    this.#show(true);
    const turn = this.#turn;
    const { readScript, ...parts } = this.#parts;
    const text = /** @type {TextData} */ (this.#text);
    this.#status.textContent = gettext("Loading the table");
    this.#close.focus();
    try {
      const Made = await readScript();
      if (turn !== this.#turn) return;
      this.#table ??= new Made(this.#host, { ...parts, text, leave: () => this.#leave(), whenReleased: this.#whenReleased });
      this.#table.show(document.activeElement === this.#close);
    } catch (reason) {
      if (turn === this.#turn) this.#status.textContent = messageOf(reason);
    }
  }

  /** @param {boolean} isOpen */
  #show(isOpen) {
    this.#turn++;
    this.#host.hidden = !isOpen;
    this.#button.setAttribute("aria-expanded", String(isOpen));
    tellToggled(this.#host);
  }

  #leave() {
    this.#show(false);
    this.#button.focus();
  }
}
